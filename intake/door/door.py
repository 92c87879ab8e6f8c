"""The one door through which people's writes pass before they are journalled: what would it do, and may they?

`door/permission.py` decides; here is what has to be fetched for it. An entry that a decision names may lie in
the log, or only in this intake's journal while PostgreSQL is away or has not got it yet. Where it cannot be
told what a write would do, an account of some counties is refused and told why: it is never let through.
Watchers' own texts and forms do not pass here, and accounts of all counties pass without anything being
looked up.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import structlog

from election.access.identity import Identity
from election.access.telemetry import say_refused
from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.postgres.database import UNREACHABLE
from election.wire.intake import Decision
from intake.door import log_entries
from intake.door.permission import (
    DecisionSubjects,
    allowed,
    effects_of_decision,
    effects_of_report,
    sought_by,
)
from intake.journal.writer import Journal
from intake.reading.reader import check_ins_of, readings_of
from intake.roster.snapshot import Rosters

OUTSIDE = (
    "Some of what this would change lies outside your counties, or is not known there. "
    "Nothing was saved; staff can do it."
)
NO_ROSTER = "The list of precincts is not here yet, so nobody can tell whose this is. Try again in a minute."
NO_DATABASE = (
    "The database cannot be reached, so nobody can tell whose this is. "
    "Nothing was saved; try again in a moment, or ask staff."
)
AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)
READ_AT_ONCE = 250  # messages asked of the journal's thread
SLICE = 25  # messages read between two turns of the event loop
MOST_LOOKED = 50_000  # undrained messages; behind so many an account of some counties waits for the database

log = structlog.get_logger()

Acquire = Callable[[], Any]  # an async context manager that yields a connection; raises UNREACHABLE


class Spoken(NamedTuple):
    """A report on its way into the journal, as far as it is read (`reader.Told`)."""

    provider_message_id: str
    channel: Channel
    sender: str
    body: str
    sent_at: datetime
    rehearsal: bool = False
    provider: str = ""  # no photo comes with it
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a write is not let through, for the metrics and for people."""

    status: int
    reason: str
    words: str


_OUTSIDE = Refusal(403, "county", OUTSIDE)
_NO_ROSTER = Refusal(503, "no_roster", NO_ROSTER)
_NO_DATABASE = Refusal(503, "no_database", NO_DATABASE)


class WriteDoor:
    """Judges reports and decisions. The caller journals at once after a `None`, without waiting between."""

    def __init__(self, journal: Journal, rosters: Rosters, acquire: Acquire) -> None:
        self._journal = journal
        self._rosters = rosters
        self._acquire = acquire
        self._looking = asyncio.Lock()  # one reading of the whole journal at a time

    def report(self, who: Identity, said: Spoken) -> Refusal | None:
        """Why this report may not be kept; None where it may. `said.sent_at` must be the one it is kept with:
        whether a text is a question or a count depends on it.
        """
        if who.counties is None:
            return None
        roster = self._rosters.current
        if roster is None:
            return _NO_ROSTER
        if allowed(who, effects_of_report(said, roster), roster):
            return None
        say_refused(who.account, said.channel.value, _OUTSIDE.reason)
        return _OUTSIDE

    async def decision(
        self, who: Identity, decision: Decision, connection: asyncpg.Connection | None = None
    ) -> Refusal | None:
        """Why this decision may not be kept; None where it may. `connection`: where one is at hand."""
        if who.counties is None:
            return None
        if self._rosters.current is None:
            return _NO_ROSTER
        sought = sought_by(decision)
        try:
            found = await self._find(sought, connection) if sought else []
        except AWAY as error:
            log.warning("database_away", work="door", error=type(error).__name__)
            return _NO_DATABASE
        roster = self._rosters.current
        if allowed(who, effects_of_decision(decision, found, roster), roster):
            return None
        say_refused(who.account, decision.kind.value, _OUTSIDE.reason)
        return _OUTSIDE

    async def _find(self, sought: DecisionSubjects, connection: asyncpg.Connection | None) -> list[CheckIn]:
        """What the journal and the log hold of these. Raises one of `AWAY` where the log is needed.

        The journal comes first: what is drained in between is in the log by the time that is asked.
        """
        waiting = await self._in_journal(sought)
        placed = {e.check_in_id for e in waiting if e.precinct_id is not None}
        if sought.ids <= placed and not sought.incidents and not sought.phones:
            return waiting
        if connection is not None:
            return waiting + await self._in_log(sought, waiting, connection)
        async with self._acquire() as lent:
            return waiting + await self._in_log(sought, waiting, lent)

    async def _in_log(
        self, sought: DecisionSubjects, waiting: Sequence[CheckIn], connection: asyncpg.Connection
    ) -> list[CheckIn]:
        found = await log_entries.entries(connection, sought.ids, sought.incidents)
        # An entry of an unknown phone that names no precinct is where ties bring it.
        homeless = {e.sender for e in (*found, *waiting) if e.precinct_id is None and e.watcher_id is None}
        phones = sought.phones | homeless
        if phones:
            found += await log_entries.entries_of_phones(connection, phones, ties_only=not sought.phones)
        return found

    async def _in_journal(self, sought: DecisionSubjects) -> list[CheckIn]:
        async with self._looking:
            found: list[CheckIn] = []
            seen: dict[str, int] = {}
            looked = 0
            while looked < MOST_LOOKED and (some := await self._journal.peek(READ_AT_ONCE, seen)):
                seen[some.label] = some.messages[-1].journal_seq
                looked += len(some.messages)
                for start in range(0, len(some.messages), SLICE):
                    for message in some.messages[start : start + SLICE]:
                        found += [e for e in self._read(message) if _is_sought(e, sought)]
                    await asyncio.sleep(0)
            return found

    def _read(self, message: Message) -> Collection[CheckIn]:
        roster = self._rosters.in_memory(message.roster_version)
        return check_ins_of(message, readings_of(message, roster), roster) if roster else ()


def _is_sought(entry: CheckIn, sought: DecisionSubjects) -> bool:
    if entry.check_in_id in sought.ids:
        return True
    if entry.kind is Kind.INCIDENT and entry.detail.get("incident") in sought.incidents:
        return True
    if entry.kind is Kind.TIE and entry.detail.get("phone") in sought.phones:
        return True
    return entry.sender in sought.phones
