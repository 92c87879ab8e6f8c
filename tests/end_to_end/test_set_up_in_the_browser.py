"""From an empty folder to "ready" in a browser alone: `beluga up`, its link, and no command after it."""

import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page, async_playwright, expect

from beluga.load.sender import TextSender, WatcherText
from beluga.stack.ports import free_port_base
from beluga.stack.process import StackProcess
from beluga.stack.stack import secrets_of
from tests import chromium

pytestmark = pytest.mark.skipif(
    os.environ.get("BELUGA_REHEARSE") != "1", reason="long: make test-long runs it"
)

LONG = 120_000  # ms: commands in processes of their own, on a machine that has more to do
MOST_TABS = 250  # of one page; who needs more has lost the way
PASSWORD = "quiet harbour lantern 47"
FILES = {
    "registration.csv": (
        "Example County Registration as of 10/05/2026,,,\n,,,\nprecinct_id,name,registered,county\n"
        "0101,Fire House,1204,Adams\n0102,Grange Hall,900,Adams\n1-May,Old Mill,5,Adams\n"
    ),
    "20221108__pa__general__adams__precinct.csv": (
        "county,precinct,office,district,party,candidate,votes\n"
        "Adams,0101,Registered Voters,,,,1190\nAdams,0101,Ballots Cast,,,,650\n"
        "Adams,0101,Governor,,DEM,JANE DOE,400\nAdams,0102,Registered Voters,,,,880\n"
        "Adams,0102,Ballots Cast,,,,410\nAdams,0102,Governor,,DEM,JANE DOE,200\n"
    ),
    "van_like.txt": (
        "Voter File VANID\tLastName\tFirstName\tPrecinctName\tPreferred Phone\tCell Phone\tAge\n"
        "9000001\tExample\tAna\tFire House\t(215) 555-0101\t\t40\n"
        "9000002\tSample\tBo\tGrange Hall\tN/A\t\t51\n"
    ),
    "absentee_daily.csv": (
        "county,voter_reg_num,ballot_req_type,ballot_rtn_dt,ballot_rtn_status,precinct\n"
        "Adams,9000001,MAIL,10/20/2026,ACCEPTED,0101\n"
    ),
    # nothing says whether these are each day's votes, or all until that day
    "early voting.csv": (
        "Precinct,Date,Early Votes\n0101,10/19/2026,20\n0101,10/20/2026,30\n0102,10/19/2026,10\n"
    ),
    "Poll watcher sign-up.csv": (
        "Timestamp,Your full name,Cell phone number,Which precinct will you watch?\n"
        "9/1/2026 10:00:00,Ana Watcher,(215) 555-0111,0101\n"
        "9/1/2026 11:00:00,Bo Watcher,215-555-0112,Grange Hall\n"
    ),
}
PHONES = ("+12155550111", "+12155550112")


@pytest_asyncio.fixture
async def stack() -> AsyncIterator[StackProcess]:
    folder = Path(tempfile.mkdtemp(prefix="beluga-test-"))
    folder.chmod(0o711)
    started = StackProcess(folder / "state", free_port_base())
    try:
        await started.start()
        yield started
    finally:
        await started.stop()
        shutil.rmtree(folder)


def squares() -> str:
    """A map of both precincts, by a property of its own."""
    features = [
        {
            "type": "Feature",
            "properties": {"VTD2016": precinct},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, 41.4], [x + 0.01, 41.4], [x + 0.01, 41.41], [x, 41.41], [x, 41.4]]],
            },
        }
        for precinct, x in (("0101", -75.6), ("0102", -75.59))
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


class Keyboard:
    """A person without a mouse: Tab to what is meant, then keys."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def reach(self, wanted: Locator) -> None:
        await expect(wanted).to_be_visible()
        handle = await wanted.element_handle()
        for _ in range(MOST_TABS):
            if await self.page.evaluate("e => document.activeElement === e", handle):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"not reached by Tab: {wanted}")

    async def write(self, selector: str, text: str) -> None:
        field = self.page.locator(selector)
        await self.reach(field)
        kind = await field.get_attribute("type")
        if kind in ("date", "time"):
            await field.fill(text)  # whose keys depend on the machine's language
        else:
            await self.page.keyboard.press("Control+A")
            await self.page.keyboard.type(text)

    async def press(self, name: str, role: str = "button") -> None:
        await self.reach(self.page.get_by_role(role, name=name, exact=True).first)  # type: ignore[arg-type]
        await self.page.keyboard.press("Enter")

    async def tick(self, name: str) -> None:
        await self.reach(self.page.get_by_role("checkbox", name=name))
        await self.page.keyboard.press("Space")


# What is wider than the window, unless it lies in a box that moves by itself (a table, a row of tabs).
_WIDER = """width => {
  const moves = e => e && (/auto|scroll/.test(getComputedStyle(e).overflowX) || moves(e.parentElement));
  return [...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > width && !moves(e.parentElement))
    .map(e => e.outerHTML.slice(0, 80));
}"""


async def nothing_to_mend(page: Page, width: int) -> None:
    """No violation for axe, and nothing wider than the window."""
    found = await Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    wide = await page.evaluate(_WIDER, width)
    assert not wide, (page.url, wide)


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
async def test_from_an_empty_folder_to_ready_without_a_command(
    stack: StackProcess, tmp_path: Path, width: int, height: int
) -> None:
    for name, content in {**FILES, "vtds.geojson": squares()}.items():
        (tmp_path / name).write_text(content)
    run = stack.run
    assert run is not None and run.first_account_url, "up prints the link to the first account"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium.EXECUTABLE, args=chromium.ARGUMENTS
        )
        page = await browser.new_page(viewport={"width": width, "height": height})
        await _the_way(page, stack, tmp_path, width)
        await browser.close()


async def _the_way(page: Page, stack: StackProcess, files: Path, width: int) -> None:
    keys, run = Keyboard(page), stack.run
    assert run is not None and run.first_account_url
    room = run.urls["dashboard"]
    await page.goto(run.first_account_url)
    await nothing_to_mend(page, width)
    await keys.write("#login", "ada")
    await keys.write("#password", PASSWORD)
    await keys.write("#again", PASSWORD)
    await page.keyboard.press("Enter")
    await keys.write("#login", "ada")
    await keys.write("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Set-up")).to_be_visible()

    await keys.reach(page.locator("#chosen"))
    await page.set_input_files("#chosen", sorted(files.iterdir()))
    await keys.press("Add files")
    await expect(page.get_by_role("button", name="Remove vtds.geojson")).to_be_visible(timeout=LONG)
    day = {"name": "General election", "date": "2026-11-03", "timezone": "America/New_York"}
    for field, said in (day | {"opens": "07:00", "closes": "20:00"}).items():
        await keys.write(f"#{field}", said)
    await keys.press("Look through the files")
    found = page.locator("#found")
    await expect(found).to_contain_text("a spreadsheet has made a date of this id", timeout=LONG)
    await expect(found).to_contain_text("`VTD2016` matches 2 of 2 precinct ids")
    asked = page.get_by_label("Are these the votes of each day, or all until that day?")
    await keys.reach(asked)
    await page.keyboard.press("d")  # daily
    await keys.press("Look again")
    await expect(found).to_contain_text("numbers of each day: added up", timeout=LONG)
    await expect(asked).to_have_count(0)
    await expect(page.locator("#import")).to_contain_text("2 precincts", timeout=LONG)
    await nothing_to_mend(page, width)
    await keys.press("Import")
    await expect(page.locator("#imported")).to_contain_text("imported 2 precincts", timeout=LONG)
    await nothing_to_mend(page, width)

    await page.goto(f"{room}/office/accounts")
    await keys.write("#login", "bea")
    await keys.reach(page.get_by_label("Role", exact=True))
    await page.keyboard.press("ArrowDown")
    await keys.press("Make the account")
    await expect(page.get_by_role("status")).to_contain_text("bea: account added")
    await nothing_to_mend(page, width)

    await page.goto(f"{room}/office/links")
    for name in ("Ana Watcher", "Bo Watcher"):
        await keys.tick(name)
    await keys.press("Cards to print")
    await expect(page.locator(".cards li")).to_have_count(2)
    await nothing_to_mend(page, width)

    secrets, now = secrets_of(stack.state), datetime.now(UTC)
    async with TextSender(run.urls["intake"], run.urls["intake"], secrets, 60.0) as sender:
        await sender.send_all(WatcherText(f"ready{n}", now, phone, "READY") for n, phone in enumerate(PHONES))
    assert not sender.record.given_up
    await page.goto(f"{room}/desk/rollcall")
    await nothing_to_mend(page, width)

    await page.goto(f"{room}/office")
    await keys.tick("nobody reaches this stack from outside")
    await keys.press("Run the preflight")
    preflight = page.locator("#preflight")
    for _ in range(LONG // 1_000):
        if "checks passed" in await preflight.inner_text():
            break
        await page.wait_for_timeout(1_000)
        await page.reload()
    await expect(preflight).to_contain_text("checks passed")
    for what, said in (
        ("election:", "General election, 2026-11-03"),
        ("accounts:", "2 admin"),
        ("watchers:", "2 of 2 precincts have a watcher"),
        ("roll call:", "2 of 2 watchers have answered"),
    ):
        line = page.locator("main > ul li", has_text=what)
        await expect(line).to_contain_text(said)
        await expect(line).to_contain_text("done")
    await nothing_to_mend(page, width)
