"""The pool to PostgreSQL. Services outlive their database: they start without it and reconnect alone."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import orjson

T = TypeVar("T")

CONNECT_SECONDS = 5.0  # one host that does not answer must not hold the rest up
COMMAND_SECONDS = 30.0
RETRY_SECONDS = (0.1, 2.0)  # first and longest pause between attempts, jittered

# What a dead, restarting or unreachable database raises; anything else is a bug and is not retried.
UNREACHABLE: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,
)


async def _prepare(connection: asyncpg.Connection) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            encoder=lambda value: orjson.dumps(value).decode(),
            decoder=orjson.loads,
            schema="pg_catalog",
        )


async def connect(url: str) -> asyncpg.Connection:
    """One connection with JSON codecs. Raises one of `UNREACHABLE` where there is no database."""
    connection = await asyncpg.connect(
        url, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS, server_settings={"timezone": "UTC"}
    )
    await _prepare(connection)
    return connection


async def open_pool(url: str, size: int = 4) -> asyncpg.Pool:
    """A pool of at most `size` connections, with JSON codecs and UTC. Raises one of `UNREACHABLE`."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        max_inactive_connection_lifetime=60,
        init=_prepare,
        server_settings={"timezone": "UTC"},
    )


def pauses() -> "_Pauses":
    """Jittered, growing pauses for a retry loop: `await pauses.wait()`, `pauses.reset()` after a success."""
    return _Pauses()


class _Pauses:
    def __init__(self) -> None:
        self._next = RETRY_SECONDS[0]

    def reset(self) -> None:
        self._next = RETRY_SECONDS[0]

    async def wait(self) -> None:
        await asyncio.sleep(self._next * random.uniform(0.5, 1.0))
        self._next = min(self._next * 2, RETRY_SECONDS[1])


async def until_reachable(
    attempt: Callable[[], Awaitable[T]], on_failure: Callable[[BaseException], None]
) -> T:
    """Repeats `attempt` while it raises one of `UNREACHABLE`; `on_failure` hears of each failure."""
    rest = pauses()
    while True:
        try:
            return await attempt()
        except UNREACHABLE as error:
            on_failure(error)
            await rest.wait()
