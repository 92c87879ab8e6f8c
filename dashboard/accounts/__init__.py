"""Signing in, sessions, trusted browsers, and the audit trail of what people did."""
