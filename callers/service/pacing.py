"""How fast a caller is shown voters: a bucket that refills, and calls whose outcome is owed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callers.people.people import People
from callers.queue.lease import CallerOnDuty, Unreported
from callers.queue.outcomes import Outcomes
from callers.settings import CallersSettings

_KNOWN_SECONDS = 60.0  # real; between counts of the callers known by name


@dataclass
class _TokenBucket:
    left: float
    at: datetime


class Pacing:
    """Per caller, at this service; the database counts what all services show."""

    def __init__(self, settings: CallersSettings, people: People, outcomes: Outcomes) -> None:
        self._settings = settings
        self._people = people
        self._outcomes = outcomes
        self._known = (0, -1e9)  # callers known by name, counted at
        self._unreported: dict[str, int] = {}  # by caller, at most; where it matters the database is asked
        self._buckets: dict[str, _TokenBucket] = {}

    async def begin(self, caller: CallerOnDuty, now: datetime) -> None:
        """Counts what a caller was shown before this service knew them."""
        if caller.caller_id not in self._buckets:
            seen = await self._people.seen_lately(caller.caller_id, now - timedelta(hours=1))
            self.must_report(caller)
            left = min(self._settings.leases_burst, self._settings.leases_per_hour - seen)
            self._buckets[caller.caller_id] = _TokenBucket(float(left), now)

    def wait(self, caller_id: str, now: datetime) -> float:
        """Stack seconds until this caller may see another voter (a bucket that refills)."""
        rate, burst = self._settings.leases_per_hour / 3600, float(self._settings.leases_burst)
        bucket = self._buckets[caller_id]
        passed = max(0.0, (now - bucket.at).total_seconds())
        bucket.left, bucket.at = min(burst, bucket.left + passed * rate), now
        return 0.0 if bucket.left >= 1 else (1 - bucket.left) / rate

    def spend(self, caller: CallerOnDuty) -> None:
        """Takes one voter out of a caller's bucket."""
        self._buckets[caller.caller_id].left -= 1

    async def unreported(self, caller: CallerOnDuty) -> Sequence[Unreported]:
        """Returns the calls whose outcome a caller owes before the next voter is shown; none while few.

        What this service has seen of the caller says when to ask the database, which all services share.
        """
        if self._unreported.get(caller.caller_id, 0) < self._settings.shown_unreported:
            return []
        found = await self._outcomes.unreported(caller.caller_id)
        self._unreported[caller.caller_id] = len(found)
        return found if len(found) >= self._settings.shown_unreported else []

    def must_report(self, caller: CallerOnDuty) -> None:
        """Has the database asked, before this caller's next voter, what they owe."""
        self._unreported[caller.caller_id] = self._settings.shown_unreported

    def owes(self, caller: CallerOnDuty, more: int) -> None:
        """Counts outcomes that a caller has come to owe, or (negative) has given."""
        self._unreported[caller.caller_id] = max(0, self._unreported.get(caller.caller_id, 0) + more)

    async def known_callers(self) -> int:
        """Callers known by name: who works in one office of theirs may share its address."""
        if time.monotonic() - self._known[1] > _KNOWN_SECONDS:
            self._known = (await self._people.known(), time.monotonic())
        return self._known[0]
