"""The one-machine stack: embedded PostgreSQL, supervised services, state folder."""
