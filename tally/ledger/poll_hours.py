"""Hours of the polls, as planned and as decided during the day."""

from collections import defaultdict
from typing import Any

import numpy as np

from election.domain.day import Election
from tally.entries.entries import FOREVER, Entry, when
from tally.entries.resolving import by_sort_key
from tally.ledger.decisions import received_between
from tally.ledger.places import PlaceIndex


class PollHours:
    """Opening and closing of every precinct, epoch seconds. `opens` and `closes` are the planned ones."""

    def __init__(self, election: Election, places: PlaceIndex) -> None:
        self._places = places
        known: dict[tuple[Any, Any, Any], tuple[float, float]] = {}
        planned: list[tuple[float, float]] = []
        for p in election.precincts:
            key = (p.opens, p.closes, p.timezone)
            if key not in known:
                known[key] = (p.opens_at(election.day).timestamp(), p.closes_at(election.day).timestamp())
            planned.append(known[key])
        table = np.array(planned, dtype=np.float64).reshape(-1, 2)
        self.opens = table[:, 0].copy()
        self.closes = np.maximum(table[:, 1], self.opens + 60.0)
        self.decided: dict[int, list[Entry]] = defaultdict(list)  # by precinct

    def add(self, decision: Entry) -> set[int]:
        """File a decision about hours; returns the precincts that it moves."""
        moved: set[int] = set()
        if decision.precinct >= 0:
            moved = {decision.precinct}
        elif "county" in decision.detail:
            moved = set(self._places.in_county(str(decision.detail["county"])))
        for position in moved:
            self.decided[position].append(decision)
        return moved

    def of(self, place: int, as_of: float = FOREVER) -> tuple[float, float]:
        """(opens, closes) with decisions received by `as_of`. A site has the hours of its first precinct."""
        position = self._places.members(place)[0]
        opens, closes = float(self.opens[position]), float(self.closes[position])
        for e in sorted(self.decided.get(position, ()), key=by_sort_key):
            if e.received <= as_of:
                opens = when(e.detail.get("opens_at"), opens)
                closes = when(e.detail.get("closes_at"), closes)
        return opens, max(closes, opens + 60.0)

    def changed(self, after: float, until: float) -> set[int]:
        """Precincts with a decision received in (after, until]."""
        return {p for p, decisions in self.decided.items() if received_between(decisions, after, until)}
