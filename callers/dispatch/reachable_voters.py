"""How many voters each precinct has left. The leading service counts; the others read what it wrote."""

import time
from collections.abc import Collection, Mapping
from datetime import datetime

import asyncpg

from callers.queries.statements import statements

_SQL = statements("dispatches")
_COUNT_SECONDS = 10.0  # real; between two counts of a precinct
_COUNTS_A_TICK = 20  # precincts counted in one query
_NEVER = (0, 0, -1e9)


class ReachableVoters:
    """Voters left in each precinct: at all, and to be called right now."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._known: dict[str, tuple[int, int, float]] = {}  # remaining, now, counted at (monotonic)
        self.unlisted: set[str] = set()  # precincts of which no voter is on the roll
        self.roll = True  # whether there is a roll at all: a stack may be for counts alone

    def now(self, precinct_id: str) -> int | None:
        """Voters who may be called now; None where nobody has counted them."""
        known = self._known.get(precinct_id)
        return known[1] if known else None

    def remaining(self) -> dict[str, int]:
        """Voters left at all, where they have been counted."""
        return {precinct: counts[0] for precinct, counts in self._known.items()}

    def adopt(self, reachable: Mapping[str, int]) -> None:
        """What the leader wrote. How many remain at all only it knows."""
        self._known = {p: (max(1, n), n, -1e9) for p, n in reachable.items()}

    async def count(self, live: Collection[str], lagging: Collection[str], now: datetime) -> None:
        """Counts those whose count is oldest, a few at a time: open ones, then those behind."""
        clock = time.monotonic()
        place = {p: n for n, p in enumerate(lagging)}
        due = [p for p in {*live, *lagging} if clock - self._known.get(p, _NEVER)[2] > _COUNT_SECONDS]
        due.sort(key=lambda p: (self._known.get(p, _NEVER)[2], p not in live, place.get(p, -1), p))
        await self._count(due[:_COUNTS_A_TICK], now)

    async def look(self, precinct_id: str, now: datetime) -> int:
        """Voters left there at all, counted just now."""
        await self._count([precinct_id], now)
        return self._known[precinct_id][0]

    async def _count(self, due: list[str], now: datetime) -> None:
        if not due:
            return
        clock = time.monotonic()
        counted = {r["precinct_id"]: r for r in await self._pool.fetch(_SQL["reachable"], due, now)}
        for precinct in due:
            row = counted.get(precinct)
            self._known[precinct] = (row["remaining"], row["now"], clock) if row else (0, 0, clock)
        self.unlisted -= counted.keys()
        if empty := [p for p in due if p not in counted]:
            (found,) = await self._pool.fetch(_SQL["unlisted"], empty)
            self.unlisted = (self.unlisted - set(empty)) | set(found["precincts"])
            self.roll = found["roll"]
