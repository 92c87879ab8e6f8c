"""The check-in log in PostgreSQL: append what the journal holds, follow what others appended.

Theory of operation. Appending is idempotent: ids are functions of (provider, message id, part), and
conflicts do nothing. Following is gap-safe: rows carry the transaction id that wrote them, and a reader only
reads below `pg_snapshot_xmin`, the oldest transaction still running, in (xid, seq) order. A row that is
invisible now therefore has an xid at or above every row read so far, and will be read later (law L1).
LISTEN/NOTIFY only wakes a reader early; losing a notification loses time, not rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.ids import CheckInId, MessageId
from election.postgres.connector import ReplicationWatch

WAKE_CHANNEL = "beluga_log"

# Rows travel as one JSON array a table: encoding 27 columns one value at a time cost more than storing them.
# In order of their ids: two intakes that carry over the same texts in different order would else wait for
# each other, until PostgreSQL aborts one of them after a second.
_APPEND_MESSAGES = """
insert into messages (message_id, provider, provider_message_id, channel, sender, body, raw,
                      received_at, sent_at, roster_version, journal, journal_seq, rehearsal, grammar)
select * from json_to_recordset($1::text::json) as row (
    message_id uuid, provider text, provider_message_id text, channel text, sender text, body text, raw bytea,
    received_at timestamptz, sent_at timestamptz, roster_version text, journal text, journal_seq bigint,
    rehearsal boolean, grammar smallint)
order by 1
on conflict do nothing
"""

_APPEND_CHECK_INS = """
insert into check_ins (check_in_id, message_id, part, kind, channel, precinct_id, watcher_id, sender,
                       observed_at, sent_at, received_at, votes, detail, rehearsal)
select * from json_to_recordset($1::text::json) as row (
    check_in_id uuid, message_id uuid, part smallint, kind text, channel text, precinct_id text,
    watcher_id text, sender text, observed_at timestamptz, sent_at timestamptz, received_at timestamptz,
    votes integer, detail jsonb, rehearsal boolean)
on conflict do nothing
"""

# Times that equal their neighbour and empty details travel as null: decoding them is half of a restart.
_FOLLOW = """
select check_in_id, message_id, part, kind, channel, precinct_id, watcher_id, sender, observed_at,
       nullif(sent_at, observed_at) as sent_at, nullif(received_at, sent_at) as received_at, votes,
       nullif(detail, '{}') as detail, rehearsal, xid, seq
from check_ins
where (xid, seq) > ($1::text::xid8, $2) and xid < pg_snapshot_xmin(pg_current_snapshot())
  and ($4::text[] is null or kind = any($4))
order by xid, seq
limit $3
"""

# The newest row by the index: asked if any lies above, PostgreSQL expects many and reads the whole table.
_REACH = """
select coalesce((select xid from check_ins order by xid desc limit 1) >= pg_snapshot_xmin(now_seen), false)
           as withheld,
       pg_snapshot_xmin(now_seen) as xmin, pg_snapshot_xmax(now_seen) as xmax
from pg_current_snapshot() as now_seen
"""

_PLACE = """
select c.check_in_id, c.message_id, c.part, c.kind, c.channel, c.precinct_id, c.watcher_id, c.sender,
       c.observed_at, c.sent_at, c.received_at, c.votes, c.detail, c.rehearsal, c.xid, c.seq, m.body
from check_ins c join messages m using (message_id)
where c.precinct_id = $1 or c.check_in_id = any($2::uuid[])
order by c.received_at desc, c.check_in_id limit $3
"""

_WORDS = "select message_id, body from messages where message_id = any($1::uuid[])"

_MESSAGES = """
select message_id, provider, provider_message_id, channel, sender, body, raw, received_at, sent_at,
       roster_version, journal, journal_seq, rehearsal, grammar
from messages order by seq
"""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far a follower has read. `Position()` is the beginning."""

    xid: int = 0
    seq: int = 0


async def append(
    connection: asyncpg.Connection, messages: Sequence[Message], check_ins: Sequence[CheckIn]
) -> None:
    """Stores messages with their check-ins in one transaction; what is there already is left as it is.

    Raises `NotReplicatedError` where the commit was not confirmed by the synchronous replica it needs.
    """
    async with ReplicationWatch(connection), connection.transaction():
        await connection.execute(_APPEND_MESSAGES, _rows(messages))
        await connection.execute(_APPEND_CHECK_INS, _rows(check_ins))
        await connection.execute("select pg_notify($1, '')", WAKE_CHANNEL)


def _rows(entries: Sequence[Message] | Sequence[CheckIn]) -> str:
    """A JSON array of objects whose keys are the columns. Raises `TypeError` for what is not JSON."""
    return orjson.dumps(entries, default=_column).decode()


def _column(value: Any) -> Any:
    """What JSON has no form for: the raw bytes, and a message, which is a tuple with names."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if hasattr(value, "_asdict"):
        return value._asdict()
    raise TypeError(f"{type(value).__name__} cannot be stored")


async def read_after(
    connection: asyncpg.Connection,
    position: Position,
    limit: int = 10_000,
    kinds: Sequence[Kind] | None = None,
) -> tuple[list[CheckIn], Position]:
    """The next check-ins after `position`, at most `limit`, and the position behind them.

    `kinds` narrows it to some kinds of entry; a follower must keep to the same kinds.
    """
    rows = await connection.fetch(_FOLLOW, str(position.xid), position.seq, limit, kinds)
    if rows:
        position = Position(rows[-1]["xid"], rows[-1]["seq"])
    return [_check_in(row) for row in rows], position


@dataclass(frozen=True, slots=True)
class VisibilityHorizon:
    """How far a reader can see. `withheld`: stored check-ins wait behind an older open transaction, where
    `read_after` cannot reach. Whatever is committed by now has an xid below `xmax`; whatever has one below
    `xmin` can be read.
    """

    withheld: bool
    xmin: int
    xmax: int


async def visibility_horizon(connection: asyncpg.Connection) -> VisibilityHorizon:
    """How far `read_after` reaches at this moment."""
    [found] = await connection.fetch(_REACH)
    return VisibilityHorizon(*found)


async def read_place(
    connection: asyncpg.Connection, precinct_id: str, also: Sequence[CheckInId] = (), limit: int = 2_000
) -> list[tuple[CheckIn, str]]:
    """The check-ins that name a precinct (and those of `also`) with their words as sent; newest first."""
    rows = await connection.fetch(_PLACE, precinct_id, list(also), limit)
    return [(_check_in(tuple(row)[:-1]), row["body"]) for row in rows]


async def words_of(connection: asyncpg.Connection, messages: Sequence[MessageId]) -> dict[MessageId, str]:
    """The words of some messages, as sent."""
    return {row["message_id"]: row["body"] for row in await connection.fetch(_WORDS, list(messages))}


async def read_messages(connection: asyncpg.Connection) -> Any:
    """All raw messages, as an async iterator of `Message`, for a recount."""
    async with connection.transaction(readonly=True):
        async for row in connection.cursor(_MESSAGES, prefetch=2_000):
            yield _message(row)


_KINDS = {kind.value: kind for kind in Kind}
_CHANNELS = {channel.value: channel for channel in Channel}


def _check_in(row: Any) -> CheckIn:
    # Unpacked by position: a restart converts a million of these.
    (check_in_id, message_id, part, kind, channel, precinct_id, watcher_id, sender, observed_at, sent_at,
     received_at, votes, detail, rehearsal, _, _) = row  # fmt: skip
    sent_at = sent_at or observed_at
    return CheckIn(
        check_in_id, message_id, part, _KINDS[kind], _CHANNELS[channel], precinct_id, watcher_id, sender,
        observed_at, sent_at, received_at or sent_at, votes, detail or {},
        rehearsal,
    )  # fmt: skip


def _message(row: asyncpg.Record) -> Message:
    return Message(**(dict(row) | {"channel": Channel(row["channel"])}))
