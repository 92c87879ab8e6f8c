"""Clients of the other services: their JSON APIs and the tally's feed."""
