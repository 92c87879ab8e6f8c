"""`beluga rollcall`: prove that every watcher's phone reaches us, before the day."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import asyncpg
import typer

from beluga.errors import BelugaError
from beluga.stack.failures import plain
from beluga.stack.mode import mode_of
from beluga.stack.stack import NoStackError, database_url
from election.domain.roster import Roster, load_roster
from election.postgres.database import UNREACHABLE, connect
from election.postgres.election_store import current_roster
from election.wire.desks import RollCall
from intake.outbound_settings import OutboundSettings
from intake.outbox import store as outbox_store
from intake.outbox.phone_check import Attendance, attendance, invitations, summary

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Prove that every watcher's phone reaches us, before the day.",
)

StateFolder = Annotated[Path, typer.Option(help="Folder of the stack.", envvar="BELUGA_STATE")]
County = Annotated[list[str] | None, typer.Option(help="Only this county; repeat for several.")]
Rehearsal = Annotated[
    bool | None, typer.Option(help="A rehearsal's roll call, or the day's own; by default as the stack runs.")
]
_HERE = Path(".beluga")


class NoRosterError(BelugaError):
    """No election has been imported: nobody to call up."""

    def __str__(self) -> str:
        return str(self.__doc__)


EXPECTED: tuple[type[BaseException], ...] = (NoStackError, NoRosterError, *UNREACHABLE)


@app.command()
def status(
    state: StateFolder = _HERE,
    county: County = None,
    rehearsal: Rehearsal = None,
    json: Annotated[bool, typer.Option("--json", help="Everything as JSON, watcher ids included.")] = False,
) -> None:
    """Show per county whose phone has been proven; exit 1 while any is not."""

    async def look(_: asyncpg.Connection, people: list[Attendance], *__: object) -> list[Attendance]:
        return people

    people, drill = _run(state, rehearsal, look)
    found = summary(people, rehearsal=drill, counties=county)
    typer.echo(found.model_dump_json(indent=2) if json else _table(found))
    if found.unproven:
        raise typer.Exit(1)


@app.command()
def invite(state: StateFolder = _HERE, county: County = None, rehearsal: Rehearsal = None) -> None:
    """Text everybody who is not proven yet, once; intake sends as fast as its numbers may."""
    _invite(state, county, rehearsal, again=False)


@app.command()
def remind(state: StateFolder = _HERE, county: County = None, rehearsal: Rehearsal = None) -> None:
    """Text those again who were invited and have not answered; at most once a day."""
    _invite(state, county, rehearsal, again=True)


def _invite(state: Path, county: list[str] | None, rehearsal: bool | None, *, again: bool) -> None:
    settings = OutboundSettings()

    async def act(
        connection: asyncpg.Connection, people: list[Attendance], roster: Roster, now: datetime, drill: bool
    ) -> tuple[int, int, RollCall]:
        texts = invitations(
            people, roster, now, settings.quiet, again=again, rehearsal=drill, counties=county
        )
        new = await outbox_store.enqueue(connection, texts)
        return len(new), len(texts), summary(people, rehearsal=drill, counties=county)

    (new, wanted, found), drill = _run(state, rehearsal, act)
    label = "REHEARSAL: " if drill else ""
    typer.echo(
        f"{label}{new} invitations in the outbox ({wanted - new} had been made before); "
        f"proven {found.proven} of {found.watchers}, wrong number {len(found.wrong_number)}, "
        f"opted out {len(found.opted_out)}"
    )
    if new and not settings.outbound_numbers:
        typer.echo(
            "note: this shell knows no BELUGA_OUTBOUND_NUMBERS; they are sent only where intake has some",
            err=True,
        )


def _table(found: RollCall) -> str:
    lines = ["REHEARSAL: nothing here is election day's"] if found.rehearsal else []
    lines.append(
        f"{'county':<24}{'watchers':>9}{'proven':>8}{'invited':>9}{'wrong no.':>11}{'opted out':>11}"
    )
    for c in found.counties:
        lines.append(
            f"{c.county or '-':<24}{c.watchers:>9}{c.proven:>8}{c.invited:>9}{c.wrong_number:>11}"
            f"{c.opted_out:>11}"
        )
    lines.append(f"proven {found.proven} of {found.watchers}")
    for words, ids in (("wrong number", found.wrong_number), ("opted out", found.opted_out)):
        if ids:
            lines.append(f"{words}: {', '.join(ids)}")
    return "\n".join(lines)


def _run(state: Path, rehearsal: bool | None, act: Callable[..., Awaitable[T]]) -> tuple[T, bool]:
    mode = mode_of(state)
    wanted = mode.rehearsal if rehearsal is None else rehearsal

    async def go() -> T:
        connection = await connect(database_url(state))
        try:
            content = await current_roster(connection)
            if content is None:
                raise NoRosterError
            roster = load_roster(content)
            people = await attendance(connection, roster, rehearsal=wanted)
            return await act(connection, people, roster, mode.now(), wanted)
        finally:
            await connection.close()

    try:
        return asyncio.run(go()), wanted
    except EXPECTED as error:
        typer.echo(f"rollcall: {plain(error)}", err=True)
        raise typer.Exit(2) from None
