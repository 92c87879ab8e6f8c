"""A cluster of containers of this test's own: made, looked into, hurt and thrown away."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import randrange
from typing import Any
from urllib.parse import quote

from beluga.stack.ports import free_port

ROOT = Path(__file__).parents[2]
IMAGES = ("beluga-turnout:local", "beluga-database:local", "beluga-proxy:local", "beluga-prometheus:local")


def why_not() -> str:
    """Why no cluster can run here; empty where one can."""
    if not os.environ.get("BELUGA_TEST_CLUSTER"):
        return "runs by `make test-cluster` (BELUGA_TEST_CLUSTER=1): it takes minutes and most of the machine"
    if shutil.which("docker") is None:
        return "docker is not installed"
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        return "no Docker Engine answers: start it, or set DOCKER_HOST"
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        return "the compose plugin (v2) is not installed"
    for image in IMAGES:
        if subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode:
            return f"the image {image} is missing: make images-local"
    if os.geteuid() != 0:
        return "killing containers' processes needs root"
    return ""


@dataclass
class Cluster:
    """Compose project `name`, its secrets and ports."""

    folder: Path
    name: str
    acknowledge: str = "replicated"
    https: int = field(default_factory=free_port)
    http: int = field(default_factory=free_port)
    prometheus: int = field(default_factory=free_port)
    # beside an operator's own cluster
    inside: str = field(default_factory=lambda: f"172.31.{randrange(1, 240)}")

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.https}"

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "BELUGA_PROJECT": self.name,
            "BELUGA_SECRETS": str(self.secrets),
            "BELUGA_INSIDE": self.inside,
            "BELUGA_HTTPS_ADDRESS": f"127.0.0.1:{self.https}",
            "BELUGA_HTTP_ADDRESS": f"127.0.0.1:{self.http}",
            "BELUGA_PUBLIC_URL": self.url,
            "BELUGA_FEED_PUBLIC_URL": f"wss://127.0.0.1:{self.https}/feed",
            "BELUGA_ACKNOWLEDGE": self.acknowledge,
            "BELUGA_REHEARSAL": "true",
            "BELUGA_IMAGE": IMAGES[0],
            "BELUGA_DATABASE_IMAGE": IMAGES[1],
            "BELUGA_PROXY_IMAGE": IMAGES[2],
            "BELUGA_PROMETHEUS_IMAGE": IMAGES[3],
            "BELUGA_PROMETHEUS_ADDRESS": f"127.0.0.1:{self.prometheus}",
        }

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.secrets / "proxy.crt"))

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text()

    def run(self, *command: str, seconds: float = 180, check: bool = True) -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=seconds,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def compose(self, *words: str, seconds: float = 180, check: bool = True) -> str:
        return self.run("docker", "compose", *words, seconds=seconds, check=check)

    def up(self) -> float:
        """Starts it from nothing; the seconds until everything is healthy."""
        began = time.monotonic()
        self.run("deploy/cluster", "up", seconds=240)
        return time.monotonic() - began

    def destroy(self) -> None:
        self.run("deploy/cluster", "destroy", check=False)

    def inspect(self, service: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(self.run("docker", "inspect", f"{self.name}-{service}-1"))
        return found[0]

    def pid(self, service: str) -> int:
        return int(self.inspect(service)["State"]["Pid"])

    def kill(self, service: str) -> None:
        """As a machine loses power: the container's processes are gone, its restart policy brings it back."""
        os.kill(self.pid(service), signal.SIGKILL)

    def docker(self, verb: str, service: str) -> None:
        self.run("docker", verb, f"{self.name}-{service}-1")

    def destroy_disk(self, *services: str) -> None:
        """As a machine burns down: gone in the same moment, and with it all that its disk held."""
        for service in services:
            self.docker("kill", service)
        self.compose("rm", "--force", *services)
        for service in services:
            self.run("docker", "volume", "rm", f"{self.name}_{service}")

    def start(self, *services: str) -> None:
        """A new machine of the same name, its disk empty where the old one's was destroyed."""
        self.compose("up", "--detach", "--no-build", "--no-deps", *services)

    def until_healthy(self, service: str, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while self.inspect(service)["State"].get("Health", {}).get("Status") != "healthy":
            assert time.monotonic() < deadline, f"{service} is not healthy after {seconds} s"
            time.sleep(0.2)

    def members(self) -> list[dict[str, Any]]:
        """What Patroni says of the databases; empty where none answers."""
        for database in ("db1", "db2", "db3"):
            said = self.run(
                "docker", "compose", "exec", "-T", database, "patronictl", "-c", "/etc/patroni.yml",
                "list", "-f", "json", check=False,
            )  # fmt: skip
            if said:
                found: list[dict[str, Any]] = json.loads(said)
                return found
        return []

    def synchronous_standby(self) -> str:
        return next(str(m["Member"]) for m in self.members() if m["Role"] == "Sync Standby")

    def address(self, service: str) -> str:
        networks = self.inspect(service)["NetworkSettings"]["Networks"]
        return str(networks[f"{self.name}_inside"]["IPAddress"])

    def primary(self) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = self.run("deploy/cluster", "primary", check=False).strip()
            if found:
                return found
            time.sleep(0.5)
        raise AssertionError("no primary for 60 s")

    def until_replicated(self, seconds: float = 90) -> None:
        """Until three databases stream from one primary, one of them synchronously."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            members = self.members()
            roles = [m["Role"] for m in members]
            states = {m["State"] for m in members}
            if (
                len(roles) == 3
                and "Sync Standby" in roles
                and "Leader" in roles
                and states <= {"running", "streaming"}
            ):
                return
            time.sleep(0.5)
        raise AssertionError(f"not replicated after {seconds} s: {self.members()}")

    @property
    def database_url(self) -> str:
        """The databases from the host, which reaches the inside network as its gateway."""
        hosts = []
        for database in ("db1", "db2", "db3"):
            address = self.address(database)
            if address:
                hosts.append(f"{address}:5432")
        password = quote(self.secret("postgres_password"))
        return f"postgresql://beluga:{password}@{','.join(hosts)}/beluga?sslmode=require"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
