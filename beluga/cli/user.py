"""`beluga user`: accounts of the war room."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import segno
import typer

from beluga.stack.mode import mode_of
from beluga.stack.near import unknown_of
from beluga.stack.stack import DEFAULT_STATE, NoStackError, database_url
from election.access import accounts, audit, totp
from election.access.accounts import AccountError, Role
from election.postgres.database import UNREACHABLE, connect

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Accounts of the war room.")

PasswordFromInput = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from standard input instead of making one."),
]


_STATE = ContextVar("state", default=DEFAULT_STATE)  # the folder named on the command line


@app.callback()
def user(
    state: Annotated[
        Path, typer.Option("--state", help="Folder of the stack.", envvar="BELUGA_STATE")
    ] = DEFAULT_STATE,
) -> None:
    """Accounts of the war room."""
    _STATE.set(state)


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
        await _known_counties(connection, county or ())
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


@app.command(name="sign-out")
def sign_out(login: str) -> None:
    """End every session, link and token of an account, everywhere; its password stays."""

    async def act(connection: asyncpg.Connection) -> None:
        await accounts.sign_out(connection, login)
        await _audit(connection, "signed out everywhere", login)

    _run(act)
    typer.echo(f"{login.lower()} is signed out everywhere within seconds, and may sign in again")


@app.command()
def role(
    login: str,
    role: Role,
    county: Annotated[list[str] | None, typer.Option(help="A lead's county; repeat for several.")] = None,
) -> None:
    """Give an account another role, or a lead other counties, and end its sessions."""

    async def act(connection: asyncpg.Connection) -> None:
        await accounts.change_role(connection, login, role, county or ())
        await _audit(connection, "role changed", login, {"role": role.value, "counties": county or []})

    _run(act)
    typer.echo(f"{login.lower()} is {role.value} from now on; open sessions end within seconds")


@app.command()
def disable(login: str) -> None:
    """Close an account and end its sessions."""

    async def act(connection: asyncpg.Connection) -> None:
        await accounts.disable(connection, login)
        await _audit(connection, "account disabled", login)

    _run(act)
    typer.echo(f"{login} can no longer sign in; open sessions end within seconds")


@app.command()
def codes(
    login: str,
    off: Annotated[bool, typer.Option("--off", help="Ask for no code any more.")] = False,
) -> None:
    """Ask this account for a one-time code of an authenticator app at sign-in, from now on."""
    secret = None if off else totp.new_secret()

    async def act(connection: asyncpg.Connection) -> None:
        await accounts.require_codes(connection, login, secret)
        await _audit(connection, "codes off" if off else "codes on", login)

    _run(act)
    if secret is None:
        typer.echo(f"{login.lower()} signs in with the password alone")
        return
    link = totp.address(secret, login.lower(), "Beluga")
    segno.make(link, micro=False).terminal(compact=True)
    typer.echo(f"{login.lower()} scans this once with an authenticator app; nobody can see it again\n{link}")


@app.command("list")
def list_() -> None:
    """Show every account."""
    for account in _run(accounts.read_all):
        scope = ", ".join(account.counties) or "all counties"
        typer.echo(f"{account.login}\t{account.role}\t{scope}{' · disabled' if account.disabled else ''}")


def _run(act: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
    async def go(url: str) -> Any:
        connection = await connect(url)
        try:
            return await act(connection)
        finally:
            await connection.close()

    try:
        return asyncio.run(go(database_url(_STATE.get())))
    except NoStackError:
        _stop("no database: set BELUGA_DATABASE_URL, or name the folder of a running stack with --state")
    except AccountError as error:
        _stop(str(error))
    except asyncpg.UndefinedTableError:
        _stop("this database has no accounts yet: run `beluga migrate` first")
    except UNREACHABLE as error:
        _stop(f"the database does not answer: {error}; is the stack up? see: beluga status")


async def _audit(
    connection: asyncpg.Connection, action: str, login: str, detail: dict[str, Any] | None = None
) -> None:
    now = mode_of(_STATE.get()).now()  # a rehearsal's audit log goes by the rehearsal's clock
    await audit.record(connection, now, "command line", action, f"account:{login.lower()}", detail)


async def _known_counties(connection: asyncpg.Connection, named: Sequence[str]) -> None:
    """A lead of a county that is misspelt would see nothing. Before an election is imported any will do."""
    rows = await connection.fetch("select distinct county from precincts")
    if rows and (unknown := unknown_of("county", named, {row["county"] for row in rows}, few=True)):
        _stop(unknown)


def _password(from_input: bool) -> str:
    return sys.stdin.readline().rstrip("\n") if from_input else accounts.new_password()


def _show(login: str, password: str, from_input: bool) -> None:
    typer.echo(f"{login.lower()} can sign in" + ("" if from_input else f" with password {password}"))


def _stop(message: str) -> Any:
    typer.echo(message, err=True)
    raise typer.Exit(1)
