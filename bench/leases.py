"""Leases a second, against the cheapest possible rival: the same connections doing a bare indexed insert.

    python -m bench.leases [--voters 1000000] [--precincts 1800] [--callers 2000] [--leases 20000]

First 2,000 callers ask, talk for half a second and report, again and again, which shows what the service can
bear. Their first requests come in one moment (as after a restart, when everybody who waited is back): each
waits for those before it, so they are told apart from those of the loop that follows. Then the same callers
ask at random, at a steady rate all together (500 a second: each needs 4 s for a call), which shows what a
caller waits. Prints leases with outcomes a second, the time of a grant, double
leases (must be 0), and the ratio to the same run's baseline. The steady part's baseline is a bare insert now
and then on a connection of its own: what its p99 misses, no lease can have.

A lease is double when a caller is given a voter or a phone that another has in hand: from the answer to their
request until they send the outcome. The tables' time stamps would not do: a request is stamped when it comes,
and may be answered after another's outcome that came later.
"""

import argparse
import asyncio
import gc
import random
import secrets
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import uvloop

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from callers.__main__ import COLLECT_AFTER
from callers.queue.lease import CallerOnDuty, Granted
from callers.queue.leases import Queue, calling_url
from callers.rules.policy import Rules
from election.postgres.database import connect, open_pool
from election.postgres.migrate import migrate
from election.wire.callers import OutcomeReport

NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
TALK_SECONDS = 0.5  # of a call
PROBE_SECONDS = 0.02  # between bare inserts beside the steady part

_REPEATS = "select count(*) from (select voter_id from calls group by voter_id having count(*) > 1) twice"


class InHand:
    """Voters and phones that callers have been given and have not given back."""

    def __init__(self) -> None:
        self._held: set[str] = set()
        self.doubles = 0
        self.granted = 0

    def take(self, granted: Granted) -> None:
        self.granted += not granted.held
        if granted.held:  # their own, asked for again
            return
        for what in (granted.voter_id, granted.phone):
            self.doubles += what in self._held
            self._held.add(what)

    def give_back(self, granted: Granted) -> None:
        self._held -= {granted.voter_id, granted.phone}


async def fill(connection: asyncpg.Connection, voters: int, precincts: int) -> None:
    await connection.execute("set statement_timeout = 0")
    await connection.execute(
        "insert into voters (voter_id, precinct_id, roll_number, name, phone, support)"
        " select 'v' || n, 'p' || n % $2::int, n / $2::int, 'Voter ' || n,"
        " '+1' || (2000000000 + n % $2::int * 1000000::bigint + n / $2::int / 2), n % 101"
        " from generate_series(0, $1::int - 1) n",
        voters, precincts, timeout=300,
    )  # fmt: skip
    await connection.execute(
        "insert into dispatches (dispatch_id, precinct_id, automatic, started_at, started_by,"
        " reason, closes_at)"
        " select gen_random_uuid(), 'p' || n, true, $2, 'callers', 'bench', $3"
        " from generate_series(0, $1::int - 1) n",
        precincts, NOON, NOON + timedelta(hours=8),
    )  # fmt: skip
    await connection.execute("vacuum analyze voters", timeout=300)
    await connection.execute("checkpoint", timeout=300)  # the roll is on disk long before the first call


async def baseline(pool: asyncpg.Pool, callers: int, rows: int) -> float:
    """Two bare single-row commits a turn, as many as a lease and its outcome need."""
    await pool.execute("create table bare (id uuid primary key, n int)")
    left = iter(range(rows))

    async def work() -> None:
        for n in left:
            await pool.execute("insert into bare values ($1, $2)", uuid4(), n)
            await pool.execute("insert into bare values ($1, $2)", uuid4(), n)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(callers)))
    return rows / (time.perf_counter() - started)


async def lease(
    queue: Queue, in_hand: InHand, callers: int, leases: int, precincts: int
) -> tuple[float, list[float], list[float]]:
    """Leases a second; seconds of each caller's first grant, and of the later ones."""
    started = time.perf_counter()
    left = iter(range(leases))
    first: list[float] = []
    later: list[float] = []

    def now() -> datetime:
        return NOON + timedelta(seconds=time.perf_counter() - started)

    async def work(n: int) -> None:
        caller, took = CallerOnDuty(f"c{n}", f"C {n}", ("en",)), first
        for _ in left:
            asked = time.perf_counter()
            found = await queue.grant(caller, f"p{n % precincts}", now())
            took.append(time.perf_counter() - asked)
            took = later
            if isinstance(found, Granted):
                in_hand.take(found)
                await asyncio.sleep(TALK_SECONDS)
                in_hand.give_back(found)
                report = OutcomeReport(outcome_id=uuid4(), outcome="will_vote")  # type: ignore[arg-type]
                await queue.outcomes.record(caller.caller_id, found.lease_id, report, now())

    await asyncio.gather(*(work(n) for n in range(callers)))
    return leases / (time.perf_counter() - started), first, later


async def paced(
    queue: Queue, pool: asyncpg.Pool, in_hand: InHand, options: argparse.Namespace
) -> tuple[list[float], list[float]]:
    """The same callers asking at random, so many a second: what one waits when nothing is saturated.

    Seconds of each grant, and of each bare insert beside them.
    """
    callers, leases = options.callers, round(options.rate * options.seconds)
    precincts, rate = options.precincts, options.rate
    chance = random.Random(7)
    started = time.perf_counter()
    took: list[float] = []
    bare: list[float] = []

    async def one(n: int) -> None:
        caller = CallerOnDuty(f"q{n % callers}", "C", ("en",))
        asked = time.perf_counter()
        at = NOON + timedelta(hours=1, seconds=asked - started)
        found = await queue.grant(caller, f"p{n % precincts}", at)
        took.append(time.perf_counter() - asked)
        if isinstance(found, Granted):
            in_hand.take(found)
            await asyncio.sleep(TALK_SECONDS)
            in_hand.give_back(found)
            report = OutcomeReport(outcome_id=uuid4(), outcome="will_vote")  # type: ignore[arg-type]
            await queue.outcomes.record(caller.caller_id, found.lease_id, report, at)

    async def probe() -> None:
        async with pool.acquire() as connection:
            while True:
                asked = time.perf_counter()
                await connection.execute("insert into bare values ($1, 0)", uuid4())
                bare.append(time.perf_counter() - asked)
                await asyncio.sleep(PROBE_SECONDS)

    probing = asyncio.create_task(probe())
    async with asyncio.TaskGroup() as tasks:
        at = started
        for n in range(leases):
            at += chance.expovariate(rate)
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            tasks.create_task(one(n))
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)
    return took, bare


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000


async def run(url: str, options: argparse.Namespace) -> None:
    connection = await connect(url)
    await migrate(connection)
    started = time.perf_counter()
    await fill(connection, options.voters, options.precincts)
    seconds = time.perf_counter() - started
    print(f"{options.voters:,} voters in {options.precincts:,} precincts ({seconds:.0f} s)")
    pool = await open_pool(calling_url(url), options.pool, stateless=True)
    bare = await baseline(pool, options.callers, min(5_000, options.leases))
    queue = Queue(pool, Rules(), lambda _: "America/New_York")
    started = time.perf_counter()
    for n in range(options.precincts):
        await queue.candidates.warm(f"p{n}", NOON)
    seconds = (time.perf_counter() - started) / options.precincts
    print(f"a precinct's candidates are read in {seconds * 1000:.1f} ms, once, when it opens for calling")
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)  # as the service's process
    in_hand = InHand()
    rate, first, later = await lease(queue, in_hand, options.callers, options.leases, options.precincts)
    print(f"baseline, two bare commits a turn: {bare:,.0f}/s")
    print(f"{options.callers:,} callers at once: {rate:,.0f} leases with outcomes/s, {rate / bare:.2f} of it")
    for what, took in (("of all in one moment", first), ("in the loop", later), ("of both", first + later)):
        print(f"  a grant {what}: p50 {quantile(took, 0.5):.0f} ms, p99 {quantile(took, 0.99):.0f} ms")
    steady, bare_insert = await paced(queue, pool, in_hand, options)
    print(f"at a steady {options.rate:.0f}/s for {options.seconds:.0f} s: grant p50 "
          f"{quantile(steady, .5):.1f} ms, p99 {quantile(steady, .99):.1f} ms (limit 100), "
          f"longest {max(steady) * 1000:.0f} ms")  # fmt: skip
    print(
        f"  baseline, a bare insert meanwhile: p50 {quantile(bare_insert, 0.5):.1f} ms, "
        f"p99 {quantile(bare_insert, 0.99):.1f} ms, longest {max(bare_insert) * 1000:.0f} ms"
    )
    repeats = await connection.fetchval(_REPEATS, timeout=300)
    print(f"{in_hand.granted:,} leases: {in_hand.doubles} double, voters called twice {repeats}")
    await pool.close()
    await connection.close()
    if in_hand.doubles or repeats or not in_hand.granted:
        raise SystemExit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--voters", type=int, default=1_000_000)
    parser.add_argument("--precincts", type=int, default=1_800)
    parser.add_argument("--callers", type=int, default=2_000)
    parser.add_argument("--pool", type=int, default=16, help="connections, also of the baseline")
    parser.add_argument("--leases", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=500.0, help="arrivals a second of the steady part")
    parser.add_argument("--seconds", type=float, default=20.0, help="the steady part's length")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder), free_port(), secrets.token_hex(8))
        server.start()
        try:
            uvloop.run(run(server.url_of("postgres"), options))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
