"""`beluga journal`: what intake's journals hold, whether they are whole, and carrying one over by hand."""

import asyncio
import glob
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import apsw
import asyncpg
import typer

from beluga.stack.stack import database_url
from election.postgres.database import UNREACHABLE
from intake.drain.salvage import contents_of, salvage
from intake.journal.file import JournalFile, TornJournalError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Intake's journals, file by file.")

_DATABASE: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)

StateFolder = Annotated[
    Path | None, typer.Option("--state", help="Folder of the running stack.", envvar="BELUGA_STATE")
]


@app.command()
def ls(
    folder: Annotated[
        Path | None, typer.Argument(help="A journal's folder.", exists=True, file_okay=False)
    ] = None,
    state: StateFolder = None,
) -> None:
    """List journal files: messages, how many of them PostgreSQL may not have, from when to when."""
    intake = (state or Path(".beluga")) / "intake"
    folders = [folder] if folder else sorted(p for p in intake.glob("journal*") if p.is_dir())
    torn = False
    files = 0
    for each in folders:
        for found in contents_of(each):
            files += 1
            if found.torn:
                torn = True
                typer.echo(
                    f"{found.path}: TORN: {found.torn}; keep it, and recover it before deleting anything"
                )
                continue
            span = f"{found.first:%F %T} to {found.last:%F %T} UTC" if found.first and found.last else "empty"
            counts = f"{found.messages} messages, {found.undrained} not carried over"
            typer.echo(f"{found.path}: {found.label}  {counts}, {span}")
    if not files:
        where = folder or intake
        typer.echo(f"no journal under {where}; name its folder, or the stack's with --state", err=True)
        raise typer.Exit(2)
    raise typer.Exit(1 if torn else 0)


@app.command()
def verify(
    files: Annotated[list[Path], typer.Argument(help="Journal files.", exists=True, dir_okay=False)],
) -> None:
    """Read files from end to end. Exit status 1 if one is damaged."""
    damaged = False
    for path in files:
        try:
            file = JournalFile(path, read_only=True)
            try:
                file.verify()
                if file.missing:
                    raise TornJournalError(path, file.missing)
                seq = count = 0
                while messages := file.messages.after(seq, 5_000):
                    seq, count = messages[-1].journal_seq, count + len(messages)
                typer.echo(f"{path}: whole, {count} messages")
            finally:
                file.close()
        except (TornJournalError, ValueError, apsw.Error) as error:
            damaged = True
            typer.echo(
                f"{path}: DAMAGED: {getattr(error, 'why', error)}; keep it, and copy it before a repair",
                err=True,
            )
    raise typer.Exit(1 if damaged else 0)


@app.command()
def aside(
    to: Annotated[Path, typer.Argument(help="Folder to which they are moved; it is made.")],
    state: StateFolder = None,
) -> None:
    """Move files that cannot be opened out of the journal, whole, so that intake starts without them.

    Nothing is deleted or changed. Copy the journal first; recover what the moved files hold afterwards.
    """
    intake = (state or Path(".beluga")) / "intake"
    moved = 0
    folders = sorted(p for p in intake.glob("journal*") if p.is_dir())
    if not folders:
        typer.echo(f"no journal under {intake}; name the stack's folder with --state", err=True)
        raise typer.Exit(2)
    for folder in folders:
        for found in contents_of(folder):
            if not found.torn:
                continue
            to.mkdir(parents=True, exist_ok=True)
            for part in sorted(folder.glob(f"{glob.escape(found.path.name)}*")):  # its -wal belongs to it
                if (to / part.name).exists():
                    typer.echo(f"error: {to / part.name} is there already; name another folder", err=True)
                    raise typer.Exit(1)
                shutil.move(part, to / part.name)
            moved += 1
            typer.echo(f"{found.path.name}: moved to {to}: {found.torn}")
    typer.echo(f"{moved} moved; restart intake, so that it looks again" if moved else "no file is torn")


@app.command()
def drain(
    file: Annotated[
        Path, typer.Argument(help="A journal file, with its -wal beside it.", exists=True, dir_okay=False)
    ],
    state: StateFolder = None,
) -> None:
    """Carry a journal file over to PostgreSQL, as from a dead host. Doing it again changes nothing.

    The file is only read. Take its `-wal` along: the newest messages are there.
    """
    url = database_url(state or Path(".beluga"))
    try:
        with tempfile.TemporaryDirectory() as rosters:
            done = asyncio.run(salvage(file, url, Path(rosters)))
    except (TornJournalError, ValueError, apsw.Error) as error:
        typer.echo(f"error: {error}; look with: beluga journal verify {file}", err=True)
        raise typer.Exit(1) from None
    except _DATABASE as error:
        typer.echo(f"error: the database: {type(error).__name__}: {error}; run it again", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{done.messages} messages, {done.new} of them new to PostgreSQL")
    if done.missing:
        typer.echo(f"{file}: {done.missing}", err=True)
    for seq, reason in done.quarantined:
        typer.echo(f"row {seq} could not be stored as read: {reason}", err=True)
