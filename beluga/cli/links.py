"""`beluga links`: watchers' personal links, issued, revoked, printed and texted in bulk."""

import asyncio
import csv
import os
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple, NoReturn, TypeVar

import asyncpg
import typer

from beluga.stack.mode import mode_of
from beluga.stack.near import unknown_of
from beluga.stack.remembered import remembered
from beluga.stack.stack import NoStackError, database_url, read_run_file, secrets_of, write_private
from election.access import accounts, audit
from election.access import watcher_links as links
from election.access.tokens import Tokens
from election.domain.day import Watcher
from election.domain.roster import Roster, load_roster
from election.postgres.database import UNREACHABLE, connect
from election.postgres.election_store import current_roster
from intake.form.link_sheet import Card, link_sheet
from intake.languages.catalogues import load_catalogues
from intake.outbound_settings import OutboundSettings
from intake.outbox import store as outbox_store
from intake.replies.purposes import Purpose, QuietHours, Text, keyed, window, zone_of
from intake.replies.segments import plain
from intake.replies.wording import catalogue_for

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
EXPECTED: tuple[type[BaseException], ...] = (NoStackError, *UNREACHABLE)


class _Issued(NamedTuple):
    number: int
    link: str


@dataclass(frozen=True)
class _Work:
    """What a command works with."""

    connection: asyncpg.Connection
    roster: Roster
    people: list[Watcher]
    tokens: Tokens
    public_url: str
    now: datetime
    rehearsal: bool

    async def links(self, *, new: bool) -> dict[str, _Issued]:
        """Each watcher's good link, in the order of `people`."""
        make = links.reissue if new else links.issue
        numbers = await make(self.connection, [w.watcher_id for w in self.people])
        await self.record("links reissued" if new else "links issued")
        return {
            w.watcher_id: _Issued(
                number := numbers[w.watcher_id],
                links.link_of(self.public_url, self.tokens, w.watcher_id, number),
            )
            for w in self.people
        }

    async def record(self, action: str) -> None:
        named = [w.watcher_id for w in self.people]
        detail = {"watchers": len(named), "first": named[:20]}
        await audit.record(self.connection, self.now, "command line", action, "links", detail)


@app.command()
def issue(
    watchers: Watchers = None, county: County = None, everybody: Everybody = False, new: New = False,
    state: StateFolder = _HERE,
) -> None:  # fmt: skip
    """Print `watcher_id,link` as CSV. Without --new the links they hold stay good."""

    async def act(work: _Work) -> dict[str, _Issued]:
        return await work.links(new=new)

    found = _run(state, act, watchers, county, everybody)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("watcher_id", "link"))
    writer.writerows((watcher_id, one.link) for watcher_id, one in found.items())


@app.command()
def revoke(
    watchers: Watchers = None, county: County = None, everybody: Everybody = False, state: StateFolder = _HERE
) -> None:
    """End every link of these watchers, within seconds. They can still text."""

    async def act(work: _Work) -> int:
        await links.revoke(work.connection, [w.watcher_id for w in work.people])
        await work.record("links revoked")
        return len(work.people)

    number = _run(state, act, watchers, county, everybody)
    typer.echo(f"links of {number} watchers ended; `beluga links issue` gives new ones")


@app.command()
def sheet(
    out: Annotated[Path, typer.Option(help="Folder for one page a county.")] = Path("link-sheets"),
    county: County = None, new: New = False, state: StateFolder = _HERE,
) -> None:  # fmt: skip
    """Write pages with a QR code for every watcher, one a county, to be printed and handed out."""

    async def act(work: _Work) -> list[Path]:
        found = await work.links(new=new)
        cards: dict[str, list[Card]] = {}
        for w in sorted(work.people, key=lambda w: w.name):
            posts = [work.roster.precincts[p] for p in w.precinct_ids if p in work.roster.precincts]
            places = tuple(p.name or p.precinct_id for p in posts)
            card = Card(w.name or w.watcher_id, places, found[w.watcher_id].link)
            for name in dict.fromkeys(p.county for p in posts) or [""]:
                if not county or name in county:
                    cards.setdefault(name, []).append(card)
        out.mkdir(parents=True, exist_ok=True)
        written: list[Path] = []
        for name, those in sorted(cards.items()):
            path = out / f"links-{_file_name(name)}.html"
            title = f"{name or work.roster.day.name}: poll watchers' links"
            write_private(path, link_sheet(title, those, rehearsal=work.rehearsal).encode())
            written.append(path)
        return written

    for path in _run(state, act, None, county, county is None):
        typer.echo(str(path))


@app.command()
def text(
    watchers: Watchers = None, county: County = None, everybody: Everybody = False, new: New = False,
    state: StateFolder = _HERE,
) -> None:  # fmt: skip
    """Text everybody their link; intake sends as fast as its numbers may. The same link goes out once."""

    async def act(work: _Work) -> tuple[int, int]:
        quiet = OutboundSettings().quiet
        found = await work.links(new=new)
        texts = [_texted(work, w, found[w.watcher_id], quiet) for w in work.people]
        return len(await outbox_store.enqueue(work.connection, texts)), len(texts)

    made, wanted = _run(state, act, watchers, county, everybody)
    typer.echo(f"{made} links in the outbox ({wanted - made} had been texted before, or it is too late)")


@app.command()
def operator(login: str, state: StateFolder = _HERE) -> None:
    """Print a link that opens the hotline for this account of the war room, good for twelve hours."""

    async def act(work: _Work) -> str:
        everyone = await accounts.read_all(work.connection)
        account = next((a for a in everyone if a.login == login.lower()), None)
        if account is None or account.disabled or account.role not in accounts.WAR_ROOM:
            _stop(f"{login} may not work in the war room; see: beluga user list")
        token = work.tokens.sign("staff", account.identity.claims())
        subject = f"account:{account.login}"
        await audit.record(work.connection, work.now, "command line", "hotline link", subject)
        return f"{work.public_url}/hotline?token={token}"

    typer.echo(_run(state, act, None, None, True))


def _texted(work: _Work, watcher: Watcher, issued: _Issued, quiet: QuietHours) -> Text:
    catalogue = catalogue_for(watcher, work.roster)
    template = catalogue.form.get("text_link") or load_catalogues()["en"].form["text_link"]
    label = catalogue.outbound["rehearsal"] if work.rehearsal else ""
    return Text(
        keyed("link", watcher.watcher_id, issued.number, rehearsal=work.rehearsal),
        Purpose.ROLL_CALL,
        watcher.phone,
        plain(label + template.format(link=issued.link)),
        work.now,
        window(Purpose.ROLL_CALL, work.now, zone_of(watcher, work.roster), quiet),
        watcher.watcher_id,
        rehearsal=work.rehearsal,
    )


def _run(
    state: Path,
    act: Callable[[_Work], Awaitable[T]],
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
    secret = os.environ.get("BELUGA_SECRET", "")
    if not secret and (state / "secrets.toml").exists():
        secret = secrets_of(state)["secret"]
    if not secret:
        _stop("no secret to sign links with: set BELUGA_SECRET as intake has it")

    async def go() -> T:
        connection = await connect(database_url(state))
        try:
            content = await current_roster(connection)
            if content is None:
                _stop("no election has been imported yet: beluga import FOLDER")
            roster = load_roster(content)
            people = _chosen(roster, watchers, county, everybody)
            work = _Work(
                connection, roster, people, Tokens(secret), public_url.rstrip("/"), mode.now(), mode.rehearsal
            )
            async with connection.transaction():
                return await act(work)
        finally:
            await connection.close()

    try:
        return asyncio.run(go())
    except asyncpg.UndefinedTableError:
        _stop("this database is older than this command: run `beluga migrate` first")
    except EXPECTED as error:
        _stop(str(error) or type(error).__name__)


def _chosen(
    roster: Roster, watchers: list[str] | None, county: list[str] | None, everybody: bool
) -> list[Watcher]:
    if unknown := unknown_of("watcher", watchers or (), roster.watchers):
        _stop(f"{unknown}; nothing was changed")
    counties = {p.county for p in roster.precincts.values()}
    if unknown := unknown_of("county", county or (), counties, few=True):
        _stop(unknown)
    if not (watchers or county or everybody):
        _stop("name watchers, or a --county, or --all")
    wanted = set(watchers or ())
    return [
        w
        for w in roster.watchers.values()
        if everybody
        or w.watcher_id in wanted
        or any(roster.precincts[p].county in (county or ()) for p in w.precinct_ids if p in roster.precincts)
    ]


def _file_name(county: str) -> str:
    return re.sub(r"[^\w-]+", "-", county).strip("-") or "all"


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
