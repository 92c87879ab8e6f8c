"""The control group on the real database: stated once, never called, compared with whose turn came."""

from datetime import timedelta

import asyncpg
import pytest
import structlog
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from structlog.testing import capture_logs

from callers.app import _state_control_group
from callers.dispatch.feed import callers_view
from callers.dispatch.live_dispatches import LiveDispatches
from callers.dispatch.places import Places
from callers.effect.control_group import ControlGroup, EffectReport, read_effect
from callers.lists.dialer_lists import Lists
from callers.lists.walk_lists import doors_of
from callers.queries.statements import statements
from callers.queue.lease import CallerOnDuty, Granted, NoVoter
from callers.queue.leases import Queue, calling_url
from callers.rules.limits import Limits
from callers.rules.policy import Rules
from callers.service.calling_service import CallingService
from callers.service.database_clock import DatabaseClock
from callers.service.metrics import Metrics
from callers.settings import CallersSettings
from callers.voters.encryption import Encryption
from election.postgres.database import connect
from election.runtime.clock import FixedClock
from election.wire.callers import OutcomeReport
from tests.callers.conftest import NOON, ZONE, add_callers, add_election, add_voters, open_precinct

ANA = CallerOnDuty("c0", "Ana", ("en",))
SECRET = "a secret of sufficient length, for tests"
OURS = "select phone from voters, control_group g where control_rank(g.key, phone) < g.share group by phone"


def a_queue(pool: asyncpg.Pool) -> Queue:
    ticks = iter(range(10**9))  # each look is a real second later than the one before
    return Queue(pool, Rules(), lambda _: ZONE, monotonic=lambda: float(next(ticks)))


async def called_to_the_end(queue: Queue, outcome: str = "will_vote") -> list[Granted]:
    """Every voter whom the queue gives; each says the same."""
    found = []
    while isinstance(given := await queue.grant(ANA, "a", NOON), Granted):
        found.append(given)
        report = {"outcome_id": given.lease_id, "outcome": outcome}
        await queue.outcomes.record("c0", given.lease_id, OutcomeReport.model_validate(report), NOON)
    assert given == NoVoter("empty")
    return found


async def test_nobody_of_the_control_group_is_called_or_listed_and_each_turn_is_written_down(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 160, household=2, address="9 Elm Street")
    await open_precinct(connection, "a")
    assert await ControlGroup(pool, 0.2, SECRET).state(NOON) == 0.2
    ours = {r["phone"] for r in await connection.fetch(OURS)}
    assert 5 <= len(ours) <= 30, "a fifth of 80, as chance has it"
    reachable = await connection.fetchrow(statements("dispatches")["reachable"], ["a"], NOON)
    assert reachable and reachable["remaining"] == 160 - 2 * len(ours)
    doors = await doors_of(pool, Encryption(""), "a", "lea", NOON)
    assert len(doors[0].names) == 160 - 2 * len(ours)
    queue = a_queue(pool)
    listed = await Lists(pool, queue, Encryption("")).make(
        "a", 30, kind="dialer", good_for=timedelta(minutes=30), account="lea", now=NOON
    )
    called = {g.phone for g in await called_to_the_end(queue)} | {line.phone for line in listed.lines}
    assert len(listed.lines) == 30
    assert called | ours == {r["phone"] for r in await connection.fetch("select phone from voters")}
    assert not called & ours
    turns = await connection.fetch("select phone, caller_id, at from control_turns")
    assert {r["phone"] for r in turns} == ours
    assert {r["at"] for r in turns} == {NOON}
    assert any(r["caller_id"] == "c0" for r in turns)
    assert any(r["caller_id"].startswith("list:") for r in turns), "a list passes over them as callers do"


async def test_who_is_in_it_is_stated_before_the_first_call_and_never_again(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 40)
    await open_precinct(connection, "a")
    assert await ControlGroup(pool, 0.0, SECRET).state(NOON) == 0.0
    assert await ControlGroup(pool, 0.3, SECRET).state(NOON) == 0.3
    ours = await connection.fetch(OURS)
    assert await ControlGroup(pool, 0.0, SECRET).state(NOON) == 0.0, (
        "nobody has been called: staff may change it"
    )
    assert await ControlGroup(pool, 0.3, SECRET).state(NOON) == 0.3
    assert await connection.fetch(OURS) == ours, "by the key, not by lot"
    assert isinstance(await a_queue(pool).grant(ANA, "a", NOON), Granted)
    for share, secret in ((0.0, SECRET), (0.4, SECRET), (0.3, "another secret, of sufficient length too")):
        assert await ControlGroup(pool, share, secret).state(NOON) == 0.3
    assert await connection.fetch(OURS) == ours
    audited = await connection.fetch("select action, detail->>'share' as share from audit order by seq")
    assert [tuple(r) for r in audited] == [
        ("control group stated", "0.3"), ("control group withdrawn", None), ("control group stated", "0.3"),
    ]  # fmt: skip


async def test_a_rehearsals_group_is_its_own(connection: asyncpg.Connection, database_url: str) -> None:
    await add_voters(connection, "a", 3)
    exercise = await connect(calling_url(database_url, rehearsal=True))
    await exercise.execute("insert into control_group values (true, 0.5, '\\x00', $1)", NOON)
    lease = (
        "insert into leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at)"
        " select gen_random_uuid(), n::text, n::text, 'a', n::text, $1::timestamptz,"
        " $1::timestamptz + interval '1 hour'"
        " from generate_series(1, 60) n"
    )
    await exercise.execute(lease, NOON)
    await connection.execute(lease, NOON)
    passed = await exercise.fetchval("select count(*) from control_turns")
    assert 10 < passed < 50
    assert await exercise.fetchval("select count(*) from leases") == 60 - passed
    assert await connection.fetchval("select count(*) from leases") == 60
    assert await connection.fetchval("select count(*) from control_turns") == 0
    await exercise.close()


async def planted_day(pool: asyncpg.Pool, connection: asyncpg.Connection) -> EffectReport:
    """200 voters, everybody called; control voters of even number vote, of the called three of four."""
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "a", 200)
    await add_callers(connection, 1)
    await open_precinct(connection, "a")
    await ControlGroup(pool, 0.25, SECRET).state(NOON)
    await connection.execute("insert into strike_offs values ('a', '0', gen_random_uuid(), $1)", NOON)
    await called_to_the_end(a_queue(pool))
    await connection.execute(
        "insert into strike_offs select 'a', roll_number, gen_random_uuid(), $1"
        " from voters left join control_turns t using (voter_id)"
        " where roll_number::int % 4 = any(case when t.at is null then '{0,1,2}' else '{0,2}' end::int[])"
        " on conflict do nothing", NOON + timedelta(hours=2),
    )  # fmt: skip
    return await read_effect(pool)


async def test_what_calls_brought_is_read_from_the_strike_offs_and_told_to_dispatch(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    found = await planted_day(pool, connection)
    whole = found.effect
    assert whole.called.households + whole.control.households == 199, "one had voted before any turn came"
    assert whole.votes == pytest.approx(0.25, abs=0.1)
    assert whole.low is not None and whole.high is not None and whole.low < 0.25 < whole.high
    assert list(found.groups["hour"]) == ["12"], "the hour there, not in UTC"
    assert list(found.groups["language"]) == ["en"]
    assert found.groups["script"][""] == whole
    # and by the county's file, once there is one
    by_file = (await read_effect(pool, [f"a/{n}" for n in range(0, 200, 2)])).effect
    assert by_file.votes == pytest.approx(0.0, abs=0.15)
    assert by_file.called.y + by_file.control.y == 99
    votes = await ControlGroup(pool, 0.25, SECRET).measure(NOON)
    assert votes is not None and 0.1 < votes < 0.25, "between the prior and the data"
    feed = callers_view()
    dispatches = LiveDispatches(pool, feed, Places(feed), Limits(), 15.0, Rules())
    before = dispatches.limits
    await dispatches.read_limits()
    assert dispatches.limits.votes_per_voter == pytest.approx(votes)
    assert dispatches.limits.votes_per_caller == pytest.approx(before.contacts_per_caller * votes)
    assert before.votes_per_caller == pytest.approx(3.0), "as before anything was known"


async def test_a_precinct_without_strike_offs_says_nothing(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_election(connection, ["a"])
    await add_voters(connection, "a", 50)
    await open_precinct(connection, "a")
    await ControlGroup(pool, 0.25, SECRET).state(NOON)
    await called_to_the_end(a_queue(pool))
    found = await read_effect(pool)
    assert found.effect.called.households == 0 and found.effect.votes is None
    assert await read_effect(pool, []) != found


async def test_the_service_states_it_before_it_serves_and_says_where_the_setting_does_not_hold(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_voters(connection, "a", 30)
    await open_precinct(connection, "a")
    feed = callers_view()

    async def started(share: float) -> list[str]:
        settings = CallersSettings(secret=SecretStr(SECRET), control_share=share)
        metrics = Metrics(CollectorRegistry(), feed)
        service = CallingService(
            pool,
            settings,
            at=DatabaseClock(FixedClock(NOON)),
            feed=feed,
            places=Places(feed),
            metrics=metrics,
        )
        with capture_logs() as logs:
            await _state_control_group(service, structlog.stdlib.get_logger())
        return [line["event"] for line in logs]

    assert await started(0.2) == []
    assert await connection.fetchval("select share from control_group") == 0.2
    assert isinstance(await a_queue(pool).grant(ANA, "a", NOON), Granted)
    assert await started(0.2) == []
    assert await started(0.0) == ["control_group_stands"]
    assert await connection.fetchval("select share from control_group") == 0.2
