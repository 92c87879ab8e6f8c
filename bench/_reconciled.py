"""The tables after a day of calls, visits and rides, against what volunteers were acknowledged."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from callers.queue.next_moves import NextMoves
from callers.rules.policy import NOT_SPOKEN_TO, PROMISES
from election.postgres.database import connect, open_pool
from election.wire.callers import Outcome
from election.wire.rides import RideAct

# The earlier call was known when the later one's voter was given; or it was told of later, after its lease
# had run out (or after another's undone call was told again), when nobody could know.
_TOO_SOON = """
select count(*) filter (where a.at <= l.granted_at) as soon,
       count(*) filter (where a.at > l.granted_at) as untold
from calls b join calls a on a.phone = b.phone and a.undone_at is null and a.at < b.at
join leases l on l.lease_id = b.lease_id
join leases k on k.lease_id = a.lease_id
where b.undone_at is null and (a.whole_phone or a.voter_id = b.voter_id) and a.rest_until > l.granted_at
  and (l.door_id is null or l.door_id is distinct from k.door_id) -- housemates at one door are all spoken to
"""
# Held again before who held it last had let go, by more than a request may wait ($1), since it is stamped
# with when it came. A lease taken up again after an undone call began long before: who looks at a moment
# (`HELD_TWICE`) sees these, too. Housemates at one door hold their phone together.
_VOTERS = """
select count(*) from (
    select granted_at as begins, max(coalesce(ended_at, 'infinity')) over (
        partition by voter_id order by granted_at, lease_id rows between unbounded preceding and 1 preceding
    ) as before
    from leases
    where not exists (select from calls c where c.lease_id = leases.lease_id and c.undone_at is not null)
) held where begins + $1::interval < before
"""
_PHONES = """
select count(*) from (
    select min(granted_at) as begins, max(max(coalesce(ended_at, 'infinity'))) over (
        partition by phone order by min(granted_at), coalesce(door_id, lease_id)
        rows between unbounded preceding and 1 preceding
    ) as before
    from leases
    where not exists (select from calls c where c.lease_id = leases.lease_id and c.undone_at is not null)
    group by phone, coalesce(door_id, lease_id)
) held where begins + $1::interval < before
"""
_DOORS = """
select count(*) from (
    select granted_at as begins, max(coalesce(ended_at, 'infinity')) over (
        partition by precinct_id, building order by granted_at, door_id
        rows between unbounded preceding and 1 preceding
    ) as before
    from door_leases
) held where begins + $1::interval < before
"""
_RIDERS = """
select count(*) from (
    select wanted_at as begins, max(coalesce(ended_at, 'infinity')) over (
        partition by voter_id order by wanted_at, ride_id rows between unbounded preceding and 1 preceding
    ) as before
    from rides
) held where begins + $1::interval < before
"""
# At one moment, by different holders: no unique index spans callers and doors, or drivers and riders.
HELD_TWICE = """
select (select count(*) from (select from leases where ended_at is null group by voter_id
                              having count(*) > 1) v),
       (select count(*) from (select from leases where ended_at is null group by phone
                              having count(distinct coalesce(door_id, lease_id)) > 1) p),
       (select count(*) from (select from door_leases where ended_at is null group by precinct_id, building
                              having count(*) > 1) d),
       (select count(*) from (select from rides where ended_at is null group by voter_id
                              having count(*) > 1) r),
       (select count(*) from (select from rides where ended_at is null and driver_id <> '' group by driver_id
                              having count(*) > 1) w)
"""
_CALLS = """
select c.phone, c.voter_id, c.outcome, c.next_move, v.voted or s.roll_number is not null as struck
from calls c join voters v using (voter_id)
left join strike_offs s on s.precinct_id = v.precinct_id and s.roll_number = v.roll_number
where c.undone_at is null order by c.at, c.outcome_id
"""
_DRIVEN = [act.value for act in (RideAct.TAKE, RideAct.PICK_UP, RideAct.BRING, RideAct.RETURN)]


@dataclass(frozen=True, slots=True)
class Told:
    """What was acknowledged: outcomes of calls and visits, acts of drivers, calls that asked for a ride."""

    calls: Counter[str]
    undone: int
    visits: Counter[str]
    acts: Counter[str]
    rides: set[UUID]
    waited: timedelta  # of stack time, the longest that a request took
    looks: int  # at who holds what, during the day
    held_twice: int  # found in these


async def reconcile(url: str, told: Told, opens: datetime, closes: datetime) -> bool:
    """Whether the tables hold exactly that; says where they do not."""
    connection: asyncpg.Connection = await connect(url, patient=True)
    try:
        good = await _outcomes(connection, told)
        good &= await _rides(connection, told)
        good &= await _promises(connection, url, opens, closes)
        twice = {
            "voter": await connection.fetchval(_VOTERS, told.waited),
            "phone": await connection.fetchval(_PHONES, told.waited),
            "door": await connection.fetchval(_DOORS, told.waited),
            "rider": await connection.fetchval(_RIDERS, told.waited),
        }
        for what, times in twice.items():
            print(f"{what}: held by two at once {times} times")
            good &= times == 0
        print(f"looked {told.looks:,} times at who holds what: {told.held_twice} times two at once")
        good &= told.looks > 0 and told.held_twice == 0
    finally:
        await connection.close()
    return good


async def _outcomes(connection: asyncpg.Connection, told: Told) -> bool:
    rows = await connection.fetch(
        "select caller_id like 'door:%' as door, outcome, count(*) as n from calls where undone_at is null"
        " group by door, outcome"
    )
    undone = await connection.fetchval("select count(*) from calls where undone_at is not null")
    soon, untold = await connection.fetchrow(_TOO_SOON)
    good = undone == told.undone and soon == 0
    print(f"undone {told.undone} and {undone}; called too soon {soon}; {untold} while the earlier was untold")
    for what, door, expected in (("calls", False, +told.calls), ("visits", True, +told.visits)):
        stored = Counter({r["outcome"]: int(r["n"]) for r in rows if r["door"] is door})
        print(f"{what}: acknowledged {expected.total():,}, stored {stored.total():,}")
        if stored != expected:
            print(f"differences: {dict(stored - expected)} {dict(expected - stored)}")
            good = False
    visited = await connection.fetchval(
        "select count(*) from leases where door_id is not null and ended_by = 'outcome'"
    )
    return good and visited == told.visits.total()


async def _rides(connection: asyncpg.Connection, told: Told) -> bool:
    rides = {row["ride_id"] for row in await connection.fetch("select ride_id from rides")}
    rows = await connection.fetch(
        "select act, count(*) as n from ride_acts where by like 'driver-%' and act = any($1) group by act",
        _DRIVEN,
    )
    stored = Counter({r["act"]: int(r["n"]) for r in rows})
    expected = Counter({act: n for act, n in told.acts.items() if act in _DRIVEN})
    print(
        f"rides: asked for {len(told.rides):,}, there {len(rides):,}; acts {dict(expected)}, {dict(stored)}"
    )
    return rides == told.rides and stored == expected


async def _promises(connection: asyncpg.Connection, url: str, opens: datetime, closes: datetime) -> bool:
    """Promises as the call floor counts them, against the calls read one by one."""
    last: dict[tuple[str, str], tuple[Outcome, bool] | None] = {}
    for row in await connection.fetch(_CALLS):
        key, outcome = (row["phone"], row["voter_id"]), Outcome(row["outcome"])
        before = last.get(key)
        if before and outcome in NOT_SPOKEN_TO:
            continue
        if before and outcome is Outcome.ALREADY_VOTED:
            continue
        last[key] = (outcome, row["struck"]) if outcome in PROMISES else None
    made = [found[1] for found in last.values() if found]
    pool = await open_pool(url, size=1)
    try:
        at = opens + timedelta(hours=14) - timedelta(seconds=1)  # as far back as the floor looks
        counted = [m for m in await NextMoves(pool, lambda _: closes).counted(at) if m.promise]
    finally:
        await pool.close()
    kept, left = sum(m.kept for m in counted), sum(m.open + m.broken for m in counted)
    print(f"promises: {len(made):,}, kept {sum(made):,}; the floor says {kept + left:,}, kept {kept:,}")
    return (len(made), sum(made)) == (kept + left, kept)
