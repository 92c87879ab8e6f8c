"""The call floor in a browser: what it says against the call desk's answers, and each deed sent once."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from beluga.stack.postgres import EmbeddedPostgres
from election.wire import callers as wire
from tests.dashboard.board.test_accessible import COLOURS, RULES
from tests.dashboard.running import CLOSES, NOON, Room, make_election, visiting, war_room

pytestmark = pytest.mark.asyncio(loop_scope="module")
A, B = "01-04", "01-07"
AT = datetime.fromtimestamp(NOON, UTC)
HOUR = timedelta(hours=1)


def a_caller(name: str, **more: object) -> wire.CallerAtWork:
    values = {
        "caller_id": name.lower(), "name": name, "languages": ["en"], "precinct_id": A,
        "minutes_on_call": None, "minutes_idle": None, "calls": 20, "calls_last_hour": 9, "answered": 8,
        "abusive": 0, "barred": False,
    }  # fmt: skip
    return wire.CallerAtWork.model_validate(values | more)


def a_dispatch(precinct: str, name: str, **more: object) -> wire.DispatchView:
    values = {
        "dispatch_id": UUID(int=int(precinct[-2:])), "precinct_id": precinct, "precinct": name,
        "automatic": False, "callers_wanted": 4, "started_at": AT - 2 * HOUR, "started_by": "sam",
        "reason": "", "missing_at_start": 90, "calls": 200, "calling": 1, "remaining": 420,
    }  # fmt: skip
    return wire.DispatchView.model_validate(values | more)


def an_hour(precinct: str, ago: int, calls: int, reached: int, promised: int) -> wire.CallHour:
    return wire.CallHour(
        precinct_id=precinct, precinct=f"Hall {precinct}", hour=AT - ago * HOUR, calls=calls, reached=reached,
        promised=promised,
    )  # fmt: skip


FLOOR = wire.FloorView(
    callers=[
        a_caller("Ana", minutes_on_call=3.0),
        a_caller("Ben", minutes_idle=14.0, why_idle="every open list is used up"),
        a_caller("Cy", minutes_idle=41.0, why_idle="their page does not ask"),
    ],
    waiting=1, outcomes={"will_vote": 21, "no_answer": 60},
    promises=[wire.PromiseCount(precinct_id=A, precinct="Hall", hour=AT - HOUR, open=6, kept=14, broken=1)],
    next_moves=[
        wire.NextMoveCount(
            outcome=wire.Outcome.NEEDS_RIDE, move=wire.NextMove.STAFF, open=2, kept=1, broken=0
        )
    ],
    hours=[an_hour(A, 1, 120, 50, 21), an_hour(B, 1, 30, 9, 3), an_hour(A, 0, 60, 25, 9)],
    precincts=[
        wire.DispatchPace(
            precinct_id=A, precinct="Wells Hall",
            pace=wire.ListPace(
                listed=500, reached=100, left=420, per_hour=50.0, by_close=0.6,
                until=datetime.fromtimestamp(CLOSES, UTC),
            ),
        )
    ],
)  # fmt: skip
DISPATCHES = wire.DispatchList(
    dispatches=[
        a_dispatch(A, "Wells Hall"),
        a_dispatch(B, "Grace Church", calling=0, hold="paused by ann", paused_by="ann"),
    ]
)
WAITING = wire.NextMoveLine(
    voter_id="v-17", precinct_id=A, outcome=wire.Outcome.NEEDS_RIDE, move=wire.NextMove.STAFF, at=AT,
    due_at=AT, said_at=None, need="", line_minutes=None, state=wire.MoveState.OPEN,
)  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with war_room(postgres, make_election(24), tmp_path_factory.mktemp("room")) as one:
        one.neighbours.floor, one.neighbours.dispatch_list = FLOOR, DISPATCHES
        one.neighbours.waiting = [WAITING]
        yield one


async def test_what_the_floor_says_and_what_staff_do_there(
    room: Room, browser: Browser, pictures: Path
) -> None:
    async with visiting(browser, room, path="/floor") as seen:
        page, desk = seen.page, room.neighbours
        await expect(page.locator("#floor-told")).to_contain_text(
            "1 on a call · 2 idle · 2 precincts being called · today 210 calls, 84 reached, 33 promised · "
            "promises 14 kept, 6 open, 1 broken"
        )
        first = page.locator("[aria-label='Precincts being called'] tbody tr").first.locator("td")
        assert await first.all_inner_texts() == [
            f"Wells Hall {A}", "1", "4", "200", "100", "420", "60 %", "14 kept, 6 open, 1 broken",
            f"{round(room.feed.standings[A].shortfall)}", "90", "10:00", "sam", "", "Pause\nStop",
        ]  # fmt: skip
        await expect(page.locator(".paces li")).to_have_text(
            "At this pace 60 % of Wells Hall's list will have been reached."
        )
        idle = page.locator("[aria-label=Callers] tbody tr").first.locator("td")
        told = await idle.all_inner_texts()
        assert [told[0], *told[3:6]] == ["Cy", "", "41 min", "their page does not ask"]
        await expect(page.locator("#floor-chart .main-svg").first).to_be_visible(timeout=20_000)
        await page.screenshot(path=pictures / "floor.png", full_page=True)

        await page.click(f"button[data-action=pause][data-for='{A}']")
        await expect(page.locator("#floor-notice")).to_have_text(
            "Calling for Wells Hall rests. Calls under way are finished."
        )
        await page.click(f"button[data-action=go_on][data-for='{B}']")
        await expect(page.locator("#floor-notice")).to_contain_text("goes on")
        assert desk.paused == [(A, True), (B, False)]

        await page.click("text=Move callers")
        await page.fill("#move-callers", "3")
        await page.select_option("#move-from", A)
        await page.locator("#move-to").focus()
        await page.select_option("#move-to", B)
        await page.click("#floor-deeds button:has-text('Move')")
        await expect(page.locator("#floor-notice")).to_have_text("Moved. Wells Hall keeps 1.")
        assert [(o.precinct_id, o.callers_wanted) for o in desk.orders] == [(B, 7), (A, 1)]

        await page.click("text=Who waits for what")
        await page.click("#floor-deeds button:has-text('Show')")
        await expect(page.locator("#floor-waiting td").first).to_have_text("v-17")

        await page.click("text=Change the script")
        await expect(page.locator("#script-lines")).to_have_value("Hello")
        await page.fill("#script-lines", "Good day, {name}.\nHave you voted?")
        await page.click("#floor-deeds button:has-text('Change')")
        await expect(page.locator("#floor-notice")).to_contain_text("Changed.")
        assert desk.script.lines["en"] == ["Good day, {name}.", "Have you voted?"]

        connection = await asyncpg.connect(room.database_url)
        done = await connection.fetch("select action, subject from audit where account = 'sam' order by seq")
        await connection.close()
        assert [tuple(row) for row in done][-4:] == [
            ("pause", f"precinct:{A}"), ("go_on", f"precinct:{B}"), ("move", f"precinct:{A}"),
            ("script", "scripts"),
        ]  # fmt: skip
        await page.emulate_media(reduced_motion="reduce")
        for scheme, rules in (("light", RULES), ("dark", COLOURS)):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = await Axe().run(page, options=rules)
            assert found.violations_count == 0, found.generate_report()
        assert seen.problems == []


async def test_a_lead_is_offered_no_script_and_refused_other_counties(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "lee", "/floor", width=390, height=800) as seen:
        await expect(seen.page.locator("#floor-deeds summary")).to_have_count(2)
        assert await seen.page.evaluate("document.documentElement.scrollWidth") <= 390
