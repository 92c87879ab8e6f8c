"""Composition root: the command line, the one-machine stack, the demo county, preflight."""
