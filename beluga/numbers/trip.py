"""A text on its whole way: from one of our numbers, through carriers and the public door, into the log."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic

import asyncpg

from beluga.numbers.provider import HeldNumber, NumbersProvider, ProviderRefusedError

LOOK_SECONDS = 0.5
CLOCKS_APART = timedelta(minutes=5)  # by which another machine's clock may differ
_LETTERS = "ACDEFGHJKMNPRTUVWXY"  # none that is taken for a digit or another letter

_ARRIVED = """
select m.received_at from messages m
where m.sender = $1 and m.received_at > $2 and position($3 in upper(m.body)) > 0
order by m.received_at limit 1
"""


async def round_trip(
    connection: asyncpg.Connection, accounts: Sequence[NumbersProvider], *, sender: str = "", to: str = "",
    seconds: float = 120.0, tell: Callable[[str], None] = print,
) -> str:  # fmt: skip
    """Sends a text from `sender` (default: our first number) and waits until it is in the database.

    `to`: another number of ours (the default), or a person's phone, whose answer is then waited for. Returns
    words that say how long it took. Raises `ProviderRefusedError` where nothing came within `seconds`.
    """
    ours = [(account, each) for account in accounts for each in await account.held() if each.texts]
    account, sender = _sender(ours, sender)
    mine = {each.number for _, each in ours}
    to = to or next((number for number in sorted(mine) if number != sender), "")
    if not to:
        raise ProviderRefusedError("there is one number alone: name your own phone with --to, and answer")
    token = "".join(secrets.choice(_LETTERS) for _ in range(6))
    words = f"Beluga test {token}" if to in mine else f"Beluga test: please reply {token}"
    begun, since = monotonic(), datetime.now(UTC)
    await account.send(sender, to, words)
    if to not in mine:
        tell(f"sent to {to}; answer {token} from there")
    if not await _arrival(connection, sender if to in mine else to, token, since, seconds):
        raise ProviderRefusedError(
            f"nothing came within {seconds:.0f} s: `beluga numbers list` says where texts go, and the"
            " provider's log what became of this one"
        )
    way = f"{sender} to {to}" + ("" if to in mine else " and back")
    return f"{way}: {monotonic() - begun:.1f} s until it was in the database"


def _sender(ours: Sequence[tuple[NumbersProvider, HeldNumber]], wanted: str) -> tuple[NumbersProvider, str]:
    for account, each in ours:
        if each.number == (wanted or each.number):
            return account, each.number
    known = ", ".join(each.number for _, each in ours[:5]) or "none yet: beluga numbers search"
    raise ProviderRefusedError(f"no account holds a number {wanted} that texts; held are {known}")


async def _arrival(
    connection: asyncpg.Connection, sender: str, token: str, since: datetime, seconds: float
) -> datetime | None:
    """When a text of `sender` with `token` was received (UTC); None where none came within `seconds`."""
    until = monotonic() + seconds
    while True:
        found: datetime | None = await connection.fetchval(_ARRIVED, sender, since - CLOCKS_APART, token)
        if found is not None or monotonic() > until:
            return found
        await asyncio.sleep(LOOK_SECONDS)
