"""A state folder: which stack lives in it, on which ports, with which secrets.

<state>/secrets.toml   made once, mode 0600; the environment overrides each
<state>/stack.json     how it was last started: port base, public address
<state>/run.json       what runs now: pids, addresses, the database's URL; mode 0600; gone when it stops
<state>/stack.lock     held by the supervisor for as long as it lives
<state>/clock          a rehearsal's shared clock
<state>/logs/*.log     one a service
<state>/postgres/      the embedded database (below /var/lib/beluga where root's folder is private)
"""

import errno
import fcntl
import os
import secrets
import stat
import tomllib
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from beluga.errors import BelugaError
from beluga.stack.postgres import make_passable
from election.runtime.private_files import FOLDER, PASSABLE, tighten

DEFAULT_STATE = Path(".beluga")
DEFAULT_PORT_BASE = 8400
MOST_PORT_BASE = 65_535 - 6  # PostgreSQL's port is the sixth above it
SECRET_NAMES = ("secret", "generic_secret", "twilio_auth_token", "postgres_password")
SERVICES = ("intake", "tally", "callers", "dashboard")


class NoStackError(BelugaError):
    """No stack runs in this folder, or it left no word of where its database is."""

    def __init__(self, state: Path) -> None:
        super().__init__(f"no stack runs in {state}; start one with: beluga up --state {state}")
        self.state = state


class StackBusyError(BelugaError):
    """Another supervisor holds this state folder."""

    def __init__(self, state: Path) -> None:
        super().__init__(f"a stack already runs in {state}; stop it with: beluga down --state {state}")
        self.state = state


class DamagedSecretsError(BelugaError):
    """The file of secrets cannot be read: made again, every link and session would be void."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is damaged; mend it, or put your copy of it back")


@dataclass(frozen=True, slots=True)
class Ports:
    """The stack's ports on this machine; by default intake 8401, tally 8402 and so on."""

    intake: int
    tally: int
    callers: int
    dashboard: int
    feed: int
    postgres: int

    @classmethod
    def from_base(cls, base: int) -> "Ports":
        return cls(base + 1, base + 2, base + 3, base + 4, base + 5, base + 6)

    @property
    def span(self) -> tuple[int, ...]:
        return (self.intake, self.tally, self.callers, self.dashboard, self.feed, self.postgres)


@dataclass(frozen=True, slots=True)
class RunFile:
    """What `run.json` says of a running stack."""

    pid: int  # the supervisor's
    started_at: str  # ISO 8601, UTC, real time
    ports: dict[str, int]
    urls: dict[str, str]
    database_url: str
    clock_file: str | None = None
    rehearsal: bool = False
    ready: bool = False
    pids: dict[str, int] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    public_url: str = ""  # where people reach it, where that was named
    first_account_url: str = ""  # where there is no account yet: opens the page that makes the first


def urls_of(ports: Ports, host: str = "127.0.0.1") -> dict[str, str]:
    """Where each service answers."""
    return {name: f"http://{host}:{getattr(ports, name)}" for name in SERVICES} | {
        "feed": f"ws://{host}:{ports.feed}"
    }


def write_private(path: Path, content: bytes) -> None:
    """Replaces a file at once, readable by its owner alone; what is no file (`/dev/null`) is let be."""
    if path.exists() and not path.is_file():
        raise FileExistsError(errno.EEXIST, "there is something else of this name", str(path))
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def write_run_file(state: Path, run: RunFile) -> None:
    """Says what runs in `state` (never half: the file is replaced at once)."""
    write_private(state / "run.json", orjson.dumps(asdict(run), option=orjson.OPT_INDENT_2))


def read_run_file(state: Path) -> RunFile:
    """What runs in `state`. Raises `NoStackError` where nothing does."""
    try:
        run = RunFile(**orjson.loads((state / "run.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        raise NoStackError(state) from None
    if not alive(run.pid):
        raise NoStackError(state)
    return run


def database_url(state: Path) -> str:
    """The database of this state folder: `BELUGA_DATABASE_URL` (or its secret file), else the stack's own.

    Raises `NoStackError` where there is neither.
    """
    from election.runtime.settings import SharedSettings  # pydantic: not in a supervisor

    return _checked(SharedSettings().database_url) or read_run_file(state).database_url


def _checked(url: str) -> str:
    from election.postgres.connector import hosts_of

    try:
        for host in hosts_of(url):
            parts = urlsplit(host)
            if parts.scheme not in ("postgresql", "postgres") or parts.port == 0:
                raise ValueError
        if url and not hosts_of(url):
            raise ValueError
    except ValueError:  # also what cannot be split, and a port that is no number
        raise ValueError("BELUGA_DATABASE_URL: write it as postgresql://user:password@host/name") from None
    return url


def given_secret(name: str) -> str:
    """A secret where no stack made it: `BELUGA_NAME`, else the file beluga_NAME in `BELUGA_SECRETS_DIR`
    (default ./secrets); empty where there is neither.
    """
    path = Path(os.environ.get("BELUGA_SECRETS_DIR", "secrets")) / f"beluga_{name}"
    return os.environ.get(f"BELUGA_{name.upper()}") or (path.read_text().strip() if path.exists() else "")


def known_secret(state: Path) -> str:
    """The secret of the stack beside us, or of services elsewhere; empty where neither is known."""
    if os.environ.get("BELUGA_SECRET") or not (state / "secrets.toml").exists():
        return given_secret("secret")
    return secrets_of(state)["secret"]


def secrets_of(state: Path) -> dict[str, str]:
    """The stack's secrets, made on the first call. `BELUGA_SECRET` and its like win over the file."""
    path = state / "secrets.toml"
    try:
        known: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if not all(isinstance(value, str) for value in known.values()):
            raise ValueError
    except ValueError:
        raise DamagedSecretsError(path) from None
    missing = [name for name in SECRET_NAMES if not known.get(name)]
    if missing:
        known |= {name: secrets.token_hex(24) for name in missing}
        lines = ["# Made by beluga up. Keep it private; changing `secret` voids every link and session.\n"]
        lines += [f'{name} = "{value}"\n' for name, value in sorted(known.items())]
        write_private(path, "".join(lines).encode())
    return {name: os.environ.get(f"BELUGA_{name.upper()}") or known[name] for name in known}


def alive(pid: int) -> bool:
    """Whether a process with this id exists and is no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return Path("/proc").exists() is False


def lock(state: Path) -> Any:
    """Holds the state folder until the returned file is closed. Raises `StackBusyError`."""
    make_passable(state)
    # The state folder's own mode, whatever the umask or `mkdtemp` left: the database's account must pass.
    own_account = os.geteuid() == 0 and not os.environ.get("BELUGA_DATABASE_URL")
    if not state.stat().st_mode & stat.S_ISVTX:  # nobody's /tmp
        with suppress(PermissionError):  # another account's folder, in which we may write
            state.chmod(PASSABLE if own_account else FOLDER)
    for name in ("stack.lock", "clock"):
        if (state / name).exists():
            tighten(state / name)
    file = os.fdopen(os.open(state / "stack.lock", os.O_RDWR | os.O_CREAT, 0o600), "a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StackBusyError(state) from None
    return file
