"""Files as a county hands them out: opened, unpacked and decoded into tables and maps."""
