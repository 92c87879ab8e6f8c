"""Callers as people: languages, duty, pace, and the phone banks they join by a code."""
