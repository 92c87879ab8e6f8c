"""What was said leads somewhere: asked again when due, never against consent, counted until it is settled."""

from datetime import datetime, timedelta

import asyncpg

from callers.queue.lease import Granted, NoVoter
from callers.queue.next_moves import NextMoves, PastOutcome, by_outcome, promises
from callers.rules.policy import Rules
from election.wire.callers import NextMove, Outcome
from tests.callers.conftest import CLOSES, NOON, add_voters, open_precinct
from tests.callers.queue.test_leases import ANA, BEN, MINUTE, a_queue, granted, said

HOUR = timedelta(hours=1)
TWO_AND_A_HALF = NOON + 2.5 * HOUR


async def struck_off(connection: asyncpg.Connection, lease: Granted, at: datetime) -> None:
    await connection.execute(
        "insert into strike_offs select precinct_id, roll_number, gen_random_uuid(), $2 from voters"
        " where voter_id = $1", lease.voter_id, at,
    )  # fmt: skip


async def test_a_promise_at_a_time_is_asked_of_an_hour_after_it_unless_struck_off_and_never_against_a_stop(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 3)
    await open_precinct(connection, "a")
    queue, leases = a_queue(pool), []
    for _ in range(3):
        lease = await granted(queue, ANA)
        report = said("will_vote_at", said_at=TWO_AND_A_HALF - HOUR)
        await queue.outcomes.record("ana", lease.lease_id, report, NOON)
        leases.append(lease)
    voted, stopped, left = leases
    assert await a_queue(pool).grant(ANA, "a", NOON) == NoVoter("resting", TWO_AND_A_HALF)
    assert isinstance(await a_queue(pool).grant(ANA, "a", TWO_AND_A_HALF - MINUTE), NoVoter)
    await struck_off(connection, voted, NOON + HOUR)
    asked = {(await granted(a_queue(pool), who, TWO_AND_A_HALF)).voter_id for who in (ANA, BEN)}
    assert asked == {stopped.voter_id, left.voter_id}, "who has voted is asked nothing"
    await connection.execute("insert into opt_outs values ($1, true, $2)", stopped.phone, TWO_AND_A_HALF)
    for who in ("ana", "ben"):
        held = await queue.current(who, TWO_AND_A_HALF)
        assert held is not None
        reason = (await queue.dial(who, held.lease_id, TWO_AND_A_HALF)).reason
        assert reason == ("do_not_call" if held.voter_id == stopped.voter_id else "")
    moves = NextMoves(pool, lambda _: CLOSES)
    held = await queue.current("ben", TWO_AND_A_HALF) or await queue.current("ana", TWO_AND_A_HALF)
    assert held is not None
    last = PastOutcome(Outcome.WILL_VOTE_AT, NOON, TWO_AND_A_HALF - HOUR)
    assert await moves.last_word(held.lease_id) == last, "who asks again knows what was said"
    assert await moves.last_word(left.lease_id) is None, "a first call has nothing before it"
    found = await moves.counted(TWO_AND_A_HALF)
    assert promises(found) == {("a", NOON): (2, 1, 0)}
    rows = await moves.waiting(NextMove.CALL, "ann", TWO_AND_A_HALF, lambda _: True)
    assert [(r["voter_id"], r["due_at"]) for r in rows] == [(left.voter_id, TWO_AND_A_HALF)]
    assert await moves.waiting(NextMove.CALL, "ann", TWO_AND_A_HALF, lambda _: False) == []
    assert promises(await moves.counted(CLOSES - HOUR)) == {("a", NOON): (0, 1, 2)}


async def test_the_last_word_counts_and_an_undone_one_never_was(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 1)
    await open_precinct(connection, "a")
    moves, at = NextMoves(pool, lambda _: CLOSES), NOON

    async def says(outcome: str, **more: object) -> Granted:
        lease = await granted(a_queue(pool), ANA, at)
        await a_queue(pool).outcomes.record("ana", lease.lease_id, said(outcome, **more), at)
        return lease

    async def stand() -> dict[str, int]:
        return {outcome.value: n[0] for (outcome, _), n in by_outcome(await moves.counted(at)).items()}

    await says("will_vote_at", said_at=NOON)
    assert await stand() == {"will_vote_at": 1}
    at += HOUR
    await says("left_message")
    assert await stand() == {"left_message": 1, "will_vote_at": 1}, "nobody took the promise back"
    at += 3 * HOUR
    lease = await says("needs_ride")
    assert await stand() == {"needs_ride": 1}
    [waits] = await moves.waiting(NextMove.STAFF, "ann", at, lambda _: True)
    assert (waits["outcome"], waits["due_at"]) == (Outcome.NEEDS_RIDE, at)
    await a_queue(pool).undo("ana", lease.lease_id, at, MINUTE)
    assert await stand() == {"left_message": 1, "will_vote_at": 1}
    await a_queue(pool).outcomes.record("ana", lease.lease_id, said("refused"), at)
    assert await stand() == {}
    often = NextMoves(pool, lambda _: CLOSES, 5.0, iter([0.0, 0.0, 4.0, 6.0, 6.0]).__next__)
    assert await often.counted(at) == []
    await a_queue(pool).undo("ana", lease.lease_id, at, MINUTE)
    assert await often.counted(at) == [], "many who look read once"
    assert len(await often.counted(at)) == 2
    looks = await connection.fetchval("select count(*) from audit where action = 'next moves looked at'")
    assert looks == 1


async def test_a_household_is_called_once_where_its_answers_fall_due_within_an_hour(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    """Two of three at home name half past one and one: both are asked at half past two, by one caller."""
    await add_voters(connection, "a", 3, household=3)
    await open_precinct(connection, "a")
    queue = a_queue(pool)
    for minutes in (90, 60):
        lease = await granted(queue, ANA)
        report = said("will_vote_at", said_at=NOON + minutes * MINUTE)
        await queue.outcomes.record("ana", lease.lease_id, report, NOON)
    third = await granted(queue, ANA)
    await queue.outcomes.record("ana", third.lease_id, said("at_work", said_at=NOON + 6 * HOUR), NOON)
    assert await a_queue(pool).grant(ANA, "a", NOON) == NoVoter("resting", TWO_AND_A_HALF)
    queue, asked = a_queue(pool), set()
    for _ in range(2):
        lease = await granted(queue, ANA, TWO_AND_A_HALF)
        asked.add(lease.voter_id)
        await queue.outcomes.record("ana", lease.lease_id, said("will_vote"), TWO_AND_A_HALF)
    assert len(asked) == 2
    assert third.voter_id not in asked, "who is at work till six is not called before"


async def test_tries_of_a_phone_count_together_whatever_became_of_each(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 2, household=2)
    await open_precinct(connection, "a")
    at = NOON
    for outcome, rest in (
        ("someone_else", Rules().someone_else_rest),
        ("left_message", Rules().message_rest),
        ("no_answer", None),
    ):  # fmt: skip
        lease = await granted(a_queue(pool), ANA, at)
        await a_queue(pool).outcomes.record("ana", lease.lease_id, said(outcome), at)
        found = await a_queue(pool).grant(ANA, "a", at)
        assert found == (NoVoter("resting", at + rest) if rest else NoVoter("empty"))
        at += rest or HOUR
    waiting = await NextMoves(pool, lambda _: CLOSES).waiting(NextMove.RETRY, "ann", at, lambda _: True)
    assert waiting == [], "the last try has no next move"
