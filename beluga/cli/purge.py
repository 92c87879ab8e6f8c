"""`beluga purge`: removes voters, callers and calls after the election, with a certificate."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from beluga.proof.purging import NOT_COVERED, check_certificate, purge_all
from beluga.stack.stack import database_url, secrets_of
from election.access.tokens import Tokens
from election.runtime.settings import SharedSettings
from intake.photos.shelf import PhotoShelf


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
    """Remove every voter, caller, call and photo, and write a signed certificate of what was removed.

    The certificate is begun first, where it will stay: whatever fails then, nothing or everything is removed,
    and the same command, run again, goes on.
    """
    tokens = Tokens(_secret(state))
    if check:
        check_certificate(check, tokens)
        typer.echo("the certificate is ours and unchanged")
        return
    shelf = PhotoShelf(state / "intake" / "photos")
    words = asyncio.run(purge_all(database_url(state), confirm, certificate, tokens, shelf))
    rows = sum(words["removed"].values())
    typer.echo(f"{rows:,} rows and {words['photos']:,} photos removed; certificate: {certificate}")
    for line in NOT_COVERED:
        typer.echo(f"  not removed: {line}")
    if any(words["left"].values()):
        typer.echo("rows came back while we looked: stop the callers' service and purge again", err=True)
        raise typer.Exit(1)


def _secret(state: Path) -> str:
    secret = SharedSettings().secret.get_secret_value()
    if not secret and (state / "secrets.toml").exists():
        secret = secrets_of(state)["secret"]
    if not secret:
        typer.echo("no secret to sign with: set BELUGA_SECRET as the services have it", err=True)
        raise typer.Exit(1)
    return secret
