"""Precincts and watchers corrected in place, many at once, as in a spreadsheet."""
