"""Backups of the one-machine stack: a base backup by PostgreSQL's own tool, and the proof that it restores.

A base backup, and not a dump: check-ins carry the transaction ids that wrote them, by which the follower
reads without gaps (`election.log`). A dump restored into a younger server would have rows from its future,
which no follower reads until that server has counted up to them. A base backup brings its counter with it.
"""

import asyncio
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from beluga.backup.manifest import CHECKSUMS, problems
from beluga.errors import BelugaError
from beluga.proof.recount import Recount, recounted
from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres, PostgresError, installation
from election.postgres.database import connect

STAMP = "%Y%m%dT%H%M%SZ"
BACKUP_SECONDS = 3_600
PROVEN = "proven"  # a file beside the backups: written when one was restored, and all of it counted anew
PROVEN_DAYS = 7.0


class BackupError(BelugaError):
    """A backup could not be made, or does not hold what it should. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One base backup in its folder."""

    folder: Path
    made_at: datetime

    @property
    def bytes(self) -> int:
        return sum(f.stat().st_size for f in self.folder.rglob("*") if f.is_file())

    def age(self) -> float:
        """Seconds since it was made."""
        return (datetime.now(UTC) - self.made_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of restoring a backup. Seconds are the time to restore (RTO) and to recount."""

    backup: Backup
    recount: Recount
    newest: datetime | None  # receipt of the last message in it
    restore_seconds: float
    recount_seconds: float


def backups(folder: Path) -> list[Backup]:
    """The finished backups of a folder, newest first."""
    found = []
    for each in folder.glob("*Z") if folder.exists() else ():
        try:
            found.append(Backup(each, datetime.strptime(each.name, STAMP).replace(tzinfo=UTC)))
        except ValueError:
            continue
    return sorted(found, key=lambda b: b.made_at, reverse=True)


def back_up(database_url: str, folder: Path, keep: int = 3) -> Backup:
    """A base backup of the running server into `folder`, checked; older ones beyond `keep` are removed.

    Raises `BackupError`.
    """
    made_at = datetime.now(UTC).replace(microsecond=0)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target, unfinished = folder / made_at.strftime(STAMP), folder / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    parts = urlsplit(database_url)
    if "," in parts.netloc:
        raise BackupError("this is a cluster: its backups are pgBackRest's (deploy/cluster backup)")
    _run(
        "pg_basebackup", "-D", str(unfinished), "-h", parts.hostname or "", "-p", str(parts.port or 5432),
        "-U", unquote(parts.username or ""), "-X", "stream", "--checkpoint=fast", "--no-password",
        f"--manifest-checksums={CHECKSUMS}",
        password=unquote(parts.password or ""),
    )  # fmt: skip
    _check(unfinished)
    unfinished.rename(target)
    for old in backups(folder)[max(1, keep) :]:
        shutil.rmtree(old.folder)
    return Backup(target, made_at)


def restore(backup: Backup, scratch: Path, password: str) -> EmbeddedPostgres:
    """Starts a server of its own on a copy of the backup. Stop it and remove its `home` afterwards.

    Raises `BackupError`, `PostgresError`.
    """
    _check(backup.folder)
    server = EmbeddedPostgres(scratch, free_port(), password)
    shutil.copytree(backup.folder, server.data)
    if os.geteuid() == 0:
        server.own_all()
    server.data.chmod(0o700)
    server.start()
    return server


def put_back(backup: Backup, server: EmbeddedPostgres) -> None:
    """Lays a backup where `server` keeps its data; it recovers when it starts.

    Raises `BackupError` where the backup is damaged, or a database is there already.
    """
    _check(backup.folder)
    if (server.data / "PG_VERSION").exists():
        raise BackupError(f"there is a database in {server.data}; move it away first, and keep it")
    server.make_home()
    half = server.home / "restoring"
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(backup.folder, half)
    shutil.rmtree(server.data, ignore_errors=True)
    half.rename(server.data)
    if os.geteuid() == 0:
        server.own_all()
    server.data.chmod(0o700)


def verify(backup: Backup, scratch: Path, password: str) -> Restored:
    """Restores into `scratch` and recounts every message there. Raises `BackupError`, `PostgresError`."""
    began = time.monotonic()
    server: EmbeddedPostgres | None = None
    try:
        server = restore(backup, scratch, password)
        up = time.monotonic()
        recount = asyncio.run(recounted(server.url))
        newest = asyncio.run(_newest(server.url))
        return Restored(backup, recount, newest, up - began, time.monotonic() - up)
    finally:
        if server is not None:
            server.stop()
            shutil.rmtree(server.home, ignore_errors=True)


def note_proven(backup: Backup) -> None:
    """Keeps that this one was restored and recounted just now. Raises `OSError`."""
    (backup.folder.parent / PROVEN).write_text(f"{backup.folder.name}\n", encoding="utf-8")


def proven_lately(folder: Path, now: float | None = None) -> bool:
    """Whether one of a folder's backups was restored and recounted within a week."""
    file = folder / PROVEN
    age = (time.time() if now is None else now) - file.stat().st_mtime if file.exists() else None
    return age is not None and age <= PROVEN_DAYS * 86_400


async def _newest(url: str) -> datetime | None:
    connection: asyncpg.Connection = await connect(url)
    try:
        found: datetime | None = await connection.fetchval("select max(received_at) from messages")
        return found
    finally:
        await connection.close()


def _check(folder: Path) -> None:
    found = list(problems(folder))
    if found:
        raise BackupError(
            f"{folder} is damaged: {'; '.join(found[:3])}; use an older one, and look at the disk"
        )


def _run(program: str, *words: str, password: str = "") -> None:
    binary = installation() / "bin" / program
    try:
        done = subprocess.run(
            [str(binary), *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PGPASSWORD": password}, timeout=BACKUP_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackupError(f"{program}: {error}") from error
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()[-500:]}")


__all__ = [
    "Backup",
    "BackupError",
    "PostgresError",
    "Restored",
    "back_up",
    "backups",
    "note_proven",
    "proven_lately",
    "put_back",
    "restore",
    "verify",
]
