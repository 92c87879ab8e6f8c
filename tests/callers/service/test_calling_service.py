"""The floor in the evening: thousands ask where nobody may be called any more."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import asyncpg
from prometheus_client import CollectorRegistry

from callers.dispatch.feed import callers_view
from callers.dispatch.places import Places
from callers.queries.statements import statements
from callers.queue.lease import CallerOnDuty
from callers.service.calling_service import CallingService
from callers.service.database_clock import DatabaseClock
from callers.service.metrics import Metrics
from callers.settings import CallersSettings
from election.runtime.clock import FixedClock
from tests.callers.conftest import CLOSES, add_callers, add_election, add_voters, open_precinct

PRECINCTS = [f"p{n}" for n in range(20)]
LATE = CLOSES + timedelta(minutes=45)  # 20:45 in New York, where one may call until 20:30


class Counted:
    """A pool that counts what is fetched."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.fetched: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    async def fetch(self, query: str, *values: Any) -> Any:
        self.fetched[query] += 1
        return await self._pool.fetch(query, *values)


async def test_callers_who_ask_in_the_evening_do_not_have_every_list_read_again_for_each(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await add_election(connection, PRECINCTS)
    for precinct in PRECINCTS:
        await add_voters(connection, precinct, 200)  # more than one reading holds
        await open_precinct(connection, precinct, LATE + timedelta(hours=1))
    await add_callers(connection, 300)
    counted, feed, clock = Counted(pool), callers_view(), FixedClock(LATE)
    places = Places(feed)
    await places.load(connection)
    metrics = Metrics(CollectorRegistry(), feed)
    settings = CallersSettings(secret="x" * 40)
    service = CallingService(
        counted, settings, at=DatabaseClock(clock), feed=feed, places=places, metrics=metrics
    )  # type: ignore[arg-type]
    await service.tick()
    crowd = [CallerOnDuty(f"c{n}", f"Caller {n}", ("en",)) for n in range(300)]
    for _ in range(3):
        answers = await asyncio.gather(*map(service.next_voter, crowd))
        assert {a.reason for a in answers} == {"hours"}
    assert 20 <= counted.fetched[statements("leases")["candidates"]] <= 25
