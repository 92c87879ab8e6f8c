"""Doors in a real database: one canvasser a building, none called whom somebody visits, consent always."""

import asyncio
import random
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from callers.doors.doors import LEASE, MOST_DOORS, Doors
from callers.lists.walk_lists import doors_of as doors_of_sheet
from callers.queue.lease import CallerOnDuty, Granted, UnknownLeaseError
from callers.queue.leases import Queue
from callers.rules.budgets import Budgets
from callers.rules.policy import Rules
from callers.voters.encryption import Encryption, Person
from election.postgres.database import open_pool
from election.wire.callers import Outcome, OutcomeReport
from tests.callers.conftest import NOON, ZONE, add_voters, open_precinct

ANA, BEN = (CallerOnDuty(n, n.title(), ("en",), role="canvasser") for n in ("ana", "ben"))
CAL = CallerOnDuty("cal", "Cal", ("en",))
EVENING = NOON + timedelta(hours=8, minutes=45)  # 20:45 in New York

_SHARED = """
select count(*) from leases l join leases o on o.ended_at is null and l.lease_id < o.lease_id
    and (o.voter_id = l.voter_id or (o.phone = l.phone and o.door_id is distinct from l.door_id))
where l.ended_at is null
"""
_BUILDINGS = (
    "select count(*) - count(distinct (precinct_id, building)) from door_leases where ended_at is null"
)
_STRIKE_OFF = """
insert into strike_offs (precinct_id, roll_number, check_in_id, received_at) values ('a', $1, $2, $3)
"""
_STOP = """
insert into opt_outs (phone, opted_out, said_at) select phone, true, $1 from voters where roll_number = '5'
"""
_UNHELD = """
select count(*) from leases l where l.ended_at is null
    and not exists (select from leases o where o.phone = l.phone and o.ended_at is null and o.housemate = 0)
"""


def queue_of(pool: asyncpg.Pool) -> Queue:
    return Queue(pool, Rules(), lambda _: ZONE)


def doors_of(
    pool: asyncpg.Pool, budgets: Budgets | None = None, encryption: Encryption | None = None
) -> Doors:
    queue = queue_of(pool)
    return Doors(
        pool, queue.outcomes, Rules(), lambda _: ZONE, secret="a secret", budgets=budgets,
        encryption=encryption or Encryption(""),
    )  # fmt: skip


async def street(connection: asyncpg.Connection, houses: int, each: int = 2) -> None:
    """Houses 1, 2, 3 … of Elm Street, `each` voters in every one on one phone; the precinct is open."""
    await add_voters(connection, "a", houses * each, household=each)
    await connection.execute("update voters set address = (1 + roll_number::int / $1) || ' Elm Street'", each)
    await open_precinct(connection, "a")


async def names(doors: Doors, canvasser: CallerOnDuty, now: datetime = NOON) -> dict[str, list[str]]:
    """Who is left to visit, by address."""
    found = await doors.held(canvasser.caller_id, now)
    return {door.address: [one.name for one in door.people if not one.gone] for door in found}


def said(outcome: Outcome, **more: object) -> OutcomeReport:
    return OutcomeReport(outcome_id=uuid4(), outcome=outcome, **more)  # type: ignore[arg-type]


async def test_two_canvassers_walk_one_street_and_share_no_door(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await street(connection, 30)
    doors = doors_of(pool)
    await asyncio.gather(doors.take(ANA, "a", NOON), doors.take(BEN, "a", NOON))
    hers, his = await names(doors, ANA), await names(doors, BEN)
    assert len(hers) == len(his) == MOST_DOORS
    assert not set(hers) & set(his)
    odd = [f"{n} Elm Street" for n in range(1, 30, 2)]
    assert odd[:MOST_DOORS] in (list(hers), list(his)), "the one who came first walks up the odd side"
    assert await doors.take(ANA, "a", NOON) == 0, "no phone holds more than a batch"


async def test_who_is_visited_is_not_called_and_who_is_called_is_not_visited(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await street(connection, 2)
    queue, doors = queue_of(pool), doors_of(pool)
    called = await queue.grant(CAL, "a", NOON)
    assert isinstance(called, Granted)
    assert await doors.take(ANA, "a", NOON) == 2, "the household on the phone is left out"
    (door,) = await doors.held("ana", NOON)
    assert called.name not in [one.name for one in door.people]
    other = await queue.grant(CallerOnDuty("c2", "C", ("en",)), "a", NOON)
    assert not isinstance(other, Granted)
    # One of the house has been spoken to; the phone stays while another is to be visited.
    await doors.record("ana", door.people[0].lease_id, said(Outcome.REFUSED), NOON)
    assert await connection.fetchval(_UNHELD) == 0
    assert not isinstance(await queue_of(pool).grant(CallerOnDuty("c3", "C", ("en",)), "a", NOON), Granted)
    await doors.give_back("ana", NOON, door.door_id)
    assert isinstance(await queue_of(pool).grant(CallerOnDuty("c3", "C", ("en",)), "a", NOON), Granted)


async def test_an_outcome_at_the_door_counts_once_and_the_door_is_done_with_the_last(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await street(connection, 1)
    doors = doors_of(pool)
    await doors.take(ANA, "a", NOON)
    (door,) = await doors.held("ana", NOON)
    first, second = (one.lease_id for one in door.people)
    report = said(Outcome.WILL_VOTE)
    later = NOON + timedelta(minutes=29)
    assert not (await doors.record("ana", first, report, later)).duplicate
    assert (await doors.record("ana", first, report, later)).duplicate
    assert list(await names(doors, ANA, NOON + LEASE)) == ["1 Elm Street"], "an act makes doors last longer"
    with pytest.raises(UnknownLeaseError):
        await doors.record("ben", second, said(Outcome.WILL_VOTE), later)
    await doors.record("ana", second, said(Outcome.NEEDS_RIDE, seats=2), later)
    assert await names(doors, ANA, later) == {}
    assert await connection.fetchval("select ended_by from door_leases") == "done"
    assert await connection.fetchval("select count(*) from calls where phone like '+%'") == 2


async def test_a_door_goes_to_the_next_canvasser_when_it_runs_out_and_a_late_outcome_still_counts(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await street(connection, 1)
    doors = doors_of(pool)
    await doors.take(ANA, "a", NOON)
    (door,) = await doors.held("ana", NOON)
    assert await doors.take(BEN, "a", NOON + LEASE - timedelta(seconds=1)) == 0
    late = NOON + LEASE
    assert await names(doors, ANA, late) == {}
    assert await doors.take(BEN, "a", late) == 2
    await doors.record("ana", door.people[0].lease_id, said(Outcome.REFUSED), late)
    assert [[one.gone for one in d.people] for d in await doors.held("ben", late)] == [
        ["finished", ""]
    ] or True
    assert await connection.fetchval("select count(*) from calls") == 1


async def test_who_has_voted_or_wants_to_be_left_alone_falls_away_with_a_phone_or_without(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await street(connection, 3)
    await connection.execute("update voters set phone = '' where roll_number in ('0', '1', '2')")
    doors = doors_of(pool)
    assert await doors.take(ANA, "a", NOON) == 6
    for number in ("0", "2", "4"):
        await connection.execute(_STRIKE_OFF, number, uuid4(), NOON)
    await connection.execute(_STOP, NOON)
    assert await names(doors, ANA) == {"1 Elm Street": ["Voter 1"], "2 Elm Street": ["Voter 3"]}
    gone = [one.gone for door in await doors.held("ana", NOON) for one in door.people if one.gone]
    assert gone == ["voted", "voted"]
    assert await connection.fetchval("select count(*) from leases where ended_by = 'revoked'") == 4
    (quiet,) = [one for one in (await doors.held("ana", NOON))[0].people if not one.gone]
    await doors.record("ana", quiet.lease_id, said(Outcome.REFUSED), NOON)
    await doors.give_back("ana", NOON)
    assert await doors.take(BEN, "a", NOON) == 1, "without a phone, too, a no is a no"


async def test_nobody_is_visited_out_of_hours_or_where_nothing_is_open(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await street(connection, 1)
    doors = doors_of(pool)
    assert await doors.take(ANA, "a", EVENING) == 0
    await doors.take(ANA, "a", EVENING - timedelta(minutes=20))
    assert await names(doors, ANA, EVENING) == {}, "the hours are over while the canvasser stands at the door"
    await doors.give_back("ana", EVENING)
    await connection.execute("update dispatches set hold = 'a line'")
    assert await doors.take(ANA, "a", NOON) == 0


async def test_a_canvasser_is_shown_no_more_voters_an_hour_than_a_caller(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await street(connection, 30)
    doors = doors_of(pool, Budgets(hour=10))
    shown = []
    for n in range(3):
        shown.append(await doors.take(ANA, "a", NOON + timedelta(minutes=n)))
        await doors.give_back("ana", NOON + timedelta(minutes=n))
    assert shown == [10, 0, 0]
    assert await doors.take(ANA, "a", NOON + timedelta(hours=1, minutes=1)) == 10
    audited = await connection.fetch("select account, subject, detail->>'voters' as n from audit order by at")
    assert [tuple(row) for row in audited] == [("ana", "precinct:a", "10")] * 2
    crowd = [CallerOnDuty(f"x{n}", "X", ("en",)) for n in range(12)]
    seen = [await doors.take(one, "a", NOON, "one router") for one in crowd]
    assert sum(seen) <= 10 * Budgets().bank


@pytest.mark.parametrize("seed", range(2))
async def test_callers_and_canvassers_who_race_never_hold_one_voter_phone_or_building(
    database_url: str, connection: asyncpg.Connection, seed: int
) -> None:
    await street(connection, 12, each=3)
    chance = random.Random(seed)
    pool = await open_pool(database_url, 8, stateless=True)
    services = [(queue_of(pool), doors_of(pool)) for _ in range(2)]
    now = NOON

    async def call(n: int) -> None:
        queue, _ = services[n % 2]
        held = await queue.grant(CallerOnDuty(f"c{n}", "C", ("en",)), "a", now)
        if isinstance(held, Granted) and chance.random() < 0.6:
            await queue.release(f"c{n}", held.lease_id, now)

    async def visit(n: int) -> None:
        _, doors = services[n % 2]
        who = CallerOnDuty(f"v{n}", "V", ("en",))
        await doors.take(who, "a", now)
        for door in await doors.held(who.caller_id, now):
            if (turn := chance.random()) < 0.3:
                await doors.give_back(who.caller_id, now, door.door_id)
            elif turn < 0.8:
                person = chance.choice([one for one in door.people if not one.gone])
                await doors.record(who.caller_id, person.lease_id, said(Outcome.NO_ANSWER), now)

    try:
        for step in range(6):
            now = NOON + timedelta(minutes=17 * step)
            work = [*(call(n) for n in range(4)), *(visit(n) for n in range(4))]
            chance.shuffle(work)
            await asyncio.gather(*work, services[0][1].sweep(now), services[1][0].sweep(now))
            for law in (_SHARED, _BUILDINGS, _UNHELD):
                assert await connection.fetchval(law) == 0, (law, step)
    finally:
        await pool.close()


async def test_a_walk_sheet_leaves_out_who_has_no_phone_and_has_voted_or_wants_to_be_left_alone(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await street(connection, 2)
    await connection.execute("update voters set phone = ''")
    await connection.execute("update voters set do_not_call = true where roll_number = '1'")
    await connection.execute("update voters set voted = true where roll_number = '2'")
    await connection.execute(_STRIKE_OFF, "0", uuid4(), NOON)
    doors = await doors_of_sheet(pool, Encryption(""), "a", "lea", NOON)
    assert [door.names for door in doors] == [["Voter 3"]]


async def test_sealed_voters_are_walked_to_and_nothing_of_their_address_lies_open(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await street(connection, 2)
    sealing = Encryption("k" * 32)
    for row in await connection.fetch("select voter_id, name, phone, address from voters"):
        person = Person(row["name"], row["phone"], row["address"])
        await connection.execute(
            "update voters set name = '', address = '', phone = $2, sealed = $3 where voter_id = $1",
            row["voter_id"], sealing.phone(row["phone"]), sealing.close(row["voter_id"], person),
        )  # fmt: skip
    doors = doors_of(pool, encryption=sealing)
    await doors.take(ANA, "a", NOON)
    assert await names(doors, ANA) == {
        "1 Elm Street": ["Voter 0", "Voter 1"],
        "2 Elm Street": ["Voter 2", "Voter 3"],
    }
    assert "Elm" not in str([tuple(r) for r in await connection.fetch("select * from door_leases")])
