"""An election too large to draw at once: counties first, then one county's precincts; a lead's own alone."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from beluga.stack.postgres import EmbeddedPostgres
from dashboard.map.places import DRAW_ALL
from election.wire.feed import PrecinctState
from tests.dashboard.running import Room, make_election, until, visiting, war_room

pytestmark = pytest.mark.asyncio(loop_scope="module")
COUNTIES = 6


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    election = make_election(DRAW_ALL + 80, counties=COUNTIES, shapes=False)
    async with war_room(postgres, election, tmp_path_factory.mktemp("room")) as one:
        yield one


async def test_counties_come_first_and_open_into_precincts(room: Room, browser: Browser) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        assert await page.evaluate("[beluga.board.view.kind, beluga.map.paths.size]") == [
            "counties",
            COUNTIES,
        ]
        await expect(page.locator("#work [data-row]")).to_have_count(60)  # the list is of all counties
        # Click the middle of the first county's square.
        box = await page.evaluate(
            "(() => { const b = beluga.map.paths.get('County A').getBoundingClientRect();"
            " return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        await page.mouse.move(*box)
        await page.mouse.click(*box)
        await until(page, "beluga.board.view.kind === 'precincts' && beluga.map.paths.size > 100", 40)
        assert "county=County" in page.url
        members = [p.precinct_id for p in room.feed.election.precincts if p.county == "County A"]
        assert await page.evaluate("beluga.map.paths.size") == len(members)
        silent = next(p for p in members if room.feed.standings[p].state is PrecinctState.SILENT)
        assert await page.evaluate(f"beluga.map.paths.get('{silent}').style.fill") == 'url("#hatch")'
        rows = "[...document.querySelectorAll('#work [data-row]')].map((r) => r.dataset.row)"
        await until(page, f"{rows}.every((id) => beluga.board.info.get(id).county === 'County A')")
        assert set(await page.evaluate(rows)) <= set(members)
        await page.go_back()
        await until(page, "beluga.board.view.kind === 'counties' && beluga.map.paths.size", 40)
        assert seen.problems == []


async def test_a_lead_sees_and_draws_the_own_county_alone(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "lee") as seen:
        await seen.painted()
        page = seen.page
        members = sum(p.county == "County A" for p in room.feed.election.precincts)
        seen_of = "[beluga.board.view.kind, beluga.map.paths.size, beluga.board.info.size]"
        assert await page.evaluate(seen_of) == ["precincts", members, members]
        assert ["County A"] in [t["counties"] for t in room.feed.tokens_seen if t["account"] == "lee"]
        await expect(page.locator("#today [data-is=projected]")).not_to_have_text("")
