"""Signing in, sessions, trusted browsers, and the audit log of what people did."""
