"""A cluster of containers (docker-compose.yml) in rehearsal mode, as its operator's machine sees it.

Texts go through the public address; health, metrics and the database are reached on the inside network, whose
gateway this machine is. What is known of it stands in `cluster.json` of a folder that plays the state's part.
"""

import contextlib
import json
import os
import shutil
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from chaos.target.target import SERVICES, NoTargetError, Target, family

FILE = "cluster.json"
ROOT = Path(__file__).resolve().parents[2]
DATABASES = ("db1", "db2", "db3")
COORDINATORS = ("etcd1", "etcd2", "etcd3")
PORTS = {"intake": 8401, "tally": 8402, "callers": 8403, "dashboard": 8404, "database": 8008}
CONTAINERS = {
    "database": DATABASES, **{service: (f"{service}1", f"{service}2") for service in SERVICES},
}  # fmt: skip
DOCKER_SECONDS = 60.0
_WITHIN = 'BELUGA_SECRET="$(cat /run/secrets/beluga_secret)" exec beluga "$@"'
ADDRESSES_SECONDS = 5.0  # containers that come back may have another address


class ClusterTarget(Target):
    """A compose project. Raises `NoTargetError` where none runs, or one that is no rehearsal."""

    __slots__ = ()
    rules = ROOT / "deploy" / "prometheus" / "alerts.yml"
    of_containers = True

    @classmethod
    def found(cls, folder: Path) -> "ClusterTarget":
        """The cluster that the environment names, as deploy/cluster does; noted in `folder`."""
        project = os.environ.get("BELUGA_PROJECT", "beluga")
        address = os.environ.get("BELUGA_HTTPS_ADDRESS", "127.0.0.1:8443")
        known = {
            "project": project,
            "url": f"https://{address}",
            "public_url": os.environ.get("BELUGA_PUBLIC_URL", f"https://{address}"),
            "secrets": str(Path(os.environ.get("BELUGA_SECRETS", ROOT / "secrets")).absolute()),
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(json.dumps(known))
        target = cls(folder.absolute())
        if shutil.which("docker") is None:
            raise NoTargetError("docker is not installed here")
        try:
            environment = target.inspect("intake1")["Config"]["Env"]
        except (OSError, ValueError, KeyError, IndexError):
            raise NoTargetError(
                f"no cluster {project!r} runs; start one: BELUGA_REHEARSAL=true make cluster-up"
            ) from None
        if "BELUGA_REHEARSAL=true" not in environment:
            raise NoTargetError("this cluster is not a rehearsal, and faults would hurt a real day")
        return target

    @property
    def known(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.state / FILE).read_text())
        return found

    def container(self, service: str) -> str:
        return f"{self.known['project']}-{service}-1"

    def docker(self, *words: str) -> str:
        """Raises `OSError` where it fails."""
        done = subprocess.run(
            ["docker", *words], capture_output=True, text=True, timeout=DOCKER_SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise OSError(f"docker {' '.join(words)}: {done.stderr.strip()[-300:]}")
        return done.stdout

    def inspect(self, service: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(self.docker("inspect", self.container(service)))
        return found[0]

    @property
    def network(self) -> str:
        return f"{self.known['project']}_inside"

    def addresses(self) -> dict[str, str]:
        """Where each container is on the inside network; those that are off it are left out."""
        kept = _addresses.get(self.state)
        if kept is not None and time.monotonic() - kept[0] < ADDRESSES_SECONDS:
            return kept[1]
        network = json.loads(self.docker("network", "inspect", self.network))[0]
        start, end = f"{self.known['project']}-", "-1"
        found = {
            each["Name"].removeprefix(start).removesuffix(end): each["IPv4Address"].split("/")[0]
            for each in network["Containers"].values()
        }
        _addresses[self.state] = time.monotonic(), found
        return found

    # ------------------------------------------------------------------ what a target tells

    def run(self) -> dict[str, Any]:
        return {"rehearsal": True, "urls": {s: self.url(s) for s in (*SERVICES, "feed")}, "pids": {}}

    def up(self) -> bool:
        return True

    def pid(self, service: str) -> int | None:
        return None  # its processes are the containers'

    def url(self, service: str) -> str:
        if service == "feed":
            return f"{self.known['url'].replace('https', 'wss', 1)}/feed"
        if service in ("tally", "callers"):
            return self.inside(service)
        return self.known["url"]

    def inside(self, service: str) -> str:
        places = self.addresses()
        if service == "dashboard":
            name = next(n for n in CONTAINERS[service] if n in places)
            return f"http://{places[name]}:{PORTS[service]}"
        return f"http://{places['proxy']}:{PORTS[service]}"

    @property
    def public_url(self) -> str:
        return self.known["public_url"]

    @property
    def tls(self) -> ssl.SSLContext | None:  # type: ignore[override]
        return ssl.create_default_context(cafile=str(Path(self.known["secrets"]) / "proxy.crt"))

    @property
    def inner_tls(self) -> ssl.SSLContext | None:  # type: ignore[override]
        """Patroni's pages, which are asked by address."""
        context = ssl.create_default_context(cafile=str(Path(self.known["secrets"]) / "keepers_authority"))
        context.check_hostname = False
        return context

    def metrics(self) -> dict[str, list[str]]:
        places = self.addresses()
        found = {}
        for job, names in CONTAINERS.items():
            scheme = "https" if job == "database" else "http"
            at = [places.get(name, "0.0.0.0") for name in names]  # noqa: S104
            found[job] = [f"{scheme}://{address}:{PORTS[job]}/metrics" for address in at]
        return found

    @property
    def database_url(self) -> str:
        return self.url_of(*DATABASES)

    def url_of(self, *databases: str) -> str:
        """Of those on the network. asyncpg tries them in turn: a frozen one takes all its patience."""
        places = self.addresses()
        hosts = ",".join(f"{places[name]}:5432" for name in databases if name in places)
        password = quote(self.secret("postgres_password"), safe="")
        return (
            f"postgresql://beluga:{password}@{hosts}/beluga?sslmode=require&target_session_attrs=read-write"
        )

    def secret(self, name: str) -> str:
        folder = Path(self.known["secrets"])
        path = folder / f"beluga_{name}"
        return (path if path.exists() else folder / name).read_text().strip()

    @property
    def clock_file(self) -> Path | None:
        return None

    def clock(self) -> tuple[float, float]:
        return time.time(), 1.0

    def beluga(self, *words: str) -> list[str]:
        """Within a container, whose version is the one that serves."""
        return ["docker", "exec", self.container("tally1"), "sh", "-c", _WITHIN, "beluga", *words]

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def names(self) -> dict[str, str]:
        """Our commands and deploy/cluster find this cluster by these."""
        known = self.known
        return {
            "BELUGA_STATE": str(self.state),
            "BELUGA_PROJECT": known["project"],
            "BELUGA_SECRETS": known["secrets"],
            "BELUGA_HTTPS_ADDRESS": known["url"].removeprefix("https://"),
            "BELUGA_PUBLIC_URL": self.public_url,
            "BELUGA_DATABASE_URL": self.database_url.replace("&target_session_attrs=read-write", ""),
            "BELUGA_TALLY_URL": self.inside("tally"),
            "BELUGA_SECRET": self.secret("secret"),
            "BELUGA_REHEARSAL": "true",
        }

    @property
    def folder(self) -> Path:
        return ROOT

    # ------------------------------------------------------------------ who plays which part

    def members(self) -> list[dict[str, Any]]:
        """Patroni's view: Member, Role, State, TL. Raises `OSError` where no database answers."""
        for name in DATABASES:
            try:
                words = ("exec", self.container(name), "patronictl", "-c", "/etc/patroni.yml", "list")
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

    def keepers(self, part: str) -> list[int]:
        found: list[int] = []
        for service in self.who(part):
            first = int(self.inspect(service)["State"]["Pid"])
            # As first process Patroni only starts itself again and buries the dead: its child keeps
            keepers = [pid for pid in family(first) if b"/patroni\0" in _words_of(pid)]
            if len(keepers) < 2:
                return []
            found += keepers
        return found


def _words_of(pid: int) -> bytes:
    """A process's command line; empty where it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


_addresses: dict[Path, tuple[float, dict[str, str]]] = {}
