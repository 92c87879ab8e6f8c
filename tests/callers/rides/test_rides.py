"""Rides in a real database: from the call that asked to the way home, and what is texted meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from callers.dispatch.allocation import ANYWHERE, CallerPool
from callers.queue.lease import CallerOnDuty, Granted
from callers.queue.leases import Queue
from callers.rides.ride import RideRefusedError
from callers.rides.ride_row import DriverOnDuty, PlaceTimes
from callers.rides.ride_rows import UnknownRideError
from callers.rides.rides import CLAIM, OFFER, NoRideError, Rides
from callers.rules.policy import Rules
from callers.voters.encryption import Encryption, Person
from election.wire.callers import Outcome, OutcomeReport
from election.wire.rides import RideAct, RideDecision, RideOrder, RideState
from tests.callers.conftest import CLOSES, NOON, ZONE, add_voters, open_precinct

UNDO = timedelta(seconds=10)
LATER = NOON + timedelta(minutes=1)
PLACES = PlaceTimes(lambda p: f"Hall {p}", lambda _: ZONE, lambda _: CLOSES, lambda p: f"county {p}")


@pytest_asyncio.fixture
async def rides(pool: asyncpg.Pool, connection: asyncpg.Connection) -> AsyncIterator[Rides]:
    for name in ("ana", "ben"):
        await connection.execute(
            "insert into callers (caller_id, name, languages, role) values ($1, $2, '{en}', 'driver')",
            name, name.title(),
        )  # fmt: skip
        await connection.execute(
            "insert into drivers (caller_id, phone, seats, texts) values ($1, $2, 3, true)",
            name, f"+1215555019{len(name)}{0 if name == 'ana' else 1}"[:12],
        )  # fmt: skip
    yield Rides(pool, PLACES, Encryption(""))


def driver(
    name: str, pool: CallerPool = ANYWHERE, seats: int = 3, *, wheelchair: bool = False
) -> DriverOnDuty:
    return DriverOnDuty(name, name.title(), "en", seats, wheelchair, pool)


async def asked_by_call(pool: asyncpg.Pool, connection: asyncpg.Connection, **said: object) -> OutcomeReport:
    """A call at noon in which the first voter of precinct a said that they need a ride."""
    if not await connection.fetchval("select exists (select from voters)"):
        await add_voters(connection, "a", 3, address="9 Elm Street")
        await open_precinct(connection, "a")
    queue = Queue(pool, Rules(), lambda _: ZONE)
    caller = CallerOnDuty("c1", "Cal", ("en",))
    found = await queue.grant(caller, "a", NOON)
    assert isinstance(found, Granted)
    report = OutcomeReport(outcome_id=uuid4(), outcome=Outcome.NEEDS_RIDE, **said)  # type: ignore[arg-type]
    await queue.outcomes.record("c1", found.lease_id, report, NOON)
    return report


async def ordered(rides: Rides, voter: str, at: datetime = NOON, **how: object) -> UUID:
    order = RideOrder(ride_id=uuid4(), voter_id=voter, **how)  # type: ignore[arg-type]
    return (await rides.order(order, "lea", at)).ride_id


async def texts(connection: asyncpg.Connection) -> list[tuple[str, str]]:
    rows = await connection.fetch("select key, phone, body from agreed_texts order by made_at, key")
    return [(row["phone"], row["body"]) for row in rows]


async def test_a_call_that_asked_becomes_one_ride_however_often_it_is_looked_at(
    rides: Rides, pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    report = await asked_by_call(pool, connection, seats=2, wheelchair=True, texts=True)
    assert await rides.round(NOON, UNDO) == 0, "it may still be undone"
    assert await rides.round(LATER, UNDO) == 1
    assert await rides.round(LATER, UNDO) == 0
    (found,) = await rides.rows.live()
    assert (found.ride_id, found.row["seats"], found.row["wheelchair"]) == (report.outcome_id, 2, True)
    ((phone, body),) = await texts(connection)
    assert phone == found.person.phone
    assert "Hall a" in body and "Elm" not in body
    await rides.decide(found.ride_id, RideDecision(act_id=uuid4(), act=RideAct.CANCEL), "lea", LATER)
    assert await rides.round(LATER, UNDO) == 0, "what staff called off is not made again"


async def test_an_undone_call_asks_for_nothing(
    rides: Rides, pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await asked_by_call(pool, connection)
    await connection.execute("update calls set undone_at = at")
    assert await rides.round(LATER, UNDO) == 0


async def test_to_the_polls_and_home_each_act_once(
    rides: Rides, pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await asked_by_call(pool, connection, texts=True)
    await rides.round(LATER, UNDO)
    offered = await rides.offer(driver("ana"), LATER)
    assert offered and offered.ride.unclaimed and not offered.ride.shown_to("ana")
    assert await rides.offer(driver("ben"), LATER) is None, "one ride, one driver"
    states = []
    for act in (RideAct.TAKE, RideAct.PICK_UP, RideAct.BRING, RideAct.RETURN):
        its_id = uuid4()
        for _ in range(2):
            done = await rides.act(offered.ride_id, its_id, act, "ana", LATER)
        states.append(done.ride.state.value)
    assert states == ["claimed", "picked_up", "brought", "returned"]
    acts = await connection.fetch("select act, by from ride_acts order by state")
    assert sorted(row["act"] for row in acts) == ["bring", "offer", "pick_up", "return", "take"]
    assert sorted(body.split()[0] for _, body in await texts(connection)) == ["Ana", "Your"]
    assert await rides.rows.live() == []


async def test_a_strike_off_closes_it_and_the_driver_is_told(
    rides: Rides, connection: asyncpg.Connection
) -> None:
    voter, *_ = await add_voters(connection, "a", 1)
    ride_id = await ordered(rides, voter)
    await rides.act(ride_id, uuid4(), RideAct.TAKE, "ana", NOON)
    await connection.execute("insert into strike_offs values ('a', '0', gen_random_uuid(), now())")
    with pytest.raises(RideRefusedError, match="voted"):
        await rides.act(ride_id, uuid4(), RideAct.PICK_UP, "ana", LATER)
    assert await rides.rows.live() == [], "refused, but what was heard is done"
    ((phone, body),) = await texts(connection)
    assert phone.startswith("+1215555019") and "off" in body
    with pytest.raises(NoRideError, match="voted"):
        await ordered(rides, voter)


async def test_stop_ends_a_ride_that_has_not_begun_and_no_other(
    rides: Rides, connection: asyncpg.Connection
) -> None:
    one, two = await add_voters(connection, "a", 2)
    waiting, driven = await ordered(rides, one), await ordered(rides, two)
    await rides.act(driven, uuid4(), RideAct.PICK_UP, "ana", NOON)
    await connection.execute("insert into opt_outs select phone, true, now() from voters")
    await rides.round(LATER, UNDO)
    assert [one.ride_id for one in await rides.rows.live()] == [driven]
    row = await connection.fetchrow("select state, ended_by from rides where ride_id = $1", waiting)
    assert tuple(row or ()) == ("cancelled", "opt_out")


async def test_a_silent_driver_loses_the_ride_and_a_late_word_is_believed(
    rides: Rides, connection: asyncpg.Connection
) -> None:
    voter, *_ = await add_voters(connection, "a", 1)
    ride_id = await ordered(rides, voter)
    await rides.offer(driver("ana"), NOON)
    after = NOON + OFFER
    await rides.round(after, UNDO)
    offered = await rides.offer(driver("ben"), after)
    assert offered and offered.ride.driver == "ben"
    await rides.act(ride_id, uuid4(), RideAct.TAKE, "ben", after)
    assert await rides.held("ben", after + CLAIM - UNDO), "who asks is there, and keeps it"
    gone = after + CLAIM * 2
    await rides.round(gone, UNDO)
    (found,) = await rides.rows.live()
    assert (found.ride.state, found.ride.driver) == (RideState.WANTED, "")
    done = await rides.act(ride_id, uuid4(), RideAct.BRING, "ben", gone, said_at=after)
    assert done.ride.state is RideState.BROUGHT
    with pytest.raises(RideRefusedError, match="taken"):
        await rides.act(ride_id, uuid4(), RideAct.RETURN, "ana", gone)


async def test_a_ride_offered_again_and_again_to_who_does_not_answer_is_offered_on(
    rides: Rides, connection: asyncpg.Connection
) -> None:
    voter, *_ = await add_voters(connection, "a", 1)
    ride_id, now = await ordered(rides, voter), NOON
    for _ in range(3):
        offered = await rides.offer(driver("ana"), now)
        assert offered and offered.ride_id == ride_id
        now += OFFER
        assert await rides.round(now, UNDO) == 1
    assert await rides.offer(driver("ben"), now)


async def test_staff_assign_take_back_and_cancel(rides: Rides, connection: asyncpg.Connection) -> None:
    one, two = await add_voters(connection, "a", 2)
    first, second = await ordered(rides, one), await ordered(rides, two)

    async def decide(ride: UUID, act: RideAct, whom: str = "") -> RideState:
        order = RideDecision(act_id=uuid4(), act=act, driver_id=whom)
        return (await rides.decide(ride, order, "lea", NOON)).ride.state

    assert await decide(first, RideAct.ASSIGN, "ana") is RideState.CLAIMED
    with pytest.raises(RideRefusedError, match="busy"):
        await decide(second, RideAct.ASSIGN, "ana")
    assert await decide(first, RideAct.RELEASE) is RideState.WANTED
    assert await decide(first, RideAct.CANCEL) is RideState.CANCELLED
    with pytest.raises(UnknownRideError):
        await decide(uuid4(), RideAct.CANCEL)
    deeds = await connection.fetch("select action from audit order by seq")
    assert [d["action"] for d in deeds[2:]] == ["ride assign", "ride release", "ride cancel"]


async def test_offers_fit_the_car_and_the_county_and_the_urgent_one_comes_first(
    rides: Rides, connection: asyncpg.Connection
) -> None:
    a, b = await add_voters(connection, "a", 1), await add_voters(connection, "b", 1)
    chair = await ordered(rides, a[0], wheelchair=True)
    soon = await ordered(rides, b[0], by_when=NOON + timedelta(minutes=30))
    only_a = CallerPool(frozenset({"county a"}), elsewhere=False)
    assert await rides.offer(driver("ana", only_a), NOON) is None, "no room for the wheelchair"
    first = await rides.offer(driver("ana", wheelchair=True), NOON)
    assert first and first.ride_id == soon
    await rides.act(soon, uuid4(), RideAct.GIVE_BACK, "ana", NOON)
    then = await rides.offer(driver("ana", wheelchair=True), NOON)
    assert then and then.ride_id == chair, "what they gave back is not offered to them again"


async def test_another_address_is_sealed_where_the_roll_is(
    pool: asyncpg.Pool, rides: Rides, connection: asyncpg.Connection
) -> None:
    voter, *_ = await add_voters(connection, "a", 1)
    sealed = Rides(pool, PLACES, Encryption("k" * 40))
    await ordered(sealed, voter, pickup="12 Oak Lane")
    assert b"Oak" not in bytes(await connection.fetchval("select pickup from rides"))
    (found,) = await sealed.rows.live()
    assert found.person.address == "12 Oak Lane"


async def test_after_the_polls_close_only_the_way_home_is_left(
    rides: Rides, connection: asyncpg.Connection
) -> None:
    one, two = await add_voters(connection, "a", 2)
    home, _ = await ordered(rides, one), await ordered(rides, two)
    await rides.act(home, uuid4(), RideAct.BRING, "ana", NOON)
    await rides.act(home, uuid4(), RideAct.GIVE_BACK, "ana", NOON)
    await rides.round(CLOSES, UNDO)
    (found,) = await rides.rows.live()
    assert (found.ride_id, found.ride.at_polls) == (home, True)
    offered = await rides.offer(driver("ben"), CLOSES)
    assert offered and offered.ride_id == home


async def test_a_promise_is_reminded_by_text_once_and_only_where_they_asked(
    rides: Rides, pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await asked_by_call(pool, connection, texts=True)
    at = NOON + timedelta(hours=1)
    await connection.execute(
        "update calls set outcome = 'will_vote_at', next_move = 'call', said_at = $1, texts = false", at
    )
    assert await rides.texts.remind(at + timedelta(hours=1)) == 0, "they did not ask"
    await connection.execute("update calls set texts = true")
    assert await rides.texts.remind(at + timedelta(minutes=59)) == 0
    assert await rides.texts.remind(at + timedelta(hours=1)) == 1
    assert await rides.texts.remind(at + timedelta(hours=1)) == 0
    ((_, body),) = await texts(connection)
    assert "you can vote at Hall a until 20:00" in body
    await connection.execute("delete from agreed_texts")
    await connection.execute("insert into opt_outs select phone, true, now() from voters")
    assert await rides.texts.remind(at + timedelta(hours=1)) == 0


async def test_however_many_ask_at_once_a_ride_has_one_driver_and_a_driver_one_ride(
    rides: Rides, connection: asyncpg.Connection
) -> None:
    voters = await add_voters(connection, "a", 3)
    for voter in voters:
        await ordered(rides, voter)
    asked = await asyncio.gather(*(rides.offer(driver(name), NOON) for name in ("ana", "ben") * 4))
    offered = {(one.ride.driver, one.ride_id) for one in asked if one}
    assert len({name for name, _ in offered}) == len({ride for _, ride in offered}) == len(offered) == 2
    ride_id = next(ride for name, ride in offered if name == "ana")
    its_id = uuid4()
    taken = await asyncio.gather(
        *(rides.act(ride_id, its_id, RideAct.TAKE, "ana", NOON) for _ in range(4)),
        *(rides.act(ride_id, uuid4(), RideAct.TAKE, "ben", NOON) for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, RideRefusedError) for one in taken) == 4
    assert await connection.fetchval("select count(*) from ride_acts where act = 'take'") == 1


async def test_a_rider_is_found_by_the_beginning_of_a_name_sealed_or_not_and_when_it_is_over(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 3)
    key = Encryption("a key of at least thirty-two characters")
    sealed = key.close("a/1", Person("Rosa Maria Nguyen-Diaz", "+12155550111", "9 Elm Street"))
    await connection.execute("update voters set name = '', sealed = $1 where voter_id = 'a/1'", sealed)
    rides = Rides(pool, PLACES, key)
    ride_id = await ordered(rides, "a/1")
    await ordered(rides, "a/2")
    for words in ("ros", "DIAZ mar", " Nguyen ", "a/1"):
        assert [one.ride_id for one in await rides.rows.of_rider(words, NOON)] == [ride_id], words
    for words in ("osa", "rosa x", "", "a/"):
        assert await rides.rows.of_rider(words, NOON) == []
    await rides.decide(ride_id, RideDecision(act_id=uuid4(), act=RideAct.CANCEL), "lea", LATER)
    (over,) = await rides.rows.of_rider("rosa", LATER)
    assert over.ride.ended and [one.voter_id for one in await rides.rows.live()] == ["a/2"]
