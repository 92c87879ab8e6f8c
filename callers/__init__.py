"""From a lagging precinct to a voter's phone: queue, leases, consent, desk."""
