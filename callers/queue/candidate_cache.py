"""A precinct's next voters, kept in memory by household. They may be wrong: the database judges."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callers.rules import policy

READ_AHEAD = 128  # voters of each language and zone; a million of them need not lie in memory


@dataclass(frozen=True, slots=True)
class VoterCandidate:
    voter_id: str
    language: str
    timezone: str | None


Household = list[VoterCandidate]


@dataclass
class CandidateCache:
    """One precinct's candidates in calling order, by household."""

    households: deque[Household] = field(default_factory=deque)
    read_at: float = -1e9  # monotonic, real seconds
    readings: int = 0
    more: bool = False  # the last reading left some out
    next_due: datetime | None = None  # somebody's rest ends then
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    groups: frozenset[tuple[str, str | None]] = frozenset()  # languages and zones of the last reading
    grown: bool = False  # somebody has come to be callable since

    def fill(self, rows: Iterable[Any], at: float) -> None:
        """Takes a new reading (`candidates` in queries/leases.sql)."""
        households: dict[str, Household] = {}
        groups = set()
        for row in rows:
            self.next_due, self.more = row["next_due"], row["more"]
            if row["voter_id"] is not None:
                candidate = VoterCandidate(row["voter_id"], row["language"], row["timezone"])
                households.setdefault(row["phone"], []).append(candidate)
                groups.add((candidate.language, candidate.timezone))
        self.households, self.groups = deque(households.values()), frozenset(groups)
        self.read_at, self.grown = at, False
        self.readings += 1

    def refusal(self, languages: Iterable[str], zone: str, now: datetime, rules: policy.Rules) -> str:
        """Why nobody of the last reading, which has voters of every language and zone, suits a caller:
        language or hours; empty where somebody does, and where there was nobody at all.
        """
        if not self.groups:
            return ""
        spoken = {"", *languages}
        zones = {timezone or zone for language, timezone in self.groups if language in spoken}
        if not zones:
            return "language"
        return "" if policy.open_zones(now, zones, rules) else "hours"

    def take(
        self, languages: Iterable[str], zone: str, now: datetime, rules: policy.Rules, size: int
    ) -> tuple[list[Household], set[str]]:
        """Up to `size` households for a caller, and why others were passed over; those keep their places."""
        spoken = {"", *languages}
        taken: list[Household] = []
        kept: list[Household] = []
        refused: set[str] = set()
        dialling = _Zones(now, rules)
        while self.households and len(taken) < size:
            household = self.households.popleft()
            fits = [c for c in household if c.language in spoken]
            if not fits:
                refused.add("language")
            elif not any(dialling.open(c.timezone or zone) for c in fits):
                refused.add("hours")
            else:
                taken.append(household)
                continue
            kept.append(household)
        self.households.extendleft(reversed(kept))
        return taken, refused

    def give_back(self, households: list[Household]) -> None:
        """Households that were not reached, to the front."""
        self.households.extendleft(reversed(households))

    def due_by(self, at: datetime | None) -> None:
        """Somebody may be called again at `at`: read again by then."""
        if at and (self.next_due is None or at < self.next_due):
            self.next_due = at


class _Zones:
    """`policy.may_dial` at one moment, each zone asked once."""

    def __init__(self, now: datetime, rules: policy.Rules) -> None:
        self._now, self._rules = now, rules
        self._known: dict[str, bool] = {}

    def open(self, zone: str) -> bool:
        if zone not in self._known:
            self._known[zone] = policy.may_dial(self._now, zone, self._rules)
        return self._known[zone]
