"""Fetches in the background what the log says has come and the shelf does not have.

The log is the list of what to fetch, so nothing is forgotten by a crash, a restart or an outage, and each
host that keeps a journal has all photos. Acknowledging a text never waits for any of it.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from election.postgres.database import UNREACHABLE
from intake.photos.fetching import PhotoClient, PhotoRefusedError, PhotoUnavailableError
from intake.photos.named import photo_urls
from intake.photos.shelf import PhotoShelf
from intake.photos.thumbnail import NoPictureError

LOOK_SECONDS = 3.0  # real; between looks at the log
RECENT = timedelta(days=3)  # stack time; providers keep media for longer, but the day is over
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0  # seconds between tries of one photo, doubling
MOST_TRIES = 10  # about an hour
AT_ONCE = 200  # messages read in one round; what is left comes in the next

# Ids alone, by the partial index: what was seen before is known here, whenever it was stored.
_NAMED = "select distinct message_id from check_ins where detail ? 'photos' and received_at > $1"
_MESSAGES = """
select message_id, provider, raw, received_at from messages where message_id = any($1::uuid[])
order by received_at desc, message_id
"""
AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)
log = structlog.get_logger()

Photo = tuple[UUID, int]


class PhotoFollower:
    """`run()` until cancelled. `acquire` lends a connection; `now` is stack time."""

    def __init__(
        self,
        shelf: PhotoShelf,
        fetcher: PhotoClient,
        acquire: Callable[[], Any],
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shelf = shelf
        self._fetcher = fetcher
        self._acquire = acquire
        self._now = now
        self._monotonic = monotonic
        self._done: set[UUID] = set()  # messages all of whose photos are settled
        self._tries: dict[Photo, tuple[int, float]] = {}  # how many, and when the next is due

    async def run(self) -> None:
        """Looks at the log again and again."""
        try:
            while True:
                try:
                    await self.look()
                except AWAY as error:
                    log.warning("database_away", work="photos", error=type(error).__name__)
                except OSError as error:
                    log.error("photo_not_kept", error=str(error), remedy="make room on the disk")
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._fetcher.close()

    async def look(self) -> None:
        """One round: everything that is due is fetched once."""
        async with self._acquire() as connection:
            named = await connection.fetch(_NAMED, self._now() - RECENT)
            new = [row["message_id"] for row in named if row["message_id"] not in self._done][:AT_ONCE]
            rows = await connection.fetch(_MESSAGES, new) if new else []
        purged = await asyncio.to_thread(self._shelf.purged_at)
        for row in rows:
            urls = photo_urls(row["provider"], row["raw"])  # none of the form's: its photos are here
            if purged is not None and row["received_at"] <= purged:
                urls = []
            due = [(number, url) for number, url in enumerate(urls) if self._due((row["message_id"], number))]
            settled = [await self._fetch((row["message_id"], n), row["provider"], url) for n, url in due]
            if len(due) == len(urls) and all(settled):
                self._done.add(row["message_id"])

    def _due(self, photo: Photo) -> bool:
        _, due = self._tries.get(photo, (0, 0.0))
        return self._monotonic() >= due

    async def _fetch(self, photo: Photo, provider: str, url: str) -> bool:
        """Whether the photo is settled: kept, or refused for good."""
        its_id, number = str(photo[0]), photo[1]
        if await asyncio.to_thread(self._shelf.record, its_id, number) is None:
            try:
                content = await self._fetcher.photo(provider, url)
                await asyncio.to_thread(self._shelf.keep, its_id, number, content)
            except PhotoUnavailableError as error:
                if self._again(photo):
                    return False
                why = f"the provider does not give it ({error})"
                await asyncio.to_thread(self._shelf.refuse, its_id, number, why)
            except (PhotoRefusedError, NoPictureError) as error:
                log.warning("photo_refused", message=its_id, provider=provider, reason=str(error))
                await asyncio.to_thread(self._shelf.refuse, its_id, number, str(error))
        self._tries.pop(photo, None)
        return True

    def _again(self, photo: Photo) -> bool:
        """Whether it is tried once more, and notes when."""
        tries = self._tries.get(photo, (0, 0.0))[0] + 1
        pause = min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)
        self._tries[photo] = (tries, self._monotonic() + pause)
        return tries < MOST_TRIES
