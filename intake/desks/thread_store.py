"""Statements behind watcher threads: what was said by and to some phones, and what staff made of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from election.domain.checkin import Channel, CheckIn, Message
from intake.door.log_entries import entry_of

_MESSAGES = """
select message_id, provider, provider_message_id, channel, sender, body, raw, received_at, sent_at,
       roster_version, journal, journal_seq, rehearsal, grammar
from messages where sender = any($1::text[]) and rehearsal = $2
order by received_at desc, message_id limit $3
"""
_COLUMNS = """
check_in_id, message_id, part, kind, channel, precinct_id, watcher_id, sender, observed_at, sent_at,
received_at, votes, detail, rehearsal
"""
_ENTRIES = f"""
select {_COLUMNS} from check_ins where message_id = any($1::uuid[]) order by message_id, part
"""  # noqa: S608 (constants only)
# Each by an index of its own: items and targets by what they name, the rest by their rare kinds.
_STAFF = f"""
select {_COLUMNS} from check_ins where kind in ('resolve', 'reread') and detail->>'item' = any($1::text[])
union
select {_COLUMNS} from check_ins where kind in ('accept', 'reject') and detail->>'target' = any($1::text[])
union
select {_COLUMNS} from check_ins
where kind in ('tie', 'assign', 'asked', 'resolve')
  and (detail->>'watcher_id' = any($2::text[]) or detail->>'sender' = any($2::text[])
       or detail->>'incident' = any($3::text[]))
"""  # noqa: S608 (constants only)
_TEXTS = """
select key, purpose, body, precinct_id, state, reason, made_at,
       coalesce(settled_at, claimed_at, made_at) as at
from outbox where phone = any($1::text[]) and rehearsal = $2 order by made_at desc, key limit $3
"""
_TIED = """
select distinct on (detail->>'phone') detail->>'phone' as phone, detail->>'watcher_id' as watcher_id
from check_ins where kind = 'tie' and rehearsal = $1
order by detail->>'phone', observed_at desc, received_at desc, check_in_id desc
"""


@dataclass(frozen=True, slots=True)
class OutboxText:
    """A text of ours in the outbox, whatever has become of it."""

    key: str
    purpose: str
    body: str
    precinct_id: str | None
    state: str
    reason: str
    made_at: datetime
    at: datetime


async def messages_from(
    connection: asyncpg.Connection, senders: Collection[str], rehearsal: bool, limit: int
) -> list[Message]:
    """The newest messages of these senders, oldest first."""
    rows = await connection.fetch(_MESSAGES, list(senders), rehearsal, limit)
    found = [Message(**(dict(row) | {"channel": Channel(row["channel"])})) for row in rows]
    return found[::-1]


async def entries_of(connection: asyncpg.Connection, message_ids: Sequence[UUID]) -> list[CheckIn]:
    """What was understood in these messages."""
    return [entry_of(row) for row in await connection.fetch(_ENTRIES, list(message_ids))]


async def staff_entries(
    connection: asyncpg.Connection, items: Collection[str], names: Collection[str], incidents: Collection[int]
) -> list[CheckIn]:
    """What staff, or intake itself, entered about these items, people and incidents."""
    numbers = [str(number) for number in incidents]
    return [entry_of(row) for row in await connection.fetch(_STAFF, list(items), list(names), numbers)]


async def texts_to(
    connection: asyncpg.Connection, phones: Collection[str], rehearsal: bool, limit: int
) -> list[OutboxText]:
    """Our newest texts to these phones, oldest first."""
    rows = await connection.fetch(_TEXTS, list(phones), rehearsal, limit)
    return [OutboxText(**dict(row)) for row in rows][::-1]


async def ties(connection: asyncpg.Connection, rehearsal: bool) -> dict[str, str]:
    """Phones that staff have tied to watchers, each by its newest tie."""
    return {row["phone"]: row["watcher_id"] for row in await connection.fetch(_TIED, rehearsal)}
