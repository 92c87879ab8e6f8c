"""`beluga backup now|list|verify|restore`: base backups of the one-machine stack, proven by restoring."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from beluga.backup.backup import Backup, BackupError, back_up, backups, note_proven, put_back, verify
from beluga.cli.recount import EXPECTED
from beluga.stack.postgres import EmbeddedPostgres, PostgresError
from beluga.stack.stack import DEFAULT_STATE, NoStackError, StackBusyError, database_url, lock, secrets_of

app = typer.Typer(help="Back the one-machine stack's database up, and prove that the backup restores.")

FAILURES: tuple[type[BaseException], ...] = (BackupError, PostgresError, *EXPECTED)
StateFolder = Annotated[Path, typer.Option("--state", help="Folder of the stack.", envvar="BELUGA_STATE")]
Folder = Annotated[
    Path | None,
    typer.Option("--folder", help="Where backups are kept; default: backups in the state folder."),
]


@app.command("now")
def now(
    state: StateFolder = DEFAULT_STATE,
    folder: Folder = None,
    keep: Annotated[int, typer.Option(min=1, help="How many to keep.")] = 3,
) -> None:
    """Back the running database up. Put the folder on another disk, or copy it to another machine."""
    where = folder or state / "backups"
    try:
        with _growing(where):
            made = back_up(database_url(state), where, keep)
    except (NoStackError, BackupError, PostgresError) as error:
        raise _stopped(error) from None
    print(f"{made.folder}  {made.bytes / 1e6:.1f} MB; prove it with: beluga backup verify")


@contextmanager
def _growing(folder: Path) -> Iterator[None]:
    """How much of a backup lies below `folder`, twice a second; nothing where nobody looks on."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    before, done = bytes_below(folder), threading.Event()

    def tell() -> None:
        while not done.wait(0.5):
            status.update(f"backing up: {max(0, bytes_below(folder) - before) / 1e6:,.0f} MB so far")

    with console.status("backing up") as status:
        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def bytes_below(folder: Path) -> int:
    """Of all files there now; what vanishes meanwhile is not counted."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total


@app.command("list")
def list_(state: StateFolder = DEFAULT_STATE, folder: Folder = None) -> None:
    """Show the backups, newest first."""
    known = backups(folder or state / "backups")
    if not known:
        raise _stopped(
            f"there is no backup in {folder or state / 'backups'}; make one with: beluga backup now"
        )
    for each in known:
        print(f"{each.folder}  {each.bytes / 1e6:.1f} MB  {each.age() / 3600:.1f} h old")


@app.command("verify")
def verify_(
    backup: Annotated[Path | None, typer.Argument(help="One backup; default: the newest.")] = None,
    state: StateFolder = DEFAULT_STATE,
    folder: Folder = None,
) -> None:
    """Restore a backup into a scratch server and recount every message there; exit status 1 if it differs."""
    chosen = _chosen(backup, state, folder)
    try:
        with tempfile.TemporaryDirectory(prefix="beluga-restore-", ignore_cleanup_errors=True) as scratch:
            found = verify(chosen, Path(scratch) / "postgres", secrets_of(state)["postgres_password"])
    except FAILURES as error:
        raise _stopped(error) from None
    newest = f"newest message {found.newest:%Y-%m-%d %H:%M:%S} UTC" if found.newest else "no message in it"
    print(f"{chosen.folder}: restored in {found.restore_seconds:.1f} s, {newest}")
    print(f"{found.recount} ({found.recount_seconds:.1f} s)")
    if not found.recount.proven:
        raise typer.Exit(1)
    try:
        note_proven(chosen)
    except OSError as error:
        raise _stopped(f"it is proven, and preflight will not know it: {error}") from None


@app.command("restore")
def restore_(
    backup: Annotated[Path | None, typer.Argument(help="One backup; default: the newest.")] = None,
    state: StateFolder = DEFAULT_STATE,
    folder: Folder = None,
) -> None:
    """Put a backup in the place of a lost database. Stop the stack before, start it after.

    What came since the backup is in the journals: `beluga journal drain` each of their files then.
    """
    chosen = _chosen(backup, state, folder)
    try:
        holding = lock(state)
        try:
            put_back(chosen, EmbeddedPostgres(state / "postgres", 0, secrets_of(state)["postgres_password"]))
        finally:
            holding.close()
    except (StackBusyError, BackupError, PostgresError, OSError) as error:
        raise _stopped(error) from None
    print(f"{chosen.folder} is in place, {chosen.age() / 3600:.1f} h old; start it with: beluga up")


def _chosen(backup: Path | None, state: Path, folder: Path | None) -> Backup:
    known = backups(backup.parent if backup else folder or state / "backups")
    chosen = next((b for b in known if backup is None or b.folder.absolute() == backup.absolute()), None)
    if chosen is None:
        raise _stopped("there is no backup; make one with: beluga backup now")
    return chosen


def _stopped(why: object) -> typer.Exit:
    typer.echo(f"beluga backup: {why}", err=True)
    return typer.Exit(1)
