"""What axe-core would mend: nothing, on every page, light and dark."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from beluga.stack.postgres import EmbeddedPostgres
from election.access import accounts, totp
from election.postgres.database import connect
from election.wire.feed import Incident
from tests.axe import SCHEMES
from tests.dashboard.running import NOON, PASSWORD, Room, make_election, until, visiting, war_room

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with war_room(postgres, make_election(24), tmp_path_factory.mktemp("room")) as one:
        one.feed.incidents = [
            Incident(number=1, check_in_id="i1", precinct_id="01-03", text="machine down", at=int(NOON))
        ]
        yield one


async def clean(page: Page, schemes: Any = SCHEMES) -> None:
    """Every rule in light; in dark, where nothing but colours is another, those about colours."""
    for scheme, rules in schemes:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await until(
            page, "!document.getAnimations().length"
        )  # a number that was fading in just then is paler
        found = await Axe().run(page, options=rules)
        assert found.violations_count == 0, found.generate_report()


async def test_the_board_and_the_panel(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, path="/?precinct=01-04") as seen:
        await seen.painted()
        await expect(seen.page.locator("#panel .sentence")).to_be_visible()
        await clean(seen.page)
        await seen.page.keyboard.press("Escape")
        await clean(seen.page, SCHEMES[:1])  # the colours that were beside the panel
        await seen.page.click("#as-table")
        await clean(seen.page)
        await expect(seen.page.locator("#alerts")).to_be_visible()
        await seen.page.click("#alerts summary")
        await clean(seen.page)


async def test_a_stale_board_stays_readable(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, path="/?precinct=01-04") as seen:
        await seen.painted()
        await expect(seen.page.locator("#panel .sentence")).to_be_visible()
        await room.feed.stop()
        await expect(seen.page.locator("body.stale")).to_have_count(1)
        await clean(seen.page)
        await seen.page.keyboard.press("Escape")
        await clean(seen.page, SCHEMES[:1])  # the colours that were beside the panel
        await room.feed.start()


async def test_a_replayed_board(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, path="/?at=2026-11-03T15:00Z") as seen:
        await expect(seen.page.locator("#replay-at")).to_have_text("10:00")
        await clean(seen.page)


PLAIN = [
    "/desk/unread",
    "/desk/rollcall",
    "/audit",
    "/snapshots",
    "/snapshot",
    "/replay",
    "/debrief/calibration",
    "/rides",
    "/health",
]


@pytest.mark.parametrize("path", PLAIN)
async def test_plain_pages(room: Room, browser: Browser, path: str) -> None:
    async with visiting(browser, room, "ada", path) as seen:
        await expect(seen.page.locator("h1")).to_be_visible()
        await clean(seen.page)


async def test_a_wall_and_a_first_visit(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, path="/?kiosk=1", width=1920, height=1080) as seen:
        await seen.painted()
        await clean(seen.page)
    async with visiting(browser, room, "lee", first_visit=True, width=360, height=740) as seen:
        await expect(seen.page.locator("#tour")).to_be_visible()
        await clean(seen.page)


async def test_the_door(room: Room, browser: Browser) -> None:
    connection = await connect(room.database_url)
    await accounts.add(connection, "tia", accounts.Role.STAFF, PASSWORD)
    await accounts.require_codes(connection, "tia", totp.new_secret())
    await connection.close()
    async with visiting(browser, room, "", "/login") as seen:
        page = seen.page
        await clean(page)
        await page.fill("#login", "tia")
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#code")).to_be_focused()
        await clean(page)
