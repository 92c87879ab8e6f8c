"""The outbox's desk: whom our newest text did not reach, so that a person calls them or sends it once more.

One item a phone: its newest settled text of the last day, where that failed, came back, or nobody knows what
became of it. A later text that went out to that phone takes the item away. Texts that were too late or
silenced by a STOP are nobody's to deliver: they are counted, not listed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from election.domain.roster import Roster
from election.wire.desks import Desk, DeskItem, OutboxNow
from intake.desks.views import SHOWN_DIGITS, DeskAccount
from intake.replies.purposes import Purpose, QuietHours, Text, keyed, window, zone_of

RECENT = timedelta(days=1)  # stack time; older failures are no longer anybody's work
_LINK = re.compile(r"https?://\S+")  # a watcher's personal link is theirs alone

# An item's name: when the text was made, so that names are in order of time, and a mark of its key.
_ITEM = """lpad(extract(epoch from o.made_at)::bigint::text, 10, '0') || '-'
       || left(encode(sha256(convert_to(o.key, 'UTF8')), 'hex'), 32)"""
_NEWEST = f"""
select distinct on (o.phone) {_ITEM} as item, o.purpose, o.phone, o.watcher_id, o.precinct_id, o.body,
       o.state, o.reason, o.settled_at
from outbox o
where o.rehearsal = $1 and o.settled_at > $2
  and o.state in ('sent', 'delivered', 'undelivered', 'failed', 'unknown')
order by o.phone, o.settled_at desc, o.key
"""  # noqa: S608 (constants only)
_LOST = f"""
with newest as ({_NEWEST})
select n.*, k.account, k.taken_until from newest n
left join desk_takes k on k.desk = 'outbox' and k.item = n.item
where n.state in ('undelivered', 'failed', 'unknown') and not coalesce(k.finished, false)
  and ($3::text[] is null or n.precinct_id = any($3) or n.watcher_id = any($4::text[]))
order by n.item limit $5
"""  # noqa: S608 (constants only)
_ONE = f"""
select {_ITEM} as item, o.purpose, o.phone, o.watcher_id, o.precinct_id, o.body from outbox o
where o.rehearsal = $1 and {_ITEM} = $2
  and ($3::text[] is null or o.precinct_id = any($3) or o.watcher_id = any($4::text[]))
"""  # noqa: S608 (constants only)
_WAITING = """
select purpose, count(*) as texts, min(made_at) filter (where not_before <= $2) as oldest
from outbox where state = 'waiting' and rehearsal = $1 group by purpose
"""
_SETTLED = """
select state, count(*) as texts from outbox
where rehearsal = $1 and settled_at > $2 and state <> 'waiting' group by state
"""


@dataclass(frozen=True, slots=True)
class Lost:
    """A text that did not arrive, as far as anybody knows."""

    item: str
    purpose: Purpose
    phone: str
    watcher_id: str | None
    precinct_id: str | None
    body: str

    def again(self, key: str, now: datetime, roster: Roster, quiet: QuietHours, *, rehearsal: bool) -> Text:
        """The same words once more, under a key of the deed that asked for it: pressed twice, sent once."""
        watcher = roster.watchers.get(self.watcher_id or "")
        precinct = roster.precincts.get(self.precinct_id or "")
        here = precinct.zone(roster.day) if precinct else ZoneInfo(roster.day.timezone)
        zone = zone_of(watcher, roster) if watcher else here
        return Text(
            key=keyed("again", key, rehearsal=rehearsal), purpose=self.purpose, phone=self.phone,
            body=self.body, made_at=now, window=window(self.purpose, now, zone, quiet),
            watcher_id=self.watcher_id, precinct_id=self.precinct_id, rehearsal=rehearsal,
        )  # fmt: skip


async def rows(
    connection: asyncpg.Connection,
    now: datetime,
    rehearsal: bool,
    scope: tuple[Sequence[str], Sequence[str]] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """What waits at the desk, oldest first; `scope` as in `desk_store.queue`."""
    places, people = scope if scope is not None else (None, None)
    found = await connection.fetch(_LOST, rehearsal, now - RECENT, places, people, limit)
    return [dict(row) for row in found]


async def one(
    connection: asyncpg.Connection,
    item: str,
    rehearsal: bool,
    scope: tuple[Sequence[str], Sequence[str]] | None,
) -> Lost | None:
    """The text an item names, whatever has become of it since: a deed pressed again finds it, too."""
    places, people = scope if scope is not None else (None, None)
    row = await connection.fetchrow(_ONE, rehearsal, item, places, people)
    return Lost(**(dict(row) | {"purpose": Purpose(row["purpose"])})) if row else None


def items(
    found: Sequence[Mapping[str, Any]], viewer: DeskAccount, roster: Roster | None, now: datetime
) -> list[DeskItem]:
    """Rows as the desk shows them. `now` is real: takes end by it."""
    shown = []
    for row in found:
        held = row["account"] if row["taken_until"] is not None and row["taken_until"] > now else ""
        place = roster.precincts.get(row["precinct_id"] or "") if roster else None
        phone = row["phone"] if viewer.counties is None else f"…{row['phone'][-SHOWN_DIGITS:]}"
        shown.append(
            DeskItem(
                id=row["item"],
                desk=Desk.OUTBOX,
                at=row["settled_at"],
                precinct_id=row["precinct_id"],
                county=place.county if place else "",
                watcher_id=row["watcher_id"],
                phone=phone,
                text=_LINK.sub("[personal link]", row["body"]),
                kind=row["purpose"],
                why=row["reason"],
                status=row["state"],
                taken_by=held,
                taken_until=row["taken_until"] if held else None,
            )
        )
    return shown


async def outbox_now(
    connection: asyncpg.Connection, now: datetime, rehearsal: bool, numbers: int
) -> OutboxNow:
    """How much waits, and what became of the rest."""
    waiting = await connection.fetch(_WAITING, rehearsal, now)
    settled = await connection.fetch(_SETTLED, rehearsal, now - RECENT)
    return OutboxNow(
        at=now,
        numbers=numbers,
        waiting={row["purpose"]: row["texts"] for row in waiting},
        oldest=min((row["oldest"] for row in waiting if row["oldest"]), default=None),
        settled={row["state"]: row["texts"] for row in settled},
    )
