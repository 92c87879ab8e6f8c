"""The engine publishes what the pure tally says, whatever the order, the batches and the restarts."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta

import orjson

from election.domain.checkin import CheckIn
from election.domain.day import Election
from election.postgres.database import connect
from election.runtime.clock import FixedClock
from tally.board.board_json import board_bytes, board_json, rows_of
from tally.board.edition import Change
from tally.engine.follower import Follower
from tally.engine.service import Engine
from tally.model.fit.day_fit import DayFit
from tally.packed.count_columns import CountColumns
from tally.projection.projection import Projection, Tally
from tally.standing.rounding import Row
from tests.tally.days import NOON, a_day, an_election, an_entry, import_election, store


@asynccontextmanager
async def running(clock: FixedClock, election: Election | None = None) -> AsyncIterator[Engine]:
    engine = Engine(clock, conflate_seconds=0.01, refit_rest=0)
    if election:
        engine.begin(election)
        engine.caught_up()
    task = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def settled(engine: Engine, check_ins: int) -> list[Row]:
    """The rows the worker holds once it has taken that many check-ins."""
    async with asyncio.timeout(30):
        while True:
            held = await engine.ask(lambda tally, p, _: (len(tally.ledger), rows_of(p)))
            if held and held[0] == check_ins and not engine._pending:
                return held[1]
            await asyncio.sleep(0.01)


def pure(check_ins: Sequence[CheckIn], at: float) -> list[Row]:
    tally = Tally(an_election())
    tally.add(check_ins)
    return rows_of(tally.project(at))


async def test_any_order_and_any_batches_end_at_the_same_rows() -> None:
    check_ins = [c for _, c in a_day(3)]
    expected = pure(check_ins, NOON.timestamp())
    for seed in range(4):
        shuffled = check_ins + check_ins[:20]  # some of them twice
        random.Random(seed).shuffle(shuffled)
        clock = FixedClock(NOON)
        async with running(clock, an_election()) as engine:
            while shuffled:
                size = random.Random(len(shuffled)).randint(1, 40)
                await engine.take(shuffled[:size])
                del shuffled[:size]
                await asyncio.sleep(0)
            await settled(engine, len(check_ins))
            clock.at = NOON + timedelta(minutes=1)  # the next refit has what came late
            later = pure(check_ins, NOON.timestamp() + 60)
            await until(lambda engine=engine: engine.publisher.edition is not None)
            async with asyncio.timeout(20):
                while await settled(engine, len(check_ins)) != later:
                    await asyncio.sleep(0.02)
    assert [r["last_votes"] for r in expected] == [r["last_votes"] for r in later]


async def test_within_a_minute_the_engine_is_the_pure_projection() -> None:
    check_ins = [c for _, c in a_day(5)]
    new = [an_entry("new", 2, 250, after=301.2)[1], an_entry("line", 3, None, after=301.4)[1]]
    clock = FixedClock(NOON)
    async with running(clock, an_election()) as engine:
        await engine.take(check_ins)
        await until(lambda: engine.publisher.edition is not None)
        await settled(engine, len(check_ins))
        clock.at = NOON + timedelta(minutes=1)  # a refit with all of them
        async with asyncio.timeout(20):
            while await engine.ask(lambda _, p, __: p.minute) != clock.at.timestamp():
                await asyncio.sleep(0.01)
        clock.at = NOON + timedelta(seconds=90)
        for check_in in new:
            await engine.take([check_in])
            await asyncio.sleep(0.02)
        got = await settled(engine, len(check_ins) + 2)
        assert got == pure(check_ins + new, clock.at.timestamp())


async def test_viewers_who_follow_the_deltas_hold_what_a_snapshot_says() -> None:
    check_ins = [c for _, c in a_day(7)]
    clock = FixedClock(NOON - timedelta(hours=4))
    changes: list[Change] = []
    async with running(clock, an_election()) as engine:
        await until(lambda: engine.publisher.edition is not None)
        assert engine.publisher.edition is not None
        engine.publisher.on_change = changes.append
        held = {r["precinct_id"]: r for r in engine.publisher.edition.rows()}
        for check_in in sorted(check_ins, key=lambda c: c.received_at):
            clock.at = max(clock.at, check_in.received_at)
            await engine.take([check_in])
            await asyncio.sleep(0)
        await settled(engine, len(check_ins))
        await asyncio.sleep(0.1)
        edition = engine.publisher.edition
        assert [c.seq for c in changes] == list(range(changes[0].seq, changes[0].seq + len(changes)))
        for change in changes:
            assert not change.whole
            held |= {row["precinct_id"]: row for row in change.standings}
        assert list(held.values()) == edition.rows()
        snapshot = orjson.loads(edition.snapshot_bytes(engine.publisher.clock_row()))
        assert snapshot["standings"]["last_votes"] == [r["last_votes"] for r in edition.rows()]


async def test_two_engines_on_one_log_and_a_restart_publish_the_same_bytes(database_url: str) -> None:
    entries = a_day(11)
    writer = await connect(database_url)
    await import_election(writer, an_election())
    clock = FixedClock(NOON)
    bodies: list[bytes] = []
    for cut in (10, 40, len(entries)):  # restarts at several points
        known = 0 if cut == 10 else (10 if cut == 40 else 40)
        await store(writer, entries[known:cut])
        async with AsyncExitStack() as stack:
            pair = [await stack.enter_async_context(running(clock)) for _ in range(2)]
            followers = [Follower(database_url, e, poll_seconds=0.1, batch=13) for e in pair]
            tasks = [asyncio.create_task(f.run()) for f in followers]
            try:
                for engine in pair:
                    await settled(engine, cut)
                one, two = [await engine.standings() for engine in pair]
                assert one is not None and one == two
                bodies.append(one)
                tally = Tally(an_election())
                tally.add(c for _, c in entries[:cut])
                assert one == board_bytes(tally, NOON.timestamp())
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    assert len(set(bodies)) == 3
    await writer.close()


async def test_as_known_then_knows_nothing_of_later() -> None:
    check_ins = [c for _, c in a_day(13)]
    past = NOON - timedelta(hours=2)
    tally = Tally(an_election())
    tally.add(c for c in check_ins if c.received_at <= past)
    async with running(FixedClock(NOON), an_election()) as engine:
        await engine.take(check_ins)
        await settled(engine, len(check_ins))
        assert await engine.standings(past.timestamp()) == board_bytes(tally, past.timestamp())
        assert board_json(tally, past.timestamp())["as_of"] == int(past.timestamp())


async def test_another_election_starts_the_numbering_anew() -> None:
    restarted = asyncio.Event()
    async with running(FixedClock(NOON), an_election()) as engine:
        await until(lambda: engine.publisher.edition is not None)
        first, engine.publisher.on_restart = engine.publisher.engine_id, restarted.set
        engine.begin(an_election(5, "Other"))
        engine.caught_up()
        await asyncio.wait_for(restarted.wait(), 10)
        assert engine.publisher.engine_id != first
        assert engine.publisher.edition is not None and len(engine.publisher.edition) == 5
        assert engine.publisher.hello()["election"] == "Other"


async def test_silence_and_close_come_with_time_alone() -> None:
    clock = FixedClock(NOON - timedelta(hours=4))
    async with running(clock, an_election()) as engine:
        await engine.take([an_entry("c", 0, 60, after=55)[1]])
        rows = await settled(engine, 1)
        assert rows[0]["state"] != "silent"
        clock.at = NOON + timedelta(hours=3)
        await until(
            lambda: (
                engine.publisher.edition is not None
                and engine.publisher.edition.rows()[0]["state"] == "silent"
            )
        )
        clock.at = NOON + timedelta(hours=9)
        await until(
            lambda: (
                engine.publisher.edition is not None
                and engine.publisher.edition.rows()[1]["state"] == "closed"
            )
        )


async def test_no_count_waits_for_a_refit() -> None:
    check_ins = [c for _, c in a_day(17)]
    clock, may_end, began = FixedClock(NOON), threading.Event(), threading.Event()
    async with running(clock, an_election()) as engine:
        await engine.take(check_ins)
        await settled(engine, len(check_ins))
        await until(lambda: engine.publisher.edition is not None)
        assert engine._stepper is not None
        whole = engine._stepper.tally.begin

        def slow(minute: float, look: CountColumns) -> tuple[Projection, DayFit]:
            began.set()
            may_end.wait(30)
            return whole(minute, look)

        engine._stepper.tally.begin = slow  # type: ignore[method-assign]
        try:
            clock.at = NOON + timedelta(seconds=60)
            await until(began.is_set)
            clock.at = NOON + timedelta(seconds=62)
            new = an_entry("meanwhile", 4, 240, after=301.0)[1]
            late = an_entry("late", 5, 241, after=299.0)[1]  # belongs to a minute already looked at
            await engine.take([new, late])
            rows = await settled(engine, len(check_ins) + 2)
            assert rows[4]["last_received_at"] == int(new.received_at.timestamp())
        finally:
            may_end.set()
        async with asyncio.timeout(20):
            while await engine.ask(lambda _, p, __: p.minute) != NOON.timestamp() + 60:
                await asyncio.sleep(0.01)
        rows = await settled(engine, len(check_ins) + 2)
        assert rows[4]["last_received_at"] == int(new.received_at.timestamp())
        assert rows[5]["last_received_at"] >= int(late.received_at.timestamp())
        clock.at = NOON + timedelta(seconds=120)  # the next refit has all
        async with asyncio.timeout(20):
            expected = pure([*check_ins, new, late], NOON.timestamp() + 120)
            while await settled(engine, len(check_ins) + 2) != expected:
                await asyncio.sleep(0.02)
