"""The append-only log of messages and check-ins: appended once, followed without gaps."""
