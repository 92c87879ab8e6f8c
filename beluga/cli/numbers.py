"""`beluga numbers`: the telephone numbers that watchers text to, at Twilio and Telnyx."""

import asyncio
import json as json_text
import os
import re
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from beluga.numbers.accounts import accounts, answers_here, hook_at, listed
from beluga.numbers.provider import (
    HeldNumber,
    NumberSearch,
    OfferedNumber,
    ProviderRefusedError,
    Registration,
)
from beluga.numbers.trip import round_trip
from beluga.stack.failures import CommandRefusedError
from beluga.stack.remembered import remembered
from beluga.stack.stack import DEFAULT_STATE, database_url
from election.domain.phones import normal_phone
from election.postgres.database import connect
from intake.settings import IntakeSettings

T = TypeVar("T")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
NOWHERE_PUBLIC = "say where providers reach this machine: --url https://turnout.example.org"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The telephone numbers that watchers text to: find, buy, point here, test.",
)

StateFolder = Annotated[Path, typer.Option(help="Folder of the stack.", envvar="BELUGA_STATE")]
Provider = Annotated[str, typer.Option(help="twilio or telnyx; by default every account that is set up.")]
PublicUrl = Annotated[str, typer.Option("--url", help="The public address; default: BELUGA_PUBLIC_URL.")]
Fallback = Annotated[
    str, typer.Option(help="Where texts go when that fails, e.g. a second machine; default: there again.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for a machine.")]


@app.command("list")
def list_(
    provider: Provider = "", state: StateFolder = DEFAULT_STATE, url: PublicUrl = "", as_json: AsJson = False
) -> None:
    """Show our numbers, where their texts go, and whether carriers let them through; exit 1 if not all do."""
    public = _public(url, state)
    rows = _run(listed(IntakeSettings(), provider))
    if as_json:
        print(
            json_text.dumps(
                [asdict(n) | {"provider": p, "registration": asdict(r)} for p, n, r in rows], indent=1
            )
        )
    else:
        print("\n".join(_line(p, n, r, public) for p, n, r in rows) or "the account holds no numbers yet")
    if not rows or any(
        not answers_here(p, n, public) or r.state in ("missing", "refused") for p, n, r in rows
    ):
        raise typer.Exit(1)


@app.command()
def search(
    area: Annotated[str, typer.Option(help="National area code, e.g. 215.")] = "",
    *,
    country: Annotated[str, typer.Option(help="Two letters.")] = "US",
    toll_free: Annotated[bool, typer.Option("--toll-free", help="Toll-free numbers.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many to show.")] = 10,
    provider: Provider = "",
) -> None:
    """Show numbers that may be bought, with their price; buys nothing."""
    if not re.fullmatch(r"[A-Za-z]{2}", country) or not re.fullmatch(r"[0-9]{0,5}", area):
        raise CommandRefusedError("write --country US --area 215")
    wanted = NumberSearch(country.upper(), area, "toll_free" if toll_free else "local", limit)

    async def look() -> list[tuple[str, OfferedNumber]]:
        async with accounts(IntakeSettings(), provider) as found:
            return [(account.name, offer) for account in found for offer in await account.offers(wanted)]

    offers = _run(look())
    for name, offer in offers:
        print(f"{offer.number}  {name}  {offer.place}  {offer.price()}")
    if not offers:
        raise CommandRefusedError("none found; try another area, or --toll-free")
    print(f"to buy one: beluga numbers buy {offers[0][1].number} --provider {offers[0][0]}")


@app.command()
def buy(
    number: Annotated[str, typer.Argument(help="As `search` shows it, e.g. +12155550100.")],
    *,
    provider: Annotated[str, typer.Option(help="twilio or telnyx.")],
    state: StateFolder = DEFAULT_STATE,
    url: PublicUrl = "",
    fallback: Fallback = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; it costs money.")] = False,
) -> None:
    """Buy a number and point its texts here. Says the price and asks first."""
    number, public = _number(number), _public(url, state)
    hook = _hook(public, provider)

    async def price() -> str:
        area = number[2:5] if number.startswith("+1") else ""
        kind = HeldNumber(number, "").kind
        wanted = NumberSearch(area=area, kind=kind, limit=50)
        async with accounts(IntakeSettings(), provider) as (account,):
            offers = await account.offers(wanted) if area else []
            return next(
                (o.price() for o in offers if o.number == number), "price unknown: see the provider's list"
            )

    async def order() -> HeldNumber:
        async with accounts(IntakeSettings(), provider) as (account,):
            return await account.buy(number, hook, fallback or hook)

    if not yes and not typer.confirm(f"Buy {number} from {provider} ({_run(price())})?"):
        raise CommandRefusedError("nothing was bought")
    bought = _run(order())
    print(f"bought {bought.number}; its texts come to {bought.answers_at or hook}")
    print(f"name it in beluga.env: BELUGA_OUTBOUND_NUMBERS={_setting(bought, provider)}")
    print("then: beluga numbers list (registration), beluga numbers test")


@app.command()
def point(
    number: Annotated[str, typer.Argument(help="One of our numbers; without it, all of them.")] = "",
    *,
    provider: Provider = "",
    state: StateFolder = DEFAULT_STATE,
    url: PublicUrl = "",
    fallback: Fallback = "",
) -> None:
    """Have the texts of our numbers sent here, and to --fallback when that fails."""
    public = _public(url, state)
    one = _number(number) if number else ""

    async def turn() -> list[HeldNumber]:
        done = []
        async with accounts(IntakeSettings(), provider) as found:
            for account in found:
                hook = _hook(public, account.name)
                for each in await account.held():
                    if each.number == (one or each.number) and each.texts:
                        done.append(await account.point(each, hook, fallback or hook))
        return done

    done = _run(turn())
    if not done:
        raise CommandRefusedError(f"no account holds {one}" if one else "the accounts hold no numbers yet")
    for each in done:
        print(f"{each.number} texts {each.answers_at}, else {each.fallback}")


@app.command()
def test(
    sender: Annotated[str, typer.Option("--from", help="Our number that sends; default: the first.")] = "",
    *,
    to: Annotated[str, typer.Option(help="Another number of ours; or your own phone, to answer from.")] = "",
    provider: Provider = "",
    state: StateFolder = DEFAULT_STATE,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long to wait.")] = 120.0,
) -> None:
    """Send a text and wait until it, or your answer to it, is in the database; say how long that took."""
    settings = IntakeSettings()
    ours, theirs = _number(sender) if sender else "", normal_phone(to, settings.phone_region)

    async def trip() -> str:
        async with accounts(settings, provider) as found:
            connection = await connect(database_url(state))
            try:
                return await round_trip(connection, found, sender=ours, to=theirs, seconds=seconds)
            finally:
                await connection.close()

    print(_run(trip()))


def _line(provider: str, number: HeldNumber, registration: Registration, public: str) -> str:
    if not number.texts:
        where = "CANNOT TEXT: buy another"
    elif answers_here(provider, number, public):
        where = f"texts come here{'' if number.fallback else ', no fallback'}"
    else:
        where = f"TEXTS GO TO {number.answers_at or 'NOWHERE'}: beluga numbers point {number.number}"
    return f"{number.number}  {provider}  {where}\n    {registration.state}: {registration.line()}"


def _setting(number: HeldNumber, provider: str) -> str:
    preset = "toll_free" if number.kind == "toll_free" else "10dlc"
    return json_text.dumps([{"number": number.number, "provider": provider, "preset": preset}])


def _public(url: str, state: Path) -> str:
    return (url or os.environ.get("BELUGA_PUBLIC_URL", "") or remembered(state).public_url).rstrip("/")


def _hook(public: str, provider: str) -> str:
    """Raises `CommandRefusedError` where providers could not reach us."""
    if not public.startswith("https://"):
        raise CommandRefusedError(
            f"{public!r} is no public https address; {NOWHERE_PUBLIC}" if public else NOWHERE_PUBLIC
        )
    return hook_at(public, provider)


def _number(written: str) -> str:
    found = normal_phone(written, "US")
    if not E164.fullmatch(found):
        raise CommandRefusedError(f"{written!r} is no telephone number; write it as +12155550100")
    return found


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except ProviderRefusedError as error:
        raise CommandRefusedError(str(error)) from None
