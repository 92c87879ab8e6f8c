"""Two PostgreSQL that Patroni keeps, with etcd, on loopback: a small form of the cluster's database.

Patroni is the one of the cluster's images (deploy/patroni.lock, in .venv/patroni), etcd is Debian's; `make
test` gets both. PostgreSQL is the embedded one. The timings are those of deploy/patroni.yml, and so is who
may ask: etcd answers only who holds a certificate of deploy/make-secrets, and so does Patroni where anything
is to be changed.
"""

import asyncio
import json
import os
import shutil
import signal
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import yaml

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from chaos.target.cluster import ClusterTarget
from chaos.target.target import Target

TOOLS = Path(__file__).resolve().parent.parent.parent / ".venv" / "patroni"
PATRONI = TOOLS / "bin" / "patroni"
DEPLOY = TOOLS.parent.parent / "deploy"
CONFIGURATION = DEPLOY / "patroni.yml"
READY_SECONDS, STOP_SECONDS = 150.0, 30.0  # no promises: a busy machine takes its time
NAMES = ("db1", "db2")
PASSWORD = "here"


def missing() -> str:
    """Why it cannot run here; empty where it can."""
    if not PATRONI.exists():
        return "Patroni is not here; get it with: make patroni"
    if etcd() is None:
        return "etcd is not here; get Debian's with: make patroni"
    if shutil.which("setpriv") is None:
        return "setpriv is not here; get util-linux"
    return ""


def etcd() -> str | None:
    """Its program: the one unpacked beside Patroni, else one that is installed."""
    unpacked = TOOLS / "etcd" / "usr" / "bin" / "etcd"
    return str(unpacked) if unpacked.exists() else shutil.which("etcd")


def _apart(server: EmbeddedPostgres | None = None) -> list[str]:
    """What to put before a command that must end with us; as `server`'s account, where we are root.

    That account may read our Python, wherever it lies.
    """
    command = ["setpriv", "--pdeathsig", "TERM"]
    account = server._account if server else None
    if account is None:
        return command
    who = ("--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups")
    return [*command, *who, "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]


@dataclass(slots=True)
class Member:
    """One Patroni and its database."""

    name: str
    server: EmbeddedPostgres  # for its binaries, its folder and its account; Patroni starts it
    rest: int  # port of Patroni's REST API
    process: "subprocess.Popen[bytes]"


class Patronis:
    """`start()`, and `stop()` whatever happened."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._etcd: subprocess.Popen[bytes] | None = None
        self.members: list[Member] = []
        self.secrets = folder / "secrets"
        self.etcd_url = ""

    @property
    def stranger(self) -> ssl.SSLContext:
        """Knows whom to believe, and shows no certificate."""
        return ssl.create_default_context(cafile=str(self.secrets / "keepers_authority"))

    @property
    def ours(self) -> ssl.SSLContext:
        """As Patroni shows itself."""
        context = self.stranger
        context.load_cert_chain(self.secrets / "patroni_certificate")
        return context

    @property
    def url(self) -> str:
        """The database `beluga` on whichever host takes writes."""
        return self._url("beluga")

    def _url(self, database: str) -> str:
        hosts = ",".join(f"127.0.0.1:{member.server.port}" for member in self.members)
        return f"postgresql://beluga:{PASSWORD}@{hosts}/{database}"

    def start(self) -> None:
        """Returns once one database leads and the other follows it synchronously."""
        subprocess.run([DEPLOY / "make-secrets", self.secrets], check=True)
        client, peer = f"https://127.0.0.1:{free_port()}", f"https://127.0.0.1:{free_port()}"
        self.etcd_url = client
        authority, certificate = self.secrets / "keepers_authority", self.secrets / "etcd1_certificate"
        with (self._folder / "etcd.log").open("wb") as log:
            self._etcd = subprocess.Popen(
                [*_apart(), str(etcd()), "--data-dir", str(self._folder / "etcd"),
                 "--listen-client-urls", client, "--advertise-client-urls", client,
                 "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                 "--initial-cluster", f"default={peer}",
                 "--client-cert-auth", "--trusted-ca-file", str(authority),
                 "--cert-file", str(certificate), "--key-file", str(certificate),
                 "--peer-client-cert-auth", "--peer-cert-allowed-cn", "etcd",
                 "--peer-trusted-ca-file", str(authority),
                 "--peer-cert-file", str(certificate), "--peer-key-file", str(certificate)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        for name in NAMES:
            self._start(name, client)
        _until(lambda: sorted(self.roles().values()) == ["leader", "sync_standby"], "a synchronous standby")
        asyncio.run(self._make_database())

    def _start(self, name: str, etcd_url: str) -> None:
        server = EmbeddedPostgres(self._folder / name, free_port(), PASSWORD)
        server.home.mkdir(parents=True, exist_ok=True)
        if server._account:
            server.home.chmod(0o700)
        rest = free_port()
        said = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
        cluster: dict[str, Any] = said["bootstrap"]["dcs"]
        for unneeded in ("archive_mode", "archive_timeout", "archive_command"):
            cluster["postgresql"]["parameters"].pop(unneeded)
        made = {
            "scope": "here",
            "name": name,
            "bootstrap": {"dcs": cluster, "initdb": said["bootstrap"]["initdb"]},
            **{part: self._here(said[part]) for part in ("restapi", "ctl", "etcd3")},
            "postgresql": {
                "listen": f"127.0.0.1:{server.port}",
                "connect_address": f"127.0.0.1:{server.port}",
                "data_dir": str(server.data),
                "bin_dir": str(Path(server.command()[0]).parent),
                "pgpass": str(server.home / "pgpass"),
                "basebackup": said["postgresql"]["basebackup"],
                "parameters": {"unix_socket_directories": "", "shared_buffers": "32MB"},
                "pg_hba": [
                    "host replication all 127.0.0.1/32 scram-sha-256",
                    "host all all 127.0.0.1/32 scram-sha-256",
                ],
                "authentication": {
                    "superuser": {"username": "beluga", "password": PASSWORD},
                    "replication": {"username": "replicator", "password": PASSWORD},
                },
                "remove_data_directory_on_rewind_failure": True,
                "remove_data_directory_on_diverged_timelines": True,
            },
        }
        made["restapi"] |= {"listen": f"127.0.0.1:{rest}", "connect_address": f"127.0.0.1:{rest}"}
        made["etcd3"] |= {"host": etcd_url.removeprefix("https://")}
        configuration = server.home / "patroni.yml"
        configuration.write_text(yaml.safe_dump(made), encoding="utf-8")
        for path in (server.home, configuration):
            server._runs_as.own(path)
        with server.open_log() as log:
            process = subprocess.Popen(
                [*_apart(server), str(PATRONI), str(configuration)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=server.home,
            )  # fmt: skip
        self.members.append(Member(name, server, rest, process))

    def _here(self, part: dict[str, Any]) -> dict[str, Any]:
        """A part of deploy/patroni.yml with the secrets where they are here."""
        return {
            name: value.replace("/run/secrets", str(self.secrets)) if isinstance(value, str) else value
            for name, value in part.items()
        }

    async def _make_database(self) -> None:
        connection = await asyncpg.connect(self._url("postgres") + "?target_session_attrs=read-write")
        await connection.execute("create database beluga")
        await connection.close()

    def roles(self) -> dict[str, str]:
        """What each database is, as any Patroni that answers says: leader, sync_standby, replica."""
        for member in self.members:
            with (
                suppress(OSError, ValueError),
                urllib.request.urlopen(
                    f"https://127.0.0.1:{member.rest}/cluster", timeout=1, context=self.stranger
                ) as answer,
            ):
                return {
                    m["name"]: m["role"]
                    for m in json.load(answer)["members"]
                    if m["state"] in ("running", "streaming")
                }
        return {}

    def stop(self) -> None:
        """Ends all of it, also what stands still, and deletes what it stored outside of the test's folder."""
        for member in self.members:
            with suppress(ProcessLookupError):
                os.kill(member.process.pid, signal.SIGCONT)
            member.process.terminate()
        for member in self.members:
            member.process.wait(STOP_SECONDS)
            shutil.rmtree(member.server.home, ignore_errors=True)
        if self._etcd is not None:
            self._etcd.terminate()
            self._etcd.wait(STOP_SECONDS)


@dataclass(frozen=True, slots=True)
class KeptTarget(Target):
    """One machine's stack on such a database."""

    patronis: Patronis
    rules = ClusterTarget.rules

    @property
    def database_url(self) -> str:
        return f"{self.patronis.url}?target_session_attrs=read-write"

    @property
    def inner_tls(self) -> ssl.SSLContext | None:  # type: ignore[override]
        return self.patronis.stranger

    def metrics(self) -> dict[str, list[str]]:
        databases = [f"https://127.0.0.1:{member.rest}/metrics" for member in self.patronis.members]
        return {**Target.metrics(self), "database": databases}

    def keepers(self, part: str) -> list[int]:
        assert part == "primary"
        roles = self.patronis.roles()
        return [m.process.pid for m in self.patronis.members if roles.get(m.name) == "leader"]


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"no {what} within {READY_SECONDS:.0f} s"
        time.sleep(0.2)
