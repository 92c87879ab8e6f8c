"""A trial of scripts in the database: assigned by voter, ended by the leader under its rule."""

import asyncpg
import pytest

from callers.queue.lease import CallerOnDuty, Granted
from callers.queue.leases import Queue
from callers.rules.policy import Rules
from callers.scripts.ab_test import Rule
from callers.scripts.ab_tests import TrialRunsError, Trials
from election.postgres.leadership import Candidate
from tests.callers.conftest import NOON, ZONE, add_voters, open_precinct

WORDS = {"plan": {"en": ["Hello {name}"]}, "plain": {"en": ["Vote at {place}"]}}
_CALLS = """
with made as (
    insert into leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at, ended_at,
                        ended_by, variant)
    select gen_random_uuid(), $1 || n, 'x', 'a', 'c', $2, $3, $2, 'outcome', $1 from generate_series(1, 200) n
    returning lease_id, voter_id
)
insert into calls (outcome_id, lease_id, voter_id, phone, precinct_id, caller_id, outcome, at, rest_until,
                   whole_phone)
select gen_random_uuid(), lease_id, voter_id, 'x', 'a', 'c',
       case when row_number() over () <= $4 then 'will_vote' else 'refused' end, $2, 'infinity', false
from made
"""


async def test_the_leader_ends_a_trial_and_everybody_reads_the_winner(
    pool: asyncpg.Pool, connection: asyncpg.Connection, database_url: str
) -> None:
    leading, following = Trials(pool), Trials(pool)
    assert await leading.tick(NOON, None) == ()
    await leading.start(WORDS, Rule(spread=0.2), "lea", NOON)
    with pytest.raises(TrialRunsError):
        await following.start(WORDS, Rule(), "lea", NOON)
    with pytest.raises(ValueError, match="fields"):
        await following.start({"a": {"en": ["{phone}"]}, "b": {}}, Rule(), "lea", NOON)
    assert await leading.tick(NOON, None) == ("plain", "plan")
    later = NOON.replace(hour=18)
    for variant, promises in (("plan", 120), ("plain", 60)):
        await connection.execute(_CALLS, variant, later, later.replace(hour=19), promises)
    shown = await following.latest()
    assert shown is not None
    assert [(t.variant, t.calls, t.successes) for t in shown.tallies] == [
        ("plain", 200, 60),
        ("plan", 200, 120),
    ]
    assert (shown.over, shown.winner) == (True, "plan")
    candidate = Candidate(database_url, "dispatch")
    term = await candidate.step()
    again = Trials(pool)
    await again.tick(later, term)
    assert await connection.fetchval("select winner from script_trials") == "plan"
    assert await following.tick(later, None) == ("plan",)
    assert following.lines("plan", "en") == ("Hello {name}",)
    await candidate.resign()


async def test_a_voter_hears_the_same_words_whoever_calls(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 120)
    await open_precinct(connection, "a")
    heard: list[dict[str, str]] = []
    for caller in ("ana", "ben"):
        queue, found = Queue(pool, Rules(), lambda _: ZONE), {}
        queue.variants = ("plain", "plan")
        for _ in range(120):
            lease = await queue.grant(CallerOnDuty(caller, "A", ("en",)), "a", NOON)
            assert isinstance(lease, Granted)
            found[lease.voter_id] = lease.variant
            await connection.execute("update leases set ended_at = $1, ended_by = 'released'", NOON)
            await connection.execute(
                "update voters set do_not_call = true where voter_id = $1", lease.voter_id
            )
        heard.append(found)
        await connection.execute("update voters set do_not_call = false")
    assert heard[0] == heard[1]
    assert 40 <= sum(variant == "plan" for variant in heard[0].values()) <= 80
