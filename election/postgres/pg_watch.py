"""Keeps something from PostgreSQL at hand: what it is now, and again whenever it changes.

A notification only wakes; what counts is the fetch, which is repeated now and then in case one got lost.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

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
) -> None:
    """Hands `adopt` what `fetch` finds, at once and after every notification on `channel`, for ever.

    Being without a database is no error: `what` is named in the log, and it tries again with longer pauses.
    """
    rest = pauses()
    while True:
        try:
            connection = await connect(url)
            try:
                await _follow(connection, channel, fetch, adopt, rest.reset, poll_seconds)
            finally:
                connection.terminate()
        except _NOT_NOW as error:
            log.warning("database_away", work=what, error=type(error).__name__)
        await rest.wait()


async def _follow(  # noqa: PLR0917
    connection: asyncpg.Connection,
    channel: str,
    fetch: Callable[[asyncpg.Connection], Awaitable[T]],
    adopt: Callable[[T], Awaitable[None]],
    succeeded: Callable[[], None],
    poll_seconds: float,
) -> None:
    changed = asyncio.Event()

    def wake(*_: Any) -> None:
        changed.set()

    connection.add_termination_listener(wake)
    await connection.add_listener(channel, wake)
    while True:
        changed.clear()
        found = await fetch(connection)
        succeeded()
        await adopt(found)
        with suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), poll_seconds)
