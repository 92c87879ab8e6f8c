"""What the day's first conversations say of who has voted, by precinct and hour. No voter is named."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import asyncpg

from callers.queries.statements import statements
from callers.rules import policy
from election.wire.callers import Outcome, ReachedHour, ReachedPrecinct

_SQL = statements("reached")
_DAY = timedelta(hours=14)  # an election day's calls
_LISTS_SECONDS = 600.0  # real; the roll changes by an import alone
# Who refuses would have said that they have voted, as it ends the call; who speaks another language cannot.
TELLING = sorted(o.value for o in policy.REACHED if o is not Outcome.OTHER_LANGUAGE)


class ReachedHouseholds:
    """Reads the calls; kept for `kept_seconds` (real), however many ask."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        kept_seconds: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._kept_seconds = kept_seconds
        self._monotonic = monotonic
        self._kept: tuple[float, list[ReachedPrecinct]] = (-1e9, [])
        self._lists: dict[str, asyncpg.Record] = {}
        self._lists_at = -1e9

    async def read(self, now: datetime) -> list[ReachedPrecinct]:
        """Every precinct where somebody was spoken to."""
        at, found = self._kept
        if self._monotonic() - at < self._kept_seconds:
            return found
        hours: dict[str, list[ReachedHour]] = {}
        voted = Outcome.ALREADY_VOTED.value
        for row in await self._pool.fetch(_SQL["reached"], now - _DAY, TELLING, voted):
            values = {name: row[name] for name in ReachedHour.model_fields}
            hours.setdefault(row["precinct_id"], []).append(ReachedHour(**values))
        await self._read_lists(set(hours))
        found = [
            ReachedPrecinct(
                precinct_id=precinct, listed=listed["listed"], expected=listed["expected"], hours=of
            )
            for precinct, of in hours.items()
            if (listed := self._lists.get(precinct))
        ]
        self._kept = self._monotonic(), found
        return found

    async def _read_lists(self, precincts: set[str]) -> None:
        if self._monotonic() - self._lists_at > _LISTS_SECONDS:
            self._lists, self._lists_at = {}, self._monotonic()
        if new := sorted(precincts - self._lists.keys()):
            rows = await self._pool.fetch(_SQL["listed"], new)
            self._lists |= {row["precinct_id"]: row for row in rows}
