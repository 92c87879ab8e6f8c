"""Watchers' personal links: signed, numbered, revocable one by one or in bulk.

A token carries the watcher and a number; it is good while the number is above what has been revoked for that
watcher. What has been revoked lies on disk beside the rosters, so that a revoked link stays dead while the
database is away. Before anything is known every signed link is good: a watcher must never wait for us.
"""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import structlog

from election.access.tokens import BadTokenError, Tokens
from election.access.watcher_links import CHANGED_CHANNEL, PURPOSE
from election.postgres.pg_watch import watch
from election.runtime.atomic_file import replace_file
from intake.errors import IntakeError

_REVOKED = "select watcher_id, revoked_through from watcher_links where revoked_through >= 0"

log = structlog.get_logger()


class RevokedLinkError(IntakeError):
    """The link was good once; a newer one has been issued, or none."""


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
