"""Counts that a county or a ministry publishes: asked for politely, and taken in like any other report."""
