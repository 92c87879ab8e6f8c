"""The voter file: imported, encrypted at rest, struck off, and purged after the election."""
