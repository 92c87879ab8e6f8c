"""The map under the hand: magnified and moved without opening anything; hovering tells, a click opens."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from beluga.stack.postgres import EmbeddedPostgres
from tests.dashboard.running import Room, make_election, until, visiting, war_room

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLACE = "01-20"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with war_room(postgres, make_election(60), tmp_path_factory.mktemp("room")) as one:
        yield one


async def box_of(page: Page, precinct_id: str) -> dict[str, float]:
    found: Any = await page.evaluate(
        f"beluga.map.paths.get('{precinct_id}').getBoundingClientRect().toJSON()"
    )
    return dict(found)


def middle(box: dict[str, float]) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def test_wheel_drag_and_buttons_change_what_is_seen_and_open_nothing(
    room: Room, browser: Browser
) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        await expect(page.locator("#alerts")).to_be_visible()  # the map has its height
        before = await box_of(page, PLACE)
        x, y = middle(before)
        await page.mouse.move(x, y)
        await page.mouse.wheel(0, -600)
        await until(
            page, f"beluga.map.paths.get('{PLACE}').getBoundingClientRect().width > {2 * before['width']}"
        )
        larger = await box_of(page, PLACE)
        assert abs(middle(larger)[0] - x) < 3  # what was under the pointer still is
        assert abs(middle(larger)[1] - y) < 3
        await page.mouse.down()
        await page.mouse.move(x + 60, y + 30, steps=5)
        await page.mouse.up()
        await until(page, f"beluga.map.paths.get('{PLACE}').getBoundingClientRect().x > {larger['x'] + 50}")
        await expect(page.locator("#panel")).to_be_hidden()
        await page.click("button[aria-label='The whole map']")
        width = f"beluga.map.paths.get('{PLACE}').getBoundingClientRect().width"
        await until(page, f"Math.abs({width} - {before['width']}) < 1")
        assert seen.problems == []


async def test_hovering_tells_and_a_click_opens(room: Room, browser: Browser) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        await expect(page.locator("#alerts")).to_be_visible()
        x, y = middle(await box_of(page, PLACE))
        await page.mouse.move(x, y)
        await expect(page.locator("#tip b")).to_have_text(
            next(p.name for p in room.feed.election.precincts if p.precinct_id == PLACE)
        )
        await page.mouse.click(x, y)
        await expect(page.locator("#panel .sentence")).to_be_visible()
        assert page.url.endswith(f"?precinct={PLACE}")
        await until(page, f"beluga.map.paths.get('{PLACE}').classList.contains('selected')")


async def test_a_map_that_does_not_come_keeps_nothing_else_and_is_asked_for_again(
    room: Room, browser: Browser
) -> None:
    async with visiting(browser, room) as seen:
        page = seen.page
        await page.route("**/shapes/**", lambda route: route.abort())
        await page.reload()
        await expect(page.locator("#work [data-row]").first).to_be_visible()
        await expect(page.locator("#map-body .empty")).to_contain_text("The map does not load; trying again.")
        await page.unroute("**/shapes/**")
        await seen.painted()
        await expect(page.locator("#map-body .empty")).to_be_hidden()


async def test_the_panels_scripts_come_after_the_list_and_again_where_they_were_lost(
    room: Room, browser: Browser
) -> None:
    async with visiting(browser, room) as seen:
        page = seen.page
        await page.route("**/_dash-component-suites/**", lambda route: route.abort())
        await page.goto(room.url + "/?precinct=01-04")
        await seen.painted()  # list and map need none of them
        await expect(page.locator("#notice")).to_contain_text("The precinct's page does not load.")
        await page.unroute("**/_dash-component-suites/**")
        await page.keyboard.press("Escape")
        await page.click("#work [data-row='01-04'] a")
        await expect(page.locator("#panel .sentence")).to_be_visible()
