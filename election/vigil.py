"""Ends connections to a host that stands still or is cut off, as soon as another one takes writes.

Theory of operation. A frozen or vanished primary closes nothing: whoever has asked it something waits until a
limit of their own is over, and a pool then waits as long again for the cancellation. So while a process holds
connections to one of several hosts, that host is asked for a sign of life every `PULSE_SECONDS`, on one
connection kept for it. Where none comes, all hosts are probed; once another one is writable, on no lower a
timeline, every connection to the silent one is ended. Who waits hears it at once, as one of
`election.database.UNREACHABLE`, and connects anew.

Invariant: nothing is ended while nobody else takes writes. A slow primary is better than none.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary, WeakSet

import asyncpg
import structlog

PULSE_SECONDS = 1.0
ANSWER_SECONDS = 1.5  # without a sign of life, a host is silent
AGAIN_SECONDS = 0.5  # between probes while it is silent

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Primary:
    """A writable host that was found. `timeline` rises with each failover."""

    host: str  # its URL
    timeline: int
    connection: asyncpg.Connection


Find = Callable[[], Awaitable[Primary | None]]


@dataclass(slots=True)
class Vigil:
    """Watches over the connections of one event loop to the hosts of one URL. `find` probes all of them."""

    find: Find
    _held: dict[str, "WeakSet[asyncpg.Connection]"] = field(default_factory=dict)
    _timelines: dict[str, int] = field(default_factory=dict)
    _pulse: Primary | None = None
    _task: "asyncio.Task[None] | None" = None

    def keep(self, found: Primary) -> None:
        """Watches over this connection until it is closed."""
        self._held.setdefault(found.host, WeakSet()).add(found.connection)
        self._timelines[found.host] = found.timeline
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="vigil")

    def _open(self) -> dict[str, list[asyncpg.Connection]]:
        held = {host: [c for c in kept if not c.is_closed()] for host, kept in self._held.items()}
        return {host: kept for host, kept in held.items() if kept}

    async def _watch(self) -> None:
        try:
            while held := self._open():
                silent = self._pulse is None or held.keys() != {self._pulse.host} or not await self._beats()
                if silent:
                    await self._look()
                await asyncio.sleep(AGAIN_SECONDS if self._pulse is None else PULSE_SECONDS)
        finally:
            self._drop()
            self._task = None  # it knows its event loop, which may end now

    async def _beats(self) -> bool:
        assert self._pulse is not None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return not await self._pulse.connection.fetchval("select pg_is_in_recovery()")
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    async def _look(self) -> None:
        """Finds out who takes writes, and ends what is held to others on no higher a timeline."""
        self._drop()
        self._pulse = await self.find()
        if self._pulse is None:
            return
        for host, connections in self._open().items():
            if host != self._pulse.host and self._timelines[host] <= self._pulse.timeline:
                log.warning("connections_ended", connections=len(connections), timeline=self._pulse.timeline)
                for connection in connections:
                    connection.terminate()

    def _drop(self) -> None:
        if self._pulse is not None:
            self._pulse.connection.terminate()
            self._pulse = None


_vigils: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Vigil]]" = WeakKeyDictionary()


def vigil_of(url: str, find: Find) -> Vigil:
    """The running loop's own for this URL."""
    return _vigils.setdefault(asyncio.get_running_loop(), {}).setdefault(url, Vigil(find))
