"""Watchers' personal links as the database numbers them: given, given anew, taken away.

A link carries the watcher and a number; it is good while the number is above what has been revoked for that
watcher. Intake judges links (`intake/roster/links.py`); who gives them out needs only this.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from election.access.tokens import Tokens

CHANGED_CHANNEL = "beluga_links"  # NOTIFY after any change; it only wakes
PURPOSE = "watcher"

# The watcher's newest link; a new number only where the newest has been revoked.
_ISSUE = """
insert into watcher_links as l (watcher_id) select distinct unnest($1::text[])
on conflict (watcher_id) do update set issued = greatest(l.issued, l.revoked_through + 1), changed_at = now()
returning watcher_id, issued
"""
# A new number, and every earlier one revoked.
_REISSUE = """
insert into watcher_links as l (watcher_id, issued, revoked_through) select distinct unnest($1::text[]), 1, 0
on conflict (watcher_id) do update set issued = l.issued + 1, revoked_through = l.issued, changed_at = now()
returning watcher_id, issued
"""
_REVOKE = """
insert into watcher_links as l (watcher_id, issued, revoked_through) select distinct unnest($1::text[]), 0, 0
on conflict (watcher_id) do update set revoked_through = l.issued, changed_at = now()
"""
_ALL = "select watcher_id, issued, revoked_through from watcher_links"


@dataclass(frozen=True, slots=True)
class LinkNumbers:
    """What was given to a watcher, and up to where it was taken away again."""

    issued: int
    revoked_through: int

    @property
    def good(self) -> bool:
        """Whether the newest link opens."""
        return self.issued > self.revoked_through


def link_of(public_url: str, tokens: Tokens, watcher_id: str, number: int) -> str:
    """The address that a watcher is given."""
    return f"{public_url.rstrip('/')}/w/{token_of(tokens, watcher_id, number)}"


def token_of(tokens: Tokens, watcher_id: str, number: int) -> str:
    """The signed part of a watcher's link."""
    return tokens.sign(PURPOSE, {"w": watcher_id, "n": number} if number else {"w": watcher_id})


async def issue(connection: asyncpg.Connection, watcher_ids: Sequence[str]) -> dict[str, int]:
    """The number of each watcher's good link; the links they hold stay good."""
    return await _change(connection, _ISSUE, watcher_ids)


async def reissue(connection: asyncpg.Connection, watcher_ids: Sequence[str]) -> dict[str, int]:
    """The number of a new link for each watcher; the links they hold end."""
    return await _change(connection, _REISSUE, watcher_ids)


async def revoke(connection: asyncpg.Connection, watcher_ids: Sequence[str]) -> None:
    """Ends every link of these watchers. The next `issue` gives a new one."""
    await _change(connection, _REVOKE, watcher_ids)


async def given(connection: asyncpg.Connection) -> dict[str, LinkNumbers]:
    """Every watcher who ever was given a link of a number."""
    return {
        row["watcher_id"]: LinkNumbers(row["issued"], row["revoked_through"])
        for row in await connection.fetch(_ALL)
    }


async def _change(connection: asyncpg.Connection, sql: str, watcher_ids: Sequence[str]) -> dict[str, int]:
    async with connection.transaction():
        rows = await connection.fetch(sql, list(watcher_ids))
        await connection.execute("select pg_notify($1, '')", CHANGED_CHANNEL)
    return {row["watcher_id"]: row["issued"] for row in rows}
