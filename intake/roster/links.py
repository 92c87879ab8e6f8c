"""Watchers' personal links: signed, numbered, revocable one by one or in bulk.

A token carries the watcher and a number; it is good while the number is above what has been revoked for that
watcher. What has been revoked lies on disk beside the rosters, so that a revoked link stays dead while the
database is away. Before anything is known every signed link is good: a watcher must never wait for us.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import structlog

from election.access.tokens import BadTokenError, Tokens
from election.postgres.pg_watch import watch
from election.runtime.atomic_file import replace_file
from intake.errors import IntakeError

CHANGED_CHANNEL = "beluga_links"  # NOTIFY after any change; it only wakes
PURPOSE = "watcher"

_REVOKED = "select watcher_id, revoked_through from watcher_links where revoked_through >= 0"
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

log = structlog.get_logger()


class RevokedLinkError(IntakeError):
    """The link was good once; a newer one has been issued, or none."""


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


async def _change(connection: asyncpg.Connection, sql: str, watcher_ids: Sequence[str]) -> dict[str, int]:
    async with connection.transaction():
        rows = await connection.fetch(sql, list(watcher_ids))
        await connection.execute("select pg_notify($1, '')", CHANGED_CHANNEL)
    return {row["watcher_id"]: row["issued"] for row in rows}


class Links:
    """Judges links: from memory, from disk after a restart, following the database when it is there."""

    def __init__(self, folder: Path, tokens: Tokens) -> None:
        self._path = folder / "revoked-links.json"
        self._tokens = tokens
        self._revoked: dict[str, int] = {}  # watcher -> the highest number that is no longer good

    def watcher_of(self, token: str) -> str:
        """Whose link it is. Raises `BadTokenError` or `RevokedLinkError`."""
        value = self._tokens.read(PURPOSE, token)
        try:
            watcher_id, number = str(value["w"]), int(value.get("n", 0))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BadTokenError("not a watcher's link") from None
        if number <= self._revoked.get(watcher_id, -1):
            raise RevokedLinkError
        return watcher_id

    def load(self) -> None:
        """Takes what had been revoked from disk; a torn or missing file stops nobody."""
        try:
            self._revoked = _checked(orjson.loads(self._path.read_bytes()))
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            log.error("links_torn", error=str(error), remedy="they are fetched again from the database")

    async def adopt(self, revoked: dict[str, int]) -> None:
        """Puts a state of revocations in force, once it is safely on disk."""
        if revoked != self._revoked:
            await asyncio.to_thread(replace_file, self._path, orjson.dumps(revoked))
            self._revoked = revoked
            log.info("links_in_force", revoked=len(revoked))

    async def follow(self, url: str) -> None:
        """Keeps up with the database for ever; being without one is no error."""
        await watch(url, CHANGED_CHANNEL, _revoked, self.adopt, "links")


async def _revoked(connection: asyncpg.Connection) -> dict[str, int]:
    return {row["watcher_id"]: row["revoked_through"] for row in await connection.fetch(_REVOKED)}


def _checked(value: Any) -> dict[str, int]:
    if not isinstance(value, dict) or not all(isinstance(n, int) for n in value.values()):
        raise ValueError("not a list of revoked links")
    return value
