"""What an outcome means, when a voter may be called, and what staff allow. Pure."""
