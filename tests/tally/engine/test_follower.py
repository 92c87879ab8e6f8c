"""The follower takes every check-in, through late commits, a dead database, and a second import."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from election.domain.checkin import CheckIn, Kind
from election.domain.day import Election
from election.log.check_in_log import visibility_horizon
from election.postgres.database import connect
from election.postgres.migrate import migrate
from election.runtime.clock import FixedClock
from tally.board.board_json import board_bytes
from tally.engine import change_topics
from tally.engine.follower import Follower
from tally.engine.service import Engine
from tally.projection.projection import Tally
from tests.tally.days import NOON, a_day, an_election, an_entry, import_election, store


class Collector:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.elections: list[Election] = []
        self.taken: list[CheckIn] = []
        self.looks = 0

    def begin(self, election: Election) -> None:
        self.elections.append(election)
        self.taken = []

    async def take(self, check_ins: Sequence[CheckIn]) -> None:
        self.taken.extend(check_ins)

    def caught_up(self) -> None:
        self.looks += 1


@asynccontextmanager
async def following(url: str, batch: int = 20_000) -> AsyncIterator[tuple[Follower, Collector]]:
    sink = Collector()
    follower = Follower(url, sink, poll_seconds=0.1, batch=batch)
    task = asyncio.create_task(follower.run())
    try:
        yield follower, sink
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


def ids(check_ins: Sequence[CheckIn]) -> list[str]:
    return sorted(str(c.check_in_id) for c in check_ins)


async def test_it_waits_for_an_election_and_then_reads_everything_in_small_batches(database_url: str) -> None:
    entries = a_day(1)
    writer = await connect(database_url)
    async with following(database_url, batch=7) as (follower, sink):
        await until(lambda: follower.connected)
        await store(writer, entries)
        assert sink.taken == []
        await import_election(writer, an_election())
        await until(lambda: len(sink.taken) >= len(entries))
        assert ids(sink.taken) == ids([c for _, c in entries])
        assert follower.live
        assert follower.behind < 5
    await writer.close()


async def test_a_commit_held_open_is_awaited_and_said_to_be_behind(database_url: str) -> None:
    slow, quick = await connect(database_url), await connect(database_url)
    await import_election(quick, an_election())
    async with following(database_url) as (follower, sink):
        await until(lambda: follower.live)
        held_open = slow.transaction()
        await held_open.start()
        await store(slow, [an_entry("early number", 0, 10)])
        await store(quick, [an_entry("late number", 1, 10)])
        await until(lambda: follower.behind > 0.5)  # stored, seen by others, and not readable yet
        assert sink.taken == []
        await held_open.commit()
        await until(lambda: len(sink.taken) == 2)
        await until(lambda: follower.behind < 0.5)
    await asyncio.gather(slow.close(), quick.close())


async def test_commits_that_always_overlap_are_not_behind(database_url: str) -> None:
    """Something is withheld at every look, and each look reads what the one before could not."""
    reader, *writers = [await connect(database_url) for _ in range(5)]
    await import_election(reader, an_election())
    follower = Follower(database_url, Collector(), poll_seconds=60)

    async def write(number: int) -> Any:
        open_ = writers[number % 4].transaction()
        await open_.start()
        await store(writers[number % 4], [an_entry(f"text {number}", number, 10)])
        return open_

    oldest, now = await write(0), follower._complete_at
    for number in range(1, 12, 2):
        quick, younger = await write(number), await write(number + 1)
        await quick.commit()
        now += 1.0
        seen = await visibility_horizon(reader)
        assert seen.withheld
        follower._looked_through(now, seen)
        await oldest.commit()
        oldest = younger
    assert now - follower._complete_at <= 2.0  # two looks, though something was withheld at each of six
    await oldest.rollback()
    await asyncio.gather(reader.close(), *(w.close() for w in writers))


async def test_many_writers_with_long_transactions_lose_nothing(database_url: str) -> None:
    setup = await connect(database_url)
    await import_election(setup, an_election())
    entries = [[an_entry(f"{w}-{n}", w, n, after=n + 1) for n in range(25)] for w in range(6)]

    async def write(writer: int) -> None:
        connection = await connect(database_url)
        for n, entry in enumerate(entries[writer]):
            transaction = connection.transaction()
            await transaction.start()
            await store(connection, [entry])
            await asyncio.sleep(0.002 * ((writer * 5 + n) % 7))
            await transaction.commit()
        await connection.close()

    async with following(database_url, batch=3) as (_, sink):
        await asyncio.gather(*(write(w) for w in range(6)))
        await until(lambda: len(sink.taken) >= 150)
        assert ids(sink.taken) == ids([c for es in entries for _, c in es])
    await setup.close()


async def test_a_second_import_starts_from_the_beginning(database_url: str) -> None:
    writer = await connect(database_url)
    await import_election(writer, an_election())
    await store(writer, [an_entry("one", 0, 10)])
    async with following(database_url) as (_, sink):
        await until(lambda: len(sink.taken) == 1)
        await import_election(writer, an_election(name="Moved"))
        await until(lambda: len(sink.elections) == 2 and len(sink.taken) == 1)
        assert sink.elections[-1].day.name == "Moved"
        await import_election(writer, an_election(name="Moved"))  # the same again is no news
        await store(writer, [an_entry("two", 1, 10)])
        await until(lambda: len(sink.taken) == 2)
        assert len(sink.elections) == 2
    await writer.close()


async def test_it_outlives_the_database(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", free_port(), secrets.token_hex(8))
    lost: list[bool] = []
    async with following(server.url_of("postgres")) as (follower, sink):  # nobody is there yet
        follower.on_lost = lambda: lost.append(True)
        await asyncio.to_thread(server.start)
        try:
            writer = await connect(server.url_of("postgres"))
            await migrate(writer)
            await import_election(writer, an_election())
            await store(writer, [an_entry("before", 0, 10)])
            await until(lambda: len(sink.taken) == 1)

            await asyncio.to_thread(server.stop, signal.SIGQUIT)  # as a crash: no checkpoint, no goodbye
            await until(lambda: not follower.connected)
            assert lost == [True]  # and not once more for each vain attempt
            before = follower.behind
            await until(lambda: follower.behind > before + 0.3)

            await asyncio.to_thread(server.start)
            with suppress(asyncpg.PostgresError, OSError):
                writer.terminate()
            writer = await connect(server.url_of("postgres"))
            await store(writer, [an_entry("after", 1, 20)])
            await until(lambda: len(sink.taken) == 2)
            assert len(sink.elections) == 1  # the position was kept: nothing was read twice
            await until(lambda: follower.behind < 1)
            assert lost == [True]
            await writer.close()
        finally:
            await asyncio.to_thread(server.stop)


async def test_a_database_that_is_not_migrated_yet_is_not_lost(postgres: EmbeddedPostgres) -> None:
    """It answers: whoever watches for a lost primary is not to be called for each vain look at it."""
    admin = await connect(postgres.url_of("postgres"))
    await admin.execute("create database unmigrated")
    told: list[str] = []  # of every topic, by each session that begins
    lost: list[bool] = []
    follower = Follower(postgres.url_of("unmigrated"), Collector(), on_topic=told.append)
    follower.on_lost = lambda: lost.append(True)
    task = asyncio.create_task(follower.run())
    try:
        await until(lambda: len(told) > len(change_topics.ALL))  # the first session has ended
        assert lost == []
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await admin.execute("drop database unmigrated with (force)")
        await admin.close()


async def test_reading_all_at_once_files_what_reading_row_by_row_does(database_url: str) -> None:
    """Counts in columns and everything else, a commit held open, a rehearsal's entries kept out."""
    writer, slow = await connect(database_url), await connect(database_url)
    await import_election(writer, an_election())
    entries = a_day(23, reports=20)
    stray = an_entry("stray", 3, 70, after=80, unknown_sender=True)
    noise = an_entry("noise", 4, None, 90, Kind.UNREAD)
    held = an_entry("held", 5, 9_000, 100, held="above_registered")
    message, check_in = an_entry("drill", 6, 400, after=110)
    drill = (message._replace(rehearsal=True), replace(check_in, rehearsal=True))
    await store(writer, [*entries, stray, noise, held, drill])
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute("select pg_current_xact_id()")  # holds back what is stored from now on
    late = [an_entry(f"late-{n}", n, 300, after=280) for n in range(12)]
    await store(writer, late)

    engine = Engine(FixedClock(NOON), conflate_seconds=0.01)
    running = asyncio.create_task(engine.run())
    follower = Follower(database_url, engine, poll_seconds=0.05, rehearsal=False)
    following = asyncio.create_task(follower.run())
    try:
        stored = len(entries) + 3
        await until(lambda: follower.live)
        assert await engine.ask(lambda tally, *_: len(tally.ledger)) in (None, stored)
        await transaction.rollback()
        async with asyncio.timeout(20):
            while await engine.ask(lambda tally, *_: len(tally.ledger)) != stored + len(late):
                await asyncio.sleep(0.02)
        one_by_one = Tally(an_election())
        words = replace(noise[1], detail={"text": noise[0].body})
        one_by_one.add(c for _, c in [*entries, stray, held, *late])
        one_by_one.add([words])
        assert await engine.standings() == board_bytes(one_by_one, NOON.timestamp())
        waiting = await engine.ask(lambda tally, *_: tally.ledger.desk_queue.groups())
        assert waiting == one_by_one.ledger.desk_queue.groups()
        codes = await engine.ask(lambda tally, *_: tally.ledger.store.senders)
        assert codes is not None and sorted(codes) == sorted(one_by_one.ledger.store.senders)
    finally:
        for task in (running, following):
            task.cancel()
        await asyncio.gather(running, following, return_exceptions=True)
        await slow.close()
        await writer.close()
