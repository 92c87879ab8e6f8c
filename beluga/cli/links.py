"""`beluga links`: watchers' personal links, issued, revoked, printed and texted in bulk."""

import asyncio
import csv
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import asyncpg
import typer

from beluga.links.link_batch import LinkBatch, chosen
from beluga.stack.failures import CommandRefusedError
from beluga.stack.mode import mode_of
from beluga.stack.remembered import remembered
from beluga.stack.stack import NoStackError, database_url, known_secret, read_run_file
from election.access.tokens import Tokens
from election.domain.roster import load_roster
from election.postgres.database import UNREACHABLE, connect
from election.postgres.election_store import current_roster
from intake.outbound_settings import OutboundSettings

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Watchers' personal links.")

StateFolder = Annotated[Path, typer.Option(help="Folder of the stack.", envvar="BELUGA_STATE")]
Watchers = Annotated[list[str] | None, typer.Argument(help="Ids of watchers.")]
County = Annotated[
    list[str] | None, typer.Option(help="Everybody with a precinct there; repeat for several.")
]
Everybody = Annotated[bool, typer.Option("--all", help="Every watcher of the election.")]
New = Annotated[bool, typer.Option("--new", help="End the links they hold, and give new ones.")]
_HERE = Path(".beluga")
EXPECTED: tuple[type[BaseException], ...] = (CommandRefusedError, NoStackError, *UNREACHABLE)


@app.command()
def issue(
    watchers: Watchers = None, county: County = None, everybody: Everybody = False, new: New = False,
    state: StateFolder = _HERE,
) -> None:  # fmt: skip
    """Print `watcher_id,link` as CSV. Without --new the links they hold stay good."""
    found = _run(state, lambda batch: batch.issue(new=new), watchers, county, everybody)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("watcher_id", "link"))
    writer.writerows((watcher_id, one.link) for watcher_id, one in found.items())


@app.command()
def revoke(
    watchers: Watchers = None, county: County = None, everybody: Everybody = False, state: StateFolder = _HERE
) -> None:
    """End every link of these watchers, within seconds. They can still text."""
    number = _run(state, LinkBatch.revoke, watchers, county, everybody)
    typer.echo(f"links of {number} watchers ended; `beluga links issue` gives new ones")


@app.command()
def sheet(
    out: Annotated[Path, typer.Option(help="Folder for one page a county.")] = Path("link-sheets"),
    county: County = None, new: New = False, state: StateFolder = _HERE,
) -> None:  # fmt: skip
    """Write pages with a QR code for every watcher, one a county, to be printed and handed out."""

    def act(batch: LinkBatch) -> Awaitable[list[Path]]:
        return batch.sheets(out, county or (), new=new)

    for path in _run(state, act, None, county, county is None):
        typer.echo(str(path))


@app.command()
def text(
    watchers: Watchers = None, county: County = None, everybody: Everybody = False, new: New = False,
    state: StateFolder = _HERE,
) -> None:  # fmt: skip
    """Text everybody their link; intake sends as fast as its numbers may. The same link goes out once."""

    def act(batch: LinkBatch) -> Awaitable[tuple[int, int]]:
        return batch.text(OutboundSettings().quiet, new=new)

    made, wanted = _run(state, act, watchers, county, everybody)
    typer.echo(f"{made} links in the outbox ({wanted - made} had been texted before, or it is too late)")


@app.command()
def operator(login: str, state: StateFolder = _HERE) -> None:
    """Print a link that opens the hotline for this account of the war room, good for twelve hours."""
    typer.echo(_run(state, lambda batch: batch.operator(login), None, None, True))


def _run(
    state: Path,
    act: Callable[[LinkBatch], Awaitable[T]],
    watchers: list[str] | None,
    county: list[str] | None,
    everybody: bool,
) -> T:
    """Runs `act` on the watchers named, in one transaction. Exits with what to do where it cannot."""
    mode = mode_of(state)
    public_url = remembered(state).public_url
    try:
        run = read_run_file(state)
        public_url = public_url or run.urls["intake"]
    except NoStackError:
        pass
    if not public_url:
        _stop("no address for the links: set BELUGA_PUBLIC_URL, or run this where `beluga up` runs")
    secret = known_secret(state)
    if not secret:
        _stop("no secret to sign links with: set BELUGA_SECRET as intake has it")

    async def go() -> T:
        connection = await connect(database_url(state))
        try:
            content = await current_roster(connection)
            if content is None:
                _stop("no election has been imported yet: beluga import FOLDER")
            roster = load_roster(content)
            people = chosen(roster, watchers or (), county or (), everybody=everybody)
            batch = LinkBatch(
                connection, roster, people, Tokens(secret), public_url.rstrip("/"), mode.now(), mode.rehearsal
            )
            async with connection.transaction():
                return await act(batch)
        finally:
            await connection.close()

    try:
        return asyncio.run(go())
    except asyncpg.UndefinedTableError:
        _stop("this database is older than this command: run `beluga migrate` first")
    except EXPECTED as error:
        _stop(str(error) or type(error).__name__)


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
