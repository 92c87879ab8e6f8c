"""The numbers on each precinct's roll, so that a number struck off by text can be told from a slip.

Numbers alone: no name comes to intake. What is not known is not claimed: without the database, for a roll
without numbers, or one that holds fewer than nine in ten of the registered (a campaign's own list), nobody is
corrected.
"""

import asyncio
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

import asyncpg

from election.domain.ids import PrecinctId
from election.postgres.pg_watch import watch
from election.runtime.heap import give_back

_WHOLE = 0.9  # of the registered: a roll that has fewer is somebody's choice of them
_LOOK_SECONDS = 600.0  # real; also without word of an import
_ROWS_AT_ONCE = 1_000
_RUNS = """
select precinct_id, min(number) as first, max(number) as last
from (select precinct_id, number, number - row_number() over (partition by precinct_id order by number) as run
      from (select precinct_id, roll_number::bigint as number from voters
            where roll_number ~ '^[0-9]{1,9}$') numbered) runs
group by precinct_id, run
order by precinct_id, first
"""
_ANY = "select exists (select from voters)"


@dataclass(slots=True)
class _Roll:
    """Runs of numbers, ascending, and how many numbers they hold."""

    firsts: "array[int]" = field(default_factory=lambda: array("q"))
    lasts: "array[int]" = field(default_factory=lambda: array("q"))
    size: int = 0

    def has(self, number: int) -> bool:
        at = bisect_right(self.firsts, number) - 1
        return at >= 0 and number <= self.lasts[at]


_Rolls = dict[str, _Roll]


def _add(rolls: _Rolls, precinct_id: str, first: int, last: int) -> None:
    roll = rolls.setdefault(precinct_id, _Roll())
    roll.firsts.append(first)
    roll.lasts.append(last)
    roll.size += last - first + 1


class RollNumbers:
    """What of the roll is known."""

    def __init__(self) -> None:
        self._rolls: _Rolls = {}
        self.voters = True  # whether anybody can be struck off; until it is known, it is offered

    def take(self, runs: Iterable[tuple[str, int, int]]) -> None:
        """Takes a whole roll in: (precinct, first, last) of each run, ascending."""
        rolls: _Rolls = {}
        for run in runs:
            _add(rolls, *run)
        self._rolls = rolls

    def missing(self, precinct_id: PrecinctId | None, numbers: Iterable[int], registered: int) -> list[int]:
        """Those of `numbers` that are not on the roll there; none where the roll is not known whole."""
        roll = self._rolls.get(precinct_id or "")
        if roll is None or roll.size < _WHOLE * registered:
            return []
        return [number for number in numbers if not roll.has(number)]

    async def follow(self, url: str, channel: str) -> None:
        """Keeps up with imports for ever; while the database is away the last known roll stands."""

        async def read(connection: asyncpg.Connection) -> tuple[_Rolls, bool]:
            return await _read(connection), await connection.fetchval(_ANY)

        async def adopt(found: tuple[_Rolls, bool]) -> None:
            self._rolls, self.voters = found
            await asyncio.to_thread(give_back)

        await watch(url, channel, read, adopt, "roll", _LOOK_SECONDS, long=True)


async def _read(connection: asyncpg.Connection) -> _Rolls:
    """The whole roll, some rows at a time: a roll with gaps has nearly as many runs as voters."""
    rolls: _Rolls = {}
    async with connection.transaction():
        async for row in connection.cursor(_RUNS, prefetch=_ROWS_AT_ONCE):
            _add(rolls, row["precinct_id"], row["first"], row["last"])
    return rolls
