"""Texts that we send of our own accord: what is due, to whom, and what became of it."""
