"""What a process watches at one database it watches on one connection, and each watch for itself."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg

from election.postgres.database import connect
from election.postgres.pg_watch import watch

Fetch = Callable[[asyncpg.Connection], Awaitable[int]]


async def _backend(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("select pg_backend_pid()"))


@asynccontextmanager
async def _watching(url: str, fetch: Fetch = _backend, channel: str = "told", **options: Any) -> Any:
    """What has been found, as it comes."""
    found: asyncio.Queue[int] = asyncio.Queue()
    task = asyncio.create_task(watch(url, channel, fetch, found.put, "test", 60.0, **options))
    try:
        async with asyncio.timeout(20):
            yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_watches_share_a_connection_and_each_hears_its_own_channel(database_url: str) -> None:
    async with _watching(database_url) as one, _watching(database_url, channel="other") as two:
        shared = await one.get()
        assert await two.get() == shared
        teller = await connect(database_url)
        await teller.execute("notify other")
        assert await two.get() == shared and one.empty()
        await teller.close()


async def test_a_watch_that_fails_leaves_the_others_their_connection(database_url: str) -> None:
    tries = asyncio.Event()

    async def fails(connection: asyncpg.Connection) -> int:
        tries.set()
        return int(await connection.fetchval("select no_such_column from no_such_table"))

    async with _watching(database_url) as one, _watching(database_url, fails, "other"):
        first = await one.get()
        await tries.wait()
        teller = await connect(database_url)
        await teller.execute("notify told")
        assert await one.get() == first
        await teller.close()


async def test_a_lost_connection_comes_back_for_all(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(_watching(database_url, channel=name)) for name in "abc"]
        (first,) = {await each.get() for each in found}
        other = await connect(database_url)
        await other.execute("select pg_terminate_backend($1)", first)
        (again,) = {await each.get() for each in found}
        assert again != first
        await other.execute("notify b")
        assert await found[1].get() == again
        await other.close()


async def test_a_long_fetch_keeps_nobody_waiting_and_no_connection(database_url: str) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(connection: asyncpg.Connection) -> int:
        begun.set()
        await go_on.wait()
        return await _backend(connection)

    async with _watching(database_url, slow, long=True) as long, _watching(database_url) as one:
        await begun.wait()
        shared = await one.get()
        go_on.set()
        its_own = await long.get()
        assert its_own != shared
        other = await connect(database_url)
        while await other.fetchval("select true from pg_stat_activity where pid = $1", its_own):
            await asyncio.sleep(0.01)
        await other.close()
