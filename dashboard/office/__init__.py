"""Pages for admins: the audit trail."""
