"""Which of several PostgreSQL hosts to talk to: the writable one on the highest timeline, found at once.

asyncpg tries the hosts of a URL one after the other under a single timeout, so that a frozen primary listed
first costs all of it. Here every host is probed at the same time, each for at most `PROBE_SECONDS`. After a
failover two hosts may believe to be primary for a moment; the higher timeline is the younger one, and the
older has been, or is about to be, demoted.
"""

import asyncio
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import asyncpg
import orjson

from election.errors import ElectionError
from election.postgres.connection_watch import STATE, watch_over

PROBE_SECONDS = 1.5  # one of several hosts
ONLY_HOST_SECONDS = 5.0  # where there is no other to turn to
COMMAND_SECONDS = 15.0  # a frozen primary must not hold a caller longer than a failover takes

SERVER_SETTINGS = {
    "timezone": "UTC",
    # the server's kernel must notice a vanished client, which may hold locks
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
LIMITS = {
    "statement_timeout": "15s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}

_LOST_WAIT = "01000"  # a commit whose synchronous wait was cancelled carries this warning


class NoWritableHostError(ElectionError, ConnectionError):
    """No PostgreSQL host takes writes now; the message says what each of them answered."""


class NotReplicatedError(ElectionError, ConnectionError):
    """A commit came back without its replica's word: not durable; repeat it under the same key."""


def hosts_of(url: str) -> list[str]:
    """One URL for each host of a multi-host URL (`postgresql://u:p@a:1,b:2/db`)."""
    parts: SplitResult = urlsplit(url)
    login, at, addresses = parts.netloc.rpartition("@")
    return [
        parts._replace(netloc=f"{login}{at}{address}").geturl() for address in addresses.split(",") if address
    ]


async def connect(url: str, *, patient: bool = False) -> asyncpg.Connection:
    """A connection to the writable host on the highest timeline, with JSON codecs and UTC.

    Takes at most `PROBE_SECONDS` where there are several hosts; it is ended when its host falls silent or is
    deposed, and another takes writes (`election.postgres.connection_watch`). `patient` connections have no
    limit on the time of a statement. Raises `NoWritableHostError`.
    """
    hosts = hosts_of(url)
    found = await _primary(hosts, patient)
    if len(hosts) > 1:
        watch_over(hosts, _for_asking).keep(found.host, found.connection)
    return found.connection


async def _for_asking(host: str) -> asyncpg.Connection:
    """A connection on which a vigil asks one host, which may be a standby."""
    await _has_address(urlsplit(host).hostname)
    return await asyncpg.connect(host, timeout=PROBE_SECONDS, server_settings=SERVER_SETTINGS | LIMITS)


class _Primary(NamedTuple):
    host: str  # its URL
    timeline: int
    connection: asyncpg.Connection


async def _primary(hosts: list[str], patient: bool) -> _Primary:
    seconds = PROBE_SECONDS if len(hosts) > 1 else ONLY_HOST_SECONDS
    probes = [asyncio.ensure_future(_probe(host, seconds, patient)) for host in hosts]
    try:
        outcomes = await asyncio.gather(*probes)
    except asyncio.CancelledError:
        for probe in probes:  # nobody else would end what they have opened meanwhile
            probe.add_done_callback(_discard)
            probe.cancel()
        raise
    good = sorted((o for o in outcomes if isinstance(o, _Primary)), key=lambda found: -found.timeline)
    for spare in good[1:]:
        spare.connection.terminate()
    if not good:
        said = "; ".join(
            f"{urlsplit(host).hostname}:{urlsplit(host).port or 5432} {outcome}"
            for host, outcome in zip(hosts, outcomes, strict=True)
        )
        raise NoWritableHostError(f"no writable PostgreSQL: {said}")
    return good[0]


def _discard(probe: "asyncio.Future[_Primary | str]") -> None:
    if not probe.cancelled() and not probe.exception() and isinstance(found := probe.result(), _Primary):
        found.connection.terminate()


_looking_up: dict[tuple[int, str], "asyncio.Future[object]"] = {}


async def _has_address(host: str | None) -> None:
    """Waits until `host` resolves; raises `OSError` where it does not.

    A dead machine's name may take many seconds to fail, in one of the few threads that resolve names. So
    however many ask, and give up, each name is looked up once at a time, and the living ones find a thread.
    """
    if not host:
        return  # a socket's folder
    loop = asyncio.get_running_loop()
    key = (id(loop), host)
    found = _looking_up.get(key)
    if found is None:
        found = _looking_up[key] = asyncio.ensure_future(loop.getaddrinfo(host, None))
        found.add_done_callback(
            lambda done: (_looking_up.pop(key, None), done.cancelled() or done.exception())
        )
    await asyncio.shield(found)


async def _probe(host: str, seconds: float, patient: bool) -> _Primary | str:
    """A writable host, or what is wrong with this one."""
    connection: asyncpg.Connection | None = None
    try:
        async with asyncio.timeout(seconds):
            await _has_address(urlsplit(host).hostname)
            connection = await asyncpg.connect(
                host,
                timeout=seconds,
                command_timeout=None if patient else COMMAND_SECONDS,
                server_settings=SERVER_SETTINGS if patient else SERVER_SETTINGS | LIMITS,
            )
            state = await connection.fetchrow(STATE)
            assert state is not None
            if state["writable"]:
                await _prepare(connection)
                return _Primary(host, state["timeline"], connection)
            problem = "is read-only"
    except TimeoutError:
        problem = f"did not answer in {seconds} s"
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        problem = f"refused: {type(error).__name__}"
    except asyncio.CancelledError:
        if connection is not None:
            connection.terminate()
        raise
    if connection is not None:
        connection.terminate()
    return problem


async def _prepare(connection: asyncpg.Connection) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            encoder=lambda value: orjson.dumps(value).decode(),
            decoder=orjson.loads,
            schema="pg_catalog",
        )


class ReplicationWatch:
    """Listens for the warning of a commit that was not replicated.

    >>> async with ReplicationWatch(connection):   # doctest: +SKIP
    ...     await append(connection, messages, check_ins)

    raises `NotReplicatedError` at the end of the block if any commit within it said so.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._lost = False

    def _hear(self, _: Any, message: Any) -> None:
        if getattr(message, "sqlstate", "") == _LOST_WAIT and "synchronous" in str(message).lower():
            self._lost = True

    async def __aenter__(self) -> "ReplicationWatch":
        self._connection.add_log_listener(self._hear)
        return self

    async def __aexit__(self, kind: Any, *_: object) -> None:
        await asyncio.sleep(0)  # listeners are called soon, not at once
        self._connection.remove_log_listener(self._hear)
        if self._lost and kind is None:
            raise NotReplicatedError("the commit's synchronous wait was cancelled; it will be repeated")
