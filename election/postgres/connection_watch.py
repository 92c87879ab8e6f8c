"""Ends connections to a host that is silent or deposed, as soon as another one takes writes.

Theory of operation. A frozen or vanished primary closes nothing: a client with a query under way waits until
a limit of their own is over, and a pool then waits as long again for the cancellation. Worse is a primary
whose keeper alone is dead: it goes on answering, and its readers never learn that the world has moved on. So
while a process holds connections to one of several hosts, it asks every host each `PULSE_SECONDS`, on one
connection kept for that, whether it takes writes and on which timeline. Once one does on a higher timeline
than another, or while another is silent, every connection to that other is ended. What waits on it raises one
of `election.postgres.database.UNREACHABLE` at once, and connects anew.

Invariant: no connection is ended while no other host takes writes. A slow primary is better than none.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary, WeakSet

import asyncpg
import structlog

PULSE_SECONDS = 1.0
ANSWER_SECONDS = 1.5  # without an answer, a host is silent

STATE = """
select not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off' as writable,
       case when pg_is_in_recovery() then 0
            else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint end as timeline
"""

SILENT: tuple[type[BaseException], ...] = (
    OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError,
)  # fmt: skip

log = structlog.get_logger()

Open = Callable[[str], Awaitable[asyncpg.Connection]]


@dataclass(slots=True)
class ConnectionWatch:
    """Watches over one event loop's connections to `hosts`. `open` connects to one of them, for asking."""

    hosts: Sequence[str]
    open: Open
    _held: dict[str, "WeakSet[asyncpg.Connection]"] = field(default_factory=dict)
    _asking: dict[str, asyncpg.Connection] = field(default_factory=dict)
    _task: "asyncio.Task[None] | None" = None

    def keep(self, host: str, connection: asyncpg.Connection) -> None:
        """Watches over this connection until it is closed."""
        self._held.setdefault(host, WeakSet()).add(connection)
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="vigil")

    def _open_ones(self) -> dict[str, list[asyncpg.Connection]]:
        held = {host: [c for c in kept if not c.is_closed()] for host, kept in self._held.items()}
        return {host: kept for host, kept in held.items() if kept}

    async def _watch(self) -> None:
        try:
            while self._open_ones():
                await asyncio.sleep(PULSE_SECONDS)
                answers = await asyncio.gather(*(self._ask(host) for host in self.hosts))
                self._end_others(dict(zip(self.hosts, answers, strict=True)))
        finally:
            for connection in self._asking.values():
                connection.terminate()
            self._asking.clear()
            self._task = None  # it knows its event loop, which may end now

    async def _ask(self, host: str) -> int | None:
        """The timeline on which it takes writes; 0: it takes none; None: it is silent."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                connection = self._asking.get(host)
                if connection is None or connection.is_closed():
                    connection = self._asking[host] = await self.open(host)
                state = await connection.fetchrow(STATE)
        except SILENT:
            with suppress(KeyError):
                self._asking.pop(host).terminate()
            return None
        assert state is not None
        return int(state["timeline"]) if state["writable"] else 0

    def _end_others(self, timelines: dict[str, int | None]) -> None:
        newest = max(timeline or 0 for timeline in timelines.values())
        if not newest:
            return
        for host, connections in self._open_ones().items():
            timeline = timelines.get(host)
            if timeline is None or timeline < newest:
                log.warning("connections_ended", connections=len(connections), silent=timeline is None)
                for connection in connections:
                    connection.terminate()


_vigils: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, ...], ConnectionWatch]]" = (
    WeakKeyDictionary()
)


def watch_over(hosts: Sequence[str], open_: Open) -> ConnectionWatch:
    """The running loop's own for these hosts."""
    here = _vigils.setdefault(asyncio.get_running_loop(), {})
    return here.setdefault(tuple(hosts), ConnectionWatch(hosts, open_))
