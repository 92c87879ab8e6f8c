"""Leases: one voter at a time to one caller, with consent looked up as they are granted."""
