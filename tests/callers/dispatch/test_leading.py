"""Two services side by side: one of them decides, both serve; staff's limits hold on both."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from typing import Any

import aiohttp
import asyncpg

from election.wire.feed import PrecinctState
from tests.callers.conftest import add_callers, add_election, add_voters
from tests.callers.service_process import (
    Feed,
    Service,
    a_voter,
    as_staff,
    feed,
    ready,
    service,
    until,
    web,
)

__all__ = ["feed", "service", "web"]  # fixtures

LIMITS = {
    "automatic": False, "least_probability": 0.7, "least_missing": 10, "most_precincts": 500,
    "most_callers": 50, "line_minutes": 45, "line_people": 100,
}  # fmt: skip


async def test_one_of_two_services_dispatches_and_the_other_takes_over(
    service: Callable[[], Service], feed: Feed, connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a", "b"])
    for precinct in "ab":
        await add_voters(connection, precinct, 10)
    await add_callers(connection, 2)
    services = [service(), service()]
    for one in services:
        await ready(web, one)
    await feed.say("a", PrecinctState.LAGGING, p_lagging=0.93, shortfall=84.0)
    for n, one in enumerate(services):
        assert (await a_voter(web, one, n))["precinct_id"] == "a"
    started = "select count(*) from audit where action = 'dispatch.start'"
    assert await connection.fetchval(started) == 1
    epochs = await connection.fetch("select epoch, holder from leadership where name = 'dispatch'")
    leader = int(epochs[0]["holder"].rpartition(":")[2])
    (dead,) = (one for one in services if one.process.pid == leader)
    dead.end(signal.SIGKILL)
    await feed.say("b", PrecinctState.LAGGING, p_lagging=0.93, shortfall=50.0)

    async def taken_over() -> bool:
        return await connection.fetchval(started) == 2

    await until(taken_over)
    after = await connection.fetchval("select epoch from leadership where name = 'dispatch'")
    assert after == epochs[0]["epoch"] + 1


async def test_staffs_limits_hold_on_every_service_and_proposals_are_told(
    service: Callable[[], Service], feed: Feed, connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "a", 10)
    told = asyncio.Event()
    await connection.add_listener("beluga_dispatches", lambda *_: told.set())
    services = [service(), service()]
    for one in services:
        await ready(web, one)
    async with web.put(f"{services[1].url}/dispatch-limits", json=LIMITS, headers=as_staff()) as response:
        assert response.status == 200

    async def both_know() -> bool:
        for one in services:
            async with web.get(f"{one.url}/dispatch-limits", headers=as_staff()) as response:
                said = await response.json()
                if said != LIMITS | {"set_by": "lea"}:
                    return False
        return True

    await until(both_know)
    told.clear()
    await feed.say("a", PrecinctState.LAGGING, p_lagging=0.93, shortfall=84.0)

    async def proposed() -> Any:
        return await connection.fetchrow("select * from dispatch_proposals")

    row = await until(proposed)
    assert (row["precinct_id"], row["missing"], row["reachable"]) == ("a", 84, 10)
    assert row["sentence"] == "Send 1 caller to Hall a: about 1 vote by close of 84 missing, 10 reachable"
    await asyncio.wait_for(told.wait(), 10)
    assert await connection.fetchval("select count(*) from dispatches") == 0
    order = {"precinct_id": "a"}
    async with web.post(f"{services[0].url}/dispatches", json=order, headers=as_staff()) as response:
        assert response.status == 201

    async def accepted() -> bool:
        return not await connection.fetchval("select count(*) from dispatch_proposals")

    await until(accepted)
    # what the board shows beside it: who works there, how many may be called
    await add_callers(connection, 1)
    await a_voter(web, services[0], 0)

    async def staffed() -> bool:
        row = await connection.fetchrow("select * from dispatches")
        return bool(row and row["callers_now"] == 1 and row["reachable"] == 10)

    with contextlib.suppress(TimeoutError):
        await until(staffed)
