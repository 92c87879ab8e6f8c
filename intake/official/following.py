"""Polling the official source: each number that has changed is a message of its own in the journal.

A message's key is made of source, precinct, number and (where the source says it) time: whatever is read
again, after a restart or by another worker, is a redelivery and counts nothing. While the database is away
the source last known is asked; what it says waits in the journal like everything else.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from pathlib import Path
from random import Random
from time import monotonic

import asyncpg
import orjson
import structlog

from election.domain.checkin import Channel, Kind
from election.domain.official import SENDER, OfficialSource, source_of
from election.postgres.database import UNREACHABLE
from election.postgres.election_store import official_source
from intake.journal.writer import JournalUnavailableError
from intake.official.client import OfficialClient, Published
from intake.official.published import OfficialCount, OfficialUnreadError, PublishedCounts, counts_of
from intake.reading.reader import CLOCK_SLACK
from intake.receive.http_answers import canonical
from intake.receive.pipeline import IngestPipeline

PROVIDER = "official"
LOOK_SECONDS = 30.0  # real, between looks whether there is a source, or another
JITTER = 0.2  # of the pace: not everybody's clients ask on the full minute
MOST_BACK_OFF = 8  # times the pace, after so many failures in a row
AT_ONCE = 256  # so that the journal commits them together

log = structlog.get_logger()

Acquire = Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]


class OfficialFollower:
    """Asks for the published file at its pace. `kept`: where the source last known is kept."""

    def __init__(
        self, pipeline: IngestPipeline, acquire: Acquire, kept: Path, client: OfficialClient, random: Random
    ) -> None:
        self._pipeline, self._acquire, self._kept, self._client = pipeline, acquire, kept, client
        self._random = random
        self._published = Published()
        self._source: OfficialSource | None = None
        self._told: dict[str, tuple[int, str]] = {}  # precinct -> number and time last taken
        self._due = 0.0  # monotonic
        self.failures = 0  # in a row

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                try:
                    await self.step(monotonic())
                except Exception:
                    log.exception("official_source_failed")
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._client.close()

    async def step(self, now: float) -> None:
        """Asks where there is a source and its time has come. `now`: seconds of a clock that only goes on."""
        source = await self.source()
        if source is None or now < self._due or not self._client.asks(source.address):
            return
        if self._pipeline.rosters.current is None:  # there will be one in a moment
            return
        self._due = now + source.every.total_seconds()  # also where the look fails by a defect of ours
        await self.look(source)
        self._due = now + self.pause(source)

    def pause(self, source: OfficialSource) -> float:
        """Real seconds until the next look: the pace, twice that after each failure, and a little chance."""
        times = min(1 << min(self.failures, 9), MOST_BACK_OFF)
        chance: float = 1.0 + JITTER * self._random.random()
        return source.every.total_seconds() * times * chance

    async def source(self) -> OfficialSource | None:
        """The source of the election in the database; while that is away, the one last known."""
        try:
            async with self._acquire() as connection:
                found = await official_source(connection)
        except UNREACHABLE:
            found = self._source or await asyncio.to_thread(self._remembered)
        else:
            await asyncio.to_thread(self._remember, found)
        if found != self._source:
            self._source, self._published, self.failures, self._due = found, Published(), 0, 0.0
            self._told.clear()
        return found

    async def look(self, source: OfficialSource) -> int:
        """Asks once; returns how many new numbers were made durable."""
        roster = self._pipeline.rosters.current
        if roster is None:
            return 0
        last = Published(self._published.etag, self._published.modified)
        try:
            content = await self._client.changed(source.address, last)
            now = self._pipeline.clock.now()
            found = PublishedCounts(())
            if content is not None:
                found = await asyncio.to_thread(counts_of, content, source, roster, now)
            taken = await self._take(source, found)
        except (OfficialUnreadError, JournalUnavailableError) as error:
            self.failures += 1
            remedy = "look at official.toml and at the address; it is asked again"
            log.warning("official_source_not_read", error=str(error), failures=self.failures, remedy=remedy)
            return 0
        self.failures, self._published = 0, last  # only now: what was not taken is asked for again
        if content is not None:
            log.info("official_source_read", counts=len(found.counts), new=taken, unknown=found.unknown,
                     unread=found.unread)  # fmt: skip
        return taken

    async def _take(self, source: OfficialSource, found: PublishedCounts) -> int:
        latest = self._pipeline.clock.now() + CLOCK_SLACK
        new: list[OfficialCount] = []
        for count in found.counts:
            if count.observed_at <= latest and self._told.get(count.precinct_id) != _mark(count):
                new.append(count)
        for start in range(0, len(new), AT_ONCE):
            part = new[start : start + AT_ONCE]
            await asyncio.gather(*(self._one(source, count) for count in part))
            self._told.update((count.precinct_id, _mark(count)) for count in part)
        return len(new)

    async def _one(self, source: OfficialSource, count: OfficialCount) -> None:
        body = canonical({
            "kind": Kind.COUNT, "precinct_id": count.precinct_id, "votes": count.votes,
            "observed_at": count.observed_at.isoformat(),
        })  # fmt: skip
        named = f"{source.address} {count.precinct_id} {count.votes} {_mark(count)[1]}"
        key = sha256(named.encode()).hexdigest()[:40]
        await self._pipeline.submit_and_wait(
            PROVIDER, key, Channel.CSV, SENDER, body=body, raw=count.raw, sent_at=self._pipeline.clock.now()
        )

    def _remembered(self) -> OfficialSource | None:
        try:
            row = orjson.loads(self._kept.read_bytes())
            return source_of(row) if row else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _remember(self, found: OfficialSource | None) -> None:
        content = orjson.dumps(found.as_row() if found else None)
        try:
            if self._kept.read_bytes() == content:
                return
        except OSError:
            pass
        try:
            fresh = self._kept.with_suffix(".new")
            fresh.write_bytes(content)
            fresh.replace(self._kept)
        except OSError as error:
            log.warning("official_source_not_kept", error=str(error))


def _mark(count: OfficialCount) -> tuple[int, str]:
    return count.votes, count.observed_at.isoformat() if count.timed else ""
