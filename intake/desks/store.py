"""The desks' statements: queues read from the log, and takes, which are the desks' own table.

A queue is never stored: an item waits while the log holds it and nothing that settles it. Pages go by
(received_at, check-in id), so that a queue may be worked on while it is being read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.wire.desks import Desk
from intake.door.log_entries import entry_of

Cursor = tuple[datetime, UUID]
BEGINNING: Cursor = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))

_SETTLED = """exists (select from check_ins d where d.kind in ('resolve', 'reread')
                      and d.detail->>'item' = c.check_in_id::text)"""
_TIED = """exists (select from check_ins t where t.kind = 'tie' and t.detail->>'phone' = c.sender
                   and t.rehearsal = $2)"""
_CONFIRMED = """exists (select from check_ins l where l.precinct_id = c.precinct_id and l.sender = c.sender
                        and l.kind in ('count', 'fix', 'final', 'undo') and l.sent_at > c.sent_at)"""
_DECIDED = """exists (select from check_ins d where d.kind in ('accept', 'reject')
                      and d.detail->>'target' = c.check_in_id::text)"""

# What nobody could read, and the second question in a row: there a person takes over.
_UNREAD_HERE = """c.kind in ('unread', 'question') and c.channel <> 'staff'
  and not c.detail ? 'unknown_sender'
  and (c.kind = 'unread' or exists (select from check_ins h where h.kind = 'asked'
       and h.detail->>'of' = c.check_in_id::text and h.detail->>'question' = 'handed_over'))"""
_HELD_HERE = f"""c.detail ? 'held' and c.kind in ('count', 'final') and not c.detail ? 'unknown_sender'
  and not {_DECIDED} and not {_CONFIRMED}"""

_QUEUE = """
select c.check_in_id, c.message_id, c.received_at, c.precinct_id, c.watcher_id, c.channel, c.sender,
       c.kind, c.votes, c.detail, m.body, 1 as messages, k.account, k.taken_until
from check_ins c join messages m using (message_id)
left join desk_takes k on k.desk = $1 and k.item = c.check_in_id::text
where {here} and c.rehearsal = $2 and (c.received_at, c.check_in_id) > ($3, $4)
  and ($5::text[] is null or c.precinct_id = any($5) or c.watcher_id = any($6::text[]))
  and not coalesce(k.finished, false) and not {settled}
order by c.received_at, c.check_in_id limit $7
"""

_UNKNOWN = f"""
with phones as (
    select sender, count(*) as messages, array_agg(check_in_id order by received_at, check_in_id) as entries
    from check_ins u where detail ? 'unknown_sender' and rehearsal = $2
      and not exists (select from agreed_texts a where a.phone = u.sender) group by sender
)
select c.check_in_id, c.message_id, c.received_at, c.precinct_id, c.watcher_id, c.channel, c.sender,
       c.kind, c.votes, c.detail, m.body, phones.messages, k.account, k.taken_until
from phones join check_ins c on c.check_in_id = phones.entries[1] join messages m using (message_id)
left join desk_takes k on k.desk = $1 and k.item = c.check_in_id::text
where (c.received_at, c.check_in_id) > ($3, $4) and not {_TIED}
  and ($5::text[] is null or c.precinct_id = any($5) or c.watcher_id = any($6::text[]))
  and not coalesce(k.finished, false) and not {_SETTLED}
order by c.received_at, c.check_in_id limit $7
"""  # noqa: S608 (constants only)

QUERIES = {
    Desk.UNREAD: _QUEUE.format(here=_UNREAD_HERE, settled=_SETTLED),
    Desk.HELD: _QUEUE.format(here=_HELD_HERE, settled=_SETTLED),
    Desk.UNKNOWN: _UNKNOWN,
}

_ITEM = """
select c.check_in_id, c.precinct_id, c.watcher_id, c.sender, c.kind, c.rehearsal, c.message_id,
       m.provider, m.provider_message_id, m.channel, m.body, m.raw, m.received_at, m.sent_at,
       m.roster_version, m.journal, m.journal_seq
from check_ins c join messages m using (message_id) where c.check_in_id = $1
"""
_ABOUT = """
select check_in_id, message_id, part, kind, channel, precinct_id, watcher_id, sender, observed_at, sent_at,
       received_at, votes, detail, rehearsal
from check_ins c
where c.message_id = $1 or (c.detail ? 'reread' and c.detail->>'reread' = $2)
   or (c.kind = 'reread' and c.detail->>'item' = $3)
"""

# The row is the lock: of two who take at once the second waits, sees the first, and gets nothing.
_TAKE = """
insert into desk_takes as k (desk, item, account, taken_until)
values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
on conflict (desk, item) do update set account = $3, taken_until = excluded.taken_until
where not k.finished and (k.account = $3 or k.taken_until <= clock_timestamp())
returning taken_until
"""
_HOLDER = "select account, taken_until, finished from desk_takes where desk = $1 and item = $2"
_RELEASE = """
update desk_takes set taken_until = clock_timestamp() where desk = $1 and item = $2 and account = $3
"""
_FINISH = """
insert into desk_takes as k (desk, item, account, taken_until, finished)
values ($1, $2, $3, clock_timestamp(), $4)
on conflict (desk, item) do update set finished = $4, account = $3, taken_until = clock_timestamp()
"""
_TAKEN = """
select item, account, taken_until from desk_takes
where desk = $1 and item = any($2::text[]) and taken_until > clock_timestamp() and not finished
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an item is about: an entry, and the whole message it was read from."""

    check_in_id: UUID
    kind: Kind
    precinct_id: str | None
    watcher_id: str | None
    message: Message


async def queue(  # noqa: PLR0917
    connection: asyncpg.Connection,
    desk: Desk,
    rehearsal: bool,
    after: Cursor,
    limit: int,
    scope: tuple[Sequence[str], Sequence[str]] | None,
) -> list[asyncpg.Record]:
    """A page of a desk, oldest first; `scope`: precincts and watchers that may be seen (None: all)."""
    places, people = scope if scope is not None else (None, None)
    values = (desk.value, rehearsal, *after, places, people, limit)
    return list(await connection.fetch(QUERIES[desk], *values))


async def subject(connection: asyncpg.Connection, item: UUID) -> Subject | None:
    """The entry an item names, with its message."""
    row = await connection.fetchrow(_ITEM, item)
    if row is None:
        return None
    fields = dict(row)
    entry = {name: fields.pop(name) for name in ("check_in_id", "precinct_id", "watcher_id", "kind")}
    fields["channel"] = Channel(fields["channel"])
    return Subject(
        entry["check_in_id"],
        Kind(entry["kind"]),
        entry["precinct_id"],
        entry["watcher_id"],
        Message(**fields),
    )


async def entries_about(connection: asyncpg.Connection, found: Subject) -> list[CheckIn]:
    """Everything the log holds of one message: its first readings and later corrections."""
    its_id = found.message.message_id
    rows = await connection.fetch(_ABOUT, its_id, str(its_id), str(found.check_in_id))
    return [entry_of(row) for row in rows]


async def take(
    connection: asyncpg.Connection, desk: Desk, item: str, account: str, seconds: float
) -> tuple[bool, str, datetime | None]:
    """(whether it is `account`'s now, who has it, until when)."""
    until = await connection.fetchval(_TAKE, desk.value, item, account, seconds)
    if until is not None:
        return True, account, until
    row = await connection.fetchrow(_HOLDER, desk.value, item)
    if row is None or row["finished"]:
        return False, "", None
    return False, row["account"], row["taken_until"]


async def holder(connection: asyncpg.Connection, desk: Desk, item: str) -> str:
    """Who has the item now; "" for nobody."""
    rows = await connection.fetch(_TAKEN, desk.value, [item])
    return str(rows[0]["account"]) if rows else ""


async def taken(
    connection: asyncpg.Connection, desk: Desk, items: Sequence[str]
) -> dict[str, tuple[str, datetime]]:
    """Who has which of the items now."""
    rows = await connection.fetch(_TAKEN, desk.value, list(items))
    return {row["item"]: (row["account"], row["taken_until"]) for row in rows}


async def release(connection: asyncpg.Connection, desk: Desk, item: str, account: str) -> None:
    """Gives an item back before its time."""
    await connection.execute(_RELEASE, desk.value, item, account)


async def finish(
    connection: asyncpg.Connection, desk: Desk, item: str, account: str, *, gone: bool = True
) -> None:
    """The item is dealt with; `gone`: it leaves the desk for good, before the log has the decision."""
    await connection.execute(_FINISH, desk.value, item, account, gone)
