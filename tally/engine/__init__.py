"""The running tally: follows the log, steps, refits, and hands on what changed."""
