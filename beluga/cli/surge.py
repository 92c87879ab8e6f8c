"""`beluga surge`: load at a fixed rate through the public path, for a bounded time."""

import asyncio
import itertools
import ssl
from pathlib import Path
from typing import Annotated

import typer

from beluga.county.county import fictional_phones
from beluga.load.surge import MOST_RATE, MOST_SECONDS, ready_texts, surge
from beluga.stack.stack import DEFAULT_STATE, NoStackError, given_secret, read_run_file, secrets_of
from election.runtime.settings import SharedSettings


def surge_(
    *,
    rate: Annotated[float, typer.Option(min=0.1, max=MOST_RATE, help="Texts a second.")] = 50.0,
    seconds: Annotated[float, typer.Option(min=1, max=MOST_SECONDS, help="For how long.")] = 10.0,
    url: Annotated[
        str | None,
        typer.Option(help="Where the webhooks are, e.g. https://turnout.example; default: this stack."),
    ] = None,
    phones: Annotated[int, typer.Option(min=1, max=100_000, help="From how many made-up phones.")] = 1_000,
    ca: Annotated[Path | None, typer.Option(help="Trust this certificate (PEM).", exists=True)] = None,
    gap: Annotated[float, typer.Option(help="Fail when nobody answered for longer than this, s.")] = 1.0,
    state: Annotated[Path, typer.Option(help="Folder of the stack.", envvar="BELUGA_STATE")] = DEFAULT_STATE,
    really: Annotated[
        bool, typer.Option("--really", help="Also against a stack that is not a rehearsal.")
    ] = False,
) -> None:
    """Send READY texts from made-up phones at a fixed rate and report latencies since each was due.

    READY counts no vote, and an unknown phone is quarantined: the tally does not change. The texts are
    stored like any others, so run it in a rehearsal; on the real stack it needs --really. Exit status 1 if a
    text was never acknowledged or the longest gap was over --gap.
    """
    try:
        run = read_run_file(state)
        intake, public, rehearsal, secrets = run.urls["intake"], "", run.rehearsal, secrets_of(state)
    except NoStackError as error:
        if url is None:
            raise typer.BadParameter(f"{error}, or name its --url") from None
        intake, public, rehearsal = url, url, SharedSettings().rehearsal
        secrets = {name: _secret(name) for name in ("generic_secret", "twilio_auth_token")}
    if not rehearsal and not really:
        raise typer.BadParameter("this stack is not a rehearsal; say --really if you mean it")
    tls = ssl.create_default_context(cafile=str(ca)) if ca else None

    async def go() -> int:
        from beluga.load.sender import TextSender

        async with TextSender(
            url or intake, url or public or intake, secrets, patience=30, tls=tls
        ) as sender:
            texts = ready_texts(itertools.islice(fictional_phones(), phones))
            found = await surge(sender, texts, rate, seconds)
        print(found.report())
        return int(found.given_up > 0 or found.gap[0] > gap)

    raise typer.Exit(asyncio.run(go()))


def _secret(name: str) -> str:
    found = given_secret(name)
    if not found:
        raise typer.BadParameter(f"set BELUGA_{name.upper()}, or BELUGA_SECRETS_DIR to the folder of secrets")
    return found
