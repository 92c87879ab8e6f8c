"""What the day's outcomes still ask for, and which promises were kept. Reads alone: the queue does them."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import asyncpg

from callers.queries.statements import statements
from callers.rules import policy
from election.access.audit import record
from election.wire.callers import MoveState, NextMove, Outcome

_SQL = statements("next_moves")
_DAY = timedelta(hours=14)  # an election day's calls
_PROMISES, _NOT_SPOKEN_TO = ([o.value for o in of] for of in (policy.PROMISES, policy.NOT_SPOKEN_TO))
MOST_LISTED = 2_000


@dataclass(frozen=True, slots=True)
class PastOutcome:
    """What a voter said on an earlier call, and the time they named."""

    outcome: Outcome
    at: datetime
    said_at: datetime | None


@dataclass(frozen=True, slots=True)
class MoveTally:
    """Voters of a precinct whose last word of an hour this was, by what came of it."""

    precinct_id: str
    outcome: Outcome
    move: NextMove
    hour: datetime
    open: int
    kept: int
    broken: int

    @property
    def promise(self) -> bool:
        """Whether they said that they will vote."""
        return self.outcome in policy.PROMISES


class NextMoves:
    """The calls' next moves in the database. `closes_at`: of a precinct's polls, None where nobody knows;
    `kept_seconds` (real): counts are read anew only after so long, however many pages look.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        closes_at: Callable[[str], datetime | None],
        kept_seconds: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._closes_at = closes_at
        self._kept_seconds = kept_seconds
        self._monotonic = monotonic
        self._counted: dict[str, tuple[float, list[asyncpg.Record]]] = {}  # by phone bank

    def state(self, precinct_id: str, now: datetime, *, struck_off: bool = False) -> MoveState:
        """How a next move there stands."""
        return policy.move_state(struck_off, now, self._closes_at(precinct_id))

    async def last_word(self, lease_id: UUID) -> PastOutcome | None:
        """What the voter of a lease said on an earlier call; None where nothing follows from any."""
        row = await self._pool.fetchrow(_SQL["last_word"], lease_id)
        return PastOutcome(Outcome(row["outcome"]), row["at"], row["said_at"]) if row else None

    async def counted(self, now: datetime, bank: str = "") -> list[MoveTally]:
        """Today's next moves by precinct, hour and outcome; of one phone bank's callers, or of all."""
        at, rows = self._counted.get(bank, (-1e9, []))
        if self._monotonic() - at >= self._kept_seconds:
            rows = await self._pool.fetch(_SQL["counted"], now - _DAY, bank, _PROMISES, _NOT_SPOKEN_TO)
            self._counted[bank] = (self._monotonic(), rows)
        found = []
        for r in rows:
            left = r["said"] - r["kept"]
            over = self.state(r["precinct_id"], now) is MoveState.BROKEN
            found.append(
                MoveTally(
                    r["precinct_id"], Outcome(r["outcome"]), NextMove(r["next_move"]), r["hour"],
                    0 if over else left, r["kept"], left if over else 0,
                )
            )  # fmt: skip
        return found

    async def waiting(
        self, move: NextMove, account: str, now: datetime, sees: Callable[[str], bool]
    ) -> list[asyncpg.Record]:
        """Voters who wait for a move where `sees` says so, soonest first. The look is audited."""
        async with self._pool.acquire() as proxy:
            connection = cast(asyncpg.Connection, proxy)
            await record(connection, now, account, "next moves looked at", f"move:{move.value}")
            rows = await connection.fetch(_SQL["waiting"], now - _DAY, move.value, _PROMISES, _NOT_SPOKEN_TO)
        return [row for row in rows if sees(row["precinct_id"])][:MOST_LISTED]


def promises(found: Iterable[MoveTally]) -> dict[tuple[str, datetime], tuple[int, int, int]]:
    """Promises open, kept and broken by precinct and hour."""
    sums: dict[tuple[str, datetime], tuple[int, int, int]] = {}
    for one in found:
        if one.promise:
            opened, kept, broken = sums.get((one.precinct_id, one.hour), (0, 0, 0))
            sums[one.precinct_id, one.hour] = (opened + one.open, kept + one.kept, broken + one.broken)
    return sums


def by_outcome(found: Iterable[MoveTally]) -> dict[tuple[Outcome, NextMove], tuple[int, int, int]]:
    """All next moves open, kept and broken by outcome."""
    sums: dict[tuple[Outcome, NextMove], tuple[int, int, int]] = {}
    for one in found:
        opened, kept, broken = sums.get((one.outcome, one.move), (0, 0, 0))
        sums[one.outcome, one.move] = (opened + one.open, kept + one.kept, broken + one.broken)
    return sums
