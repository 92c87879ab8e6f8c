"""Telephone numbers at a provider: found, bought, pointed here, and tested by a text."""
