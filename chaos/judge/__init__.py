"""Judges what happened: the history, an observer's final reads, invariants, and alert rules."""
