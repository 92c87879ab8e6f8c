"""The roll call: which watchers' phones have been proven to reach us, and inviting the rest.

A watcher is proven by READY (a text, or a tap on the form) from the phone on the roster, at any time: days
before counts. A rehearsal proves phones for rehearsals alone.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from election.domain.day import Watcher
from election.domain.roster import Roster
from election.wire.desks import Desk, DeskItem, RollCall, RollCallCounty
from intake.outbox import store
from intake.replies.purposes import Purpose, QuietHours, Text, keyed, mark_of, window, worded, zone_of

_PROVEN = """
select sender, watcher_id, min(received_at) as at from check_ins
where kind = 'ready' and rehearsal = $1 group by sender, watcher_id
"""
_TIES = """
select detail->>'phone' as phone, detail->>'watcher_id' as watcher_id from check_ins
where kind = 'tie' and rehearsal = $1 order by observed_at, received_at, check_in_id
"""
_INVITED = """
select watcher_id, max(made_at) as at from outbox
where purpose = 'roll_call' and rehearsal = $1 and state not in ('expired', 'silenced', 'cancelled')
group by watcher_id
"""
# The latest word about a phone stands: a number that was wrong last week may have been given to somebody.
_FAILED = """
select distinct on (phone) phone, state, reason from outbox
where state in ('sent', 'delivered', 'undelivered', 'failed') and rehearsal = $1
order by phone, settled_at desc, key
"""


@dataclass(frozen=True, slots=True)
class Attendance:
    """One watcher's roll call."""

    watcher: Watcher
    counties: tuple[str, ...]
    proven_at: datetime | None = None
    invited_at: datetime | None = None
    wrong_number: bool = False
    opted_out: bool = False


async def attendance(
    connection: asyncpg.Connection, roster: Roster, *, rehearsal: bool = False
) -> list[Attendance]:
    """Every watcher of the roster, by id."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        ties = {row["phone"]: row["watcher_id"] for row in await connection.fetch(_TIES, rehearsal)}
        proven: dict[str, datetime] = {}
        for row in await connection.fetch(_PROVEN, rehearsal):
            whose = _whose(row["sender"], roster, ties)
            if whose and (whose not in proven or row["at"] < proven[whose]):
                proven[whose] = row["at"]
        invited = {row["watcher_id"]: row["at"] for row in await connection.fetch(_INVITED, rehearsal)}
        wrong = {
            row["phone"]
            for row in await connection.fetch(_FAILED, rehearsal)
            if row["state"] in ("undelivered", "failed") and row["reason"] not in ("opted_out", "account")
        }
        silent = await store.opted_out(connection, [w.phone for w in roster.watchers.values()])
    found = []
    for watcher_id in sorted(roster.watchers):
        watcher = roster.watchers[watcher_id]
        found.append(
            Attendance(
                watcher,
                counties_of(watcher, roster),
                proven.get(watcher_id),
                invited.get(watcher_id),
                wrong_number=watcher.phone in wrong,
                opted_out=watcher.phone in silent,
            )
        )
    return found


def _whose(sender: str, roster: Roster, ties: dict[str, str]) -> str | None:
    """The watcher whose phone or form it is. A backup phone proves itself, not the watcher's own."""
    if sender.startswith("form:"):
        return sender.removeprefix("form:")
    watcher = roster.watcher(sender)
    if watcher is not None:
        return watcher.watcher_id if watcher.phone == sender else None
    return ties.get(sender)


def counties_of(watcher: Watcher, roster: Roster) -> tuple[str, ...]:
    """The counties of a watcher's precincts."""
    return tuple(
        dict.fromkeys(roster.precincts[p].county for p in watcher.precinct_ids if p in roster.precincts)
    )


def summary(
    people: Sequence[Attendance], *, rehearsal: bool = False, counties: Collection[str] | None = None
) -> RollCall:
    """The roll call as the board shows it; `counties` narrows it to some."""
    seen = [p for p in people if counties is None or set(p.counties) & set(counties)]
    lines: dict[str, RollCallCounty] = {}
    tally: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for person in seen:
        for county in person.counties or ("",):
            if counties is not None and county not in counties:
                continue
            line = tally[county]
            line["watchers"] += 1
            line["proven"] += person.proven_at is not None
            line["invited"] += person.invited_at is not None
            line["wrong_number"] += person.wrong_number
            line["opted_out"] += person.opted_out
    for county in sorted(tally):
        lines[county] = RollCallCounty(county=county, **tally[county])
    return RollCall(
        rehearsal=rehearsal,
        watchers=len(seen),
        proven=sum(p.proven_at is not None for p in seen),
        counties=list(lines.values()),
        unproven=[p.watcher.watcher_id for p in seen if p.proven_at is None],
        wrong_number=[p.watcher.watcher_id for p in seen if p.wrong_number],
        opted_out=[p.watcher.watcher_id for p in seen if p.opted_out],
    )


def unproven_items(people: Sequence[Attendance], counties: Collection[str] | None = None) -> list[DeskItem]:
    """Whom to reach, as a desk shows them, in the order of ids."""
    return [
        DeskItem(
            id=str(p.watcher.watcher_id),
            desk=Desk.ROLL_CALL,
            at=p.invited_at,
            precinct_id=next(iter(p.watcher.precinct_ids), None),
            county=next(iter(p.counties), ""),
            watcher_id=p.watcher.watcher_id,
            status="opted out" if p.opted_out else "wrong number" if p.wrong_number
            else "invited" if p.invited_at else "not invited",
        )
        for p in people
        if p.proven_at is None and (counties is None or set(p.counties) & set(counties))
    ]  # fmt: skip


def invitations(
    people: Sequence[Attendance],
    roster: Roster,
    now: datetime,
    quiet: QuietHours,
    *,
    again: bool = False,
    rehearsal: bool = False,
    counties: Collection[str] | None = None,
) -> list[Text]:
    """Invitations for those whose phone is not proven, has not opted out, and is not known to be wrong.

    The first one goes out once for a phone; `again`: at most one a day, to those invited before.
    """
    texts = []
    for person in people:
        watcher = person.watcher
        if person.proven_at or person.opted_out or person.wrong_number:
            continue
        if counties is not None and not set(person.counties) & set(counties):
            continue
        if again and person.invited_at is None:
            continue
        zone = zone_of(watcher, roster)
        day = f"{now.astimezone(zone):%Y-%m-%d}" if again else "first"
        phone = mark_of(watcher.phone)  # a new number is invited anew
        texts.append(
            Text(
                key=keyed("roll_call", day, watcher.watcher_id, phone, rehearsal=rehearsal),
                purpose=Purpose.ROLL_CALL,
                phone=watcher.phone,
                body=worded(
                    "roll_call_again" if again else "roll_call",
                    watcher,
                    roster,
                    rehearsal=rehearsal,
                    precinct=", ".join(watcher.precinct_ids),
                    date=f"{roster.day.date:%Y-%m-%d}",
                ),
                made_at=now,
                window=window(Purpose.ROLL_CALL, now, zone, quiet),
                watcher_id=watcher.watcher_id,
                precinct_id=watcher.precinct_ids[0] if watcher.precinct_ids else None,
                rehearsal=rehearsal,
            )
        )
    return texts
