"""`beluga replay`: a report file through the real webhook of a running stack."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from beluga.load.replay import (
    at_full_speed,
    cast_of,
    import_cast,
    minute_of,
    paced,
    roster_in_force,
    texts_of,
)
from beluga.load.sender import TextSender, WatcherText
from beluga.proof.comparison import compare
from beluga.proof.laws import LawsVerdict, Witnesses, check_laws, stored_texts
from beluga.stack.stack import DEFAULT_STATE, NoStackError, RunFile, read_run_file, secrets_of
from election.domain.day import Election
from election.folder import FolderError, ReportRow, read_election, read_reports
from election.runtime.clock import FileClock

REPLAY_ELECTION = "replay-election"  # the folder as imported, with the watchers that were made up


def replay(
    folder: Annotated[Path, typer.Argument(help="The election folder.", exists=True)],
    *,
    reports: Annotated[Path, typer.Option("--reports", help="The report file (CSV).", exists=True)],
    speed: Annotated[str, typer.Option("--speed", help="Stack seconds a second, or max.")] = "max",
    state: Annotated[
        Path, typer.Option("--state", help="Folder of the stack.", envvar="BELUGA_STATE")
    ] = DEFAULT_STATE,
    compare_standings: Annotated[
        bool, typer.Option("--compare", help="Compare the standings with `beluga project` afterwards.")
    ] = False,
) -> None:
    """Send a file of reports through the webhook of a running rehearsal, and check that none is lost.

    The stack must have been started with `beluga up --rehearsal`: a replay sets its clock.
    """
    try:
        pace = None if speed == "max" else float(speed)
    except ValueError:
        raise typer.BadParameter(f"{speed!r} is no speed; write a number or max") from None
    try:
        run = read_run_file(state)
        if run.clock_file is None:
            raise _refused(
                "this stack runs on real time, and a replay would put made-up counts into it; start one for "
                "rehearsal with: beluga up --rehearsal --state FOLDER"
            )
        election = read_election(folder, shapes=False)
        rows = read_reports(reports, election)
    except (NoStackError, FolderError) as error:
        raise _refused(str(error)) from None
    if not rows:
        raise _refused(f"{reports} holds no reports")
    if compare_standings and pace is not None:
        raise typer.BadParameter("--compare needs --speed max, which ends at a whole minute")
    verdict = asyncio.run(_replay(run, state, folder, election=election, rows=rows, pace=pace))
    print(verdict.line())
    if not verdict.held:
        raise typer.Exit(1)
    if compare_standings:
        made_up = state / REPLAY_ELECTION
        found = asyncio.run(
            compare(
                run.urls["tally"],
                secrets_of(state)["secret"],
                made_up if cast_of(election, rows).made_up else folder,
                reports,
                FileClock(Path(run.clock_file)).now(),
            )
        )
        print(found.line())
        if found.differences:
            raise typer.Exit(1)


def _refused(why: str) -> typer.Exit:
    typer.echo(f"beluga: {why}", err=True)
    return typer.Exit(1)


async def _replay(
    run: RunFile,
    state: Path,
    folder: Path,
    *,
    election: Election,
    rows: Sequence[ReportRow],
    pace: float | None,
) -> LawsVerdict:
    say = Console(stderr=True, highlight=False).print
    secrets = secrets_of(state)
    cast = cast_of(election, rows)
    if cast.made_up:
        say(f"{folder} has no watchers for some precincts that report: made up {cast.made_up:,}, imported")
        scratch = state / REPLAY_ELECTION
        if await import_cast(folder, cast, scratch, run.database_url, election.day.name):
            raise _refused(f"{folder} could not be imported; look with: beluga check {folder}")
    clock = FileClock(Path(run.clock_file or ""))
    clock.set(minute_of(min(r.received_at for r in rows)), 0.0)
    if not await roster_in_force(state, run, replace(election, watchers=cast.watchers)):
        raise _refused(f"intake reads with another roster; import the election first: beluga import {folder}")
    # The same file replayed twice is sent once: its texts have the same ids.
    digest = hashlib.sha256(repr([(r.line, r.received_at, r.votes) for r in rows]).encode()).hexdigest()[:12]
    texts = texts_of(election, rows, cast, f"replay-{digest}")
    witnesses = Witnesses(
        run.database_url, run.urls["tally"], secrets["secret"], await stored_texts(run.database_url)
    )
    async with TextSender(run.urls["intake"], run.urls["intake"], secrets) as sender:
        seconds = await _send(texts, sender, clock, pace)
        say(sender.record.summary(seconds))
        say("waiting until everything is tallied")
        return await check_laws(sender.record.acknowledged, {t.message_id for t in texts}, witnesses)


async def _send(
    texts: Sequence[WatcherText], sender: TextSender, clock: FileClock, pace: float | None
) -> float:
    with Progress(
        TextColumn("replay"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[at]}"),
        TimeRemainingColumn(), console=Console(stderr=True), transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("replay", total=len(texts), at="")

        def forward(count: int) -> None:
            bar.update(task, advance=count, at=f"{clock.now():%H:%M} UTC")

        if pace is None:
            return await at_full_speed(texts, sender, clock, forward)
        return await paced(texts, sender, clock, pace, forward)
