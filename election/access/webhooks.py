"""Webhooks: where an operator's own programs are told of outcomes and strike-offs, and how far that is.

The signing secret is derived from the stack's own, so that no copy of the database holds it.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg

from election.access.outward import is_public, numeric, plain_parts
from election.errors import ElectionError

MOST = 8  # open at once

_COLUMNS = """
webhook_id, url, kinds, made_by, made_at, ended_by, ended_at, due_at, failures, problem, delivered, given_up,
delivered_at
"""
_ALL = f"""
select {_COLUMNS}, (select count(*) from webhook_events e where e.webhook_id = w.webhook_id) as waiting
from webhooks w order by ended_at is not null, made_at
"""  # noqa: S608 - a constant
_OPEN = "select count(*) from webhooks where ended_at is null"
_MAKE = "insert into webhooks (webhook_id, url, kinds, made_by) values ($1, $2, $3, $4)"
_END = """
update webhooks set ended_by = $2, ended_at = now() where webhook_id = $1 and ended_at is null returning url
"""
_FORGET = "delete from webhook_events where webhook_id = $1"
_TEST = """
insert into webhook_events (webhook_id, kind, at, body)
select webhook_id, 'test', now(), '{}' from webhooks where webhook_id = $1 and ended_at is null
returning event_id
"""
_AT_ONCE = "update webhooks set due_at = now() where webhook_id = $1"


class WebhookKind(StrEnum):
    """What a webhook is told of."""

    OUTCOME = "outcome"
    STRIKE_OFF = "strike_off"


class WebhookError(ElectionError):
    """A webhook that cannot be made or ended as asked; the message says what to do."""


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """One webhook as it stands. `waiting`: events not delivered yet."""

    webhook_id: UUID
    url: str = field(repr=False)  # its path may be a secret
    kinds: tuple[str, ...]
    made_by: str
    made_at: datetime
    ended_by: str | None = None
    ended_at: datetime | None = None
    due_at: datetime | None = None
    failures: int = 0
    problem: str = ""
    delivered: int = 0
    given_up: int = 0
    delivered_at: datetime | None = None
    waiting: int = 0

    @property
    def host(self) -> str:
        """All of its address that is shown."""
        return urlsplit(self.url).hostname or ""


def secret_of(stack_secret: str, webhook_id: UUID) -> str:
    """What a webhook's deliveries are signed with."""
    return hmac.new(stack_secret.encode(), b"beluga.webhook." + webhook_id.bytes, hashlib.sha256).hexdigest()


def signature(secret: str, at: int, body: bytes) -> str:
    """The header `Beluga-Signature` of a delivery: `at` in epoch seconds, so that an old one can be told."""
    told = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={told}"


def checked_url(url: str) -> str:
    """The address, where events may be sent to it. Raises `WebhookError`."""
    parts = plain_parts(url.strip())
    if parts is None or parts.scheme != "https":
        raise WebhookError("A webhook's address begins with https:// and holds no login.")
    host = parts.hostname or ""
    if (numeric(host) and not is_public(host)) or ("." not in host.rstrip(".") and ":" not in host):
        raise WebhookError("That is an address of a private network: events go to public hosts alone.")
    return url.strip()


async def make(connection: asyncpg.Connection, url: str, kinds: Sequence[str], account: str) -> UUID:
    """Makes a webhook. Call it within a transaction. Raises `WebhookError`."""
    url = checked_url(url)
    if not kinds or not set(kinds) <= set(WebhookKind):
        raise WebhookError("Choose what it is told of.")
    await connection.execute("lock table webhooks in share row exclusive mode")
    if await connection.fetchval(_OPEN) >= MOST:
        raise WebhookError(f"There are {MOST} webhooks already: end one first.")
    webhook_id = uuid4()
    await connection.execute(_MAKE, webhook_id, url, sorted(set(kinds)), account)
    return webhook_id


async def end(connection: asyncpg.Connection, webhook_id: UUID, account: str) -> str:
    """Ends a webhook; what waits for it is forgotten. Returns its host. Raises `WebhookError`."""
    url = await connection.fetchval(_END, webhook_id, account)
    if url is None:
        raise WebhookError("There is no such webhook, or it has ended.")
    await connection.execute(_FORGET, webhook_id)
    return urlsplit(str(url)).hostname or ""


async def send_test(connection: asyncpg.Connection, webhook_id: UUID) -> None:
    """Has a test event sent, at once. Raises `WebhookError`."""
    if await connection.fetchval(_TEST, webhook_id) is None:
        raise WebhookError("There is no such webhook, or it has ended.")
    await connection.execute(_AT_ONCE, webhook_id)


async def read_all(connection: asyncpg.Connection) -> list[WebhookTarget]:
    """Every webhook there is and was, open ones first."""
    rows = [dict(row) for row in await connection.fetch(_ALL)]
    return [WebhookTarget(**{**row, "kinds": tuple(row["kinds"])}) for row in rows]
