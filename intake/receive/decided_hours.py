"""Hours of the polls as staff last decided them, for watchers who ask when their polls close.

Follows the log's few `hours` decisions. While the database is away the last known ones stand. The tally
resolves the same decisions for the board (`tally/ledger/poll_hours.py`); no standing depends on this.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import asyncpg
import structlog

from election.domain.checkin import CheckIn, Kind
from election.domain.day import ElectionDay, Precinct
from election.log.check_in_log import Position, read_after
from election.postgres.database import UNREACHABLE

LOOK_SECONDS = 5.0  # real
AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)
log = structlog.get_logger()


class DecidedHours:
    """`run()` until cancelled; `acquire` lends a connection."""

    def __init__(self, acquire: Callable[[], Any], *, rehearsal: bool = False) -> None:
        self._acquire = acquire
        self._rehearsal = rehearsal
        self._position = Position()
        self._decisions: list[CheckIn] = []

    async def run(self) -> None:
        """Keeps up with the log."""
        while True:
            try:
                await self.look()
            except AWAY as error:
                log.warning("database_away", work="hours", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Takes in what was decided since the last look."""
        async with self._acquire() as connection:
            found, self._position = await read_after(connection, self._position, kinds=(Kind.HOURS,))
        self.take(found)

    def take(self, decisions: list[CheckIn]) -> None:
        """Files decisions, in whatever order they come."""
        mine = [entry for entry in decisions if entry.rehearsal == self._rehearsal]
        self._decisions = sorted([*self._decisions, *mine], key=lambda entry: entry.sort_key)

    def of(self, precinct: Precinct, day: ElectionDay) -> tuple[datetime, datetime]:
        """When the polls open and close there, UTC."""
        opens, closes = precinct.opens_at(day), precinct.closes_at(day)
        for entry in self._decisions:
            here = entry.precinct_id == precinct.precinct_id
            if here or (entry.precinct_id is None and entry.detail.get("county") == precinct.county):
                opens = _when(entry.detail.get("opens_at"), opens)
                closes = _when(entry.detail.get("closes_at"), closes)
        return opens, closes


def _when(value: object, otherwise: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(str(value)) if value else otherwise
    except ValueError:
        return otherwise
    return at if at.tzinfo else otherwise
