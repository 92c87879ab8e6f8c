"""The services of a cluster, wherever they run: which part each plays, and what harm is done to them."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Condition = Literal["running", "frozen", "off"]
ROLES = {
    "primary": ("Leader",), "synchronous": ("Sync Standby",), "standbys": ("Sync Standby", "Replica"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClusterServices(ABC):
    """Of the cluster that is noted in the folder `state`. Whatever asks or harms raises `OSError`."""

    state: Path

    @property
    @abstractmethod
    def known(self) -> dict[str, Any]:
        """What is noted: at least url, public_url, secrets."""

    @property
    @abstractmethod
    def served_by(self) -> Mapping[str, tuple[str, ...]]:
        """The names of all of one kind: `database`, `coordinators`, `intake` …"""

    @property
    def secrets(self) -> Path:
        """The folder of the cluster's secrets and certificates."""
        return Path(self.known["secrets"])

    def secret(self, name: str) -> str:
        path = self.secrets / f"beluga_{name}"
        return (path if path.exists() else self.secrets / name).read_text().strip()

    @abstractmethod
    def addresses(self) -> dict[str, str]:
        """Where each is on the inside network; those that are off it may be left out."""

    @abstractmethod
    def members(self) -> list[dict[str, Any]]:
        """Patroni's view: Member, Role, State, TL. Raises `OSError` where no database answers."""

    def who(self, part: str) -> list[str]:
        """Who plays a part now: primary, synchronous, standbys; all of a service (`tally`, `coordinators`),
        all but one of it (`intake but one`), or that one (`one intake`); else whoever has this name.
        """
        if part in ROLES:
            return sorted(m["Member"] for m in self.members() if m["Role"] in ROLES[part])
        every = list(self.served_by.get(part.removeprefix("one ").removesuffix(" but one"), (part,)))
        return every[-1:] if part.startswith("one ") else every[:-1] if part.endswith(" but one") else every

    @abstractmethod
    def condition(self, service: str) -> Condition: ...

    @abstractmethod
    def freeze(self, service: str) -> None:
        """Every process of it stands still; connections stay open."""

    @abstractmethod
    def thaw(self, service: str) -> None: ...

    @abstractmethod
    def power_off(self, service: str) -> None:
        """Killed, and it stays away until started."""

    @abstractmethod
    def start(self, service: str) -> None: ...

    @abstractmethod
    def networks(self, service: str) -> dict[str, list[str]]:
        """What it is on, and what it takes to connect it again."""

    @abstractmethod
    def cut(self, service: str, networks: dict[str, list[str]]) -> None:
        """Off these networks."""

    @abstractmethod
    def connect(self, service: str, networks: dict[str, list[str]]) -> None:
        """On them again, where it is not."""


def noted(state: Path, file: str) -> dict[str, Any]:
    """What stands in a folder of a cluster."""
    found: dict[str, Any] = json.loads((state / file).read_text())
    return found
