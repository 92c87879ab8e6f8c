"""Containers of a cluster: frozen, stopped, powered off, or cut from their network; and Patroni alone frozen.

`who` is a container's name or the part it plays when the fault is injected: primary, synchronous, standbys,
coordinators. What was hurt is noted before, so that exactly that is healed.
"""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable
from typing import Any, ClassVar

import asyncpg

from chaos.faults.processes import birth, stand_still
from chaos.faults.protocol import Fault, UnavailableError
from chaos.judge.observer import UNASKED
from chaos.target.cluster import ClusterTarget, url_of
from chaos.target.containers import Containers

WAITS = """
select count(pg_cancel_backend(pid)) from pg_stat_activity
where wait_event = 'SyncRep' and pid <> pg_backend_pid() and usename = current_user
"""
CANCEL_EVERY = 0.2  # s


class _OfCluster(Fault):
    needs: ClassVar[tuple[str, ...]] = ("the cluster of docker-compose.yml in rehearsal mode",)

    @property
    def containers(self) -> Containers:
        assert isinstance(self.target, ClusterTarget)
        return self.target.containers

    def setup(self) -> None:
        if not isinstance(self.target, ClusterTarget):
            raise UnavailableError("only a cluster has containers")
        self.found["services"] = self.containers.who(str(self.arguments["who"]))
        if not self.found["services"]:
            raise UnavailableError(f"nobody plays {self.arguments['who']} now")

    def _all(self, so: Callable[[dict[str, Any]], bool]) -> bool:
        """Whether Docker says so of the state of each container hurt; of none nothing is known."""
        services = self.found.get("services", ())
        return bool(services) and all(so(self.containers.inspect(s)["State"]) for s in services)


class ContainersFrozen(_OfCluster):
    """Every process of them stands still (docker pause): connections stay open, no answer comes."""

    name = "containers_frozen"
    trace = "each container is paused"

    def setup(self) -> None:
        super().setup()
        services = [s for s in self.found["services"] if not self.containers.inspect(s)["State"]["Paused"]]
        if not services:
            raise UnavailableError(f"all who play {self.arguments['who']} are frozen already")
        self.found["services"] = services  # what another fault froze, that one thaws

    def inject(self) -> None:
        for service in self.found["services"]:
            self.containers.docker("pause", self.containers.name(service))

    def happened(self) -> bool:
        return self._all(lambda state: bool(state["Paused"]))

    def heal(self) -> None:
        for service in self.found.get("services", ()):
            with contextlib.suppress(OSError):  # it was not paused (any more)
                self.containers.docker("unpause", self.containers.name(service))


class ContainersOff(_OfCluster):
    """Powered off: their processes are killed, and they stay away until healed."""

    name = "containers_off"
    trace = "no container of them runs"

    def inject(self) -> None:
        for service in self.found["services"]:
            self.containers.docker("kill", self.containers.name(service))

    def happened(self) -> bool:
        return self._all(lambda state: not state["Running"])

    def heal(self) -> None:
        for service in self.found.get("services", ()):
            self.containers.docker("start", self.containers.name(service))


class ContainersCut(_OfCluster):
    """Off every network they are on: they run on, and nothing reaches them."""

    name = "containers_cut"
    trace = "the containers are on no network"

    def setup(self) -> None:
        super().setup()
        self.found["networks"] = {
            service: {
                name: _as_it_was(service, network)
                for name, network in self.containers.inspect(service)["NetworkSettings"]["Networks"].items()
            }
            for service in self.found["services"]
        }

    def inject(self) -> None:
        for service, networks in self.found["networks"].items():
            for network in networks:
                self.containers.docker("network", "disconnect", network, self.containers.name(service))

    def happened(self) -> bool:
        services = self.found.get("services", ())
        return bool(services) and not any(
            self.containers.inspect(s)["NetworkSettings"]["Networks"] for s in services
        )

    def heal(self) -> None:
        for service, networks in self.found.get("networks", {}).items():
            there = self.containers.inspect(service)["NetworkSettings"]["Networks"]
            for network, words in networks.items():
                if network not in there:
                    self.containers.docker(
                        "network", "connect", *words, network, self.containers.name(service)
                    )


def _as_it_was(service: str, network: dict[str, Any]) -> list[str]:
    """The words that connect a container again: under its names, with its address where it was given one."""
    names = sorted({service, *(network.get("Aliases") or ())})
    address = (network.get("IPAMConfig") or {}).get("IPv4Address")
    return [w for name in names for w in ("--alias", name)] + (["--ip", address] if address else [])


class PatroniFrozen(Fault):
    """Patroni of `who` stands still while its PostgreSQL goes on: the lease of the leader runs out."""

    name = "patroni_frozen"
    trace = "Patroni's processes stand still (state T)"
    needs = (*_OfCluster.needs, "root")

    def setup(self) -> None:
        pids = self.target.keepers(str(self.arguments["who"]))
        if not pids:
            raise UnavailableError(f"no Patroni was found that keeps {self.arguments['who']}")
        for pid in pids:
            try:
                os.kill(pid, 0)
            except PermissionError:
                raise UnavailableError("stopping another account's process needs root") from None
        self.found["pids"] = [[pid, birth(pid)] for pid in pids]

    def inject(self) -> None:
        for pid, born in self.found["pids"]:
            if birth(pid) == born:
                os.kill(pid, signal.SIGSTOP)

    def happened(self) -> bool:
        return stand_still(self.found.get("pids", []))

    def heal(self) -> None:
        for pid, born in self.found.get("pids", ()):
            if born and birth(pid) == born:
                os.kill(pid, signal.SIGCONT)


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


__all__ = [
    "ContainersCut", "ContainersFrozen", "ContainersOff", "PatroniFrozen", "SynchronousWaitsCancelled",
]  # fmt: skip
