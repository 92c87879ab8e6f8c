"""Shared by all: what an election is, the check-in log, wire types, settings, clock, database, tokens."""
