"""Carries messages from the journal to PostgreSQL, also out of a dead host's journal."""
