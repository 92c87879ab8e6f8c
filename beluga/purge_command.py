"""`beluga purge`: removes voters, callers and calls after the election, with a certificate."""

import asyncio
import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from beluga.stack import NoStackError, database_url, secrets_of, write_private
from callers.purging import KEPT, purge
from election.database import UNREACHABLE, connect
from election.settings import SharedSettings
from election.store import load_election
from election.tokens import BadTokenError, Tokens

EXPECTED: tuple[type[BaseException], ...] = (NoStackError, *UNREACHABLE)
# What the command cannot reach: whoever signs the certificate must see to it.
NOT_COVERED = (
    "backups and archived WAL made before: delete them (docs/cluster.md), or let them expire",
    "the audit of staff's deeds, which names voters and callers looked up by their ids alone",
    "the log of watchers' texts (messages, check_ins) and intake's journals: they prove the count",
    "files exported or imported by people: election folders, lists for dialers, printed sheets",
)


def purge_(
    confirm: Annotated[
        str, typer.Option(help="The election's name, exactly, to show that you mean it.")
    ] = "",
    certificate: Annotated[Path, typer.Option(help="Where to write the certificate.")] = Path("purge.json"),
    check: Annotated[Path | None, typer.Option(help="Only check that this certificate is ours.")] = None,
    state: Annotated[Path, typer.Option(help="Folder of the stack.", envvar="BELUGA_STATE")] = Path(
        ".beluga"
    ),
) -> None:
    """Remove every voter, caller and call, and write a signed certificate of what was removed."""
    tokens = Tokens(_secret(state))
    if check:
        _check(check, tokens)
        return
    try:
        words = asyncio.run(_purge(database_url(state), confirm))
    except EXPECTED as error:
        typer.echo(str(error) or type(error).__name__, err=True)
        raise typer.Exit(1) from None
    write_private(
        certificate, json.dumps(words | {"signature": tokens.sign("purge", words)}, indent=1).encode()
    )
    rows = sum(words["removed"].values())
    typer.echo(f"{rows:,} rows removed; certificate: {certificate}")
    for line in NOT_COVERED:
        typer.echo(f"  not removed: {line}")
    if any(words["left"].values()):
        typer.echo("rows came back while we looked: stop the callers' service and purge again", err=True)
        raise typer.Exit(1)


async def _purge(url: str, confirm: str) -> dict[str, Any]:
    connection = await connect(url, patient=True)
    try:
        election = await load_election(connection)
        name = election.day.name if election else ""
        if confirm != name:
            typer.echo(f"nothing was removed; to remove it all: beluga purge --confirm {name!r}", err=True)
            raise typer.Exit(1)
        now = datetime.now(UTC)
        done = await purge(connection, "command line", now)
        system = await connection.fetchval("select system_identifier::text from pg_control_system()")
        return {
            "election": name, "at": now.isoformat(), "by": getpass.getuser(), "database": system,
            "removed": done.removed, "left": done.left, "kept": list(KEPT), "not_covered": list(NOT_COVERED),
        }  # fmt: skip
    finally:
        await connection.close()


def _check(path: Path, tokens: Tokens) -> None:
    words = json.loads(path.read_text(encoding="utf-8"))
    signature = words.pop("signature", "")
    try:
        good = tokens.read("purge", signature) == words
    except BadTokenError:
        good = False
    typer.echo(
        "the certificate is ours and unchanged" if good else "this certificate is NOT ours or was changed"
    )
    raise typer.Exit(0 if good else 1)


def _secret(state: Path) -> str:
    secret = SharedSettings().secret.get_secret_value()
    if not secret and (state / "secrets.toml").exists():
        secret = secrets_of(state)["secret"]
    if not secret:
        typer.echo("no secret to sign with: set BELUGA_SECRET as the services have it", err=True)
        raise typer.Exit(1)
    return secret
