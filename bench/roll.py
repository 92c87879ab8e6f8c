"""A watcher's roll on a phone of 2018: how long until it can be tapped, at a sixth of this machine's speed.

    python -m bench.roll [--voters 3000] [--slowdown 6] [--times 7]

Intake and the callers' service are real, Chromium is slowed down by its own developer tools. Prints medians
and the slowest of: the link opened at the roll for the first time (the whole page, fetched and unsealed, with
both services' work), the whole page opened again without a connection, the roll tapped in the open form
without one (for which the limit holds), and a letter typed until the names found are there. By the page's own
clock. Other work on the machine counts six times, too: measure on a quiet one.
"""

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from datetime import time as wall
from pathlib import Path

import aiohttp
import uvloop
from playwright.async_api import BrowserContext, Page, async_playwright

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from bench._ground import until_ready, work_folder
from callers.voters.voter_file import save_voters
from election.access.tokens import Tokens
from election.access.watcher_links import link_of
from election.domain.day import Election, ElectionDay, Precinct, Voter, Watcher
from election.domain.ids import PrecinctId, VoterId, WatcherId
from election.postgres.database import connect
from election.postgres.election_store import save_election
from election.postgres.migrate import migrate
from election.runtime.clock import FileClock

NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
SECRET = "a secret of at least thirty-two characters"
LIMIT_MS = 1_000
PLACE = PrecinctId("12-01")
FIRST = ("Mary", "John", "Ángela", "Thuy", "Wei", "Ahmed", "Olga", "James", "Rosa", "Peter")
LAST = ("Smith", "Núñez", "O'Brien", "Nguyen", "Chen", "Haddad", "Ivanova", "Johnson", "Garcia", "Miller")
STREET = ("Elm Street", "Oak Lane", "Fire House Road", "North 12th Street", "Market Street")
SEEN = """
new MutationObserver((_, watcher) => {
  if (!document.querySelector("ul.roll button")) return;
  watcher.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.rollShown = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
"""
TAPPED = """
() => new Promise((done) => {
  const link = document.querySelector('a[href*="ask=voters"]'), from = performance.now();
  new MutationObserver((_, watcher) => {
    if (!document.querySelector("ul.roll button")) return;
    watcher.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - from)));
  }).observe(document.querySelector("main"), { childList: true });
  link.click();
})
"""
TYPED = """
(text) => new Promise((done) => {
  const field = document.querySelector("#answer"), from = performance.now();
  field.value = text;
  field.dispatchEvent(new Event("input"));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - from)));
})
"""


async def fill(url: str, voters: int) -> None:
    connection = await connect(url)
    await migrate(connection)
    day = ElectionDay("Bench", date(2026, 11, 3), "America/New_York", wall(7), wall(20))
    place = Precinct(PLACE, "Fire House 9", voters)
    watcher = Watcher(WatcherId("w1"), "Watcher", "+12155550101", "en", (PLACE,))
    chance = random.Random(1)
    roll = (
        Voter(
            VoterId(f"v{n}"), PLACE, str(n), f"{chance.choice(FIRST)} {chance.choice(LAST)}{n % 97}",
            "", address=f"{chance.randrange(1, 900)} {chance.choice(STREET)}",
        )
        for n in range(1, voters + 1)
    )  # fmt: skip
    async with connection.transaction():
        await save_election(connection, Election(day, (place,), watchers=(watcher,)))
        await save_voters(connection, roll)
    await connection.close()


@contextmanager
def service(name: str, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", name], env=os.environ | environment, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


async def slowed(context: BrowserContext, rate: float) -> Page:
    page = await context.new_page()
    await page.add_init_script(SEEN)
    devtools = await context.new_cdp_session(page)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    return page


async def shown(page: Page) -> float:
    await page.wait_for_selector("ul.roll button")
    return float(
        await page.evaluate(
            "async () => { while (!window.rollShown) await new Promise(requestAnimationFrame);"
            " return window.rollShown; }"
        )
    )


def said(what: str, times: list[float]) -> float:
    print(f"{what}: {statistics.median(times):.0f} ms (slowest of {len(times)}: {max(times):.0f})")
    return statistics.median(times)


async def measure(url: str, link: str, options: argparse.Namespace) -> bool:
    async with aiohttp.ClientSession() as session:
        await until_ready(session, url)
    first: list[float] = []
    again: list[float] = []
    tapped: list[float] = []
    typed: list[float] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(options.times):
            context = await browser.new_context(
                viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True
            )
            page = await slowed(context, options.slowdown)
            await page.goto(f"{link}?ask=voters")
            first.append(await shown(page))
            named = await page.locator("ul.roll button span").count()
            assert named, "the roll came without names"
            await page.wait_for_selector("html[data-offline=ready]", state="attached")
            await context.set_offline(True)
            await page.reload()
            again.append(await shown(page))
            await page.get_by_role("link", name="Count", exact=True).click()
            await page.wait_for_selector("form #answer")
            tapped.append(await page.evaluate(TAPPED))
            typed += [await page.evaluate(TYPED, text) for text in ("ng", "nú", "12", "oak")]
            await context.close()
        await browser.close()
    print(f"{options.voters:,} voters, processor slowed down {options.slowdown:g} times")
    said("the link for the first time", first)
    said("the link again, without a connection", again)
    worst = said("tapped in the open form, without a connection", tapped)
    said("a letter typed", typed)
    return worst <= LIMIT_MS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--voters", type=int, default=3_000)
    parser.add_argument("--slowdown", type=float, default=6.0)
    parser.add_argument("--times", type=int, default=7)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(work_folder())
        postgres = EmbeddedPostgres(folder / "postgres", free_port(), "bench")
        postgres.start()
        stack.callback(postgres.stop)
        database = postgres.url_of("postgres")
        uvloop.run(fill(database, options.voters))
        FileClock(folder / "clock").set(NOON, 1.0)
        ports = {"intake": free_port(), "callers": free_port()}
        common = {
            "BELUGA_DATABASE_URL": database, "BELUGA_SECRET": SECRET, "BELUGA_FEED_URL": "ws://127.0.0.1:9",
            "BELUGA_CLOCK_FILE": str(folder / "clock"), "BELUGA_STATE": str(folder),
            "BELUGA_ROLL_NAMES": "true", "BELUGA_JOURNAL_BALLAST_MIB": "0",
            "BELUGA_ADDRESS_REQUESTS_PER_SECOND": "0",
            "BELUGA_ROLL_DOWNLOADS": str(options.times),
            **{f"BELUGA_{name.upper()}_PORT": str(port) for name, port in ports.items()},
            **{f"BELUGA_{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in ports.items()},
        }  # fmt: skip
        for name in ports:
            stack.enter_context(service(name, folder, common))
        url = f"http://127.0.0.1:{ports['intake']}"
        link = link_of(url, Tokens(SECRET), "w1", 0)
        if not asyncio.run(measure(url, link, options)):
            raise SystemExit(f"missed: more than {LIMIT_MS} ms")


if __name__ == "__main__":
    main()
