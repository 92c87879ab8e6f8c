"""The follower: every check-in of the log, once, in the order in which it may be read, as long as we live.

Theory of operation. `election.log.check_in_log.read_after` is gap-safe; this module keeps the position, wakes
on NOTIFY, polls in case a notification was lost, and survives the database. The position moves only after the
sink has taken a batch, so that nothing is skipped when a connection breaks in between; the sink ignores what
it has seen (ids are functions of the message), so that reading a batch twice does no harm. An import of the
election starts the sink anew, from the beginning of the log.
"""

import asyncio
import gc
import hashlib
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import asyncpg
import orjson
import structlog

from election.domain.checkin import CheckIn, Kind
from election.domain.day import Election
from election.log.check_in_log import (
    WAKE_CHANNEL,
    Position,
    VisibilityHorizon,
    read_after,
    visibility_horizon,
    words_of,
)
from election.log.columns import Counts, TwoSendersError, whole_log
from election.postgres.database import UNREACHABLE, connect, pauses
from election.postgres.election_store import CHANGED_CHANNEL, load_election
from tally.engine import change_topics

LOOK_SECONDS = 0.2  # between moments that we ask of whether everything up to them has been read
MOST_LOOKS = 4_096  # of them, some quarter of an hour; behind an older transaction the first are forgotten

# A database that is not migrated yet, or just being migrated, answers; the remedy is the same: time.
MIGRATING = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidCachedStatementError)
AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, *MIGRATING)


class Sink(Protocol):
    """Receiver of the log's check-ins."""

    def begin(self, election: Election) -> None:
        """A new election: forget every check-in; the log follows from its beginning."""

    async def take(self, check_ins: Sequence[CheckIn]) -> None:
        """The next check-ins of the log; some may have been taken before."""

    def caught_up(self) -> None:
        """Everything readable has been taken. Called after every look at the log."""


@runtime_checkable
class ColumnSink(Sink, Protocol):
    """A sink that also takes plain counts in columns, as a restart reads them."""

    async def take_counts(self, counts: Counts, senders: Mapping[int, str]) -> None:
        """Plain counts of the log, in no order; some may have been taken before."""


class Follower:
    """Feeds a sink from the log at `url` until cancelled. One sink a follower."""

    def __init__(self, url: str, sink: Sink, *, poll_seconds: float = 0.5, batch: int = 20_000,
        rehearsal: bool | None = None, on_topic: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """`rehearsal` keeps to a rehearsal's entries (True) or to the day's own (False); None: all.
        `on_topic` is called with each topic of `change_topics.ALL` that changes beside the log.
        """
        self._url = url
        self._rehearsal = rehearsal
        self._sink = sink
        self._on_topic = on_topic
        self._poll_seconds = poll_seconds
        self._batch = batch
        self._wake = asyncio.Event()
        self._reimported = False
        self._election = b""  # fingerprint of the one begun
        self._complete_at = time.monotonic()
        self._looks: deque[tuple[float, int]] = deque(maxlen=MOST_LOOKS)  # (when, xmax) not yet complete
        self._readable = 0  # transactions below it were all to be read in the look before
        self._log = structlog.get_logger().bind(part="follow")
        self.position = Position()
        self.connected = False
        self.live = False  # caught up with the log at least once since the election began
        self.on_lost: Callable[[], None] = lambda: None  # the database broke off a connection that we had

    @property
    def behind(self) -> float:
        """Real seconds since we last knew that we had everything the database stores."""
        return time.monotonic() - self._complete_at

    async def run(self) -> None:
        """Follows for ever; a lost database is tried again with jittered pauses."""
        rest = pauses()
        while True:
            lost = True
            try:
                await self._session(rest.reset)
            except AWAY as error:
                lost = not isinstance(error, MIGRATING)
                self._log.warning(
                    "database_away", work="log", error=type(error).__name__, connected=self.connected
                )
            finally:
                if self.connected and lost:
                    self.on_lost()
                self.connected = False
            await rest.wait()

    async def _session(self, connected: Callable[[], None]) -> None:
        listener = await connect(self._url)
        try:
            reader = await connect(self._url)
            try:
                await listener.add_listener(WAKE_CHANNEL, self._woken)
                await listener.add_listener(CHANGED_CHANNEL, self._imported)
                await listener.add_listener(change_topics.CHANNEL, self._topic_changed)
                for topic in sorted(change_topics.ALL):  # any may have changed while we were away
                    self._on_topic(topic)
                self.connected = True
                self._looks.clear()  # another server may count its transactions otherwise
                self._readable = 0
                self._reimported = True  # an import may have happened while we were away
                connected()
                while not listener.is_closed():
                    self._wake.clear()
                    await self._look(reader)
                    await self._sleep()
            finally:
                reader.terminate()
        finally:
            listener.terminate()

    def _woken(self, *_: Any) -> None:
        self._wake.set()

    def _imported(self, *_: Any) -> None:
        self._reimported = True
        self._wake.set()

    def _topic_changed(self, *said: Any) -> None:
        if said[3] in change_topics.ALL:
            self._on_topic(said[3])

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _look(self, reader: asyncpg.Connection) -> None:
        if self.live and not self._reimported:
            await self._read(reader)
        else:
            # A million young objects make the collector walk the heap over and over: it doubles a restart.
            gc.disable()
            try:
                if not await self._begin(reader):
                    return
            finally:
                gc.enable()
        self._looked_through(time.monotonic(), await visibility_horizon(reader))
        self._sink.caught_up()

    def _looked_through(self, now: float, seen: VisibilityHorizon) -> None:
        """Notes up to when we know that we have everything stored: now where nothing is withheld; else the
        last moment whose commits could all be read in the look that has just ended. On a busy day commits
        always overlap, and something is withheld at any moment, if only for milliseconds.
        """
        while self._looks and self._looks[0][1] <= self._readable:
            self._complete_at = self._looks.popleft()[0]
        if not seen.withheld:
            self._complete_at = now
            self._looks.clear()
        elif not self._looks or now - self._looks[-1][0] > LOOK_SECONDS:
            self._looks.append((now, seen.xmax))
        self._readable = seen.xmin  # by the next look, which reads all below it

    async def _begin(self, reader: asyncpg.Connection) -> bool:
        """Reads the election where it may be another, and the log. False where there is no election yet."""
        if self._reimported or not self._election:
            self._reimported = False
            if not await self._load(reader):
                return False
        if self.live:
            await self._read(reader)
            return True
        started = time.monotonic()
        total = await self._read_whole() + await self._read(reader)
        gc.collect()
        gc.freeze()
        self.live = True
        self._log.info("log_read", check_ins=total, seconds=round(time.monotonic() - started, 2))
        return True

    async def _load(self, reader: asyncpg.Connection) -> bool:
        election = await load_election(reader, shapes=False)
        if election is None:
            return False
        known = fingerprint(election)
        if known != self._election:
            self._election, self.position, self.live = known, Position(), False
            self._sink.begin(election)
            self._log.info("election_loaded", precincts=len(election.precincts))
        return True

    async def _read_whole(self) -> int:
        """Everything stored so far, plain counts in columns, where the sink takes them so."""
        sink = self._sink
        if not isinstance(sink, ColumnSink):
            return 0
        total = 0

        async def take(counts: Counts) -> None:
            nonlocal total
            total += len(counts)
            await sink.take_counts(counts, log.senders)

        reader = await connect(self._url, patient=True)
        try:
            async with whole_log(reader, self._rehearsal) as log:
                await log.counts(take)
                async for check_ins in log.rest():
                    await sink.take(await _with_words(reader, check_ins))
                    total += len(check_ins)
                self.position = log.position
        except TwoSendersError:
            self._log.warning("log_read_by_rows", exc_info=True)
        finally:
            reader.terminate()
        return total

    async def _read(self, reader: asyncpg.Connection) -> int:
        total = 0
        while True:
            check_ins, position = await read_after(reader, self.position, self._batch)
            if check_ins:
                mode = self._rehearsal
                ours = [c for c in check_ins if mode is None or c.rehearsal == mode]
                await self._sink.take(await _with_words(reader, ours))
                self.position = position
                total += len(check_ins)
            if len(check_ins) < self._batch:
                return total
            await asyncio.sleep(0)


def fingerprint(election: Election) -> bytes:
    """Equal for equal elections. Kept in place of the election, which weighs fifty megabytes."""
    found = hashlib.blake2b(digest_size=16)
    found.update(orjson.dumps(election.day))
    for values in (election.precincts, election.history, election.curve, election.watchers):
        for i in range(0, len(values), 1_000):
            found.update(orjson.dumps(values[i : i + 1_000]))
    return found.digest()


async def _with_words(reader: asyncpg.Connection, check_ins: list[CheckIn]) -> list[CheckIn]:
    """The same, with what nobody could read, or what asks back, as it was sent (`detail["text"]`): a person
    must read it.
    """
    unread = [c for c in check_ins if c.kind in (Kind.UNREAD, Kind.QUESTION) and "text" not in c.detail]
    if not unread:
        return check_ins
    words = await words_of(reader, [c.message_id for c in unread])
    said = {c.check_in_id: c.detail | {"text": words.get(c.message_id, "")} for c in unread}
    return [replace(c, detail=said[c.check_in_id]) if c.check_in_id in said else c for c in check_ins]
