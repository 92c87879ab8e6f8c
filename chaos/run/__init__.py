"""Runs experiments and game days, and writes the page about them."""
