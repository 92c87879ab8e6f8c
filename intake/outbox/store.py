"""The outbox in PostgreSQL: every statement that touches the table.

Theory of operation. Only the leader of `outbox` (election.postgres.leadership) claims and settles, and each
of its transactions begins with its term's fence. A text goes waiting → claimed → sent (or failed …). A leader
that dies between a claim and the provider's answer leaves the row `claimed` under its epoch; its successor
calls it `unknown`, and nobody sends it again, unless the provider is known to take the same key once only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from election.postgres.connector import ReplicationWatch
from election.postgres.leadership import Term
from intake.replies.purposes import AFTER_STOP, ANSWERS, PRIORITY, Purpose, Text
from intake.senders import Delivery

_ENQUEUE = """
insert into outbox (key, purpose, priority, phone, watcher_id, precinct_id, body, segments, rehearsal,
                    made_at, not_before, expires_at)
select * from unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::smallint[], $9::boolean[], $10::timestamptz[], $11::timestamptz[],
                     $12::timestamptz[])
on conflict do nothing
returning key
"""

# Whether a phone's latest word was STOP: a function of the set, so a late START that was sent earlier
# changes nothing. Ties go to STOP. A rehearsal's STOP counts too: they meant us.
OPTED_OUT = """
coalesce((select c.kind = 'stop' from check_ins c
          where c.sender = {phone} and c.kind in ('stop', 'start')
          order by c.sent_at desc, c.kind desc limit 1), false)
"""

# Whether a phone that may not be the watcher's ("wrong number", "who is this") still waits for staff to look:
# at that text, at the phone's item on the desk of unknown senders, or by tying it to a watcher since.
# "Incorrect number" is an answer, not such a text, where something was asked in the half hour before.
IN_QUESTION = """
exists (select from check_ins s where s.sender = {phone} and s.detail ? 'stranger'
        and not (s.detail ? 'denies' and exists (
            select from check_ins q where q.sender in (s.sender, s.watcher_id) and q.sent_at <= s.sent_at
                   and q.sent_at > s.sent_at - interval '30 minutes'
                   and (q.kind = 'question' or q.detail ? 'held')
            union all select from check_ins a where a.kind = 'asked' and a.sent_at <= s.sent_at
                   and a.sent_at > s.sent_at - interval '30 minutes'
                   and a.detail->>'sender' in (s.sender, s.watcher_id)))
        and not exists (select from check_ins d where d.kind in ('resolve', 'reread')
                        and d.detail->>'item' = s.check_in_id::text)
        and not (s.detail ? 'unknown_sender' and exists (
            select from check_ins u join check_ins d on d.kind in ('resolve', 'reread')
                   and d.detail->>'item' = u.check_in_id::text and d.received_at > s.received_at
            where u.sender = s.sender and u.detail ? 'unknown_sender'))
        and not exists (select from check_ins t where t.kind = 'tie' and t.detail->>'phone' = s.sender
                        and t.received_at > s.received_at))
"""
_ANSWERS = ", ".join(f"'{purpose.value}'" for purpose in sorted(ANSWERS))  # what they ask is answered

_EXPIRE = """
update outbox set state = 'expired', settled_at = $1, reason = 'too_late'
where state = 'waiting' and expires_at <= $1 returning purpose
"""

_SILENCE = f"""
update outbox o set state = 'silenced', settled_at = $1, reason = 'opted_out'
where state = 'waiting' and not_before <= $1 and purpose <> all($2::text[])
  and {OPTED_OUT.format(phone="o.phone")}
returning purpose
"""  # noqa: S608 (constants only)

_CLAIM = f"""
with next as (
    select key from outbox w
    where state = 'waiting' and not_before <= $1 and expires_at > $1 and rehearsal = $6
      and (purpose = any($7::text[]) or not {OPTED_OUT.format(phone="w.phone")})
      and (purpose in ({_ANSWERS}) or not {IN_QUESTION.format(phone="w.phone")})
    order by priority, made_at, key limit $2 for update skip locked
)
update outbox o set state = 'claimed', epoch = $3, number = $4, provider = $5, claimed_at = $1,
                    attempts = attempts + 1
from next where o.key = next.key
returning o.key, o.purpose, o.priority, o.phone, o.body, o.segments, o.expires_at, o.made_at
"""  # noqa: S608 (constants only)

# How a text may go to a phone whose latest text came by WhatsApp: in free words within a day of it, then by a
# template that WhatsApp has approved for its purpose ($2); everything else goes as SMS. `$1`: now.
_HEARD = """
left join lateral (
    select position('From=whatsapp%3A'::bytea in m.raw) > 0 as by_whatsapp, m.received_at
    from messages m where m.sender = w.phone and m.channel = 'sms'
    order by m.received_at desc limit 1
) heard on true
"""
_WAY = """
case when not coalesce(heard.by_whatsapp, false) then 'sms'
     when heard.received_at > $1::timestamptz - interval '24 hours' then 'free'
     when w.purpose = any($2::text[]) then 'template' else 'sms' end
"""
_CLAIM_BY_WAY = f"""
with next as (
    select w.key, {_WAY} as way from outbox w {_HEARD}
    where w.state = 'waiting' and w.not_before <= $1 and w.expires_at > $1 and w.rehearsal = $3
      and (w.purpose = any($4::text[]) or not {OPTED_OUT.format(phone="w.phone")})
      and (w.purpose in ({_ANSWERS}) or not {IN_QUESTION.format(phone="w.phone")})
      and {_WAY} = any($5::text[])
    order by w.priority, w.made_at, w.key limit $6 for update of w skip locked
)
update outbox o set state = 'claimed', epoch = $7, number = $8, provider = $9, claimed_at = $1,
                    attempts = attempts + 1
from next where o.key = next.key
returning o.key, o.purpose, o.priority, o.phone, o.body, o.segments, o.expires_at, o.made_at, next.way
"""  # noqa: S608 (constants only)
_WAITING_BY_WAY = f"""
select {_WAY} as way, count(*) as texts from outbox w {_HEARD}
where w.state = 'waiting' and w.rehearsal = $3 group by 1
"""  # noqa: S608 (constants only)

# Only the claimant's epoch may say what became of it, also after a successor has called it unknown.
_SETTLE = """
update outbox o set state = s.state, provider_message_id = s.its_id, reason = s.reason, settled_at = $1
from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as s (key, state, its_id, reason)
where o.key = s.key and o.epoch = $6 and o.state in ('claimed', 'unknown')
returning o.state
"""
_RETURN = """
update outbox set state = 'waiting', reason = $3
where key = any($1::text[]) and epoch = $2 and state = 'claimed'
"""
_INHERIT = """
update outbox set state = case when provider = any($2::text[]) then 'waiting' else 'unknown' end,
                  reason = 'leader_lost', settled_at = $3
where state = 'claimed' and epoch < $1
returning state
"""
_RECEIPT = """
update outbox set state = $3, reason = case when $4 = '' then reason else $4 end, settled_at = $5
where provider = $1 and provider_message_id = $2 and state in ('sent', 'unknown')
  and ($3 <> 'sent' or state = 'unknown')
returning key, purpose
"""
_DEPTH = """
select purpose, count(*), min(made_at) from outbox where state = 'waiting' group by purpose
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A text that this leader alone may send now."""

    key: str
    purpose: str
    phone: str
    body: str
    segments: int
    expires_at: datetime
    way: str = "sms"  # or, to who last wrote by WhatsApp: free, template


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways a number sends by, and the purposes for which WhatsApp has a template."""

    allowed: tuple[str, ...]
    templates: tuple[str, ...] = ()


async def enqueue(connection: asyncpg.Connection, texts: Sequence[Text]) -> set[str]:
    """Puts texts into the outbox; the keys that were new. A key known before changes nothing."""
    if not texts:
        return set()
    rows = [
        (
            t.key, t.purpose.value, PRIORITY[t.purpose], t.phone, t.watcher_id, t.precinct_id, t.body,
            t.segments, t.rehearsal, t.made_at, t.window.opens, t.window.closes,
        )
        for t in texts if t.window.opens < t.window.closes
    ]  # fmt: skip
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[]] * 12
    return {row["key"] for row in await connection.fetch(_ENQUEUE, *columns)}


async def inherit(
    connection: asyncpg.Connection, term: Term, idempotent: Sequence[str], now: datetime
) -> dict[str, int]:
    """What earlier leaders claimed and never settled: unknown, or waiting again where that is harmless."""
    async with connection.transaction():
        await term.fence(connection)
        rows = await connection.fetch(_INHERIT, term.epoch, list(idempotent), now)
    return _counts(row["state"] for row in rows)


async def retire(connection: asyncpg.Connection, term: Term, now: datetime) -> dict[str, int]:
    """Takes out what came too late and what would reach a phone that said STOP; counts by state."""
    async with connection.transaction():
        await term.fence(connection)
        expired = await connection.fetch(_EXPIRE, now)
        silenced = await connection.fetch(_SILENCE, now, sorted(AFTER_STOP))
    return {"expired": len(expired), "silenced": len(silenced)}


async def claim(  # noqa: PLR0917
    connection: asyncpg.Connection,
    term: Term,
    now: datetime,
    limit: int,
    number: str,
    provider: str,
    rehearsal: bool = False,
    ways: Ways | None = None,
) -> list[Claimed]:
    """The most urgent texts that may go out now, at most `limit`, for one of our numbers.

    `ways`: where we have WhatsApp numbers, those that this number sends by; None: everything is SMS.

    Never to a phone whose latest word is STOP, only answers to one that may be a stranger's, and never a
    rehearsal's on election day. Raises `DeposedError`, or `NotReplicatedError`: then nothing may be sent, for
    a failover would forget the claim.
    """
    async with ReplicationWatch(connection), connection.transaction():
        await term.fence(connection)
        if ways is None:
            rows = await connection.fetch(
                _CLAIM, now, limit, term.epoch, number, provider, rehearsal, sorted(AFTER_STOP)
            )
        else:
            rows = await connection.fetch(
                _CLAIM_BY_WAY, now, list(ways.templates), rehearsal, sorted(AFTER_STOP), list(ways.allowed),
                limit, term.epoch, number, provider,
            )  # fmt: skip
    rows.sort(key=lambda row: (row["priority"], row["made_at"], row["key"]))
    return [
        Claimed(
            r["key"], r["purpose"], r["phone"], r["body"], r["segments"], r["expires_at"],
            r["way"] if ways else "sms",
        ) for r in rows
    ]  # fmt: skip


async def waiting_by_way(
    connection: asyncpg.Connection, now: datetime, rehearsal: bool, templates: Sequence[str]
) -> dict[str, int]:
    """How many texts wait by the way that they may go now: sms, free, template."""
    rows = await connection.fetch(_WAITING_BY_WAY, now, list(templates), rehearsal)
    return {row["way"]: row["texts"] for row in rows}


async def settle(
    connection: asyncpg.Connection, epoch: int, now: datetime, settled: Sequence[tuple[str, str, str, str]]
) -> None:
    """Notes what became of claimed texts: (key, state, provider's id, reason)."""
    if settled:
        keys, states, ids, reasons = (list(column) for column in zip(*settled, strict=True))
        await connection.execute(_SETTLE, now, keys, states, [i or None for i in ids], reasons, epoch)


async def give_back(connection: asyncpg.Connection, epoch: int, keys: Sequence[str], reason: str) -> None:
    """Claimed texts that the provider certainly has not taken wait again."""
    if keys:
        await connection.execute(_RETURN, list(keys), epoch, reason)


async def deliver(
    connection: asyncpg.Connection, provider: str, delivery: Delivery, now: datetime
) -> str | None:
    """Notes what a provider tells later; the text's purpose, or None where it is none of ours.

    Reports come in any order: a final state stands.
    """
    row = await connection.fetchrow(
        _RECEIPT, provider, delivery.provider_message_id, delivery.state, delivery.reason, now
    )
    return str(row["purpose"]) if row else None


async def depth(connection: asyncpg.Connection) -> dict[str, tuple[int, datetime]]:
    """What waits: purpose -> (how many, the oldest)."""
    return {row["purpose"]: (row["count"], row["min"]) for row in await connection.fetch(_DEPTH)}


async def opted_out(connection: asyncpg.Connection, phones: Sequence[str]) -> set[str]:
    """Those of the phones whose latest word was STOP."""
    query = f"select p from unnest($1::text[]) p where {OPTED_OUT.format(phone='p')}"  # noqa: S608
    return {row["p"] for row in await connection.fetch(query, list(phones))}


def _counts(states: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in states:
        found[state] = found.get(state, 0) + 1
    return found


PURPOSES = tuple(purpose.value for purpose in Purpose)
