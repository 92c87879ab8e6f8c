"""From a watcher's text to a caller's page and back.

Intake, the tally with its feed, and the callers' service are processes of their own, over one PostgreSQL.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from beluga.stack.ports import free_port
from election.runtime.clock import FileClock
from tests.callers.conftest import NOON, add_callers, add_voters
from tests.callers.service_process import (
    SECRET,
    Service,
    a_voter,
    as_caller,
    as_staff,
    lease,
    leased,
    outcome,
    ready,
    until,
    web,
)
from tests.intake.conftest import intake_at
from tests.intake.running import IntakeProcess, a_text, an_election, import_election, phone
from tests.preloaded import started

__all__ = ["intake_at", "web"]  # fixtures

PRECINCTS, VOTERS = 16, 12
TEN = NOON - timedelta(hours=2)


@contextmanager
def tally_of(database_url: str, folder: Path) -> Iterator[int]:
    """A tally; the port of its feed."""
    port = free_port()
    environment = os.environ | {
        "BELUGA_DATABASE_URL": database_url, "BELUGA_SECRET": SECRET, "BELUGA_STATE": str(folder),
        "BELUGA_CLOCK_FILE": str(folder / "clock"), "BELUGA_FEED_PORT": str(port),
        "BELUGA_TALLY_PORT": str(free_port()),
    }  # fmt: skip
    with (folder / "tally.log").open("ab") as log:
        process = started("tally", environment, log)
    try:
        yield port
    finally:
        process.kill()
        process.wait(10)


async def text(web: aiohttp.ClientSession, intake: IntakeProcess, key: str, words: str, sender: int) -> float:
    """Sends a text as the provider would; when (monotonic)."""
    body, headers = a_text(key, words, phone(sender))
    sent = time.monotonic()
    async with web.post(f"{intake.url}/sms/generic", data=body, headers=headers) as response:
        assert response.status == 200
    return sent


async def hall_by_hall(web: aiohttp.ClientSession, intake: IntakeProcess, hour: str, votes: int) -> None:
    """Every precinct but 12-01 says how many have voted."""
    for n in range(2, PRECINCTS + 1):
        await text(web, intake, f"{hour}-{n}", f"12-{n:02} {votes + n}", n)


async def test_texts_open_a_precinct_take_voters_off_and_close_it_again(
    intake_at: Callable[..., IntakeProcess],
    connection: asyncpg.Connection,
    database_url: str,
    web: aiohttp.ClientSession,
    tmp_path: Path,
) -> None:
    clock = FileClock(tmp_path / "clock")
    clock.set(TEN, 1.0)
    await import_election(database_url, an_election(PRECINCTS))
    await add_voters(connection, "12-01", VOTERS)
    await add_callers(connection, 2)
    intake = await intake_at(database_url, more={"BELUGA_CLOCK_FILE": str(tmp_path / "clock")}).running()
    await intake.until_roster()
    with tally_of(database_url, tmp_path) as feed_port:
        one = Service(database_url, feed_port, tmp_path)
        try:
            await ready(web, one)
            await a_day(web, intake, one, clock, connection)
        finally:
            one.end()


async def a_day(
    web: aiohttp.ClientSession,
    intake: IntakeProcess,
    one: Service,
    clock: FileClock,
    connection: asyncpg.Connection,
) -> None:
    await hall_by_hall(web, intake, "ten", 250)
    assert (await lease(web, one, 0))["reason"] == "no_dispatch", "nothing is known of 12-01 yet"
    await text(web, intake, "low", "12-01 70", 1)
    voter = await a_voter(web, one, 0)
    assert voter["precinct_id"] == "12-01"
    assert voter["missing_now"] > 100

    number = int((await leased(connection, voter))["voter_id"].split("/")[1])
    others = [n for n in range(VOTERS) if n not in (0, number, 3)]
    await text(web, intake, "struck off", "V " + " ".join(map(str, [number, *others])), 1)
    held = {"headers": as_caller(0), "json": {"lease_id": voter["lease_id"]}}

    async def told() -> bool:
        async with web.post(f"{one.url}/api/heartbeat", **held) as response:
            return bool((await response.json())["reason"] == "voted")

    await until(told)
    found = await a_voter(web, one, 1)
    assert int((await leased(connection, found))["voter_id"].split("/")[1]) in {0, 3} - {number}, (
        "only those not struck off are left"
    )
    await outcome(web, one, 1, found["lease_id"], "no_answer")

    clock.set(NOON, 1.0)
    await hall_by_hall(web, intake, "noon", 380)
    last = await a_voter(web, one, 1)
    await text(web, intake, "recovered", "12-01 390", 1)

    async def stopped() -> bool:
        async with web.get(f"{one.url}/dispatches", headers=as_staff()) as response:
            return bool((await response.json())["dispatches"] == [])

    await until(stopped)
    assert (await lease(web, one, 0))["reason"] == "no_dispatch"
    dial: dict[str, Any] = {"headers": as_caller(1), "json": {"lease_id": last["lease_id"]}}
    async with web.post(f"{one.url}/api/dial", **dial) as response:
        assert (await response.json())["reason"] == "stopped"
