"""A rehearsal's calling and election day's share the roll and the opt-outs, and nothing else."""

import asyncpg

from callers.queue.lease import CallerOnDuty, Granted, NoVoter
from callers.queue.leases import Queue, calling_url
from callers.rules.policy import Rules
from callers.voters.purging import KEPT, OF_REHEARSALS, PERSONAL, purge
from election.postgres.database import connect, open_pool
from election.wire.callers import OutcomeReport
from tests.callers.conftest import NOON, ZONE, add_voters, open_precinct

ANA = CallerOnDuty("ana", "Ana", ("en",))
SHAPE = """
select table_name, column_name, ordinal_position, data_type, is_nullable, column_default
from information_schema.columns where table_schema = $1
"""


async def test_who_was_called_in_the_exercise_is_called_on_the_day(
    pool: asyncpg.Pool, connection: asyncpg.Connection, database_url: str
) -> None:
    await add_voters(connection, "a", 1)
    exercise = await connect(calling_url(database_url, rehearsal=True))
    await open_precinct(exercise, "a")
    theirs = await open_pool(calling_url(database_url, rehearsal=True), 2)
    queue, day = (Queue(p, Rules(), lambda _: ZONE) for p in (theirs, pool))
    found = await queue.grant(ANA, "a", NOON)
    assert isinstance(found, Granted)
    assert isinstance(await day.grant(ANA, "a", NOON), NoVoter), "an exercise opens no precinct of the day"
    report = OutcomeReport.model_validate(
        {"outcome_id": "5f0f1f6e-0a35-4b7e-9d3c-111111111111", "outcome": "will_vote"}
    )
    await queue.outcomes.record("ana", found.lease_id, report, NOON)
    await exercise.execute("insert into strike_offs values ('a', 0, gen_random_uuid(), now())")
    await open_precinct(connection, "a")
    on_the_day = await Queue(pool, Rules(), lambda _: ZONE).grant(ANA, "a", NOON)
    assert isinstance(on_the_day, Granted)
    assert on_the_day.voter_id == found.voter_id
    assert await connection.fetchval("select count(*) from public.calls") == 0
    await exercise.execute("insert into opt_outs values ($1, true, now())", found.phone)
    assert (await day.dial("ana", on_the_day.lease_id, NOON)).reason == "do_not_call", "STOP is STOP"
    await theirs.close()
    await exercise.close()


async def test_both_have_the_same_tables(connection: asyncpg.Connection) -> None:
    rehearsal = {tuple(r) for r in await connection.fetch(SHAPE, "rehearsal")}
    public = {tuple(r) for r in await connection.fetch(SHAPE, "public")}
    assert rehearsal <= public
    others = {
        "voter_standings", "dispatches", "dispatch_proposals", "dispatch_limits", "script_trials",
        "control_group",
    }  # fmt: skip
    assert {r[0] for r in rehearsal} == others | set(OF_REHEARSALS)


async def test_a_purge_leaves_nobody_and_knows_every_table(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 5)
    await open_precinct(connection, "a")
    assert isinstance(await Queue(pool, Rules(), lambda _: ZONE).grant(ANA, "a", NOON), Granted)
    done = await purge(connection, "lea", NOON)
    assert (done.removed["public.voters"], done.removed["public.leases"]) == (5, 1)
    assert set(done.left.values()) == {0}
    others = {
        "election", "precincts", "past_votes", "curve_points", "watchers", "rosters", "messages",
        "check_ins", "audit", "migrations", "accounts", "watcher_links", "leadership",
    }  # fmt: skip
    naming = await connection.fetch(
        "select distinct table_name::text as t from information_schema.columns where table_schema = 'public'"
        " and column_name in ('voter_id', 'caller_id', 'phone', 'lease_id')"
    )
    assert {r["t"] for r in naming} - others - {"voter_standings", "outbox"} <= set(PERSONAL) | set(KEPT)
