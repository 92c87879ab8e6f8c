"""Packed columns, so that 180,000 precincts and a million check-ins stay small."""
