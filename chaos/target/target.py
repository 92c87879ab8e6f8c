"""The stack a rehearsal runs against, as seen from outside: addresses, process ids, a database, secrets.

Everything is read from the stack's state folder (`run.json`, `secrets.toml`, `clock`), anew each time it is
asked for, because services die and come back while we look.
"""

import hashlib
import os
import ssl
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from chaos.errors import ChaosError
from chaos.target.clock import StackClock
from chaos.target.commands import MachineCommands, StackCommands
from chaos.target.run_file import clock_of, read_run
from chaos.target.tokens import StackTokens

SERVICES = ("intake", "tally", "callers", "dashboard")


class NoTargetError(ChaosError):
    """No rehearsal runs in this state folder. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """A stack in rehearsal mode on this machine. `state` is its folder."""

    state: Path
    tls: ClassVar[ssl.SSLContext | None] = None
    inner_tls: ClassVar[ssl.SSLContext | None] = None  # whose word `metrics()` is believed on
    rules: ClassVar[Path | None] = None  # its alerts; None: chaos/alerts.yml
    runbook: ClassVar[str] = ""  # cluster, hosts: runbooks have commands of their own for it

    @classmethod
    def of_state(cls, state: Path) -> "Target":
        """Raises `NoTargetError` where no stack runs, or where one runs that is no rehearsal."""
        target = cls(state.absolute())
        try:
            run = target.run()
        except (OSError, ValueError):
            raise NoTargetError(f"no stack runs in {state}; start one: beluga up --rehearsal") from None
        if not run.get("rehearsal"):
            raise NoTargetError(
                f"the stack in {state} is not a rehearsal, and faults would hurt a real day; start it with: "
                "beluga up --rehearsal"
            )
        return target

    def run(self) -> dict[str, Any]:
        """What runs now. Raises `OSError`, `ValueError`."""
        return read_run(self.state)

    def up(self) -> bool:
        """Whether anything runs here at all."""
        try:
            return alive(int(self.run()["pid"]))
        except (OSError, ValueError, KeyError):
            return False

    def url(self, service: str) -> str:
        return str(self.run()["urls"][service])

    def pid(self, service: str) -> int | None:
        """The process id of a service or of `postgres`; None while it is down."""
        try:
            pid = self.run()["pids"].get(service)
        except (OSError, ValueError):
            return None
        return int(pid) if pid and alive(int(pid)) else None

    def inside(self, service: str) -> str:
        """Where a service says how it is."""
        return self.url(service)

    @property
    def public_url(self) -> str:
        """The address over which providers sign."""
        return self.commands.environment().get("BELUGA_PUBLIC_URL") or self.url("intake")

    def keepers(self, part: str) -> list[int]:
        """The processes of Patroni that keep the database's `part` (primary …); none where there is none."""
        return []

    def metrics(self) -> dict[str, list[str]]:
        """Where each service's metrics are, by job."""
        return {service: [f"{self.url(service)}/metrics"] for service in SERVICES}

    @property
    def database_url(self) -> str:
        return str(self.run()["database_url"])

    def secret(self, name: str) -> str:
        """`secret`, `generic_secret` or `twilio_auth_token`."""
        given = os.environ.get(f"BELUGA_{name.upper()}")
        if given:
            return given
        return str(tomllib.loads((self.state / "secrets.toml").read_text(encoding="utf-8"))[name])

    @property
    def tokens(self) -> StackTokens:
        """What its secret signs."""
        return StackTokens(self.secret("secret"))

    @property
    def journal(self) -> Path:
        """The folder of intake's journal."""
        return self.state / "intake" / "journal"

    @property
    def clock(self) -> StackClock:
        """The rehearsal's clock."""
        return clock_of(self.run())

    @property
    def commands(self) -> StackCommands:
        """How commands are run against this stack."""
        return MachineCommands(self.state)


def message_id(provider: str, key: str) -> UUID:
    """The id of a message, as docs/journal.md defines it."""
    return UUID(bytes=hashlib.sha256(f"{provider}\0{key}".encode()).digest()[:16])


def check_in_id(message: UUID, part: int) -> UUID:
    """The id of the `part`-th entry read out of a message."""
    return UUID(bytes=hashlib.sha256(message.bytes + part.to_bytes(4, "big")).digest()[:16])


def alive(pid: int) -> bool:
    """Whether a process with this id exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def family(pid: int) -> list[int]:
    """A process and its children."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in children.read_text().split()]
    return found
