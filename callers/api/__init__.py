"""The JSON API: leases and outcomes for callers, dispatches and phone banks for staff."""
