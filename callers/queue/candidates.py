"""The candidates of each precinct as last read: hints, which the database judges again at each grant."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime

import asyncpg

from callers.queries.statements import statements
from callers.queue.candidate_cache import READ_AHEAD, CandidateCache
from callers.queue.lease import NoVoter

_SQL = statements("leases")


class VoterCandidates:
    """Hints by precinct. `weights`: of turnout and of support, in the calling order."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        weights: tuple[float, float] = (1.0, 1.0),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._weights = weights
        self._monotonic = monotonic
        self._by_precinct: dict[str, CandidateCache] = {}

    def of(self, precinct_id: str) -> CandidateCache:
        """A precinct's hints; empty until they are read."""
        return self._by_precinct.setdefault(precinct_id, CandidateCache())

    def age(self, hints: CandidateCache) -> float:
        """Real seconds since they were read."""
        return self._monotonic() - hints.read_at

    def cold(self, precinct_id: str) -> bool:
        """Whether this precinct's candidates have never been read."""
        hints = self._by_precinct.get(precinct_id)
        return hints is None or not hints.readings

    async def warm(self, precinct_id: str, now: datetime) -> None:
        """Reads a precinct's candidates before its first caller has to wait for it."""
        hints = self._by_precinct.setdefault(precinct_id, CandidateCache())
        if not hints.readings:
            await self.read(precinct_id, hints, now, 0, 0.0)

    def grew(self, precincts: Iterable[str]) -> None:
        """More voters may be called in these precincts than at the last look."""
        for precinct_id in precincts:
            if hints := self._by_precinct.get(precinct_id):
                hints.grown = True

    async def read(
        self, precinct_id: str, hints: CandidateCache, now: datetime, readings: int, pause: float
    ) -> bool:
        """Reads the candidates unless somebody just did; whether there are newer ones than `readings`."""
        async with hints.lock:
            if hints.readings != readings:
                return True
            if self.age(hints) < pause:
                return False
            rows = await self._pool.fetch(_SQL["candidates"], precinct_id, now, *self._weights, READ_AHEAD)
            hints.fill(rows, self._monotonic())
            return True

    def due_by(self, precinct_id: str, at: datetime) -> None:
        """A voter there may be called again at this time."""
        if hints := self._by_precinct.get(precinct_id):
            hints.due_by(at)


def why_nobody(hints: CandidateCache, refused: set[str], now: datetime) -> NoVoter:
    """Why a precinct has no voter, from what `take` refused."""
    for reason in ("hours", "language"):
        if reason in refused:
            return NoVoter(reason)
    if hints.next_due and hints.next_due > now:
        return NoVoter("resting", hints.next_due)
    return NoVoter("empty")
