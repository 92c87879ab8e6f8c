"""`beluga reread`: which stored messages read differently now; puts that right without touching the log."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from beluga.proof.rereading import CorrectionRefusedError, NoRosterToReadError, corrected, differences
from beluga.stack.failures import plain
from beluga.stack.mode import mode_of
from beluga.stack.stack import NoStackError, database_url, given_secret, read_run_file, secrets_of
from election.domain.checkin import CheckIn
from election.postgres.database import UNREACHABLE
from intake.reading.rereading import Difference

SHOWN = 50  # differences printed unless --all


EXPECTED: tuple[type[BaseException], ...] = (
    NoStackError, NoRosterToReadError, CorrectionRefusedError, aiohttp.ClientError, *UNREACHABLE
)  # fmt: skip


def reread(
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Append the corrected readings as staff decisions, through intake."),
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help=f"Print all differences, not {SHOWN}.")] = False,
    rehearsal: Annotated[
        bool | None,
        typer.Option(help="A rehearsal's messages, or the day's own; by default as the stack runs."),
    ] = None,
    state: Annotated[Path, typer.Option(help="Folder of the stack.", envvar="BELUGA_STATE")] = Path(
        ".beluga"
    ),
) -> None:
    """Show which messages read differently with today's grammar, roster and ties; --apply corrects them."""
    try:
        drill, url, secret = _live(state)
        drill = drill if rehearsal is None else rehearsal
        found = asyncio.run(differences(database_url(state), rehearsal=drill))
        for one in found.differences if everything else found.differences[:SHOWN]:
            typer.echo(_line(one))
        rest = len(found.differences) - SHOWN
        if rest > 0 and not everything:
            typer.echo(f"… and {rest} more; see them with --all")
        label = "REHEARSAL: " if drill else ""
        typer.echo(
            f"{label}{found.messages} messages read again: {len(found.differences)} read differently, "
            f"{len(found.by_hand)} of them only by hand"
        )
        if apply:
            done = asyncio.run(corrected(found, url, secret))
            typer.echo(f"{done} corrected; the messages and their first readings stay in the log")
        elif found.differences:
            typer.echo("nothing was changed; correct them with: beluga reread --apply")
    except EXPECTED as error:
        typer.echo(f"reread: {plain(error)}", err=True)
        raise typer.Exit(2) from None


def _live(state: Path) -> tuple[bool, str, str]:
    """Whether what runs rehearses, intake's address and the secret."""
    try:
        run = read_run_file(state)
        return mode_of(state).rehearsal, run.urls["intake"], secrets_of(state)["secret"]
    except NoStackError:
        intake = os.environ.get("BELUGA_INTAKE_URL", "http://127.0.0.1:8401")
        return mode_of(state).rehearsal, intake, given_secret("secret")


def _line(one: Difference) -> str:
    """What a message says, was read as, and reads as now; never whose phone it came from."""
    mark = "" if one.reversible else "  (by hand: what stands cannot be taken back)"
    words = one.message.body.replace("\n", " ")[:80]
    return f"{one.message.message_id} {words!r}: {_said(one.standing)} -> {_said(one.now)}{mark}"


def _said(entries: tuple[CheckIn, ...]) -> str:
    return ", ".join(
        " ".join(str(x) for x in (e.kind, e.precinct_id, e.votes) if x is not None) for e in entries
    )
