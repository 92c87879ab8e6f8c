"""The containers of a compose project: what Docker says of them, where they are, and harm to them."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.target.services import ClusterServices, Condition, noted

FILE = "cluster.json"
DATABASES = ("db1", "db2", "db3")
COORDINATORS = ("etcd1", "etcd2", "etcd3")
SERVED_BY = {
    "database": DATABASES,
    "coordinators": COORDINATORS,
    **{service: (f"{service}1", f"{service}2") for service in ("intake", "tally", "callers", "dashboard")},
}
DOCKER_SECONDS = 60.0
ADDRESSES_SECONDS = 5.0  # containers that come back may have another address


@dataclass(frozen=True, slots=True)
class Containers(ClusterServices):
    """Of a compose project. `known` names it: project."""

    @property
    def known(self) -> dict[str, Any]:
        return noted(self.state, FILE)

    @property
    def served_by(self) -> Mapping[str, tuple[str, ...]]:
        return SERVED_BY

    def name(self, service: str) -> str:
        """The container of a service, as Docker calls it."""
        return f"{self.known['project']}-{service}-1"

    def docker(self, *words: str) -> str:
        """What a command of Docker's prints. Raises `OSError` where it fails."""
        done = subprocess.run(
            ["docker", *words], capture_output=True, text=True, timeout=DOCKER_SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise OSError(f"docker {' '.join(words)}: {done.stderr.strip()[-300:]}")
        return done.stdout

    def inspect(self, service: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(self.docker("inspect", self.name(service)))
        return found[0]

    def addresses(self) -> dict[str, str]:
        kept = _addresses.get(self.state)
        if kept is not None and time.monotonic() - kept[0] < ADDRESSES_SECONDS:
            return kept[1]
        project = self.known["project"]
        network = json.loads(self.docker("network", "inspect", f"{project}_inside"))[0]
        start, end = f"{project}-", "-1"
        found = {
            each["Name"].removeprefix(start).removesuffix(end): each["IPv4Address"].split("/")[0]
            for each in network["Containers"].values()
        }
        _addresses[self.state] = time.monotonic(), found
        return found

    def members(self) -> list[dict[str, Any]]:
        for name in DATABASES:
            try:
                words = ("exec", self.name(name), "patronictl", "-c", "/etc/patroni.yml", "list")
                found: list[dict[str, Any]] = json.loads(self.docker(*words, "-f", "json"))
            except (OSError, ValueError, subprocess.TimeoutExpired):
                continue
            return found
        raise OSError("no database answers")

    def condition(self, service: str) -> Condition:
        state = self.inspect(service)["State"]
        return "frozen" if state["Paused"] else "running" if state.get("Running") else "off"

    def freeze(self, service: str) -> None:
        self.docker("pause", self.name(service))

    def thaw(self, service: str) -> None:
        self.docker("unpause", self.name(service))

    def power_off(self, service: str) -> None:
        self.docker("kill", self.name(service))

    def start(self, service: str) -> None:
        self.docker("start", self.name(service))

    def networks(self, service: str) -> dict[str, list[str]]:
        """With the words that connect it again: under its names, with an address it was given."""
        found: dict[str, list[str]] = {}
        for name, network in self.inspect(service)["NetworkSettings"]["Networks"].items():
            names = sorted({service, *(network.get("Aliases") or ())})
            address = (network.get("IPAMConfig") or {}).get("IPv4Address")
            found[name] = [w for alias in names for w in ("--alias", alias)]
            found[name] += ["--ip", address] if address else []
        return found

    def cut(self, service: str, networks: dict[str, list[str]]) -> None:
        for network in networks:
            self.docker("network", "disconnect", network, self.name(service))

    def connect(self, service: str, networks: dict[str, list[str]]) -> None:
        there = self.networks(service)
        for network, words in networks.items():
            if network not in there:
                self.docker("network", "connect", *words, network, self.name(service))


_addresses: dict[Path, tuple[float, dict[str, str]]] = {}
