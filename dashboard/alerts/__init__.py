"""Alerts: which conditions deserve one, kept once each, told and acknowledged."""
