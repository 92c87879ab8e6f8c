"""From a watcher's text to a caller's page: intake's process, PostgreSQL, the callers' process."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from tests.callers.conftest import NOON, add_callers, add_voters, open_precinct
from tests.callers.test_service import Service, a_voter, as_caller, feed, outcome, ready, service, until, web
from tests.intake.conftest import intake_at
from tests.intake.running import a_text, an_election, import_election

__all__ = ["feed", "intake_at", "service", "web"]  # fixtures

SECONDS = 2.0  # from the text to the queues, whatever the machine does meanwhile


async def test_a_struck_off_voter_leaves_desk_and_queue_within_two_seconds_of_the_text(
    intake_at: Callable[..., Any],
    service: Callable[[], Service],
    connection: asyncpg.Connection,
    database_url: str,
    web: aiohttp.ClientSession,
    tmp_path: Path,
) -> None:
    await import_election(database_url, an_election())
    await add_voters(connection, "12-01", 12)
    await add_callers(connection, 2)
    await open_precinct(connection, "12-01", NOON + timedelta(hours=7))
    one = service()
    intake = await intake_at(database_url, more={"BELUGA_CLOCK_FILE": str(tmp_path / "clock")}).running()
    await intake.until_roster()
    await ready(web, one)
    voter = await a_voter(web, one, 0)
    number = int(voter["voter_id"].split("/")[1])
    others = [n for n in range(12) if n not in (0, number, 3)]
    body, headers = a_text("strike-offs", "V " + " ".join(map(str, [number, *others])))
    texted = time.monotonic()
    async with web.post(f"{intake.url}/sms/generic", data=body, headers=headers) as response:
        assert response.status == 200
    lease = {"lease_id": voter["lease_id"]}

    async def told() -> bool:
        async with web.post(f"{one.url}/api/heartbeat", headers=as_caller(0), json=lease) as response:
            return (await response.json())["reason"] == "voted"

    await until(told)
    assert time.monotonic() - texted < SECONDS
    left = []
    for _ in range(2):
        found = await a_voter(web, one, 1)
        left.append(int(found["voter_id"].split("/")[1]))
        await outcome(web, one, 1, found["lease_id"], "will_vote")
    assert set(left) <= {0, 3} - {number}, "only those not struck off are left in the queue"
