"""A running intake with its database for a module of browser tests, and phones (Chromium) that visit it."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from beluga.stack.postgres import EmbeddedPostgres
from election.access.tokens import Tokens
from election.access.watcher_links import link_of
from election.domain.day import Election
from election.postgres.database import connect
from tests.chromium import ARGUMENTS, EXECUTABLE
from tests.intake.running import SECRET, IntakeProcess, an_election, import_election, until_drained

PHONE: Any = {"width": 360, "height": 740}
TOKENS = Tokens(SECRET)
NUMBER = "+12155550100"  # what watchers text
LANGUAGES = {"w1": "en", "w2": "es", "w4": "zh", "w5": "vi"}

needs_chromium = pytest.mark.skipif(not Path(EXECUTABLE).exists(), reason="there is no chromium")


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine in a thread of its own: a browser driven from this one has its loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@dataclass
class Site:
    """Intake and its database, as the module's tests share them."""

    intake: IntakeProcess
    database_url: str

    @property
    def url(self) -> str:
        return self.intake.url

    def link(self, watcher_id: str = "w1", number: int = 0) -> str:
        return link_of(self.url, TOKENS, watcher_id, number)

    def up(self) -> None:
        run(self.intake.running())

    def down(self) -> None:
        self.intake.end(signal.SIGKILL)

    def rows(self, sql: str, *values: Any, wanted: int = 0) -> list[asyncpg.Record]:
        """Of the database, once everything acknowledged is in it and there are `wanted` (15 s at most)."""
        deadline = time.monotonic() + 15
        while len(found := self._rows(sql, *values)) < wanted and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def _rows(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        run(until_drained(self.url))

        async def fetch() -> list[asyncpg.Record]:
            connection = await connect(self.database_url)
            try:
                return list(await connection.fetch(sql, *values))
            finally:
                await connection.close()

        return list(run(fetch()))

    def counts(self, watcher_id: str, wanted: int = 0) -> list[int]:
        """The votes this watcher reported, in the log's order, once there are `wanted` (15 s at most)."""
        sql = "select votes from check_ins where watcher_id = $1 and votes is not null order by sent_at, seq"
        return [row["votes"] for row in self.rows(sql, watcher_id, wanted=wanted)]


def todays_election() -> Election:
    """Six precincts; the election is today, so that the form asks for counts."""
    election = an_election(6)
    watchers = tuple(replace(w, language=LANGUAGES.get(w.watcher_id, "en")) for w in election.watchers)
    precincts = tuple(
        replace(p, county="North" if n < 3 else "South") for n, p in enumerate(election.precincts)
    )
    today = datetime.now(ZoneInfo(election.day.timezone)).date()
    return replace(election, day=replace(election.day, date=today), watchers=watchers, precincts=precincts)


async def _one_on_the_roll(url: str) -> None:
    """A roll, far from whole: without any the form offers nobody to strike off."""
    connection = await connect(url)
    await connection.execute(
        "insert into voters (voter_id, precinct_id, roll_number, name)"
        " select 'v1', max(precinct_id), '1', 'Voter' from precincts"
    )
    await connection.close()


@pytest.fixture(scope="module")
def site(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    name = f"test_{secrets.token_hex(6)}"

    async def admin(sql: str) -> None:
        connection = await asyncpg.connect(postgres.url_of("postgres"))
        await connection.execute(sql)
        await connection.close()

    run(admin(f"create database {name} template template_beluga strategy file_copy"))
    url = postgres.url_of(name)
    run(import_election(url, todays_election()))
    run(_one_on_the_roll(url))
    more = {"BELUGA_WATCHERS_NUMBER": NUMBER, "BELUGA_ADDRESS_REQUESTS_PER_SECOND": "0"}
    one = Site(IntakeProcess(tmp_path_factory.mktemp("intake"), url, more=more), url)
    one.intake.more["BELUGA_PUBLIC_URL"] = one.url
    one.up()
    run(one.intake.until_roster())
    yield one
    one.intake.end()
    run(admin(f"drop database {name} with (force)"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        yield chromium
        chromium.close()


def pictures(page: Page, name: str) -> None:
    """Keeps a picture where somebody wants to look (`BELUGA_PICTURES`)."""
    folder = os.environ.get("BELUGA_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def observed(row: asyncpg.Record) -> datetime:
    at: datetime = row["observed_at"]
    return at.astimezone(UTC)
