"""The replay: labelled, in the address, stepping and playing, without a way to act on the past."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from beluga.stack.postgres import EmbeddedPostgres
from election.wire.feed import PrecinctState
from tests.dashboard.running import Room, make_election, minutes_of, visiting, war_room

pytestmark = pytest.mark.asyncio(loop_scope="module")
LAGGING = "01-04"
TEN = 1_793_725_200 - 2 * 3600  # 10:00 in New York


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with war_room(postgres, make_election(60), tmp_path_factory.mktemp("room")) as one:
        yield one


async def test_a_past_minute_is_shown_labelled_and_left_again(
    room: Room, browser: Browser, pictures: Path
) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        await page.click(".you summary")
        await page.click("#start-replay")
        await expect(page.locator("#replay .label")).to_contain_text("REPLAY as known at 12:00")
        # The slider goes minute by minute, and says its minute to those who do not see it.
        await page.locator("#replay-minute").focus()
        await page.keyboard.press("Home")
        await expect(page.locator("#replay-at")).to_have_text("06:30")
        await page.evaluate(
            f"(() => {{ const s = document.getElementById('replay-minute'); s.value = {TEN};"
            " s.dispatchEvent(new Event('input', { bubbles: true })); })()"
        )
        missing = page.locator(f"#work [data-row='{LAGGING}'] .big")
        await expect(missing).to_have_text(f"{1000 + minutes_of(TEN) + 3:,}")
        await expect(page.locator("#top-clock")).to_have_text("10:00")
        await expect(page.locator("#work .age")).to_have_text("as of 10:00")
        await expect(page.locator("#replay-minute")).to_have_attribute("aria-valuetext", "10:00")
        assert "at=2026-11-03T15%3A00Z" in page.url
        await page.screenshot(path=pictures / "replay.png")
        # The live feed goes on behind it and changes nothing here.
        room.feed.change(LAGGING, state=PrecinctState.LAGGING, p_lagging=0.9, shortfall=77.0)
        await page.click("#replay button[aria-label='15 minutes back']")
        await expect(page.locator("#replay-at")).to_have_text("09:45")
        await expect(missing).to_have_text(f"{1000 + minutes_of(TEN) - 15 + 3:,}")
        # Nothing can be done about the past.
        await page.click(f"#work [data-row='{LAGGING}'] a")
        await expect(page.locator("#panel .sentence")).to_contain_text("behind its peers")
        await expect(page.locator("#panel-log li")).to_have_count(
            3
        )  # of five, those received by 09:45; and a note
        # Verdicts are those of that minute, not today's.
        await expect(page.locator("#panel-log li .why").first).to_have_text("as known then")
        await expect(page.locator("#panel-actions")).to_be_hidden()
        await expect(page.locator("#work [data-action]").first).to_be_hidden()
        # A reload stays in the minute, and Back leads out of the replay by the way one came in.
        await page.reload()
        await expect(page.locator("#replay-at")).to_have_text("09:45")
        await expect(missing).to_have_text(f"{1000 + minutes_of(TEN) - 15 + 3:,}")
        await page.click("#replay-live")
        await expect(page.locator("#replay")).to_be_hidden()
        await expect(missing).to_have_text("77")
        await expect(page.locator("#top-live")).to_contain_text("live")
        assert seen.problems == []


async def test_playing_goes_on_by_itself_at_the_chosen_speed_and_pauses(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, path="/?at=2026-11-03T15:00Z") as seen:
        page = seen.page
        await expect(page.locator("#replay-at")).to_have_text("10:00")
        await page.select_option("#replay-speed", "15")
        await page.click("#replay-play")
        await expect(page.locator("#replay-at")).to_have_text("10:45", timeout=60_000)
        await page.click("#replay-play")
        await expect(page.locator("#replay-play")).to_have_text("Play")
        stopped = await page.locator("#replay-at").text_content()
        await page.wait_for_timeout(1500)
        await expect(page.locator("#replay-at")).to_have_text(str(stopped))
        # To the end and no further.
        await page.locator("#replay-minute").focus()
        await page.keyboard.press("End")
        await expect(page.locator("#replay-at")).to_have_text("12:00")


async def test_a_minute_that_cannot_be_shown_is_told_in_words(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, path="/?at=2026-11-03T20:00Z") as seen:
        await expect(seen.page.locator("#replay-words")).to_contain_text("that minute is still to come")
