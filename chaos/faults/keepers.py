"""Patroni alone frozen, wherever it keeps a database: processes of this machine, or the units of hosts."""

import os
import signal
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from chaos.faults.processes import birth, stand_still
from chaos.faults.protocol import Fault, UnavailableError
from chaos.target.hosts import Hosts, HostsTarget
from chaos.target.target import Target


class _Keepers(ABC):
    """Who keeps databases. What `noted` gives is JSON, and all that another process needs to thaw them."""

    @abstractmethod
    def noted(self, who: str) -> dict[str, Any]:
        """Those of the databases that play this part now. Raises `UnavailableError` where there is none."""

    @abstractmethod
    def freeze(self, found: dict[str, Any]) -> None: ...

    @abstractmethod
    def still(self, found: dict[str, Any]) -> bool:
        """Whether each of them stands still; of none nothing is known."""

    @abstractmethod
    def thaw(self, found: dict[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class _OwnKeepers(_Keepers):
    """Processes of this machine, those within its containers too; a pid that another took is left alone."""

    target: Target

    def noted(self, who: str) -> dict[str, Any]:
        pids = self.target.keepers(who)
        if not pids:
            raise UnavailableError(f"no Patroni was found that keeps {who}")
        for pid in pids:
            try:
                os.kill(pid, 0)
            except PermissionError:
                raise UnavailableError("stopping another account's process needs root") from None
        return {"pids": [[pid, birth(pid)] for pid in pids]}

    def freeze(self, found: dict[str, Any]) -> None:
        self._signal(found, signal.SIGSTOP)

    def still(self, found: dict[str, Any]) -> bool:
        return stand_still(found.get("pids", []))

    def thaw(self, found: dict[str, Any]) -> None:
        self._signal(found, signal.SIGCONT)

    def _signal(self, found: dict[str, Any], number: signal.Signals) -> None:
        for pid, born in found.get("pids", ()):
            if born and birth(pid) == born:
                os.kill(pid, number)


@dataclass(frozen=True, slots=True)
class _HostKeepers(_Keepers):
    """The first process of each database's unit, by ssh."""

    hosts: Hosts

    def noted(self, who: str) -> dict[str, Any]:
        services = self.hosts.who(who)
        if not services:
            raise UnavailableError(f"nobody plays {who} now")
        return {"services": services}

    def freeze(self, found: dict[str, Any]) -> None:
        for service in found["services"]:
            self.hosts.freeze_first(service)

    def still(self, found: dict[str, Any]) -> bool:
        services = found.get("services", ())
        return bool(services) and all(self.hosts.condition(s) == "frozen" for s in services)

    def thaw(self, found: dict[str, Any]) -> None:
        for service in found.get("services", ()):
            self.hosts.thaw(service)


def _keepers_of(target: Target) -> _Keepers:
    """Those of the target's databases."""
    return _HostKeepers(target.containers) if isinstance(target, HostsTarget) else _OwnKeepers(target)


class PatroniFrozen(Fault):
    """Patroni of `who` stands still while its PostgreSQL goes on: the lease of the leader runs out."""

    name = "patroni_frozen"
    trace = "Patroni's processes stand still (state T)"
    needs = ("a cluster in rehearsal mode", "root")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._keepers = _keepers_of(self.target)

    def setup(self) -> None:
        self.found |= self._keepers.noted(str(self.arguments["who"]))

    def inject(self) -> None:
        self._keepers.freeze(self.found)

    def happened(self) -> bool:
        return self._keepers.still(self.found)

    def heal(self) -> None:
        self._keepers.thaw(self.found)
