"""A watcher's thread at the desk and on the precinct's page; staff answer in it, by the outbox."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from beluga.stack.postgres import EmbeddedPostgres
from tests.dashboard.board.test_accessible import clean
from tests.dashboard.board.test_board import deeds
from tests.dashboard.desks.test_desks import queue
from tests.dashboard.desks.test_reassign import until_row
from tests.dashboard.office import Office, an_office
from tests.dashboard.running import visiting

pytestmark = pytest.mark.asyncio(loop_scope="module")
NUMBERS = (
    '[{"number": "+18005550000", "provider": "file", "preset": "file"},'
    ' {"number": "whatsapp:+14155550100", "provider": "file", "preset": "file"}]'
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def texting(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    """An office that can send texts."""
    state = tmp_path_factory.mktemp("texting")
    async with an_office(postgres, state, BELUGA_OUTBOUND_NUMBERS=NUMBERS) as running:
        yield running


async def test_staff_answer_in_the_watchers_thread(texting: Office, browser: Browser) -> None:
    words = "is there parking <b>behind</b> the gym hmm"
    await texting.text(words, watcher=2)
    await texting.until_logged("unread", 1)
    async with visiting(browser, texting.room, "sam", "/desk/unread") as seen:
        page = seen.page
        await expect(page.locator("#said li.in").last).to_contain_text(words)
        await expect(page.locator("#said li.out").last).to_contain_text("staff will look")
        assert await page.locator("#answer").count() == 0, "an item is taken first"
        await page.keyboard.press("t")
        await expect(page.locator("#answers")).to_be_visible()
        await clean(page)
        await page.locator("#answers").select_option(label="Thank you, noted.")
        await page.locator("#answer").press("End")
        await page.locator("#answer").press_sequentially(" Yes, behind it.")
        await page.locator("#answer").press("Enter")
        await expect(queue(page)).to_have_count(0)
        # the outbox's leader makes the text of the decision; a thread shows what there was when it was opened
        await until_row(texting, "select 1 from outbox where purpose = 'answer'")
        await page.goto(f"{texting.room.url}/precinct/01-03")
        await page.locator("#panel-threads summary").click()
        await expect(page.locator("#panel-threads li.out").last).to_contain_text(
            "Thank you, noted. Yes, behind it."
        )
        await expect(page.locator("#panel .sentence")).to_be_visible()  # its heading has come, too
        await clean(page)
    async with visiting(browser, texting.room, "sam", "/desk/outbox") as seen:
        await expect(seen.page.locator("#summary")).to_contain_text("WhatsApp: free words within 24 hours")
    assert [tuple(row)[:2] for row in await deeds(texting.room)][-1] == ("sam", "unread answer")
