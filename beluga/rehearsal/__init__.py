"""A rehearsal's own stack, and experiments run on one."""
