"""Services of a cluster, in containers or on hosts: frozen, powered off or cut off.

`who` is a service's name (`db1`), all of one (`tally`), all but one (`intake but one`) or that one
(`one intake`), or the part it plays when the fault is injected: primary, synchronous, standbys, coordinators.
What was hurt is noted before, so that exactly that is healed.
"""

import asyncio
import contextlib
import threading
from typing import Any, ClassVar

import asyncpg

from chaos.faults.protocol import Fault, UnavailableError
from chaos.judge.observer import UNASKED
from chaos.target.cluster import ClusterTarget, url_of
from chaos.target.services import ClusterServices, Condition

WAITS = """
select count(pg_cancel_backend(pid)) from pg_stat_activity
where wait_event = 'SyncRep' and pid <> pg_backend_pid() and usename = current_user
"""
CANCEL_EVERY = 0.2  # s


class _OfCluster(Fault):
    needs: ClassVar[tuple[str, ...]] = ("a cluster in rehearsal mode",)

    @property
    def containers(self) -> ClusterServices:
        assert isinstance(self.target, ClusterTarget)
        return self.target.containers

    def setup(self) -> None:
        if not isinstance(self.target, ClusterTarget):
            raise UnavailableError("only a cluster has several of a service")
        self.found["services"] = self.containers.who(str(self.arguments["who"]))
        if not self.found["services"]:
            raise UnavailableError(f"nobody plays {self.arguments['who']} now")

    def _all(self, condition: Condition) -> bool:
        """Whether each that was hurt is so; of none nothing is known."""
        services = self.found.get("services", ())
        return bool(services) and all(self.containers.condition(s) == condition for s in services)


class ContainersFrozen(_OfCluster):
    """Every process of them stands still (docker pause, SIGSTOP): connections stay open, no answer comes."""

    name = "containers_frozen"
    trace = "each of them stands still"

    def setup(self) -> None:
        super().setup()
        services = [s for s in self.found["services"] if self.containers.condition(s) != "frozen"]
        if not services:
            raise UnavailableError(f"all who play {self.arguments['who']} are frozen already")
        self.found["services"] = services  # what another fault froze, that one thaws

    def inject(self) -> None:
        for service in self.found["services"]:
            self.containers.freeze(service)

    def happened(self) -> bool:
        return self._all("frozen")

    def heal(self) -> None:
        for service in self.found.get("services", ()):
            with contextlib.suppress(OSError):  # it was not frozen (any more)
                self.containers.thaw(service)


class ContainersOff(_OfCluster):
    """Powered off: their processes are killed, and they stay away until healed."""

    name = "containers_off"
    trace = "none of them runs"

    def inject(self) -> None:
        for service in self.found["services"]:
            self.containers.power_off(service)

    def happened(self) -> bool:
        return self._all("off")

    def heal(self) -> None:
        for service in self.found.get("services", ()):
            self.containers.start(service)


class ContainersCut(_OfCluster):
    """Off every network they are on: they run on, and nothing reaches them. A host is cut with all on it."""

    name = "containers_cut"
    trace = "they are on no network"

    def setup(self) -> None:
        super().setup()
        self.found["networks"] = {s: self.containers.networks(s) for s in self.found["services"]}

    def inject(self) -> None:
        for service, networks in self.found["networks"].items():
            self.containers.cut(service, networks)

    def happened(self) -> bool:
        services = self.found.get("services", ())
        return bool(services) and not any(self.containers.networks(s) for s in services)

    def heal(self) -> None:
        for service, networks in self.found.get("networks", {}).items():
            self.containers.connect(service, networks)


class SynchronousWaitsCancelled(_OfCluster):
    """Waits at `who` for the synchronous standby are cancelled, again and again (warning 01000)."""

    name = "synchronous_waits_cancelled"
    trace = "a wait for the standby was cancelled"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.cancelled = 0

    def inject(self) -> None:
        url = url_of(self.containers, *self.found["services"])
        self._thread = threading.Thread(target=lambda: asyncio.run(self._cancel(url)), daemon=True)
        self._thread.start()

    async def _cancel(self, url: str) -> None:
        connection: asyncpg.Connection | None = None
        while not self._stop.is_set():
            try:
                if connection is None:
                    connection = await asyncpg.connect(url, timeout=5, command_timeout=5)
                self.cancelled += int(await connection.fetchval(WAITS) or 0)
            except UNASKED:
                if connection is not None:
                    connection.terminate()
                connection = None
            await asyncio.sleep(CANCEL_EVERY)
        if connection is not None:
            connection.terminate()

    def happened(self) -> bool:
        return self.cancelled > 0

    def heal(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)


__all__ = ["ContainersCut", "ContainersFrozen", "ContainersOff", "SynchronousWaitsCancelled"]
