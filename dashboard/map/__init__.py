"""The map: precincts, their shapes and outlines, and where they stand."""
