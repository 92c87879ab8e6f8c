"""Incidents by number, with the decisions that close them.

A watcher's word that something is fixed ends the newest incident of the same matter (`MATTERS`) that the same
watcher reported there before; never one about people, which has no matter. Which one is a function of the set
of entries: neither their order of arrival nor a repetition changes it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from election.wire.desks import ANY_MATTER, MATTERS
from tally.entries.entries import FOREVER, Entry, OpenIncident, incident_number, whole
from tally.entries.resolving import by_sort_key, incident_of, told_once
from tally.ledger.decisions import received_between


class Incidents:
    """All incidents of an election. An incident is the first entry that gives its number."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._ids = ids
        self._first: dict[int, Entry] = {}
        self._resolves: dict[int, list[Entry]] = defaultdict(list)
        self._ended: dict[str, list[Entry]] = defaultdict(list)  # sender -> what says that one is over

    def add(self, e: Entry) -> None:
        """File an entry that reports an incident."""
        number = incident_number(e.id, e.detail)
        known = self._first.get(number)
        if known is None or e.sort_key < known.sort_key:
            self._first[number] = e

    def end(self, e: Entry) -> None:
        """File what a sender says of an incident that is over."""
        self._ended[e.sender].append(e)

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
        if "answers" in e.detail:  # an answer's: no other entry gives it a number
            return incident_of(e, self._ids, self._resolves, as_of)
        if first is None or first.id != e.id:
            return None
        return self._as_of(e, as_of)

    def known(self, as_of: float = FOREVER) -> list[OpenIncident]:
        """Incidents received by `as_of`, closed ones too, by number."""
        received = [e for e in self._first.values() if e.received <= as_of]
        return sorted((self._as_of(e, as_of) for e in told_once(received)), key=lambda i: i.number)

    def _as_of(self, e: Entry, as_of: float) -> OpenIncident:
        """An incident with its status: staff's word, else its sender's that it is over."""
        found = incident_of(e, self._ids, self._resolves, as_of)
        if found.status != "open":
            return found
        for end in self._ended.get(e.sender, ()):
            here = end.precinct in (e.precinct, -1) and end.received <= as_of and end.sent > e.sent
            if here and self._meant(e, end, as_of) and not self._another(e, end, as_of):
                return replace(found, status="resolved")
        return found

    def _matter(self, e: Entry, as_of: float) -> str | None:
        """What a repair can end of it: as staff said last, else as its words say. None: about people."""
        said = [d for d in self.decisions(e) if d.received <= as_of and d.detail.get("category")]
        matter = max(said, key=by_sort_key).detail["category"] if said else e.detail.get("matter")
        return matter if isinstance(matter, str) and matter in MATTERS else None

    def _meant(self, e: Entry, end: Entry, as_of: float) -> bool:
        """Whether the sender's word that something is fixed can be about the incident."""
        matter = self._matter(e, as_of)
        return matter is not None and end.detail.get("matter") in (matter, ANY_MATTER)

    def _another(self, e: Entry, end: Entry, as_of: float) -> bool:
        """Whether the sender reported another incident of it there in between: then that one is over.

        Where the word does not say what is fixed, any incident in between stands before this one.
        """
        unsaid = end.detail.get("matter") == ANY_MATTER
        return any(
            i.sender == e.sender and i.precinct == e.precinct and e.sent < i.sent < end.sent
            and i.received <= as_of and i.detail.get("text") != e.detail.get("text")
            and (unsaid or self._meant(i, end, as_of))
            for i in self._first.values()
        )  # fmt: skip

    def changed(self, after: float, until: float) -> set[int]:
        """Precincts of incidents with a decision received in (after, until]."""
        found: set[int] = set()
        for number, decisions in self._resolves.items():
            if received_between(decisions, after, until):
                found |= self._place(number)
        return found
