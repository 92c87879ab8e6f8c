"""The containers of a compose project: what Docker says of them, where they are, which part each plays."""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "cluster.json"
DATABASES = ("db1", "db2", "db3")
COORDINATORS = ("etcd1", "etcd2", "etcd3")
DOCKER_SECONDS = 60.0
ADDRESSES_SECONDS = 5.0  # containers that come back may have another address


@dataclass(frozen=True, slots=True)
class Containers:
    """Of the project that is noted in the folder `state`. Every method but `name` raises `OSError`."""

    state: Path

    @property
    def known(self) -> dict[str, str]:
        """What is noted: project, url, public_url, secrets."""
        found: dict[str, str] = json.loads((self.state / FILE).read_text())
        return found

    @property
    def secrets(self) -> Path:
        """The folder of the cluster's secrets and certificates."""
        return Path(self.known["secrets"])

    def secret(self, name: str) -> str:
        path = self.secrets / f"beluga_{name}"
        return (path if path.exists() else self.secrets / name).read_text().strip()

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
        """Where each container is on the inside network; those that are off it are left out."""
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
        """Patroni's view: Member, Role, State, TL. Raises `OSError` where no database answers."""
        for name in DATABASES:
            try:
                words = ("exec", self.name(name), "patronictl", "-c", "/etc/patroni.yml", "list")
                found: list[dict[str, Any]] = json.loads(self.docker(*words, "-f", "json"))
            except (OSError, ValueError, subprocess.TimeoutExpired):
                continue
            return found
        raise OSError("no database answers")

    def who(self, part: str) -> list[str]:
        """The containers that play a part now: primary, synchronous, standbys, coordinators; else a name."""
        if part == "coordinators":
            return list(COORDINATORS)
        wanted = {
            "primary": ("Leader",), "synchronous": ("Sync Standby",), "standbys": ("Sync Standby", "Replica"),
        }.get(part)  # fmt: skip
        if wanted is None:
            return [part]
        return sorted(m["Member"] for m in self.members() if m["Role"] in wanted)


_addresses: dict[Path, tuple[float, dict[str, str]]] = {}
