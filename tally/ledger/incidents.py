"""Incidents by number, with the decisions that close them."""

from collections import defaultdict
from collections.abc import Sequence

from tally.entries.entries import FOREVER, Entry, OpenIncident, incident_number, whole
from tally.entries.resolving import incident_of
from tally.ledger.decisions import received_between


class Incidents:
    """All incidents of an election. An incident is the first entry that gives its number."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._ids = ids
        self._first: dict[int, Entry] = {}
        self._resolves: dict[int, list[Entry]] = defaultdict(list)

    def add(self, e: Entry) -> None:
        """File an entry that reports an incident."""
        number = incident_number(e.id, e.detail)
        known = self._first.get(number)
        if known is None or e.sort_key < known.sort_key:
            self._first[number] = e

    def resolve(self, decision: Entry) -> set[int]:
        """File a decision about an incident; returns the precincts that it changes."""
        number = whole(decision.detail["incident"])
        self._resolves[number].append(decision)
        return self._place(number)

    def _place(self, number: int) -> set[int]:
        incident = self._first.get(number)
        return {incident.precinct} if incident is not None and incident.precinct >= 0 else set()

    def decisions(self, e: Entry) -> Sequence[Entry]:
        """Decisions about the incident that an entry reports."""
        return self._resolves.get(incident_number(e.id, e.detail), ())

    def reported_by(self, as_of: float, e: Entry) -> OpenIncident | None:
        """The incident as of a time; None where another entry reported it first."""
        first = self._first.get(incident_number(e.id, e.detail))
        if first is None or first.id != e.id:
            return None
        return incident_of(e, self._ids, self._resolves, as_of)

    def known(self, as_of: float = FOREVER) -> list[OpenIncident]:
        """Incidents received by `as_of`, closed ones too, by number."""
        return [
            incident_of(self._first[number], self._ids, self._resolves, as_of)
            for number in sorted(self._first)
            if self._first[number].received <= as_of
        ]

    def changed(self, after: float, until: float) -> set[int]:
        """Precincts of incidents with a decision received in (after, until]."""
        found: set[int] = set()
        for number, decisions in self._resolves.items():
            if received_between(decisions, after, until):
                found |= self._place(number)
        return found
