"""Watchers' personal links, given out from the command line."""
