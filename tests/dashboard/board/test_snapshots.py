"""The printed page: written by the quarter of an hour, whole without a network, for whom it concerns."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from beluga.stack.postgres import EmbeddedPostgres
from election.runtime.clock import FileClock
from election.wire.feed import Incident, PrecinctState
from tests.dashboard.running import MARKUP, NOON, Room, make_election, visiting, war_room

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with war_room(postgres, make_election(60, counties=2), tmp_path_factory.mktemp("room")) as one:
        one.feed.say(
            incidents=[Incident(number=4, check_in_id="i", precinct_id="01-01", text=MARKUP, at=int(NOON))]
        )
        yield one


async def written(room: Room, count: int = 1) -> Path:
    for _ in range(300):
        files = sorted((room.state / "dashboard" / "snapshots").glob("*.html"))
        if len(files) >= count:
            return files[-1]
        await asyncio.sleep(0.1)
    raise AssertionError("no page was written")


async def test_a_page_is_kept_that_any_browser_prints(room: Room, browser: Browser) -> None:
    file = await written(room)
    assert file.name == "2026-11-03T1700Z.html"
    assert file.stat().st_mode & 0o077 == 0  # it names watchers' phones
    context = await browser.new_context(java_script_enabled=False, offline=True)
    page = await context.new_page()
    await page.goto(file.as_uri())
    text = await page.inner_text("body")
    worst = max(
        (s for s in room.feed.standings.values() if s.state is PrecinctState.LAGGING),
        key=lambda s: s.p_lagging * s.shortfall,
    )
    first = await page.locator("table tbody tr").first.inner_text()
    assert worst.precinct_id in first
    assert re.search(rf"\b{worst.shortfall:,.0f}\b", first)
    assert "#4" in text
    assert MARKUP in text  # as words
    assert "County B" in text
    assert "STALE" not in text
    size = (await page.pdf(format="A4")).count(b"/Type /Page\n")
    assert size == 1
    await context.close()


async def test_the_next_one_is_kept_a_quarter_of_an_hour_later(room: Room) -> None:
    await written(room)
    clock = FileClock(room.state / "clock")
    clock.set(datetime.fromtimestamp(NOON + 14 * 60, UTC), 0.0)
    await asyncio.sleep(3)  # longer than the war room rests between two looks
    assert len(list((room.state / "dashboard" / "snapshots").glob("*.html"))) == 1
    clock.set(datetime.fromtimestamp(NOON + 15 * 60 + 1, UTC), 0.0)
    assert (await written(room, 2)).name == "2026-11-03T1715Z.html"


async def test_this_minute_is_printed_in_the_viewers_counties_and_kept_pages_are_for_staff(
    room: Room, browser: Browser
) -> None:
    name = (await written(room)).name
    async with visiting(browser, room, "lee", "/snapshot") as seen:
        text = await seen.page.inner_text("body")
        assert "County A" in text
        assert "County B" not in text
        assert (await seen.page.goto(f"{room.url}/snapshots/{name}")).status == 403  # type: ignore[union-attr]
    async with visiting(browser, room, "sam", "/snapshots") as seen:
        await seen.page.click(f"text={name.removesuffix('.html')}")
        assert "County B" in await seen.page.inner_text("body")
        assert (await seen.page.goto(f"{room.url}/snapshots/places.json.gz")).status == 404  # type: ignore[union-attr]
        assert seen.problems == [] or all("404" in p for p in seen.problems)
