"""The service as a process: feed, log and staff decide; callers lease over HTTP; it dies and comes back."""

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from beluga.stack.ports import free_port
from election.domain.checkin import Kind
from election.runtime.clock import FileClock
from election.wire.feed import PrecinctState
from tests.callers.conftest import NOON, add_callers, add_election, add_voters, open_precinct
from tests.callers.service_process import (
    TOKENS,
    Feed,
    Service,
    a_text,
    a_voter,
    as_caller,
    as_staff,
    dial,
    feed,
    lease,
    leased,
    outcome,
    ready,
    service,
    until,
    web,
)

__all__ = ["feed", "service", "web"]  # fixtures


async def test_a_lagging_precinct_reaches_a_phone_and_a_recovered_one_stops(
    service: Callable[[], Service], feed: Feed, connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "a", 20)
    await add_callers(connection, 2)
    one = service()
    await ready(web, one)
    nothing = await lease(web, one, 0)
    assert (nothing["voter"], nothing["reason"]) == (None, "no_dispatch")
    await feed.say("a", PrecinctState.LAGGING, p_lagging=0.93, shortfall=84.0)
    voter = await a_voter(web, one, 0)
    assert (voter["precinct"], voter["missing_at_start"], voter["missing_now"]) == ("Hall a", 84, 84)
    shown = (await dial(web, one, 0, voter["lease_id"]))["voter"]
    assert "20:00" in shown["script"][3]
    assert await outcome(web, one, 0, voter["lease_id"], "will_vote") == 200
    async with web.get(f"{one.url}/dispatches", headers=as_staff()) as response:
        (dispatch,) = (await response.json())["dispatches"]
        assert (dispatch["automatic"], dispatch["calls"], dispatch["missing_now"]) == (True, 1, 84)
        assert dispatch["reason"] == "84 votes missing, 93% sure that it lags behind its peers"
    held = await a_voter(web, one, 1)
    await feed.say("a", PrecinctState.ON_PACE, p_lagging=0.1)

    async def stopped() -> bool:
        async with web.get(f"{one.url}/dispatches", headers=as_staff()) as response:
            return (await response.json())["dispatches"] == []

    await until(stopped)
    assert (await lease(web, one, 0))["reason"] == "no_dispatch"
    async with web.post(
        f"{one.url}/api/dial", headers=as_caller(1), json={"lease_id": held["lease_id"]}
    ) as response:
        assert (await response.json())["reason"] == "stopped"
    actions = await connection.fetch("select account, action, detail from audit order by seq")
    assert [r["action"] for r in actions] == ["dispatch.start", "dispatch.end"]
    assert actions[1]["detail"] == {"reason": "it has caught up with its peers"}
    assert one.end() == 0
    words = one.log.read_text()
    assert shown["phone"] not in words
    assert shown["name"] not in words


async def test_a_text_takes_the_struck_off_from_queue_and_desk(
    service: Callable[[], Service], connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "a", 3)
    await add_callers(connection, 1)
    await open_precinct(connection, "a")
    one = service()
    await ready(web, one)
    voter = await a_voter(web, one, 0)
    number = int((await leased(connection, voter))["voter_id"].split("/")[1])
    await a_text(
        connection, Kind.VOTERS, unknown_sender=True, roll_numbers=[0, 1, 2]
    )  # anybody's: quarantined
    await a_text(connection, Kind.VOTERS, roll_numbers=[number])
    held = {"headers": as_caller(0), "json": {"lease_id": voter["lease_id"]}}

    async def told() -> bool:
        async with web.post(f"{one.url}/api/heartbeat", **held) as response:
            return (await response.json())["reason"] == "voted"

    await until(told)
    other = await a_voter(web, one, 0)
    row = await leased(connection, other)
    assert row["voter_id"] != f"a/{number}"
    await a_text(connection, Kind.STOP, sender=row["phone"])

    async def revoked() -> Any:
        return await connection.fetchval(
            "select ended_reason from leases where lease_id = $1 and ended_by = 'revoked'", other["lease_id"]
        )

    assert await until(revoked) == "do_not_call"
    await a_text(connection, Kind.TIE, sender="staff:lea", phone="+1999", watcher_id="w", precinct_ids=["a"])

    async def nobody() -> bool:
        await connection.execute("select 1")
        return await connection.fetchval("select count(*) from strike_offs") == 3

    await until(nobody)


async def test_staff_send_callers_and_stop_them(
    service: Callable[[], Service], connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "b", 5)
    await add_callers(connection, 1)
    one = service()
    await ready(web, one)
    order = {"precinct_id": "b", "callers_wanted": 6}
    async with web.post(f"{one.url}/dispatches", json=order, headers=as_caller(0)) as response:
        assert response.status == 401
    async with web.post(f"{one.url}/dispatches", json=order, headers=as_staff("caller")) as response:
        assert response.status == 403

    async def ordered() -> bool:  # the feed may not have told the places yet
        async with web.post(f"{one.url}/dispatches", json=order, headers=as_staff()) as response:
            return response.status == 201

    await until(ordered)
    assert (await a_voter(web, one, 0))["precinct_id"] == "b"
    async with web.delete(f"{one.url}/dispatches/b", headers=as_staff()) as response:
        assert response.status == 204
    ended = await connection.fetchrow("select ended_by, ended_reason from dispatches")
    assert tuple(ended) == ("lea", "lea stopped it")
    wrong = {"precinct_id": "nowhere"}
    async with web.post(f"{one.url}/dispatches", json=wrong, headers=as_staff()) as response:
        assert response.status == 404


async def test_killed_services_lose_no_outcome_and_call_nobody_twice(
    service: Callable[[], Service], connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    """Two services; one dies by kill -9 again and again while twelve callers work through all voters."""
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "a", 240, household=2)
    await add_callers(connection, 12)
    await open_precinct(connection, "a")
    one, two = service(), service()
    await ready(web, one)
    await ready(web, two)
    acknowledged: list[str] = []
    finished = asyncio.Event()

    async def work(n: int) -> None:
        mine = (one, two)[n % 2]
        idle = 0
        while idle < 8:
            try:
                voter = (await lease(web, mine, n)).get("voter")
                if voter is None:
                    idle += 1
                    await asyncio.sleep(0.1)
                elif await outcome(web, mine, n, voter["lease_id"], "will_vote") == 200:
                    acknowledged.append(voter["lease_id"])
                    idle = 0
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)

    async def kill() -> None:
        for _ in range(2):
            await asyncio.sleep(0.6)
            one.end(signal.SIGKILL)
            one.start()
            await ready(web, one)
        finished.set()

    await asyncio.gather(kill(), *(work(n) for n in range(12)))
    calls = await connection.fetch("select voter_id, count(*) as n from calls group by voter_id")
    assert all(r["n"] == 1 for r in calls)
    assert set(acknowledged) <= {str(r["lease_id"]) for r in await connection.fetch("select * from calls")}
    assert len(acknowledged) == len(set(acknowledged))
    clock = FileClock(Path(one._environment["BELUGA_CLOCK_FILE"]))  # what a dead caller held comes back
    clock.set(datetime(2026, 11, 3, 17, 11, tzinfo=UTC), 1.0)

    async def all_free() -> bool:
        return not await connection.fetchval("select count(*) from leases where ended_at is null")

    await until(all_free)
    assert finished.is_set()


async def test_it_starts_and_answers_without_database_and_feed(
    tmp_path: Path, web: aiohttp.ClientSession
) -> None:
    FileClock(tmp_path / "clock").set(NOON, 1.0)
    one = Service(f"postgresql://nobody@127.0.0.1:{free_port()}/none", free_port(), tmp_path)
    try:

        async def lives() -> bool:
            async with web.get(f"{one.url}/healthz") as response:
                return response.status == 200

        await until(lives)
        async with web.get(f"{one.url}/readyz") as response:
            assert response.status == 503
        async with web.post(f"{one.url}/api/lease", headers=as_caller(0)) as response:
            assert (response.status, (await response.json())["reason"]) == (503, "unreachable_database")
        async with web.get(f"{one.url}/c/{TOKENS.sign('caller', {'c': 'c0'})}") as response:
            assert response.status == 503
            assert "Nothing is lost" in await response.text()
        async with web.get(f"{one.url}/c/forged") as response:
            assert response.status == 401
        async with web.get(f"{one.url}/openapi.json") as response:
            assert "/api/outcomes/{lease_id}" in (await response.json())["paths"]
    finally:
        assert one.end() == 0
