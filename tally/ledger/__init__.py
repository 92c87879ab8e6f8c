"""Check-ins filed by precinct, and resolved as of any time: a function of their set."""
