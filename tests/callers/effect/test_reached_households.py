"""People reached, as the tally is told of them: a household's first conversation, and no voter's name."""

from datetime import timedelta

import asyncpg

from callers.effect.reached_households import ReachedHouseholds
from tests.callers.conftest import NOON, add_voters, open_precinct
from tests.callers.queue.test_leases import ANA, a_queue, granted, said

HOUR = timedelta(hours=1)


async def test_a_household_counts_once_by_its_first_conversation_and_what_was_undone_never(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 5)
    await open_precinct(connection, "a")
    await connection.execute("update voters set turnout = 80")
    queue, at = a_queue(pool), NOON
    leases = {}
    for outcome in ("already_voted", "call_back", "no_answer", "refused"):
        lease = await granted(queue, ANA, at)
        report = said(outcome)
        await queue.outcomes.record("ana", lease.lease_id, report, at)
        leases[outcome] = lease
    later = at + 2 * HOUR
    again = await granted(queue, ANA, later)
    assert again.voter_id == leases["call_back"].voter_id
    await queue.outcomes.record("ana", again.lease_id, said("already_voted"), later)
    await connection.execute(
        "insert into strike_offs select precinct_id, roll_number, gen_random_uuid(), $2 from voters"
        " where voter_id = $1", leases["no_answer"].voter_id, NOON - HOUR,
    )  # fmt: skip
    households = ReachedHouseholds(pool)
    found = (await households.read(later))[0]
    assert (found.precinct_id, found.listed, round(found.expected, 6)) == ("a", 5, 4.0)
    hour = found.hours[0]
    assert len(found.hours) == 1 and (hour.reached, hour.voted, hour.struck) == (3, 1, 1)
    assert round(hour.expected, 6) == 2.4 and hour.at == NOON.timestamp()
    await connection.execute("update calls set undone_at = $1", later)
    assert await households.read(later) == [found], "kept for a while"
    assert await ReachedHouseholds(pool).read(later) == []
