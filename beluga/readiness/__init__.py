"""Ready before the day: preflight checks, and what so many people need."""
