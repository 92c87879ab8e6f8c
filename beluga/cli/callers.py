"""`beluga callers`: links, phone banks, lists for dialers, trials of scripts. It asks the service."""

import asyncio
import json
import os
import sys
import tomllib
import urllib.error
import urllib.request
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from beluga.stack.near import unknown_of
from beluga.stack.remembered import remembered
from beluga.stack.stack import NoStackError, database_url, known_secret, read_run_file
from election.access.identity import machine
from election.access.tokens import Tokens
from election.postgres.database import UNREACHABLE, connect

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Callers: links, phone banks, lists, scripts."
)

StateFolder = Annotated[Path, typer.Option(help="Folder of the stack.", envvar="BELUGA_STATE")]
_HERE = Path(".beluga")
_SECONDS = 60
_ENDED = {
    "caller": ("`beluga callers link`", "callers"),
    "captain": ("`beluga callers captain`", "captains' pages"),
    "driver": ("`beluga callers link --driver`", "drivers"),
    "canvasser": ("`beluga callers link --canvasser`", "canvassers"),
}  # fmt: skip


def _role(*, drivers: bool, canvassers: bool) -> str:
    """What a volunteer does, by the options given."""
    if drivers and canvassers:
        _stop("a driver or a canvasser, not both")
    return "driver" if drivers else "canvasser" if canvassers else "caller"


@app.command()
def link(
    caller_id: str,
    driver: Annotated[bool, typer.Option("--driver", help="It is a driver's id.")] = False,
    canvasser: Annotated[bool, typer.Option("--canvasser", help="It is a canvasser's id.")] = False,
    state: StateFolder = _HERE,
) -> None:
    """Print the personal link of one caller, or of one driver or canvasser."""
    url, _ = _service(state)
    role = _role(drivers=driver, canvassers=canvasser)
    if role == "caller":
        _must_be_known(state, caller_id)
    made = _ask(state, "POST", "/links", {"kind": role, "subject": caller_id})
    typer.echo(_public(state, url) + made["path"])


@app.command()
def captain(state: StateFolder = _HERE) -> None:
    """Print a link to the captain's page, good for a day: who is on, rates, idle, sheets."""
    url, _ = _service(state)
    typer.echo(
        _public(state, url) + _ask(state, "POST", "/links", {"kind": "captain", "subject": ""})["path"]
    )


@app.command()
def revoke(  # noqa: PLR0917
    callers: Annotated[list[str] | None, typer.Argument(help="Ids of callers.")] = None,
    captains: Annotated[
        list[str] | None, typer.Option("--captains", help="Codes of phone banks; repeat for several.")
    ] = None,
    all_captains: Annotated[
        bool, typer.Option("--all-captains", help="The captains' links of every phone bank, and staff's.")
    ] = False,
    all_callers: Annotated[bool, typer.Option("--all", help="Every caller's link.")] = False,
    drivers: Annotated[
        list[str] | None, typer.Option("--driver", help="Id of a driver; repeat for several.")
    ] = None,
    canvassers: Annotated[
        list[str] | None, typer.Option("--canvasser", help="Id of a canvasser; repeat for several.")
    ] = None,
    state: StateFolder = _HERE,
) -> None:
    """End links within seconds: of callers, of captains. The next link printed is good."""
    orders = [
        ("caller", callers or [], all_callers), ("captain", captains or [], all_captains),
        ("driver", drivers or [], False), ("canvasser", canvassers or [], False),
    ]  # fmt: skip
    if not any(subjects or everybody for _, subjects, everybody in orders):
        _stop("name callers, or --all; or --captains CODE, or --all-captains")
    for kind, subjects, everybody in orders:
        if subjects or everybody:
            order = {"kind": kind, "subjects": subjects, "everybody": everybody}
            ended = _ask(state, "POST", "/links/end", order)["subjects"]
            again, whose = _ENDED[kind]
            typer.echo(f"links of {ended} {whose} ended; {again} gives new ones")


@app.command()
def bank(  # noqa: PLR0917
    name: str, callers: int = 200, hours: float = 12,
    drivers: Annotated[bool, typer.Option("--drivers", help="Its volunteers drive.")] = False,
    canvassers: Annotated[bool, typer.Option("--canvassers", help="They visit voters.")] = False,
    state: StateFolder = _HERE,
) -> None:  # fmt: skip
    """Open a bank of callers, drivers or canvassers: volunteers sign themselves up by the link it prints."""
    url, _ = _service(state)
    role = _role(drivers=drivers, canvassers=canvassers)
    order = {"name": name, "most_callers": callers, "hours": hours, "role": role}
    made = _ask(state, "POST", "/phone-banks", order)
    typer.echo(f"volunteers  {_public(state, url)}{made['join_path']}   (code {made['code']})")
    typer.echo(f"captain     {_public(state, url)}{made['captain_path']}")


@app.command(name="list")
def list_(
    precinct: str, lines: int = 100, hours: float = 2, out: Annotated[Path | None, typer.Option()] = None,
    state: StateFolder = _HERE,
) -> None:  # fmt: skip
    """Set voters of an open precinct aside for a dialer and write them as CSV."""
    made = _ask(state, "POST", "/lists", {"precinct_id": precinct, "lines": lines, "hours": hours})
    content = _ask(state, "GET", made["csv_path"])
    if out:
        out.touch(mode=0o600)
        out.write_text(content, encoding="utf-8")
    else:
        sys.stdout.write(content)
    typer.echo(f"list {made['list_id']}: {made['lines']} voters until {made['until']}", err=True)


@app.command()
def outcomes(list_id: str, file: Path, state: StateFolder = _HERE) -> None:
    """Take a dialer's outcomes back: CSV with `lease_id,outcome` and, where wanted, when and what."""
    taken = _ask(state, "POST", f"/lists/{list_id}", file.read_text(encoding="utf-8-sig"))
    typer.echo(f"{taken['recorded']} recorded, {taken['repeated']} known already")
    for each in taken["problems"]:
        typer.echo(f"{file}:{each['line']}: {each['problem']}", err=True)
    if taken["problems"]:
        raise typer.Exit(1)


@app.command()
def scripts(file: Annotated[Path | None, typer.Argument()] = None, state: StateFolder = _HERE) -> None:
    """Start a trial of scripts from a TOML file, or show how the last one does."""
    if file:
        try:
            trial = tomllib.loads(file.read_text(encoding="utf-8"))
            json.dumps(trial)
        except (tomllib.TOMLDecodeError, TypeError) as error:
            _stop(f"{file} is no trial of scripts in TOML: {error}; write it as docs/callers.md shows")
        _ask(state, "POST", "/trials", trial)
    shown = _ask(state, "GET", "/trials")
    typer.echo(shown["sentence"])
    for each in shown["variants"]:
        typer.echo(
            f"{each['variant']:12} {each['calls']:6} calls {each['promises']:5} of {each['answers']:5} yes "
            f"{each['rate']:.1%} ({each['low']:.1%}–{each['high']:.1%})"
        )


def _service(state: Path) -> tuple[str, Tokens]:
    url = os.environ.get("BELUGA_CALLERS_URL", "")
    with suppress(NoStackError):
        url = url or read_run_file(state).urls["callers"]
    secret = known_secret(state)
    if not url or not secret:
        _stop("no callers' service: set BELUGA_CALLERS_URL and BELUGA_SECRET, or run this beside `beluga up`")
    return url.rstrip("/"), Tokens(secret)


def _public(state: Path, url: str) -> str:
    return remembered(state).public_url or url


def _must_be_known(state: Path, caller_id: str) -> None:
    """Exits where this link would open nothing, as far as the database can be asked."""
    with suppress(NoStackError, *UNREACHABLE):
        known = asyncio.run(_callers(database_url(state)))
        if unknown := unknown_of("caller", [caller_id], known):
            _stop(unknown)
        if known[caller_id]:
            _stop(f"{caller_id} has been taken off; a captain's page lets them in again")


async def _callers(url: str) -> dict[str, bool]:
    """Everybody's id, and whether they were taken off."""
    connection = await connect(url)
    try:
        return {r["caller_id"]: r["barred"] for r in await connection.fetch("select * from callers")}
    finally:
        await connection.close()


def _ask(state: Path, method: str, path: str, content: Any = None) -> Any:
    """The service's answer, from JSON where it is JSON. Exits with what it says is wrong."""
    url, tokens = _service(state)
    token = tokens.sign("service", machine("command line", "admin").claims())
    status, words = _request(url + path, method, token, content)
    if status >= HTTPStatus.BAD_REQUEST:
        _stop(words)
    return words


def _request(url: str, method: str, token: str, content: Any = None) -> tuple[int, Any]:
    """Status and answer; of an error its message. Exits where no service answers."""
    data = content.encode() if isinstance(content, str) else json.dumps(content).encode() if content else None
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - the operator's own
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            words = answer.read().decode()
            is_json = answer.headers.get_content_type() == "application/json"
            return answer.status, json.loads(words) if is_json else words
    except urllib.error.HTTPError as error:
        words = error.read().decode()
        with suppress(ValueError, KeyError, TypeError):
            words = json.loads(words)["message"]
        return error.code, words
    except (OSError, ValueError, HTTPException) as error:
        _stop(f"{url} does not answer: {error}; is the stack up? see: beluga status")


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
