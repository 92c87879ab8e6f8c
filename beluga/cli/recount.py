"""`beluga recount`: proves that the standings follow from the raw messages (law L4)."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from beluga.proof.recount import NoElectionError, recounted
from beluga.stack.failures import plain
from beluga.stack.mode import mode_of
from beluga.stack.stack import NoStackError, database_url, given_secret, read_run_file, secrets_of
from election.postgres.database import UNREACHABLE


def recount(
    state: Annotated[Path, typer.Option(help="Folder of the stack.", envvar="BELUGA_STATE")] = Path(
        ".beluga"
    ),
) -> None:
    """Read every raw message again, and compare with what is stored and what the live tally says."""
    try:
        tally_url, secret = _live(state)
        found = asyncio.run(recounted(database_url(state), tally_url, secret, mode_of(state).rehearsal))
    except EXPECTED as error:
        typer.echo(f"recount: {plain(error)}", err=True)
        raise typer.Exit(2) from None
    typer.echo(str(found))
    if not found.proven:
        raise typer.Exit(1)


EXPECTED: tuple[type[BaseException], ...] = (NoStackError, NoElectionError, aiohttp.ClientError, *UNREACHABLE)


def _live(state: Path) -> tuple[str, str]:
    """Address and secret of the live tally; empty where none runs."""
    try:
        return read_run_file(state).urls["tally"], secrets_of(state)["secret"]
    except NoStackError:
        return os.environ.get("BELUGA_TALLY_URL", ""), given_secret("secret")
