"""Callers with nothing to call wait on one request, and are woken as there is work for them."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import asyncpg

from callers.service.long_poll import LongPoll
from election.wire.feed import PrecinctState
from tests.callers.conftest import add_callers, add_election, add_voters, open_precinct
from tests.callers.service_process import (
    Feed,
    Service,
    as_caller,
    feed,
    leased,
    ready,
    service,
    until,
    web,
)

__all__ = ["feed", "service", "web"]  # fixtures


async def test_those_who_came_first_are_woken_first_and_no_more_than_needed() -> None:
    room = LongPoll()
    waits = [asyncio.create_task(room.wait(30)) for _ in range(5)]
    await asyncio.sleep(0)
    assert room.wake(2) == 2
    done, rest = await asyncio.wait(waits, timeout=0.05)
    assert done == set(waits[:2])
    assert len(room) == 3
    for wait in rest:
        wait.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    assert len(room) == 0
    assert not await room.wait(0.01)


async def test_blanks_are_said_and_who_has_gone_is_let_go() -> None:
    room, said = LongPoll(blank_seconds=0.5), 0

    def there() -> bool:
        nonlocal said
        said += 1
        return said < 3

    assert not await asyncio.wait_for(room.wait(60, there), 20), (
        "gone at the third blank, long before a minute"
    )
    assert (said, len(room)) == (3, 0)


async def test_a_service_that_stops_answers_those_who_wait() -> None:
    room = LongPoll()
    waits = [asyncio.create_task(room.wait(60)) for _ in range(3)]
    await asyncio.sleep(0)
    room.close()
    assert await asyncio.wait_for(asyncio.gather(*waits), 10) == [False] * 3
    assert not await room.wait(60)


async def test_whose_access_was_taken_away_waits_no_longer() -> None:
    room, good = LongPoll(), {"a": True, "b": True}
    waits = [asyncio.create_task(room.wait(60, stands=lambda who=who: good[who])) for who in good]
    await asyncio.sleep(0)
    good["a"] = False
    room.recheck()
    assert not await asyncio.wait_for(waits[0], 10)
    assert not waits[1].done()
    waits[1].cancel()


async def test_a_barred_caller_is_let_go_while_waiting_and_gets_no_voter_again(
    service: Callable[[], Service], connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "a", 2)
    await add_callers(connection, 2)
    one = service()
    await ready(web, one)

    async def wait(caller: int) -> tuple[int, Any]:
        headers = as_caller(caller) | {"Prefer": "wait=200"}
        async with web.post(
            f"{one.url}/api/lease", headers=headers, timeout=aiohttp.ClientTimeout(250)
        ) as response:
            return response.status, (await response.json())["voter"] if response.status == 200 else None

    waits = [asyncio.create_task(wait(n)) for n in range(2)]

    async def both_wait() -> bool:
        async with web.get(f"{one.url}/metrics") as response:
            return "beluga_callers_waiting 2.0" in await response.text()

    await until(both_wait)
    await connection.execute("update callers set barred = true where caller_id = 'c0'")
    done, _ = await asyncio.wait(waits, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    assert done == {waits[0]}, "long before two hundred seconds, and nobody else"
    assert waits[0].result() == (200, None)
    await open_precinct(connection, "a")
    assert (await wait(0))[0] == 401
    waits[1].cancel()
    await asyncio.gather(waits[1], return_exceptions=True)


async def test_a_waiting_caller_has_a_voter_as_soon_as_a_precinct_opens(
    service: Callable[[], Service], feed: Feed, connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "a", 2)
    await add_callers(connection, 3)
    one = service()
    await ready(web, one)

    async def wait(caller: int) -> tuple[Any, float]:
        headers = as_caller(caller) | {"Prefer": "wait=60"}
        async with web.post(
            f"{one.url}/api/lease", headers=headers, timeout=aiohttp.ClientTimeout(90)
        ) as response:
            return (await response.json())["voter"], time.monotonic()

    waits = [asyncio.create_task(wait(n)) for n in range(3)]

    async def all_wait() -> bool:
        async with web.get(f"{one.url}/metrics") as response:
            return "beluga_callers_waiting 3.0" in await response.text()

    await until(all_wait)
    said = time.monotonic()
    await feed.say("a", PrecinctState.LAGGING, p_lagging=0.93, shortfall=84.0)
    done, rest = await asyncio.wait(waits, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < 2:
        more, rest = await asyncio.wait(rest, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        assert more
        done |= more
    found = [task.result() for task in done]
    given = {(await leased(connection, voter))["voter_id"] for voter, _ in found}
    assert given == {"a/0", "a/1"}
    assert max(at for _, at in found) - said < 15
    (last,) = rest
    assert not last.done(), "nobody is left for the third, who waits on"
    last.cancel()
    await asyncio.gather(last, return_exceptions=True)
