"""`beluga migrate`: brings the database to this version's tables, in phases that suit the running code."""

import asyncio
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from beluga.stack.failures import plain
from beluga.stack.stack import DEFAULT_STATE, NoStackError, database_url
from election.postgres.database import UNREACHABLE, connect, pauses
from election.postgres.migrate import LockedOutError, Phase, planned
from election.postgres.migrate import migrate as apply

# A cluster that is just being made: the database or its role may not exist yet.
NOT_YET: tuple[type[BaseException], ...] = (
    *UNREACHABLE,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
)
EXPECTED: tuple[type[BaseException], ...] = (
    NoStackError,
    LockedOutError,
    asyncpg.PostgresError,
    *UNREACHABLE,
)


class MigrationPhase(StrEnum):
    PRE = "pre"
    POST = "post"


def migrate(
    state: Annotated[Path, typer.Option("--state", help="Folder of the stack.", envvar="BELUGA_STATE")] = (
        DEFAULT_STATE
    ),
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for the database.")] = 0.0,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be done, and do nothing.")] = False,
    only: Annotated[
        MigrationPhase | None,
        typer.Option(
            "--only", help="pre: before the new code; post: once nobody runs the old. Default: both."
        ),
    ] = None,
) -> None:
    """Bring the database to this version's tables (beluga up does so by itself).

    With --plan the exit status is 3 where something is pending, so that a deploy can ask.
    """
    phase: Phase | None = None if only is None else "pre" if only is MigrationPhase.PRE else "post"

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
    except EXPECTED as error:
        typer.echo(f"beluga: {plain(error)}", err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(status)


async def _connected(url: str, seconds: float) -> asyncpg.Connection:
    """A connection without limits on statements. Raises one of `UNREACHABLE` after `seconds` of trying."""
    deadline = time.monotonic() + seconds
    rest = pauses()
    while True:
        try:
            return await connect(url, patient=True)
        except NOT_YET:
            if time.monotonic() > deadline:
                raise
            await rest.wait()
