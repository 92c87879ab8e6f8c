"""Which precincts share a polling site. Pure."""

from election.domain.day import Election, Precinct, shared_sites


def sites_of(election: Election) -> dict[str, tuple[int, ...]]:
    """Positions of the precincts of each site that several share (`election.domain.day.shared_sites`)."""
    by_id: dict[str, Precinct] = {precinct.precinct_id: precinct for precinct in election.precincts}
    position = {precinct_id: i for i, precinct_id in enumerate(by_id)}
    shared = sorted(shared_sites(by_id).items())
    return {name: tuple(position[member] for member in site.members) for name, site in shared}
