"""`beluga check`, `import` and `export`: the election folder from the command line."""

import asyncio
import shlex
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import asyncpg
import typer

from beluga.adopt.consent import AskedError, Consent, NotAgreedError
from beluga.adopt.early_sites import FILE as EARLY_SITES
from beluga.adopt.early_sites import read_sites
from beluga.adopt.expectation import expectation_line
from beluga.adopt.importing import (
    ImportedCounts,
    NothingImportedError,
    Today,
    UnpreparedDatabaseError,
    check_folder,
    export_folder,
    import_folder,
    state_folder,
)
from beluga.adopt.looking import look_around
from beluga.stack.mode import mode_of
from beluga.stack.stack import NoStackError, database_url
from callers.voters.encryption import KeyMismatchError
from election.folder import Findings, FolderError, read_election
from election.postgres.database import UNREACHABLE, connect

T = TypeVar("T")
EXPECTED = (NoStackError, UnpreparedDatabaseError, NothingImportedError, KeyMismatchError, NotAgreedError)

Folder = Annotated[Path, typer.Argument(help="The election's folder.")]
StateFolder = Annotated[
    Path | None, typer.Option("--state", help="Folder of the running stack.", envvar="BELUGA_STATE")
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Most problems to print for one file.")]


def check(folder: Folder, limit: Limit = 100) -> None:
    """Check an election folder and print every error with its file, line and column. Needs no database."""
    findings = Findings(limit)
    with _bar(folder, "checking voters") as progress:
        counts = check_folder(folder, findings, progress)
    look_around(folder, findings)
    if (folder / EARLY_SITES).exists() and not findings.total:
        read_sites(folder, read_election(folder), findings)
    _notices(findings)
    if findings.total:
        _refuse(findings.error(), folder)
    typer.echo(f"{folder} is good: {counts}")
    if (folder / "history.csv").exists() and (line := expectation_line(read_election(folder))):
        typer.echo(line)


def import_(
    folder: Folder,
    state: StateFolder = None,
    limit: Limit = 100,
    *,
    confirm: Annotated[
        str, typer.Option(help="The name of the election that is there, exactly, to show that you mean it.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    remove_reporting: Annotated[
        bool, typer.Option("--remove-reporting", help="Also remove precincts that have check-ins today.")
    ] = False,
) -> None:
    """Check an election folder and load it into the database: all of it, or nothing. Again: updates.

    Says what it adds, changes and removes. Where another election, another date, or less than nine tenths of
    the precincts, watchers or voters would be left, it asks first; a script says --confirm NAME.
    """
    findings = Findings(limit)
    consent = Consent(confirm, dry_run=dry_run, remove_reporting=remove_reporting, say=typer.echo)

    async def load(connection: asyncpg.Connection) -> ImportedCounts:
        with _bar(folder, "loading voters") as progress:
            return await import_folder(
                connection, folder, findings, progress, agree=consent,
                today=_today(state or state_folder()), dry_run=dry_run,
            )  # fmt: skip

    try:
        try:
            counts = _with_database(state, load)
        except AskedError as asked:
            if not sys.stdin.isatty():
                _fail(f"{asked}. Nothing was changed; if you mean it: --confirm {shlex.quote(asked.name)}")
            typer.echo(f"{asked}.", err=True)
            if typer.prompt(f"To go on, type {asked.name}", "", show_default=False, err=True) != asked.name:
                _fail("nothing was changed")
            consent.given()
            findings = Findings(limit)
            counts = _with_database(state, load)
    except FolderError as error:
        _notices(findings)
        _refuse(error, folder)
    _notices(findings)
    if dry_run:
        typer.echo(f"{folder} is good: {counts}; nothing was changed")
        return
    typer.echo(f"imported {counts} (roster {counts.roster_version})")
    for name, count in (("voters", counts.voters), ("callers", counts.callers)):
        if count is None:
            typer.echo(
                f"{folder.name} has no {name}.csv: the {name} in the database stay as they are", err=True
            )


def _today(state: Path) -> Today:
    mode = mode_of(state)
    return Today(mode.now(), mode.rehearsal)


def export(
    folder: Folder,
    state: StateFolder = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
) -> None:
    """Write the database's election back as a folder."""
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not overwrite):
        _fail(f"{folder} is not empty; name a new folder, or replace its files with --overwrite")

    async def write(connection: asyncpg.Connection) -> list[str]:
        return await export_folder(connection, folder)

    typer.echo(f"wrote {', '.join(_with_database(state, write))} into {folder}")


def _with_database(state: Path | None, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Runs `work` on the stack's database; says in one line what to do where there is none."""

    async def run(url: str) -> T:
        connection = await connect(url, patient=True)
        try:
            return await work(connection)
        finally:
            await connection.close()

    try:
        return asyncio.run(run(database_url(state or state_folder())))
    except EXPECTED as error:
        _fail(str(error))
    except UNREACHABLE as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise  # a file of the folder's
        _fail(f"the database does not answer ({type(error).__name__}); is the stack up? see: beluga status")


def _fail(words: str) -> NoReturn:
    typer.echo(f"beluga: {words}", err=True)
    raise typer.Exit(1)


def _notices(findings: Findings) -> None:
    for notice in findings.notices:
        typer.echo(f"notice: {notice}", err=True)


def _refuse(error: FolderError, folder: Path) -> NoReturn:
    typer.echo(str(error))
    typer.echo(f"{folder}: {error.total:,} problems, nothing was loaded", err=True)
    raise typer.Exit(1)


@contextmanager
def _bar(folder: Path, words: str) -> Iterator[Callable[[int], None] | None]:
    """A progress bar over voters.csv on a terminal; nothing where there is no such file or no terminal."""
    path = folder / "voters.csv"
    from rich.console import Console

    console = Console(stderr=True)
    if not path.is_file() or not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(words, total=path.stat().st_size)

        def show(read: int) -> None:
            bar.update(task, completed=read)

        yield show
