"""One caller, one voter (L7), nobody who said no (L8), and nobody forgotten: on the real database."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from callers.queue.lease import AlreadyRecordedError, CallerOnDuty, Granted, NoVoter, TooLateError
from callers.queue.leases import Queue
from callers.rules.policy import Rules
from election.wire.callers import OutcomeReport
from tests.callers.conftest import NOON, ZONE, add_voters, open_precinct

MINUTE = timedelta(minutes=1)
ANA = CallerOnDuty("ana", "Ana", ("en",))
BEN = CallerOnDuty("ben", "Ben", ("en", "es"))


def a_queue(pool: asyncpg.Pool) -> Queue:
    ticks = iter(range(10**9))  # each look is a real second later than the one before
    return Queue(pool, Rules(), lambda _: ZONE, monotonic=lambda: float(next(ticks)))


def said(outcome: str, **more: object) -> OutcomeReport:
    return OutcomeReport.model_validate({"outcome_id": uuid4(), "outcome": outcome} | more)


async def granted(queue: Queue, caller: CallerOnDuty, now: datetime = NOON, precinct: str = "a") -> Granted:
    found = await queue.grant(caller, precinct, now)
    assert isinstance(found, Granted), found
    return found


async def test_the_queue_is_walked_to_the_last_voter(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    voters = await add_voters(connection, "a", 120, household=3)
    await open_precinct(connection, "a")
    queue, now, reached = a_queue(pool), NOON, []
    outcomes = ["will_vote", "no_answer", "call_back", "refused", "will_vote"]
    tried = 0
    while now < NOON + timedelta(hours=8):
        found = await queue.grant(ANA, "a", now)
        if isinstance(found, NoVoter):
            if found.until is None:
                break
            now = found.until
            continue
        outcome = outcomes[tried % 5] if tried < 200 else "will_vote"
        tried += 1
        await queue.outcomes.record("ana", found.lease_id, said(outcome), now)
        reached.append(found.voter_id)
        now += timedelta(seconds=20)
    assert found == NoVoter("empty")
    left = await connection.fetch("select voter_id from voter_standings where never is null")
    assert left == []
    assert set(reached) <= set(voters)
    untried = set(voters) - set(reached)  # only those whose household never answered
    phones = await connection.fetch(
        "select phone from calls where outcome = 'no_answer' group by phone having count(*) >= 3"
    )
    silent = {r["phone"] for r in phones}
    for voter in untried:
        assert await connection.fetchval("select phone from voters where voter_id = $1", voter) in silent


async def test_nobody_is_turned_away_while_those_who_ask_at_once_read_anew(
    pool: asyncpg.Pool, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callers.queue.candidates.READ_AHEAD", 12)
    await add_voters(connection, "a", 60)
    await open_precinct(connection, "a")
    queue = a_queue(pool)
    callers = [CallerOnDuty(f"c{n}", "C", ("en",)) for n in range(10)]
    for _ in range(3):  # a reading is used up, while voters enough are left
        found = await asyncio.gather(*(queue.grant(caller, "a", NOON) for caller in callers))
        assert [one for one in found if isinstance(one, NoVoter)] == []
        held = [one for one in found if isinstance(one, Granted)]
        assert len({one.voter_id for one in held}) == 10
        for caller, one in zip(callers, held, strict=True):
            await queue.release(caller.caller_id, one.lease_id, NOON)


async def test_the_likeliest_supporters_come_first_and_households_together(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 6, household=2)
    await connection.execute("update voters set support = roll_number::int * 10")
    await open_precinct(connection, "a")
    queue, order = a_queue(pool), []
    for _ in range(6):
        lease = await granted(queue, ANA)
        order.append(lease.voter_id)
        await queue.outcomes.record("ana", lease.lease_id, said("will_vote"), NOON)
    assert order == ["a/4", "a/5", "a/2", "a/3", "a/0", "a/1"]


async def test_a_household_of_five_is_held_by_one_caller(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 5, household=5)
    await open_precinct(connection, "a")
    one, two = a_queue(pool), a_queue(pool)
    lease = await granted(one, ANA)
    assert isinstance(await two.grant(BEN, "a", NOON), NoVoter)
    assert isinstance(await one.grant(BEN, "a", NOON), NoVoter)
    await one.outcomes.record("ana", lease.lease_id, said("no_answer"), NOON)
    assert await two.grant(BEN, "a", NOON + MINUTE) == NoVoter("resting", NOON + 90 * MINUTE)
    again = await granted(two, BEN, NOON + 90 * MINUTE)
    await two.outcomes.record("ben", again.lease_id, said("do_not_call"), NOON + 91 * MINUTE)
    assert await one.grant(ANA, "a", NOON + 300 * MINUTE) == NoVoter("empty")


async def test_many_callers_on_two_services_never_share_a_voter_or_a_phone(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 300, household=2)
    await open_precinct(connection, "a")
    queues = [a_queue(pool), a_queue(pool)]
    seen: list[str] = []

    async def work(n: int) -> None:
        caller = CallerOnDuty(f"c{n}", f"C {n}", ("en",))
        idle = 0
        while idle < 3:
            found = await queues[n % 2].grant(caller, "a", NOON)
            if isinstance(found, NoVoter):
                idle += 1
                await asyncio.sleep(0)
                continue
            seen.append(found.voter_id)
            await queues[n % 2].outcomes.record(caller.caller_id, found.lease_id, said("will_vote"), NOON)

    await asyncio.gather(*(work(n) for n in range(40)))
    rest = a_queue(pool)
    while isinstance(found := await rest.grant(ANA, "a", NOON), Granted):
        seen.append(found.voter_id)
        await rest.outcomes.record("ana", found.lease_id, said("will_vote"), NOON)
    assert len(seen) == len(set(seen)) == 300
    assert await connection.fetchval("select count(*) from calls") == 300


async def test_the_database_itself_refuses_a_second_live_lease(connection: asyncpg.Connection) -> None:
    insert = (
        "insert into leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at)"
        " values ($1, $2, $3, 'a', $4, now(), now() + interval '1 minute')"
    )
    await connection.execute(insert, uuid4(), "v1", "+1", "ana")
    for voter, phone, caller in (("v1", "+2", "b"), ("v2", "+1", "b"), ("v2", "+2", "ana")):
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(insert, uuid4(), voter, phone, caller)


@pytest.mark.parametrize(
    "statement",
    [
        "update voters set voted = true",
        "update voters set do_not_call = true",
        "update voters set phone = ''",
        "insert into strike_offs values ('a', 0, gen_random_uuid(), now())",
        "insert into opt_outs select phone, true, now() from voters",
        "update dispatches set hold = '1 open incident there'",
        "update dispatches set ended_at = now(), ended_reason = 'it has caught up', ended_by = 'callers'",
        "update dispatches set closes_at = '2026-11-03 17:00Z'",
    ],
)
async def test_consent_is_looked_up_by_the_grant_itself_whatever_the_hints_say(
    pool: asyncpg.Pool, connection: asyncpg.Connection, statement: str
) -> None:
    await add_voters(connection, "a", 1)
    await open_precinct(connection, "a")
    queue = a_queue(pool)
    lease = await granted(queue, ANA)
    await queue.release("ana", lease.lease_id, NOON)
    hints = queue.candidates.of("a")
    await queue.candidates.read("a", hints, NOON, hints.readings, 0.0)
    assert hints.households, "the hint is there before the fact"
    await connection.execute(statement)
    assert isinstance(await queue.grant(ANA, "a", NOON), NoVoter)
    assert await connection.fetchval("select count(*) from leases where ended_at is null") == 0


async def test_nobody_is_dialled_who_opted_out_after_the_grant(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 3)
    await open_precinct(connection, "a")
    queue = a_queue(pool)
    lease = await granted(queue, ANA)
    assert (await queue.dial("ana", lease.lease_id, NOON)).phone == lease.phone
    await connection.execute("insert into opt_outs values ($1, true, $2)", lease.phone, NOON)
    found = await queue.dial("ana", lease.lease_id, NOON)
    assert found.reason == "do_not_call"
    assert await queue.current("ana", NOON) is None
    assert (await queue.heartbeat("ana", lease.lease_id, NOON)).reason == "do_not_call"


async def test_calling_hours_are_the_voters_own(pool: asyncpg.Pool, connection: asyncpg.Connection) -> None:
    await add_voters(connection, "a", 1)
    await add_voters(connection, "b", 1, timezone="Pacific/Honolulu")
    await open_precinct(connection, "a")
    await open_precinct(connection, "b")
    queue = a_queue(pool)
    morning = datetime(2026, 11, 3, 15, tzinfo=UTC)  # 10:00 in New York, 5:00 in Honolulu
    assert await queue.grant(BEN, "b", morning) == NoVoter("hours")
    lease = await granted(queue, ANA, morning)
    late = datetime(2026, 11, 4, 1, 30, tzinfo=UTC)
    await connection.execute("update dispatches set closes_at = '2026-11-04 05:00Z'")
    await connection.execute("update leases set expires_at = '2026-11-04 05:00Z'")
    assert (await queue.dial("ana", lease.lease_id, late)).reason == "hours"


async def test_a_lease_expires_and_a_heartbeat_keeps_it(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 1)
    await open_precinct(connection, "a")
    queue = a_queue(pool)
    lease = await granted(queue, ANA)
    assert not (await queue.heartbeat("ana", lease.lease_id, NOON + 9 * MINUTE)).reason
    assert await queue.sweep(NOON + 18 * MINUTE) == 0
    assert isinstance(await queue.grant(BEN, "a", NOON + 18 * MINUTE), NoVoter)
    assert await queue.sweep(NOON + 19 * MINUTE) == 1
    assert (await granted(queue, BEN, NOON + 19 * MINUTE)).voter_id == lease.voter_id
    assert (await queue.dial("ana", lease.lease_id, NOON + 19 * MINUTE)).reason == "expired"
    # the call was made all the same: its outcome counts
    await queue.outcomes.record("ana", lease.lease_id, said("will_vote"), NOON + 20 * MINUTE)
    assert await connection.fetchval("select count(*) from calls") == 1


@pytest.mark.parametrize(
    ("late", "rests", "again"), [("", 89, 90), ("no_answer", 109, 110), ("other_language", 19, 20)]
)
async def test_who_was_dialled_when_a_callers_phone_died_rests_as_after_no_answer(
    pool: asyncpg.Pool, connection: asyncpg.Connection, late: str, rests: int, again: int
) -> None:
    """They were called, whatever came of it. An outcome that comes late (20 minutes) decides instead."""
    await add_voters(connection, "a", 3, household=3)
    await open_precinct(connection, "a")
    queue = a_queue(pool)
    lease = await granted(queue, ANA)
    assert not (await queue.dial("ana", lease.lease_id, NOON)).reason
    assert await queue.sweep(NOON + 11 * MINUTE) == 1
    assert await queue.grant(BEN, "a", NOON + 11 * MINUTE) == NoVoter("resting", NOON + 90 * MINUTE)
    if late:
        report = said(late, language="es")
        await queue.outcomes.record("ana", lease.lease_id, report, NOON + 20 * MINUTE)
    if late != "other_language":  # which is called at once
        early = await a_queue(pool).grant(BEN, "a", NOON + rests * MINUTE)
        assert isinstance(early, NoVoter)
    await granted(a_queue(pool), BEN, NOON + again * MINUTE)


async def test_an_outcome_counts_once_however_often_it_is_sent(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 1)
    await open_precinct(connection, "a")
    queue = a_queue(pool)
    lease = await granted(queue, ANA)
    report = said("no_answer")
    reports = (queue.outcomes.record("ana", lease.lease_id, report, NOON) for _ in range(8))
    answers = await asyncio.gather(*reports)
    assert sum(not a.duplicate for a in answers) == 1
    with pytest.raises(AlreadyRecordedError):
        await queue.outcomes.record("ana", lease.lease_id, said("will_vote"), NOON)
    assert await connection.fetchval("select count(*) from calls") == 1


async def test_undo_gives_the_voter_back_and_restores_the_household(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 2, household=2)
    await open_precinct(connection, "a")
    queue, window = a_queue(pool), timedelta(seconds=10)
    lease = await granted(queue, ANA)
    report = said("do_not_call")
    await queue.outcomes.record("ana", lease.lease_id, report, NOON)
    again = await queue.undo("ana", lease.lease_id, NOON + timedelta(seconds=9), window)
    assert again is not None
    assert again.voter_id == lease.voter_id
    late = await queue.outcomes.record("ana", lease.lease_id, report, NOON)  # a straggler of the undone one
    assert late.duplicate
    assert await queue.current("ana", NOON) is not None
    await queue.outcomes.record("ana", lease.lease_id, said("will_vote"), NOON + MINUTE)
    with pytest.raises(TooLateError):
        await queue.undo("ana", lease.lease_id, NOON + 2 * MINUTE, window)
    assert (await granted(queue, ANA, NOON + 2 * MINUTE)).voter_id != lease.voter_id


async def test_a_voter_of_another_language_moves_to_that_queue(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 1)
    await open_precinct(connection, "a")
    queue = a_queue(pool)
    lease = await granted(queue, ANA)
    await queue.outcomes.record("ana", lease.lease_id, said("other_language", language="es"), NOON)
    assert await queue.grant(ANA, "a", NOON) == NoVoter("language")
    assert (await granted(queue, BEN)).language == "es"


async def test_a_promised_call_comes_first_and_on_time(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 30)
    await open_precinct(connection, "a")
    queue = a_queue(pool)
    lease = await granted(queue, ANA)
    due = NOON + timedelta(hours=2)
    await queue.outcomes.record("ana", lease.lease_id, said("call_back", call_back_at=due), NOON)
    other = await granted(queue, ANA, due - MINUTE)
    assert other.voter_id != lease.voter_id
    await queue.outcomes.record("ana", other.lease_id, said("will_vote"), due - MINUTE)
    for _ in range(6):  # time passes between looks
        queue.candidates._monotonic()
    assert (await granted(queue, ANA, due)).voter_id == lease.voter_id


async def test_a_caller_holds_one_voter_even_when_asking_twice_at_once(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 10)
    await open_precinct(connection, "a")
    queue = a_queue(pool)
    found = await asyncio.gather(*(queue.grant(ANA, "a", NOON) for _ in range(4)))
    held = {f.lease_id for f in found if isinstance(f, Granted)}
    assert len(held) == 1
    current = await queue.current("ana", NOON)
    assert isinstance(current and current.lease_id, UUID)
