"""The stack a rehearsal runs against, as seen from outside: addresses, process ids, a database, secrets.

Everything is read from the stack's state folder (`run.json`, `secrets.toml`, `clock`), anew each time it is
asked for, because services die and come back while we look.
"""

import hashlib
import json
import os
import ssl
import struct
import sys
import time
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from itsdangerous import URLSafeTimedSerializer

from chaos.errors import ChaosError

SERVICES = ("intake", "tally", "callers", "dashboard")
_CLOCK = struct.Struct("<Qddd")  # version, real anchor, stack anchor, speed


class NoTargetError(ChaosError):
    """No rehearsal runs in this state folder. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """A stack in rehearsal mode on this machine. `state` is its folder."""

    state: Path
    tls: ClassVar[ssl.SSLContext | None] = None
    inner_tls: ClassVar[ssl.SSLContext | None] = None  # whose word `metrics()` is believed on
    rules: ClassVar[Path | None] = None  # its alerts; None: chaos/alerts.yml
    of_containers: ClassVar[bool] = False  # a cluster: runbooks have commands of their own for it

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
        found: dict[str, Any] = json.loads((self.state / "run.json").read_bytes())
        return found

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
    def folder(self) -> Path | None:
        """Where a runbook's commands are typed; None: anywhere."""
        return None

    @property
    def public_url(self) -> str:
        """The address over which providers sign."""
        return self.environment().get("BELUGA_PUBLIC_URL") or self.url("intake")

    def keepers(self, part: str) -> list[int]:
        """The processes of Patroni that keep the database's `part` (primary …); none where there is none."""
        return []

    def metrics(self) -> dict[str, list[str]]:
        """Where each service's metrics are, by job."""
        return {service: [f"{self.url(service)}/metrics"] for service in SERVICES}

    def beluga(self, *words: str) -> list[str]:
        """The command line of one of our commands, to be run with `environment` and `names`."""
        return [sys.executable, "-m", "beluga", *words]

    def environment(self) -> dict[str, str]:
        """The environment in which the stack was started; ours where it cannot be seen."""
        try:
            content = Path(f"/proc/{int(self.run()['pid'])}/environ").read_bytes().decode()
            found = dict(line.split("=", 1) for line in content.split("\0") if "=" in line)
        except (OSError, ValueError, KeyError):
            found = {}
        return found or dict(os.environ)

    def names(self) -> dict[str, str]:
        """What a runbook's commands may name: the stack's folder, and how it is started again."""
        found = {"BELUGA_STATE": str(self.state)}
        try:
            run = self.run()
            at, speed = self.clock()
            words = ["--port-base", str(int(run["ports"]["intake"]) - 1), "--rehearsal"]
            if run.get("clock_file"):
                words += ["--clock", datetime.fromtimestamp(at, UTC).isoformat(), "--speed", f"{speed:g}"]
            found["BELUGA_UP"] = " ".join(words)
        except (OSError, ValueError, KeyError):
            pass
        return found

    @property
    def database_url(self) -> str:
        return str(self.run()["database_url"])

    def secret(self, name: str) -> str:
        """`secret`, `generic_secret` or `twilio_auth_token`."""
        given = os.environ.get(f"BELUGA_{name.upper()}")
        if given:
            return given
        return str(tomllib.loads((self.state / "secrets.toml").read_text(encoding="utf-8"))[name])

    def token(self, purpose: str, value: dict[str, Any]) -> str:
        """A signed token, in the form that docs/architecture.md gives."""
        return str(URLSafeTimedSerializer(self.secret("secret"), salt=f"beluga.{purpose}").dumps(value))

    @property
    def bearer(self) -> dict[str, str]:
        """Headers of a call between services; good for five minutes."""
        token = self.token("service", {"account": "rehearsal", "role": "admin", "machine": True})
        return {"Authorization": f"Bearer {token}"}

    @property
    def journal(self) -> Path:
        """The folder of intake's journal."""
        return self.state / "intake" / "journal"

    # ------------------------------------------------------------------ the rehearsal's clock

    @property
    def clock_file(self) -> Path | None:
        name = self.run().get("clock_file")
        return Path(name) if name else None

    def clock(self) -> tuple[float, float]:
        """(stack time in seconds since the epoch, stack seconds a second)."""
        if self.clock_file is None:
            return time.time(), 1.0
        while True:
            version, real, stack, speed = _CLOCK.unpack(self.clock_file.read_bytes()[: _CLOCK.size])
            if version % 2 == 0:
                return stack + (time.time() - real) * speed, speed

    def set_clock(self, at: float, speed: float) -> None:
        """Every process of the rehearsal sees it at once."""
        assert self.clock_file is not None
        with self.clock_file.open("r+b") as file:
            (version,) = struct.unpack("<Q", file.read(8))
            version += version % 2
            for place, packed in (
                (0, struct.pack("<Q", version + 1)),
                (8, struct.pack("<ddd", time.time(), at, speed)),
                (0, struct.pack("<Q", version + 2)),
            ):
                file.seek(place)
                file.write(packed)
                file.flush()


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
