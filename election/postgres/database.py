"""The pool to PostgreSQL. Services outlive their database: they start without it and reconnect alone."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg

from election.postgres import connector

T = TypeVar("T")

RETRY_SECONDS = (0.1, 2.0)  # first and longest pause between attempts, jittered
IDLE_SECONDS = 20.0  # then a connection of a pool goes: each costs the server 2 to 6 MB

# What a dead, restarting or unreachable database raises; anything else is a bug and is not retried.
UNREACHABLE: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a connection ended in mid-answer may raise
    asyncpg.QueryCanceledError,  # over the statement's limit
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,
)


async def connect(url: str, *, patient: bool = False) -> asyncpg.Connection:
    """One connection with JSON codecs, UTC, and limits on statements and locks.

    `url` may name several hosts, separated by commas: the writable one on the highest timeline is taken.
    `patient` lifts the limits, for bulk loads and recounts. Raises one of `UNREACHABLE`.
    """
    return await connector.connect(url, patient=patient)


async def open_pool(url: str, size: int = 4, *, stateless: bool = False) -> asyncpg.Pool:
    """A pool of at most `size` connections like `connect`'s. Raises one of `UNREACHABLE`.

    `stateless`: no user of it sets, listens to or locks anything for longer than a transaction (or undoes
    it), so that a connection comes back without the round trip that would reset it. An open transaction is
    rolled back all the same.
    """

    async def fresh(*_: Any, **__: Any) -> asyncpg.Connection:
        return await connector.connect(url)

    async def as_it_is(_: asyncpg.Connection) -> None:
        pass

    return await asyncpg.create_pool(
        url, min_size=1, max_size=size, max_inactive_connection_lifetime=IDLE_SECONDS, connect=fresh,
        reset=as_it_is if stateless else None,
    )  # fmt: skip


def stop_if_cancelled() -> None:
    """Raises `CancelledError` where this task has been cancelled: for a loop that has caught something else.

    A statement or a transaction that is cancelled on a broken connection may end in asyncpg's own error.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def pauses() -> "_Pauses":
    """Jittered, growing pauses for a retry loop: `await pauses.wait()`, `pauses.reset()` after a success.

    To wait is also `stop_if_cancelled`.
    """
    return _Pauses()


class _Pauses:
    def __init__(self) -> None:
        self._next = RETRY_SECONDS[0]

    def reset(self) -> None:
        self._next = RETRY_SECONDS[0]

    async def wait(self) -> None:
        stop_if_cancelled()
        await asyncio.sleep(self._next * random.uniform(0.5, 1.0))
        self._next = min(self._next * 2, RETRY_SECONDS[1])


async def until_reachable(
    attempt: Callable[[], Awaitable[T]], on_failure: Callable[[BaseException], None]
) -> T:
    """Repeats `attempt` while it raises one of `UNREACHABLE`; `on_failure` is called with each failure."""
    rest = pauses()
    while True:
        try:
            return await attempt()
        except UNREACHABLE as error:
            on_failure(error)
            await rest.wait()
