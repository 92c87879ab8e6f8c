"""A cluster of containers (docker-compose.yml) in rehearsal mode, as its operator's machine sees it.

Texts go through the public address; health, metrics and the database are reached on the inside network, whose
gateway this machine is. What is known of it stands in `cluster.json` of a folder that plays the state's part.
"""

import contextlib
import json
import os
import shutil
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from chaos.target.clock import StackClock
from chaos.target.commands import StackCommands
from chaos.target.containers import FILE, Containers
from chaos.target.services import ClusterServices
from chaos.target.target import SERVICES, NoTargetError, Target, family

ROOT = Path(__file__).resolve().parents[2]
PORTS = {"intake": 8401, "tally": 8402, "callers": 8403, "dashboard": 8404, "database": 8008}
_WITHIN = 'BELUGA_SECRET="$(cat /run/secrets/beluga_secret)" exec beluga "$@"'


def find_cluster(folder: Path) -> "ClusterTarget":
    """The cluster that the environment names, as deploy/cluster does; noted in `folder`.

    Raises `NoTargetError` where none runs, or one that is no rehearsal.
    """
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
    target = ClusterTarget(folder.absolute())
    if shutil.which("docker") is None:
        raise NoTargetError("docker is not installed here")
    try:
        environment = Containers(target.state).inspect("intake1")["Config"]["Env"]
    except (OSError, ValueError, KeyError, IndexError):
        raise NoTargetError(
            f"no cluster {project!r} runs; start one: BELUGA_REHEARSAL=true make cluster-up"
        ) from None
    if "BELUGA_REHEARSAL=true" not in environment:
        raise NoTargetError("this cluster is not a rehearsal, and faults would hurt a real day")
    return target


class ClusterTarget(Target):
    """A compose project, by way of its `containers`."""

    __slots__ = ()
    rules = ROOT / "deploy" / "prometheus" / "alerts.yml"
    runbook = "cluster"

    @property
    def containers(self) -> ClusterServices:
        return Containers(self.state)

    def run(self) -> dict[str, Any]:
        return {"rehearsal": True, "urls": {s: self.url(s) for s in (*SERVICES, "feed")}, "pids": {}}

    def up(self) -> bool:
        return True

    def pid(self, service: str) -> int | None:
        return None  # its processes are the containers'

    def url(self, service: str) -> str:
        url = str(self.containers.known["url"])
        if service == "feed":
            return f"{url.replace('https', 'wss', 1)}/feed"
        if service in ("tally", "callers"):
            return self.inside(service)
        return url

    def inside(self, service: str) -> str:
        places = self.containers.addresses()
        if service == "dashboard":
            name = next(n for n in self.containers.served_by[service] if n in places)
            return f"http://{places[name]}:{PORTS[service]}"
        return f"http://{places['proxy']}:{PORTS[service]}"

    @property
    def public_url(self) -> str:
        return str(self.containers.known["public_url"])

    @property
    def tls(self) -> ssl.SSLContext | None:  # type: ignore[override]
        return ssl.create_default_context(cafile=str(self.containers.secrets / "proxy.crt"))

    @property
    def inner_tls(self) -> ssl.SSLContext | None:  # type: ignore[override]
        """Patroni's pages, which are asked by address."""
        context = ssl.create_default_context(cafile=str(self.containers.secrets / "keepers_authority"))
        context.check_hostname = False
        return context

    def metrics(self) -> dict[str, list[str]]:
        places = self.containers.addresses()
        found = {}
        for job, port in PORTS.items():
            names = self.containers.served_by[job]
            scheme = "https" if job == "database" else "http"
            at = [places.get(name, "0.0.0.0") for name in names]  # noqa: S104
            found[job] = [f"{scheme}://{address}:{port}/metrics" for address in at]
        return found

    @property
    def database_url(self) -> str:
        return url_of(self.containers, *self.containers.served_by["database"])

    def secret(self, name: str) -> str:
        return self.containers.secret(name)

    @property
    def clock(self) -> StackClock:
        return StackClock()

    @property
    def commands(self) -> StackCommands:
        return ClusterCommands(self)

    def keepers(self, part: str) -> list[int]:
        found: list[int] = []
        for service in self.containers.who(part):
            first = int(Containers(self.state).inspect(service)["State"]["Pid"])
            # As first process Patroni only starts itself again and buries the dead: its child keeps
            keepers = [pid for pid in family(first) if b"/patroni\0" in _words_of(pid)]
            if len(keepers) < 2:
                return []
            found += keepers
        return found


@dataclass(frozen=True)
class ClusterCommands(StackCommands):
    """Of a cluster: ours run in a container, those of a runbook beside deploy/cluster."""

    target: ClusterTarget
    folder = ROOT

    def beluga(self, *words: str) -> list[str]:
        """Within a container, whose version is the one that serves."""
        container = Containers(self.target.state).name("tally1")
        return ["docker", "exec", container, "sh", "-c", _WITHIN, "beluga", *words]

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def names(self) -> dict[str, str]:
        """Our commands and deploy/cluster find this cluster by these."""
        target, known = self.target, self.target.containers.known
        return {
            "BELUGA_STATE": str(target.state),
            "BELUGA_PROJECT": known["project"],
            "BELUGA_SECRETS": known["secrets"],
            "BELUGA_HTTPS_ADDRESS": known["url"].removeprefix("https://"),
            "BELUGA_PUBLIC_URL": target.public_url,
            "BELUGA_DATABASE_URL": target.database_url.replace("&target_session_attrs=read-write", ""),
            "BELUGA_TALLY_URL": target.inside("tally"),
            "BELUGA_SECRET": target.secret("secret"),
            "BELUGA_REHEARSAL": "true",
        }


def url_of(containers: ClusterServices, *databases: str) -> str:
    """Of those on the network. asyncpg tries them in turn: a frozen one takes all its patience."""
    places = containers.addresses()
    hosts = ",".join(f"{places[name]}:5432" for name in databases if name in places)
    password = quote(containers.secret("postgres_password"), safe="")
    return f"postgresql://beluga:{password}@{hosts}/beluga?sslmode=require&target_session_attrs=read-write"


def _words_of(pid: int) -> bytes:
    """A process's command line; empty where it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
