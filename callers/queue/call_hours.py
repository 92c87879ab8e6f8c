"""The day's calls by precinct and hour, and how far each list will be reached at the present pace."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from callers.queries.statements import statements
from callers.rules import policy
from election.wire.callers import ListPace

_SQL = statements("call_hours")
_DAY = timedelta(hours=14)  # an election day's calls
_HOUR = timedelta(hours=1)  # the pace is that of the last one
_LEAST = timedelta(minutes=10)  # after so short a time nobody knows a pace
_REACHED, _PROMISES = ([o.value for o in of] for of in (policy.REACHED, policy.PROMISES))


@dataclass(frozen=True, slots=True)
class VoterContacts:
    """Voters of a precinct who were spoken to: all of today, those of the last hour. `over`: those not called
    again, reached or given up; `tried`: those called at all; 0: as many as were reached.
    """

    reached: int = 0
    lately: int = 0
    over: int = 0
    tried: int = 0


def list_pace(
    reached: VoterContacts, remaining: int | None, since: datetime, now: datetime, until: datetime
) -> ListPace:
    """How far a list is, and will be when calling ends (`until`) if the last hour's pace goes on.

    No larger part of those left is taken to answer than of those called so far. `remaining`: voters left at
    all, None where nobody has counted them; `since`: when calling began there.
    """
    called = min(_HOUR, now - since)
    pace = None if called < _LEAST else reached.lately * (_HOUR / called)
    listed = None if remaining is None else max(remaining + reached.over, reached.reached)
    share = None
    if listed and pace is not None:
        more = pace * (max(until - now, timedelta(0)) / _HOUR)
        answering = reached.reached / max(reached.tried, reached.reached, 1)
        share = (reached.reached + min(more, answering * (listed - reached.reached))) / listed
    return ListPace(
        listed=listed, reached=reached.reached, left=remaining,
        per_hour=None if pace is None else round(pace, 1),
        by_close=None if share is None else round(share, 3), until=until,
    )  # fmt: skip


class CallHours:
    """Reads the calls. `kept_seconds` (real): they are read anew only after so long, however many look."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        kept_seconds: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._kept_seconds = kept_seconds
        self._monotonic = monotonic
        self._kept: dict[str, tuple[float, list[asyncpg.Record]]] = {}

    async def by_hour(self, now: datetime, bank: str = "") -> list[asyncpg.Record]:
        """Calls, voters reached and promises by precinct and hour; of one phone bank's callers, or of all."""
        return await self._read(f"by_hour {bank}", _SQL["by_hour"], now - _DAY, _REACHED, _PROMISES, bank)

    async def reached(self, now: datetime) -> dict[str, VoterContacts]:
        """Voters spoken to, by precinct."""
        rows = await self._read("reached", _SQL["reached"], now - _DAY, _REACHED, now - _HOUR)
        return {
            r["precinct_id"]: VoterContacts(r["reached"], r["lately"], r["over"], r["tried"]) for r in rows
        }

    async def _read(self, key: str, statement: str, *values: object) -> list[asyncpg.Record]:
        at, rows = self._kept.get(key, (-1e9, []))
        if self._monotonic() - at >= self._kept_seconds:
            rows = await self._pool.fetch(statement, *values)
            self._kept[key] = (self._monotonic(), rows)
        return rows
