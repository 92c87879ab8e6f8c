"""Callers with counties of their own, through the real service: kept to them, or sent where the need is."""

from collections.abc import Callable

import aiohttp
import asyncpg

from election.wire.feed import PrecinctState
from tests.callers.conftest import add_callers, add_election, add_voters
from tests.callers.service_process import Feed, Service, a_voter, feed, lease, ready, service, until, web

__all__ = ["feed", "service", "web"]  # fixtures


async def test_a_caller_kept_to_a_county_waits_while_another_county_calls(
    service: Callable[[], Service], feed: Feed, connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a", "b"])
    for precinct in "ab":
        await add_voters(connection, precinct, 10)
    await add_callers(connection, 3)
    await connection.execute(
        "update callers set counties = '{B}', elsewhere = caller_id = 'c1' where caller_id <> 'c0'"
    )
    feed.infos = [info.model_copy(update={"county": info.precinct_id.upper()}) for info in feed.infos]
    one = service()
    await ready(web, one)
    await feed.say("a", PrecinctState.LAGGING, p_lagging=0.93, shortfall=84.0)
    assert (await a_voter(web, one, 0))["precinct_id"] == "a"
    assert (await a_voter(web, one, 1))["precinct_id"] == "a"  # who may help elsewhere does
    kept = await lease(web, one, 2)
    assert kept["voter"] is None
    assert kept["reason"] == "no_dispatch"
    await feed.say("b", PrecinctState.LAGGING, p_lagging=0.93, shortfall=84.0)
    assert (await a_voter(web, one, 2))["precinct_id"] == "b"


async def test_it_tells_how_many_connections_the_database_has_left(
    service: Callable[[], Service], feed: Feed, connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a"])
    one = service()
    await ready(web, one)
    most = int(await connection.fetchval("show max_connections"))

    async def told() -> bool:
        async with web.get(f"{one.url}/metrics") as response:
            lines = (await response.text()).splitlines()
        name = "beluga_callers_database_connections_free "
        return any(0 < float(line.split()[1]) < most for line in lines if line.startswith(name))

    await until(told)
