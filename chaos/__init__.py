"""Faults, surge and checks that know the services only from outside."""
