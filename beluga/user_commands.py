"""`beluga user`: accounts of the war room."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import orjson
import typer

from election import accounts, audit
from election.accounts import AccountError, Role
from election.clock import open_clock
from election.database import UNREACHABLE, connect

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Accounts of the war room.")

PasswordFromInput = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from standard input instead of making one."),
]


@app.command()
def add(
    login: str,
    role: Annotated[
        Role, typer.Option(help="lead sees own counties; staff all; admin accounts too.")
    ] = Role.STAFF,
    county: Annotated[list[str] | None, typer.Option(help="A lead's county; repeat for several.")] = None,
    password_stdin: PasswordFromInput = False,
) -> None:
    """Make an account and print its password (unless it came from standard input)."""
    password = _password(password_stdin)

    async def act(connection: asyncpg.Connection) -> None:
        await accounts.add(connection, login, role, password, county or ())
        await _audit(connection, "account added", login, {"role": role.value, "counties": county or []})

    _run(act)
    _show(login, password, password_stdin)


@app.command()
def reset(login: str, password_stdin: PasswordFromInput = False) -> None:
    """Give an account a new password, open it again, and end its sessions."""
    password = _password(password_stdin)

    async def act(connection: asyncpg.Connection) -> None:
        await accounts.reset(connection, login, password)
        await _audit(connection, "account reset", login)

    _run(act)
    _show(login, password, password_stdin)


@app.command()
def disable(login: str) -> None:
    """Close an account and end its sessions."""

    async def act(connection: asyncpg.Connection) -> None:
        await accounts.disable(connection, login)
        await _audit(connection, "account disabled", login)

    _run(act)
    typer.echo(f"{login} can no longer sign in; open sessions end within seconds")


@app.command("list")
def list_() -> None:
    """Show every account."""
    for account in _run(accounts.read_all):
        scope = ", ".join(account.counties) or "all counties"
        typer.echo(f"{account.login}\t{account.role}\t{scope}{' · disabled' if account.disabled else ''}")


def database_url() -> str:
    """Where the accounts are: BELUGA_DATABASE_URL, else the running stack's. Exits where there is neither."""
    url = os.environ.get("BELUGA_DATABASE_URL")
    if not url:
        run = Path(os.environ.get("BELUGA_STATE", ".beluga")) / "run.json"
        try:
            url = orjson.loads(run.read_bytes()).get("database_url")
        except (OSError, ValueError):
            url = None
    if not url:
        _stop("no database: set BELUGA_DATABASE_URL, or run this where `beluga up` runs")
    return str(url)


def _run(act: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
    async def go(url: str) -> Any:
        connection = await connect(url)
        try:
            return await act(connection)
        finally:
            await connection.close()

    try:
        return asyncio.run(go(database_url()))
    except AccountError as error:
        _stop(str(error))
    except asyncpg.UndefinedTableError:
        _stop("this database has no accounts yet: run `beluga migrate` first")
    except UNREACHABLE as error:
        _stop(f"the database does not answer: {error}")


async def _audit(
    connection: asyncpg.Connection, action: str, login: str, detail: dict[str, Any] | None = None
) -> None:
    file = os.environ.get("BELUGA_CLOCK_FILE")
    now = open_clock(Path(file) if file else None).now()
    await audit.record(connection, now, "command line", action, f"account:{login.lower()}", detail)


def _password(from_input: bool) -> str:
    return sys.stdin.readline().rstrip("\n") if from_input else accounts.new_password()


def _show(login: str, password: str, from_input: bool) -> None:
    typer.echo(f"{login.lower()} can sign in" + ("" if from_input else f" with password {password}"))


def _stop(message: str) -> Any:
    typer.echo(message, err=True)
    raise typer.Exit(1)
