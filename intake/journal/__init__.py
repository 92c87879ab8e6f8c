"""The journal on this machine's disk, which holds a message before anybody acknowledges it."""
