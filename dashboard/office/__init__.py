"""Pages for admins: from no election to ready, and everything that sets Beluga up and keeps it so."""
