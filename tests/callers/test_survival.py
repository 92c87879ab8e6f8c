"""What the desk must survive: PostgreSQL killed in mid-lease, wrong clocks, an import while callers work."""

import asyncio
import os
import secrets
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp
import asyncpg
import pytest

from beluga.load.demo_drivers import sign_up
from beluga.load.demo_volunteers import VolunteerRequests
from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from callers.queue.lease import CallerOnDuty, Granted, NoVoter
from callers.queue.leases import Queue
from callers.rules.policy import Rules
from callers.service.database_clock import DatabaseClock
from callers.voters import voter_file as roll
from election.domain.day import Voter
from election.domain.ids import PrecinctId, VoterId
from election.postgres.database import connect
from election.postgres.migrate import migrate
from election.runtime.clock import FileClock, SystemClock
from election.wire.rides import RideAnswer
from tests.callers.conftest import NOON, ZONE, add_callers, add_election, add_voters, open_precinct
from tests.callers.queue.test_leases import said
from tests.callers.service_process import TOKENS, Service, feed, lease, outcome, ready, service, web

__all__ = ["feed", "service", "web"]  # fixtures

VOTERS, CALLERS, RIDERS = 120, 8, 8
_RIDES = """
insert into rides (ride_id, voter_id, phone, precinct_id, by_when, seats, return_trip, asked_by, wanted_at,
                   since)
select gen_random_uuid(), voter_id, phone, precinct_id, $2, 1, false, 'lea', $1, $1
from voters where precinct_id = 'b'
"""


async def test_postgresql_is_killed_in_the_middle_of_leases(
    tmp_path: Path, web: aiohttp.ClientSession
) -> None:
    """Twice, and the service once: no acknowledged outcome and no driver's act is lost, nobody is called or
    driven twice, and nobody is stuck or forgotten.
    """
    server = EmbeddedPostgres(tmp_path / "own", free_port(), secrets.token_hex(8))
    server.start()
    FileClock(tmp_path / "clock").set(NOON, 1.0)
    url = server.url_of("postgres")
    connection = await connect(url)
    await migrate(connection)
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "a", VOTERS, household=2)
    await add_callers(connection, CALLERS)
    await open_precinct(connection, "a")
    await add_voters(connection, "b", RIDERS)
    driving = await sign_up(connection, 2)
    await connection.execute(_RIDES, NOON, NOON + timedelta(hours=4))
    await connection.close()
    one = Service(url, free_port(), tmp_path)
    acts: Counter[str] = Counter()
    acknowledged: list[str] = []
    killed = 0
    everybody = asyncio.Event()

    async def work(n: int) -> None:
        while not everybody.is_set():
            try:
                voter = (await lease(web, one, n)).get("voter")
                if voter is None:
                    await asyncio.sleep(0.1)
                    continue
                status = 0
                while status not in (200, 404, 409):
                    status = await outcome(web, one, n, voter["lease_id"], "will_vote")
                if status == 200:
                    acknowledged.append(voter["lease_id"])
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)

    async def drive(driver: str) -> None:
        ask = VolunteerRequests(web, one.url, TOKENS.sign("driver", {"c": driver}), Counter())
        while acts["bring"] < RIDERS:
            content = await ask.until_answered("POST", "/api/rides/next", {})
            ride = RideAnswer.model_validate_json(content or b"{}").ride
            for act in ("take", "pick_up", "bring") if ride else ():
                path = f"/api/rides/{ride.ride_id}/acts/{uuid4()}" if ride else ""
                if await ask.until_answered("PUT", path, {"act": act}) is None:
                    break
                acts[act] += 1
                await asyncio.sleep(0.1)  # so that what is killed meanwhile meets each of them
            await asyncio.sleep(0.05)

    async def kill() -> None:
        nonlocal killed
        for least in (VOTERS // 6, VOTERS // 2):
            while len(acknowledged) < least:
                await asyncio.sleep(0.02)
            await asyncio.to_thread(server.stop, signal.SIGKILL)
            await asyncio.to_thread(server.start)
            killed += 1
        await asyncio.to_thread(one.end, signal.SIGKILL)
        one.start()
        connection = await connect(url)
        while await connection.fetchval("select count(*) from calls where undone_at is null") < VOTERS:
            await asyncio.sleep(0.1)
        await connection.close()
        everybody.set()

    try:
        await ready(web, one)
        await asyncio.wait_for(
            asyncio.gather(kill(), *(work(n) for n in range(CALLERS)), *map(drive, driving)), 240
        )  # or forgotten
        assert killed == 2
        connection = await connect(url)
        done = await connection.fetch(
            "select act, count(*) as n from ride_acts where act <> 'offer' group by act"
        )
        assert {row["act"]: row["n"] for row in done} == acts
        assert acts == dict.fromkeys(("take", "pick_up", "bring"), RIDERS)
        assert await connection.fetchval("select count(*) from rides where state = 'closed'") == RIDERS
        calls = await connection.fetch("select voter_id, lease_id from calls where undone_at is null")
        called = [r["voter_id"] for r in calls]
        assert len(called) == len(set(called)), "nobody is called twice"
        assert set(acknowledged) <= {str(r["lease_id"]) for r in calls}, "what was acknowledged is there"
        held = await connection.fetch("select expires_at from leases where ended_at is null")
        assert all(r["expires_at"] <= NOON + timedelta(minutes=20) for r in held)
        free = await connection.fetchval(
            "select count(*) from voter_standings s where never is null and precinct_id = 'a'"
            " and not exists (select from leases l where l.phone = s.phone and l.ended_at is null)"
        )
        assert free == 0, "and nobody is forgotten"
        await connection.close()
    finally:
        one.end(signal.SIGKILL)
        server.stop()


class WrongClock(SystemClock):
    """A machine that is an hour ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1)


async def test_clocks_an_hour_apart_agree_on_leases(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 1)
    await open_precinct(connection, "a", datetime.now(UTC) + timedelta(hours=5))
    right, wrong = DatabaseClock(SystemClock()), DatabaseClock(WrongClock())
    for clock in (right, wrong):
        await clock.measure(pool)
    assert abs(wrong.now() - right.now()) < timedelta(seconds=5)
    always = Rules(call_from=datetime.min.time(), call_until=datetime.max.time())
    one, two = (Queue(pool, always, lambda _: ZONE) for _ in range(2))
    found = await one.grant(CallerOnDuty("ana", "Ana", ("en",)), "a", right.now())
    assert isinstance(found, Granted)
    assert await two.sweep(wrong.now()) == 0, "the other does not end this one's lease"
    assert not (await two.dial("ana", found.lease_id, wrong.now())).reason
    await one.outcomes.record("ana", found.lease_id, said("no_answer"), right.now())
    soon = wrong.now() + timedelta(minutes=61)
    assert isinstance(await two.grant(CallerOnDuty("ben", "B", ("en",)), "a", soon), NoVoter), "rests 90 min"


async def test_a_roll_is_imported_while_callers_work(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    """A larger roll, with new numbers and orders, comes in; leases and calls stand, consent follows it."""
    size = 100_000 if os.environ.get("BELUGA_REHEARSE") else 4_000

    def voters(count: int, **changed: object) -> list[Voter]:
        return [
            Voter(VoterId(f"v{n}"), PrecinctId(f"p{n % 20}"), str(n // 20), "Voter", f"+1215{n:07}",
                  **(changed if n % 10 == 0 else {}))
            for n in range(count)
        ]  # fmt: skip

    async with connection.transaction():
        await roll.save_voters(connection, voters(size // 2))
    for n in range(20):
        await open_precinct(connection, f"p{n}")
    queue, stop = Queue(pool, Rules(), lambda _: ZONE), asyncio.Event()
    called: list[str] = []

    async def work(n: int) -> None:
        caller = CallerOnDuty(f"c{n}", "C", ("en",))
        while not stop.is_set():
            found = await queue.grant(caller, f"p{n}", NOON)
            if isinstance(found, Granted):
                await queue.outcomes.record(caller.caller_id, found.lease_id, said("will_vote"), NOON)
                called.append(found.voter_id)

    async def bring_in() -> None:
        try:
            async with connection.transaction():
                await roll.save_voters(connection, voters(size, do_not_call=True))
            await asyncio.sleep(0.3)
        finally:
            stop.set()

    before = asyncio.create_task(asyncio.sleep(0))
    await before
    await asyncio.gather(bring_in(), *(work(n) for n in range(20)))
    assert len(called) == len(set(called))
    assert await connection.fetchval("select count(*) from voters") == size
    late = await queue.grant(CallerOnDuty("z", "Z", ("en",)), "p0", NOON)
    assert isinstance(late, NoVoter), "every voter of p0 has just asked not to be called"
    fresh = Queue(pool, Rules(), lambda _: ZONE)
    assert isinstance(await fresh.grant(CallerOnDuty("y", "Y", ("en",)), "p1", NOON), Granted)


@pytest.mark.parametrize(
    ("utc", "open_"),
    [("2026-11-01T13:59", False), ("2026-11-01T14:00", True), ("2026-11-02T01:29", True),
     ("2026-11-02T01:30", False), ("2026-03-08T12:59", False), ("2026-03-08T13:00", True)],
)  # fmt: skip
async def test_on_days_the_clocks_change_nobody_is_called_outside_local_hours(
    pool: asyncpg.Pool, connection: asyncpg.Connection, utc: str, open_: bool
) -> None:
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    await add_voters(connection, "a", 1)
    await open_precinct(connection, "a", at + timedelta(hours=12))
    found = await Queue(pool, Rules(), lambda _: ZONE).grant(CallerOnDuty("a", "A", ("en",)), "a", at)
    assert isinstance(found, Granted) is open_
