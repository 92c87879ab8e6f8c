"""Keeps something from PostgreSQL at hand: what it is now, and again whenever it changes.

A notification only wakes; what counts is the fetch, which is repeated now and then in case one got lost. All
that a process watches at one address it watches on one connection, in turns: each costs the server megabytes.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import asyncpg
import structlog

from election.postgres.database import UNREACHABLE, connect, pauses

POLL_SECONDS = 15.0  # in case a notification is lost

# Nobody there, not now, or not what it should be: the next attempt may find otherwise.
_NOT_NOW: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError, ValueError)

log = structlog.get_logger()

T = TypeVar("T")


async def watch(  # noqa: PLR0917
    url: str,
    channel: str,
    fetch: Callable[[asyncpg.Connection], Awaitable[T]],
    adopt: Callable[[T], Awaitable[None]],
    what: str,
    poll_seconds: float = POLL_SECONDS,
    *,
    long: bool = False,
) -> None:
    """Hands `adopt` what `fetch` finds, at once and after every notification on `channel`, for ever.

    Being without a database is no error: `what` is named in the log, and it tries again with longer pauses.
    `long`: a fetch takes seconds, so it has a connection of its own, for as long, and keeps nobody waiting.
    """
    rest = pauses()
    changed = asyncio.Event()

    def wake(*_: Any) -> None:
        changed.set()

    with _shared(url) as shared:
        while True:
            try:
                async with shared.turn() as connection:
                    connection.add_termination_listener(wake)
                    await connection.add_listener(channel, wake)
                while True:
                    changed.clear()
                    async with _apart(url) if long else shared.turn(connection) as asked:
                        found = await fetch(asked)
                    rest.reset()
                    await adopt(found)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), poll_seconds)
                    if connection.is_closed():
                        raise ConnectionError("the connection that listens has ended")
            except _NOT_NOW as error:
                log.warning("database_away", work=what, error=type(error).__name__)
            await rest.wait()


class _SharedConnection:
    """The connection of all watches of one loop at one address, while there are any."""

    def __init__(self, url: str) -> None:
        self.watches = 0
        self._url = url
        self._turn = asyncio.Lock()
        self._connection: asyncpg.Connection | None = None

    @asynccontextmanager
    async def turn(self, listening: asyncpg.Connection | None = None) -> AsyncIterator[asyncpg.Connection]:
        """The connection for one of them alone. Raises one of `UNREACHABLE`, also where the one on which it
        listens is no longer ours.
        """
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(self._url)
            connection = self._connection
            if listening is not None and listening is not connection:
                raise ConnectionError("the connection that listens has ended")
            try:
                yield connection
            except BaseException as error:
                harmless = isinstance(error, (asyncpg.PostgresError, ValueError))
                if isinstance(error, UNREACHABLE) or not harmless or connection.is_in_transaction():
                    connection.terminate()
                raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _SharedConnection]] = WeakKeyDictionary()


@contextmanager
def _shared(url: str) -> Iterator[_SharedConnection]:
    here = _of_loops.setdefault(asyncio.get_running_loop(), {})
    found = here.setdefault(url, _SharedConnection(url))
    found.watches += 1
    try:
        yield found
    finally:
        found.watches -= 1
        if not found.watches:
            del here[url]
            found.close()


@asynccontextmanager
async def _apart(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(url)
    try:
        yield connection
    finally:
        connection.terminate()
