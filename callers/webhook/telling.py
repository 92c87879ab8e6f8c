"""Delivers events: the oldest first, many in one request, again after a failure, at least once.

An event lies in the database from the transaction that made it until a 2xx has come back for it, whatever
stops meanwhile. Pauses double from `FIRST_PAUSE` to `LONGEST_PAUSE`; after `KEPT` nobody waits for it.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import asyncpg
import orjson
import structlog
from aiohttp.abc import AbstractResolver

from callers.errors import CallersError
from callers.queries.statements import statements
from callers.webhook.public_hosts import AddressRefusedError, PublicHosts
from election.access.webhooks import WebhookError, checked_url, secret_of, signature
from election.postgres.database import UNREACHABLE

EVENTS = 100  # of one request
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
KEPT = timedelta(hours=24)
ANSWER_SECONDS = 10.0
LOOK_SECONDS = 1.0  # between two looks for events
ROUNDS = 20  # requests to one webhook in one look: others have their turn

AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)

_SQL = statements("webhook")
log = structlog.get_logger()


class NotTakenError(CallersError):
    """A delivery that was not taken. The message says why, and not where: a path may be a secret."""


def pause_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(failures, 20)))


def message_of(webhook_id: UUID, events: Sequence[asyncpg.Record]) -> bytes:
    """The body of a delivery."""
    told = [
        {"event_id": e["event_id"], "kind": e["kind"], "at": e["at"].astimezone(UTC).isoformat(), **e["body"]}
        for e in events
    ]
    return orjson.dumps({"webhook_id": str(webhook_id), "events": told})


class WebhookSender:
    """Sends what waits. `resolver` and `trust` are another's in tests alone."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        secret: str,
        *,
        resolver: AbstractResolver | None = None,
        trust: ssl.SSLContext | None = None,
        allowed: Callable[[str], str] = checked_url,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._pool, self._secret, self._allowed, self._now = pool, secret, allowed, now
        self._resolver, self._trust = resolver, trust
        self._session: aiohttp.ClientSession | None = None

    async def look(self) -> int:
        """Delivers what is due; returns how many events were taken. Raises one of `UNREACHABLE`."""
        taken = 0
        for row in await self._pool.fetch(_SQL["due"]):
            taken += await self._to(row["webhook_id"], row["url"], row["failures"])
        return taken

    async def _to(self, webhook_id: UUID, url: str, failures: int) -> int:
        taken = 0
        for _ in range(ROUNDS):
            events = await self._pool.fetch(_SQL["waiting"], webhook_id, EVENTS)
            if not events:
                break
            try:
                await self._post(webhook_id, url, message_of(webhook_id, events))
            except NotTakenError as error:
                host = urlsplit(url).hostname
                log.warning("webhook_not_taken", host=host, failures=failures + 1, error=str(error))
                await self._pool.execute(_SQL["failed"], webhook_id, str(error), pause_after(failures))
                await self._pool.execute(_SQL["give_up"], webhook_id, KEPT)
                break
            await self._pool.execute(_SQL["delivered"], webhook_id, [e["event_id"] for e in events])
            taken += len(events)
        return taken

    async def _post(self, webhook_id: UUID, url: str, body: bytes) -> None:
        """One delivery. Raises `NotTakenError`."""
        at = int(self._now())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Beluga",
            "Beluga-Signature": signature(secret_of(self._secret, webhook_id), at, body),
        }
        try:
            self._allowed(url)
            async with self._opened().post(url, data=body, headers=headers, allow_redirects=False) as answer:
                if not 200 <= answer.status < 300:
                    raise NotTakenError(f"it answered {answer.status}")
        except WebhookError as error:
            raise NotTakenError(str(error)) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            private = isinstance(getattr(error, "os_error", None), AddressRefusedError)
            why = "its name leads to a private network" if private else f"no answer: {type(error).__name__}"
            raise NotTakenError(why) from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=self._resolver or PublicHosts(), use_dns_cache=False, ssl=self._trust or True
            )
            timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def close(self) -> None:
        """Ends the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


async def keep_telling(sender: WebhookSender, leads: Callable[[], bool]) -> None:
    """Looks again and again, where this service leads; being without a database is no error."""
    try:
        while True:
            try:
                if leads():
                    await sender.look()
            except AWAY as error:
                log.warning("database_away", work="webhooks", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await sender.close()
