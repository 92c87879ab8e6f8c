"""A whole day at 60x with a person at the board: at six hours nothing that a page claims is false.

The day's clock stands still while we look, so that what the page says and what the database holds are of the
same moment. About a quarter of an hour: `make rehearse`.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

from beluga.stack.ports import free_port_base
from beluga.stack.postgres import EmbeddedPostgres
from election.runtime.clock import FileClock
from tests.end_to_end.day_claims import DayFacts, facts, untruths

pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.skipif(os.environ.get("BELUGA_REHEARSE") != "1", reason="long: make rehearse runs it"),
]
HOURS = (time(9), time(12), time(15), time(18), time(20, 40), time(23))
LEAST = 36  # claims that every hour has
SETTLED_SECONDS = 6  # real: what was on its way when the clock stopped has arrived by then
PRECINCTS = 120
PAGES = ("/", "/floor", "/replay", "/desk/silent", "/debrief")


@dataclass
class DemoRun:
    """A demo that runs: its folder, and who may sign in."""

    state: Path
    url: str
    password: str
    run: dict[str, Any]


@asynccontextmanager
async def a_day() -> AsyncIterator[DemoRun]:
    state = Path(tempfile.mkdtemp(prefix="beluga-test-"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BELUGA_")}
    words = ["demo", "--seed", "5", "--precincts", str(PRECINCTS), "--port-base", str(free_port_base())]
    with subprocess.Popen(
        [sys.executable, "-m", "beluga", *words, "--state", state / "demo"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as demo:  # fmt: skip
        try:
            assert demo.stdout is not None
            said = ""
            for line in demo.stdout:
                said += line
                if "Caller " in line:
                    break
            printed = re.search(r"War room +(http://\S+) +login demo +password (\S+)", said)
            assert printed, said
            run = json.loads((state / "demo" / "run.json").read_text())
            yield DemoRun(state, printed[1], printed[2], run)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.communicate(timeout=120)
    shutil.rmtree(EmbeddedPostgres(state / "demo" / "postgres", 0, "").home, ignore_errors=True)
    shutil.rmtree(state)


@pytest.mark.asyncio
async def test_no_claim_is_false_at_six_hours_of_a_whole_day(tmp_path: Path) -> None:
    pictures = Path(os.environ.get("BELUGA_PICTURES") or tmp_path)
    untrue: dict[str, list[str]] = {}
    async with a_day() as demo, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        await context.add_init_script("localStorage.setItem('beluga.tour', '1')")
        page = await context.new_page()
        page.set_default_timeout(60_000)
        await page.goto(f"{demo.url}/login")
        await page.fill("#login", "demo")
        await page.fill("#password", demo.password)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{demo.url}/")
        clock, database = FileClock(Path(demo.run["clock_file"])), demo.run["database_url"]
        day = await facts(database, clock.now().timestamp(), rehearsal=True)
        for hour in HOURS:
            then = datetime.combine(day.election.day.date, hour, day.zone)
            while clock.now() < then and clock.speed > 0:
                await asyncio.sleep(0.2)
            speed = clock.speed
            at = max(clock.now(), then)  # after the day has ended its clock stands still: the night is ours
            clock.set(at, 0.0)
            await asyncio.sleep(SETTLED_SECONDS)

            async def ask(at: float = at.timestamp()) -> DayFacts:
                return await facts(database, at, rehearsal=True)

            looked, untrue[f"{hour:%H:%M}"] = await untruths(page, demo.url, ask)
            assert looked >= LEAST, (hour, looked)
            for path in PAGES:
                await page.goto(demo.url + path)
                await page.wait_for_timeout(2000)
                name = path.strip("/").replace("/", "-") or "board"
                await page.screenshot(path=pictures / f"day-{hour:%H%M}-{name}.png")
            clock.set(at, speed)
        await browser.close()
    assert {hour: found for hour, found in untrue.items() if found} == {}
