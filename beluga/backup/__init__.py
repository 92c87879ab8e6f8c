"""Base backups of the one-machine stack, and the proof that they restore."""
