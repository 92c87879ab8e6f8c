"""Calling from the office: limits, scripts, lists, phone banks and captains, by the call desk's own rules."""
