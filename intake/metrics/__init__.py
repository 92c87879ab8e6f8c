"""What intake counts and times, added up over its worker processes."""
