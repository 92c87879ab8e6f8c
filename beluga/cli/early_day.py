"""`beluga early-day`: a day of early voting in person, with sites, hours, watchers and counts of its own."""

import asyncio
import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from beluga.adopt.early_sites import FILE, EarlySite, day_election, day_record, read_sites
from beluga.adopt.opted_out import keep_opt_outs, phones_stopped
from beluga.adopt.taking.early_record import FILE as EARLY
from beluga.adopt.taking.early_record import read_early, write_early
from beluga.cli.adopt import take_early
from beluga.stack.failures import CommandRefusedError
from beluga.stack.stack import DEFAULT_STATE, NoStackError, database_url
from beluga.stack.tally_answer import tally_answer
from election.domain.day import Election
from election.folder import Findings, FolderError, examine, read_election, write_election
from election.folder.day_file import DEFAULT_REGION, read_day
from election.postgres.database import UNREACHABLE, connect

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Days of early voting in person.")
Folder = Annotated[Path, typer.Argument(help="The election's folder, with its early_sites.csv.")]
Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The early day, such as 2026-10-24.")]


_AWAY: tuple[type[BaseException], ...] = (NoStackError, aiohttp.ClientError, *UNREACHABLE)


@app.callback()
def early_day() -> None:
    """Days of early voting in person."""


@app.command()
def begin(
    folder: Folder,
    day: Day,
    into: Annotated[Path, typer.Option("--into", help="The early day's own folder.")],
) -> None:
    """Write the folder of one early day: its sites, hours and watchers. Then: beluga up --election INTO.

    Give it a stack of its own (--state), so that its counts never mix with another day's.
    """
    election, sites = _read(folder, day)
    if into.resolve() == folder.resolve():
        raise CommandRefusedError("the early day needs a folder of its own: choose another for --into")
    written = write_election(into, day_election(election, sites, read_early(folder / EARLY)))
    region = read_day(folder, Findings()).region
    if region != DEFAULT_REGION:
        with (into / "election.toml").open("a", encoding="utf-8") as out:
            out.write(f'region = "{region}"\n')
    unwatched = [s.site_id for s in sites if not s.watcher_ids]
    typer.echo(f"wrote {', '.join(written)} into {into}: {len(sites):,} sites on {day.date()}")
    if unwatched:
        typer.echo(f"notice: nobody watches at {', '.join(unwatched[:10])}", err=True)
    if bare := [s.site_id for s in sites if s.expected_votes is None and not (folder / EARLY).exists()]:
        typer.echo(
            f"notice: nobody says how many are expected at {', '.join(bare[:10])}: write expected_votes, "
            "else the board's expectation there means nothing",
            err=True,
        )


@app.command()
def end(
    folder: Folder,
    day: Day,
    state: Annotated[
        Path, typer.Option("--state", help="Folder of the early day's stack.", envvar="BELUGA_STATE")
    ] = DEFAULT_STATE,
) -> None:
    """Bring the early day's counts home as votes cast already. Then: beluga import FOLDER.

    A site's votes are parted among its precincts by voters on the roll. Where the county's own file has
    reached that date, or reaches it later, its numbers hold. Who texted STOP there is marked do_not_call in
    voters.csv. The same day twice is once.
    """
    election, sites = _read(folder, day)
    try:
        counts, stopped = asyncio.run(_told(state))
    except _AWAY as error:
        raise CommandRefusedError(f"{error or type(error).__name__}; start the early day's stack") from error
    strange = [s.site_id for s in sites if s.site_id not in counts]
    if len(strange) == len(sites):
        raise CommandRefusedError(f"that stack has none of the sites of {day.date()}: name its --state")
    home = {s.site_id: votes for s in sites if (votes := counts.get(s.site_id)) is not None}
    record = day_record([s for s in sites if s.site_id in home], home, election)
    for site in sites:
        said = home.get(site.site_id)
        typer.echo(f"{site.site_id}: {'no count' if said is None else f'{said:,} votes'}")
    reached = read_early(folder / EARLY).reached()
    if reached >= day.date().isoformat():
        typer.echo(f"the county's files reach {reached}: their numbers hold, and these do not count")
    scratch = folder / f".early-day-{day.date()}"
    scratch.mkdir(exist_ok=True)
    try:
        write_early(scratch / EARLY, record)
        take_early([scratch / EARLY], folder)
    finally:
        (scratch / EARLY).unlink(missing_ok=True)
        scratch.rmdir()
    _keep_opt_outs(folder, stopped)


def _keep_opt_outs(folder: Path, phones: frozenset[str]) -> None:
    """Who texted STOP on the early day is left alone by the election's own stack, too."""
    try:
        kept = keep_opt_outs(folder, examine(folder, Findings()), phones)
    except FolderError as error:
        raise CommandRefusedError(
            f"the counts are home, but who texted STOP is not marked: {error}; mend it, and end the day again"
        ) from error
    if kept.voters:
        typer.echo(f"{kept.voters:,} voters texted STOP: marked do_not_call in voters.csv")
    if kept.watchers:
        typer.echo(
            f"notice: {', '.join(kept.watchers)} texted STOP: text them no more; take them off watchers.csv, "
            "or have them text START to the election's number",
            err=True,
        )


def _read(folder: Path, day: datetime) -> tuple[Election, list[EarlySite]]:
    findings = Findings()
    try:
        election = read_election(folder)
    except FolderError as error:
        raise CommandRefusedError(f"{error}; see: beluga check {folder}") from error
    sites = [s for s in read_sites(folder, election, findings) if s.day == day.date()]
    if findings.total:
        raise CommandRefusedError("\n".join(str(p) for p in findings.problems[:20]))
    if not sites:
        raise CommandRefusedError(f"{folder / FILE} names no site of {day.date()}: write them, one a line")
    return election, sites


async def _told(state: Path) -> tuple[dict[str, int | None], frozenset[str]]:
    """The last accepted count of each site, and the phones that texted STOP."""
    counts = await _counts(state)
    connection = await connect(database_url(state))
    try:
        return counts, await phones_stopped(connection)
    finally:
        await connection.close()


async def _counts(state: Path) -> dict[str, int | None]:
    """The last accepted count of each site."""
    rows = csv.DictReader(io.StringIO((await tally_answer(state, "/standings.csv")).decode()))
    return {r["precinct_id"]: int(r["last_votes"]) if r["last_votes"] else None for r in rows}
