"""Alerts: which conditions deserve one, kept once each, sent and acknowledged."""
