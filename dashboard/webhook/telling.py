"""Delivers events: the oldest first, many in one request, again after a failure, at least once.

An event lies in the database from the transaction that made it until a 2xx has come back for it, whatever
stops meanwhile. Pauses double from `FIRST_PAUSE` to `LONGEST_PAUSE`; after `KEPT` nobody waits for it.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import asyncpg
import orjson
import structlog
from aiohttp.abc import AbstractResolver

from dashboard.errors import DashboardError
from dashboard.webhook.public_hosts import AddressRefusedError, PublicHosts
from election.access.webhooks import WebhookError, checked_url, secret_of, signature
from election.postgres.database import UNREACHABLE

EVENTS = 100  # of one request
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
KEPT = timedelta(hours=24)
ANSWER_SECONDS = 10.0
LOOK_SECONDS = 1.0  # between two looks for events
AGAIN_SECONDS = 5.0  # after the database was away
TURN = timedelta(seconds=30)  # longer than a request and its database
ROUNDS = 20  # requests to one webhook in one look: others have their turn

AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)

# Of several war rooms one takes a webhook's turn, and holds it for as long as a request may take.
_DUE = """
update webhooks set due_at = now() + $1::interval where webhook_id in (
    select webhook_id from webhooks w where ended_at is null and due_at <= now()
      and exists (select from webhook_events e where e.webhook_id = w.webhook_id)
    for update skip locked)
returning webhook_id, url, failures
"""
_WAITING = """
select event_id, kind, at, body from webhook_events where webhook_id = $1 order by event_id limit $2
"""
_DELIVERED = """
with gone as (delete from webhook_events where webhook_id = $1 and event_id = any($2::bigint[]) returning 1)
update webhooks set delivered = delivered + (select count(*) from gone), delivered_at = now(), failures = 0,
    problem = '', due_at = now() + $3::interval
where webhook_id = $1
"""
_DONE = "update webhooks set due_at = now() where webhook_id = $1"
_FAILED = """
update webhooks set failures = failures + 1, problem = $2, due_at = now() + $3::interval where webhook_id = $1
"""
_GIVE_UP = """
with gone as (
    delete from webhook_events where webhook_id = $1 and stored_at < now() - $2::interval returning 1
)
update webhooks set given_up = given_up + (select count(*) from gone) where webhook_id = $1
"""
log = structlog.get_logger()


class NotTakenError(DashboardError):
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
        connection: Callable[[], AbstractAsyncContextManager[asyncpg.Connection]],
        secret: str,
        *,
        resolver: AbstractResolver | None = None,
        trust: ssl.SSLContext | None = None,
        allowed: Callable[[str], str] = checked_url,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._connection, self._secret, self._allowed, self._now = connection, secret, allowed, now
        self._resolver, self._trust = resolver, trust
        self._session: aiohttp.ClientSession | None = None

    async def look(self) -> int:
        """Delivers what is due; returns how many events were taken. Raises one of `UNREACHABLE`."""
        taken = 0
        for row in await self._rows(_DUE, TURN):
            taken += await self._to(row["webhook_id"], row["url"], row["failures"])
        return taken

    async def _to(self, webhook_id: UUID, url: str, failures: int) -> int:
        taken = 0
        for _ in range(ROUNDS):
            events = await self._rows(_WAITING, webhook_id, EVENTS)
            if not events:
                break
            try:
                await self._post(webhook_id, url, message_of(webhook_id, events))
            except NotTakenError as error:
                host = urlsplit(url).hostname
                log.warning("webhook_not_taken", host=host, failures=failures + 1, error=str(error))
                await self._rows(_FAILED, webhook_id, str(error), pause_after(failures))
                await self._rows(_GIVE_UP, webhook_id, KEPT)
                return taken
            await self._rows(_DELIVERED, webhook_id, [e["event_id"] for e in events], TURN)
            taken += len(events)
        await self._rows(_DONE, webhook_id)
        return taken

    async def _rows(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """One statement on a connection of its own: none is held while a program is waited for."""
        async with self._connection() as connection:
            return list(await connection.fetch(sql, *values))

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


async def keep_telling(sender: WebhookSender) -> None:
    """Looks again and again; being without a database is no error."""
    try:
        while True:
            try:
                await sender.look()
            except AWAY as error:
                log.warning("database_away", work="webhooks", error=type(error).__name__)
                await asyncio.sleep(AGAIN_SECONDS)
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await sender.close()
