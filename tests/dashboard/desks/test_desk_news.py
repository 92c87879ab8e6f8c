"""An open desk shows what others do, told by a real tally's feed: no page asks on a timer."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, expect

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from tests.dashboard.running import SECRET, Room, make_election, visiting, war_room
from tests.intake.running import IntakeProcess, a_text
from tests.preloaded import Process, started

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUIET_SECONDS = 6.0  # longer than the pages' former timer


@dataclass
class RealTally:
    """`python -m tally`, which can be killed and started again."""

    environment: dict[str, str]
    log: Path
    process: Process | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = started("tally", os.environ | self.environment, log)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait(10)


@dataclass
class House:
    room: Room
    intake: IntakeProcess
    tally: RealTally

    async def text(self, key: str, words: str) -> None:
        body, headers = a_text(key, words, "+12155550002")
        url = f"{self.intake.url}/sms/generic"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=body, headers=headers) as answer,
        ):
            assert answer.status == 200, await answer.text()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    state, intake_port, feed_port = tmp_path_factory.mktemp("house"), free_port(), free_port()
    feed = {"BELUGA_FEED_PORT": str(feed_port), "BELUGA_FEED_URL": f"ws://127.0.0.1:{feed_port}"}
    intake_url = f"http://127.0.0.1:{intake_port}"
    async with war_room(postgres, make_election(30, counties=2), state, intake_url, **feed) as room:
        shared = {"BELUGA_SECRET": SECRET, "BELUGA_CLOCK_FILE": str(state / "clock"), **feed}
        ours = {"BELUGA_DATABASE_URL": room.database_url, "BELUGA_TALLY_PORT": str(free_port())}
        tally = RealTally(shared | ours, state / "tally.log")
        tally.start()
        intake = IntakeProcess(state / "intake", room.database_url, more=shared, port=intake_port)
        await intake.running()
        await intake.until_roster()
        try:
            yield House(room, intake, tally)
        finally:
            intake.end()
            tally.kill()


def requests_of(page: Page) -> list[str]:
    found: list[str] = []

    def asked(request: Request) -> None:
        found.append(request.url)

    page.on("request", asked)
    return found


async def settled(*asked: list[str]) -> None:
    """Waits until the pages have asked for what they began to ask for."""
    async with asyncio.timeout(30):
        while True:
            before = [len(one) for one in asked]
            await asyncio.sleep(3)
            if before == [len(one) for one in asked]:
                return


async def test_what_others_do_appears_and_nobody_asks_while_nothing_happens(
    house: House, browser: Browser
) -> None:
    async with (
        visiting(browser, house.room, "sam", "/desk/unread") as one,
        visiting(browser, house.room, "ada", "/desk/unread") as two,
    ):
        by, queue = two.page.locator("#queue .by"), two.page.locator("#queue li[data-id]")
        await expect(two.page.locator("#queue .empty")).to_have_text("Nothing waits here.")
        await expect(two.page.locator("#age")).not_to_contain_text("STALE", timeout=30_000)
        asked = [requests_of(one.page), requests_of(two.page)]
        await settled(*asked)
        before = [list(urls) for urls in asked]
        await asyncio.sleep(QUIET_SECONDS)
        assert [list(urls) for urls in asked] == before, "a page asks although nothing happens"
        await expect(two.page.locator("#age")).to_have_text(
            re.compile("^[0-3] s old$")
        )  # vouched for by the feed
        # A text comes, a colleague takes it, puts it back, takes it again and is done with it.
        await house.text("n1", "what about the gym?")
        await expect(queue).to_have_count(1)
        await expect(one.page.locator("#queue li[data-id]")).to_have_count(1)
        await one.page.keyboard.press("t")
        await expect(by).to_have_text("sam has it")
        await one.page.keyboard.press("Escape")
        await one.page.keyboard.press("u")
        await expect(by).to_have_count(0)
        await one.page.keyboard.press("t")
        await expect(by).to_have_text("sam has it")
        await one.page.keyboard.press("Escape")
        await one.page.keyboard.press("x")
        await expect(queue).to_have_count(0)
        assert len(asked[1]) > len(before[1])
        # Without the feed the page says since when it is old; with it, it looks again.
        house.tally.kill()
        await expect(two.page.locator("#notice")).to_contain_text("STALE since")
        await house.text("n2", "what about the pool?")
        house.tally.start()
        await expect(queue).to_have_count(1, timeout=30_000)
        await expect(two.page.locator("#notice")).to_have_text("", timeout=30_000)
        await expect(two.page.locator("#age")).not_to_contain_text("STALE")
