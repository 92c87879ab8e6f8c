"""Places of an election by number: precincts first, then the polling sites that several of them share."""

from collections.abc import Iterable

import numpy as np

from election.domain.day import Election
from tally.entries.sites import sites_of
from tally.packed.columns import Index, Names, Texts


class PlaceIndex:
    """Names, counties and members of places. A precinct's number is its position in the election."""

    def __init__(self, election: Election) -> None:
        self.ids = Names(p.precinct_id for p in election.precincts)
        if len(self.ids) != len(election.precincts):
            raise ValueError("two precincts have the same id: give each one of its own")
        self.index = Index(self.ids)
        self.sites = sites_of(election)
        self._site_index = {site: len(self.ids) + i for i, site in enumerate(self.sites)}
        self._members = list(self.sites.values())
        every = (*election.precincts, *(election.precincts[members[0]] for members in self._members))
        self.county = Texts(p.county for p in every)

    def __len__(self) -> int:
        return len(self.ids) + len(self._members)

    def site(self, name: str) -> int:
        """Number of a shared polling site, or -1."""
        return self._site_index.get(name, -1)

    def members(self, place: int) -> tuple[int, ...]:
        """Positions of a site's precincts; a precinct is its own only member."""
        n = len(self.ids)
        return (place,) if place < n else self._members[place - n]

    def named(self, name: str) -> tuple[int, ...]:
        """Positions of the precinct, or of the site's precincts, that a count may name."""
        return (self.index[name],) if name in self.index else self.sites.get(name, ())

    def precincts(self, places: Iterable[int]) -> set[int]:
        """Positions of precincts for places, sites among them."""
        return {position for place in places for position in self.members(place)}

    def in_county(self, county: str) -> list[int]:
        """Positions of a county's precincts."""
        here = self.county.among(frozenset((county,)))[: len(self.ids)]
        return [int(position) for position in np.flatnonzero(here)]
