"""A fresh Debian or Ubuntu becomes the machine Beluga runs on, and can be made fresh again."""
