"""`beluga migrate`: brings the database to this version's tables, in steps that suit the code still running."""

import asyncio
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from beluga.stack import DEFAULT_STATE, NoStackError, database_url
from election.database import UNREACHABLE, connect, pauses
from election.migrate import LockedOutError, planned
from election.migrate import migrate as apply


class Only(StrEnum):
    PRE = "pre"
    POST = "post"


def migrate(
    state: Annotated[Path, typer.Option("--state", help="Folder of the stack.", envvar="BELUGA_STATE")] = (
        DEFAULT_STATE
    ),
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for the database.")] = 0.0,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be done, and do nothing.")] = False,
    only: Annotated[
        Only | None,
        typer.Option(
            "--only", help="pre: before the new code; post: once nobody runs the old. Default: both."
        ),
    ] = None,
) -> None:
    """Bring the database to this version's tables (beluga up does so by itself).

    With --plan the exit status is 3 where something is pending, so that a deploy can ask.
    """
    phase = only.value if only else None

    async def run(url: str) -> int:
        connection = await _connected(url, wait)
        try:
            if plan:
                todo = await planned(connection, phase)
                for step in todo:
                    print(f"{step.phase:<4}  {step.name}\n      {step.purpose}")
                print(f"{len(todo)} to apply" if todo else "nothing to do")
                return 3 if todo else 0
            applied = await apply(
                connection,
                phase,
                lambda name: typer.echo(f"{name}: locked by others, trying again", err=True),
            )
            print("\n".join(applied) or "nothing to do")
            return 0
        finally:
            await connection.close()

    try:
        status = asyncio.run(run(database_url(state)))
    except (NoStackError, LockedOutError, asyncpg.PostgresError, *UNREACHABLE) as error:
        typer.echo(f"beluga: {error}", err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(status)


async def _connected(url: str, seconds: float) -> asyncpg.Connection:
    """A connection without limits on statements. Raises one of `UNREACHABLE` after `seconds` of trying."""
    deadline = time.monotonic() + seconds
    rest = pauses()
    while True:
        try:
            return await connect(url, patient=True)
        except (*UNREACHABLE, asyncpg.InvalidCatalogNameError, asyncpg.InvalidPasswordError):
            if time.monotonic() > deadline:
                raise
            await rest.wait()
