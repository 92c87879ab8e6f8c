"""Which precincts are called and by how many callers: decided by pure rules, carried out by the leader."""
