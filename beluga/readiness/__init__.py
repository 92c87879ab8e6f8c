"""Ready before the day: preflight checks, and the resources that an election needs."""
