"""The stack under rehearsal as seen from outside: one machine's, or a cluster of containers."""
