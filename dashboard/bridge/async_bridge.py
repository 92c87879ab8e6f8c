"""The war room's one event loop, beside the WSGI threads: the pool, the HTTP session, the watchers of tables.

Flask's threads are synchronous and asyncpg and aiohttp are not, so whatever talks to another process runs
here and a thread waits for its answer, with a limit.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import aiohttp
import asyncpg

from election.postgres.database import open_pool

T = TypeVar("T")

ANSWER_SECONDS = 8.0  # a page that waits longer is better told what is missing


class AsyncBridge:
    """A thread with an event loop. `connection()` and `session()` may only be used inside it."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="background", daemon=True)
        self._pool: asyncpg.Pool | None = None
        self._session: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()
        self._tasks: set[asyncio.Future[Any]] = set()

    def start(self) -> None:
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], timeout: float = ANSWER_SECONDS) -> T:
        """Runs `work` in the loop and waits. Raises what it raises, or `TimeoutError`."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work` until the end of the process."""

        async def begin() -> None:
            task = asyncio.ensure_future(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        asyncio.run_coroutine_threadsafe(begin(), self._loop).result()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of the pool, opened at first use. Raises one of
        `election.postgres.database.UNREACHABLE`.
        """
        async with (await self._opened()).acquire() as held:
            connection = cast("asyncpg.Connection", held)
            try:
                yield connection
            except asyncio.CancelledError:
                connection.terminate()  # cut short: a BEGIN may be open, and nobody would commit
                raise

    async def _opened(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                if not self._url:
                    raise ConnectionError("BELUGA_DATABASE_URL is not set")
                self._pool = await open_pool(self._url, size=4)
            return self._pool

    async def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS - 1, connect=1.5)
            self._session = aiohttp.ClientSession(timeout=timeout)
        return self._session

    def stop(self) -> None:
        async def close() -> None:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._session:
                await self._session.close()
            if self._pool:
                self._pool.terminate()

        try:
            asyncio.run_coroutine_threadsafe(close(), self._loop).result(5)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(3)
