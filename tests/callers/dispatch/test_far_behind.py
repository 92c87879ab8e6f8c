"""A tally far behind the database decides nothing, however lively its feed is (law L6)."""

from typing import Any

import asyncpg
import orjson
from prometheus_client import CollectorRegistry

from callers.dispatch.feed import callers_view
from callers.dispatch.places import Places
from callers.service.calling_service import CallingService
from callers.service.database_clock import DatabaseClock
from callers.service.metrics import Metrics
from callers.settings import CallersSettings
from election.postgres.leadership import Candidate
from election.runtime.clock import FixedClock
from election.wire.feed import Beat, PrecinctInfo, PrecinctState, Standing
from tests.callers.conftest import CLOSES, NOON, ZONE, add_callers, add_election, add_voters


def columns(row: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: [value] for name, value in row.items()}


def snapshot() -> bytes:
    closes = int(CLOSES.timestamp())
    info = PrecinctInfo(
        precinct_id="a", name="Hall a", registered=1000, opens_at=0, closes_at=closes, timezone=ZONE
    )
    standing = Standing(precinct_id="a", state=PrecinctState.LAGGING, p_lagging=0.95, shortfall=84.0)
    return orjson.dumps(
        {
            "type": "snapshot", "seq": 1, "at": 0, "aggregates": [],
            "precincts": columns(info.model_dump(mode="json")),
            "standings": columns(standing.model_dump(mode="json")),
        }
    )  # fmt: skip


def beat(behind: float) -> bytes:
    return orjson.dumps(Beat(seq=1, at=0, stored_behind=behind).model_dump())


async def test_no_dispatch_starts_by_standings_that_lack_ten_minutes_of_the_log(
    database_url: str, pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    leader = Candidate(database_url, "dispatch")
    assert await leader.step()
    await add_election(connection, ["a"])
    await add_voters(connection, "a", 50)
    await add_callers(connection, 2)
    feed, clock = callers_view(), FixedClock(NOON)
    places = Places(feed)
    await places.load(connection)
    settings = CallersSettings(secret="x" * 40)
    metrics = Metrics(CollectorRegistry(), feed)
    floor = CallingService(
        pool, settings, at=DatabaseClock(clock), feed=feed, places=places, metrics=metrics, leader=leader
    )
    assert feed.apply(snapshot()) and feed.apply(beat(600.0))
    for _ in range(3):
        await floor.tick()
    assert await connection.fetchval("select count(*) from dispatches") == 0
    assert feed.apply(beat(0.0)), "the tally has caught up"
    for _ in range(3):
        await floor.tick()
    assert await connection.fetchval("select count(*) from dispatches") == 1
    await leader.resign()
