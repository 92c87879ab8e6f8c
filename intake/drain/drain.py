"""The drain: carries messages from the journal to PostgreSQL, reading each again on the way.

Theory of operation. Messages and their check-ins go in one transaction (`election.log.check_in_log.append`,
idempotent by ids that are functions of the message's key); afterwards the journal is marked. A crash between
the two repeats a batch, which changes nothing. The reading is a pure function of the message and of the
roster version it names; a message that came before any roster was known waits for the first one, which is
settled durably before it is used, so that a repeated batch reads alike.

A message that PostgreSQL will not take is found by bisection, stored as unread where possible, noted in the
journal's quarantine, and does not hold up the others. An unreachable database is no such reason.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Protocol

import asyncpg
import structlog

from election.domain.checkin import CheckIn, Kind, Message
from election.domain.ids import check_in_id
from election.domain.roster import Roster
from election.log import check_in_log as election_log
from election.postgres.database import UNREACHABLE, connect, pauses, stop_if_cancelled
from intake.journal.writer import Undrained
from intake.metrics.intake import Telemetry
from intake.reading.reader import check_ins_of, readings_of
from intake.roster.snapshot import Rosters

SLICE_SECONDS = 0.002  # how long reading may keep the event loop from answering webhooks
READ_SLICE = 250  # messages asked of the journal's thread at once, for the same reason
STORE_SLICE = 500  # messages a transaction is encoded for at once, likewise
FIRST_ROSTER = "first_roster"

# What says "this data cannot be stored", as opposed to "nobody is there" or "not now". asyncpg raises a
# ValueError for what it cannot encode, although it calls it an interface error.
UNSTORABLE: tuple[type[BaseException], ...] = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    ValueError,
    TypeError,
    OverflowError,
)

log = structlog.get_logger()

Entry = tuple[Message, list[CheckIn]]
Prepared = tuple[Undrained, list[Entry]]


class DrainSource(Protocol):
    """What a drain empties: the journal of a running intake, or one carried over."""

    @property
    def depth(self) -> int: ...

    arrived: asyncio.Event

    async def undrained(self, limit: int, beyond: tuple[str, int] | None = None) -> Undrained | None: ...
    async def mark(self, label: str, seq: int) -> None: ...
    async def quarantine(self, label: str, seq: int, reason: str) -> None: ...
    async def settle(self, name: str, value: str) -> str: ...


class Drain:
    """One for each journal. `run()` until cancelled; `finish()` on the way out."""

    def __init__(
        self,
        journal: DrainSource,
        rosters: Rosters,
        url: str,
        telemetry: Telemetry,
        *,
        batch: int,
        linger: float,
        stored: Callable[[str, int], None] | None = None,
    ) -> None:
        self._journal = journal
        self._rosters = rosters
        self._url = url
        self._telemetry = telemetry
        self._batch = batch
        self._linger = linger
        self._stored = stored  # told (label, seq) of what PostgreSQL has, before it is marked
        self._connection: asyncpg.Connection | None = None
        self._ready: Prepared | None = None  # the next batch, read ahead

    @property
    def connected(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

    async def run(self) -> None:
        """Empties the journal again and again, whatever the database does."""
        rest = pauses()
        while True:
            try:
                if not await self.step():
                    await self._journal.arrived.wait()
                    await asyncio.sleep(self._linger)
                rest.reset()
            except Exception as error:
                stop_if_cancelled()
                known = isinstance(error, (*UNREACHABLE, asyncpg.PostgresError))
                log.warning(
                    "drain_waits", error=type(error).__name__, depth=self._journal.depth, exc_info=not known
                )
                await self._disconnect()
                await rest.wait()

    async def finish(self, seconds: float) -> None:
        """Tries for so many seconds to carry over what is left."""
        with suppress(TimeoutError, *UNREACHABLE, asyncpg.PostgresError):
            async with asyncio.timeout(seconds):
                while await self.step():
                    pass
        await self._disconnect()

    async def step(self) -> bool:
        """Carries over one batch; False if there was none. Raises what the database raises.

        With a backlog the next batch is read while PostgreSQL stores this one.
        """
        ready, self._ready = self._ready, None
        if ready is None:
            ready = await self._prepared(None)
            if ready is None:
                return False
        undrained, entries = ready
        connection = await self._connected()
        last = undrained.messages[-1].journal_seq
        ahead: asyncio.Task[Prepared | None] | None = None
        if len(undrained.messages) >= self._batch:
            ahead = asyncio.create_task(self._prepared((undrained.label, last)))
        try:
            await self._store(entries, connection)
            if self._stored:
                self._stored(undrained.label, last)
            await self._mark(undrained)
            self._ready = await ahead if ahead else None
        except BaseException:
            # A statement cut short (a stop cancels them) may have begun a transaction that nobody would end.
            await self._disconnect()
            raise
        finally:
            if ahead and not ahead.done():
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)
        return True

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url)
        return self._connection

    async def _prepared(self, beyond: tuple[str, int] | None) -> Prepared | None:
        """The next batch, read; None if there is none. The next slice is fetched while one is read."""
        label, messages, entries = "", list[Message](), list[Entry]()
        fetching: asyncio.Task[Undrained | None] | None = self._fetch(self._batch, beyond)
        try:
            while fetching is not None:
                found = await fetching
                fetching = None
                if found is None or label not in ("", found.label):
                    break
                label = found.label
                messages += found.messages
                left = self._batch - len(messages)
                if left > 0 and len(found.messages) == READ_SLICE:
                    fetching = self._fetch(left, (label, found.messages[-1].journal_seq))
                entries += await self._read(found.messages)
        finally:
            if fetching is not None:
                fetching.cancel()
        return (Undrained(label, messages), entries) if messages else None

    def _fetch(self, most: int, beyond: tuple[str, int] | None) -> "asyncio.Task[Undrained | None]":
        return asyncio.create_task(self._journal.undrained(min(READ_SLICE, most), beyond))

    async def _mark(self, undrained: Undrained) -> None:
        await self._journal.mark(undrained.label, undrained.messages[-1].journal_seq)

    async def _read(self, messages: Sequence[Message]) -> list[Entry]:
        entries: list[Entry] = []
        rosters: dict[str, Roster] = {}
        until = perf_counter() + SLICE_SECONDS
        for message in messages:
            roster = rosters.get(message.roster_version)
            if roster is None:
                roster = rosters[message.roster_version] = await self._roster(message.roster_version)
            if message.roster_version != roster.version:
                message = message._replace(roster_version=roster.version)
            entries.append((message, check_ins_of(message, readings_of(message, roster), roster)))
            if perf_counter() > until:
                await asyncio.sleep(0)
                until = perf_counter() + SLICE_SECONDS
        return entries

    async def _roster(self, version: str) -> Roster:
        await self._rosters.known.wait()
        assert self._rosters.current is not None
        if not version:
            version = await self._journal.settle(FIRST_ROSTER, self._rosters.version)
        found = self._rosters.in_memory(version)
        if found is None:  # rare; on a connection of its own, because a batch may be on its way on ours
            connection = await connect(self._url)
            try:
                found = await self._rosters.of(version, connection)
            finally:
                connection.terminate()
        return found or self._rosters.current

    async def _store(self, entries: Sequence[Entry], connection: asyncpg.Connection) -> None:
        for start in range(0, len(entries), STORE_SLICE):
            await self._append(entries[start : start + STORE_SLICE], connection)
            await asyncio.sleep(0)
        if connection.is_in_transaction():
            raise ConnectionError(
                "the connection is in a transaction that nobody will end; nothing is stored"
            )

    async def _append(self, entries: Sequence[Entry], connection: asyncpg.Connection) -> None:
        try:
            await election_log.append(
                connection, [m for m, _ in entries], [check_in for _, made in entries for check_in in made]
            )
            self._telemetry.drained.inc(len(entries))
        except UNSTORABLE as error:
            if len(entries) > 1:
                middle = len(entries) // 2
                await self._append(entries[:middle], connection)
                await self._append(entries[middle:], connection)
            else:
                await self._quarantine(entries[0][0], error, connection)

    async def _quarantine(
        self, message: Message, error: BaseException, connection: asyncpg.Connection
    ) -> None:
        reason = type(error).__name__
        self._telemetry.quarantined.inc()
        log.error("message_quarantined", message=str(message.message_id), reason=reason)
        await self._journal.quarantine(message.journal, message.journal_seq, repr(error)[:500])
        plain = message._replace(body=_storable(message.body), sender=_storable(message.sender))
        try:
            await election_log.append(connection, [plain], [_unread(plain, reason)])
            self._telemetry.drained.inc()
        except UNSTORABLE as again:
            log.error(
                "message_stays_in_journal", message=str(message.message_id), reason=type(again).__name__
            )

    async def _disconnect(self) -> None:
        self._ready = None
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def _storable(words: str) -> str:
    """Without what PostgreSQL's text cannot hold; the raw bytes keep it."""
    return words.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _unread(message: Message, reason: str) -> CheckIn:
    return CheckIn(
        check_in_id=check_in_id(message.message_id, 0), message_id=message.message_id, part=0,
        kind=Kind.UNREAD, channel=message.channel, precinct_id=None, watcher_id=None, sender=message.sender,
        observed_at=message.sent_at, sent_at=message.sent_at, received_at=message.received_at,
        detail={"quarantined": reason}, rehearsal=message.rehearsal,
    )  # fmt: skip
