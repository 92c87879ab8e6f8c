"""Pages for admins: the audit log."""
