"""What the board claims is so: its words against the rows behind them, at three hours.

Each claim names where its words stand and what they must be by the rows.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from beluga.stack.postgres import EmbeddedPostgres
from election.wire.feed import CallObstacle, CallProposal, Calls, Dispatch, DispatchEnd, Standing
from election.wire.feed import PrecinctState as State
from tests.axe import SCHEMES
from tests.dashboard.pages.floor_answers import DISPATCHES, FLOOR, WAITING, A, B
from tests.dashboard.running import CLOSES, NOON, Room, make_election, visiting, war_room

pytestmark = pytest.mark.asyncio(loop_scope="module")
Rows = list[Standing]
SENT, OVER, HINDERED, OFFERED = "01-04", "01-24", "01-08", "01-13"  # behind, behind, watched, watched


@dataclass(frozen=True, slots=True)
class Claim:
    """Words at a place of the page, and what they must be."""

    where: str
    says: Callable[[Rows], str]


def count(rows: Rows, *states: State) -> int:
    return sum(s.state in states for s in rows)


NOON_CLAIMS = (
    Claim("#top-behind", lambda rows: f"{count(rows, State.LAGGING)} behind"),
    Claim("#top-silent", lambda rows: f"{count(rows, State.SILENT)} silent"),
    Claim(
        "#top-reporting",
        lambda rows: f"{100 - 100 * count(rows, State.SILENT) / len(rows):.0f} % heard lately",
    ),
    Claim("#work-count", lambda rows: str(count(rows, State.LAGGING, State.WATCH))),
    Claim("#silent-count", lambda rows: str(count(rows, State.SILENT))),
    Claim("#legend [data-filter=doubtful] .number", lambda rows: str(count(rows, State.DOUBTFUL))),
    Claim("#today [data-is=projected]", lambda rows: f"{sum(s.projected_final for s in rows):,.0f}"),
    Claim("#today [data-is=unit]", lambda _: "projected by close"),
    Claim(f"[data-row='{SENT}'] .callers", lambda _: "4 calling, 31 left · 2 promises"),
    Claim(f"[data-row='{OVER}'] .callers", lambda _: "list used up 11:21 · 12 calls · 1 promise"),
    Claim(f"[data-row='{HINDERED}'] .callers", lambda _: "line 70 min"),
    Claim(f"[data-row='{OFFERED}'] .callers", lambda _: "send 1about 2 votes by close, 84 reachable"),
)
# Half of the polls have closed, the others are open: what is silent and heard is of the open ones alone.
CLOSING_CLAIMS = (
    Claim("#top-reporting", lambda rows: f"{_heard(rows)} % heard lately"),
    Claim("#top-behind", lambda rows: f"{count(rows, State.LAGGING)} behind"),
    Claim("#top-silent", lambda rows: f"{count(rows, State.SILENT)} silent"),
    Claim("#work-count", lambda rows: str(count(rows, State.LAGGING, State.WATCH))),
    Claim("#silent-count", lambda rows: str(count(rows, State.SILENT))),
    Claim("#legend [data-filter=closed] .number", lambda rows: str(count(rows, State.CLOSED))),
    Claim("#legend [data-filter=lagging] .number", lambda rows: str(count(rows, State.LAGGING))),
    Claim("#legend [data-filter=watch] .number", lambda rows: str(count(rows, State.WATCH))),
    Claim("#legend [data-filter=silent] .number", lambda rows: str(count(rows, State.SILENT))),
    Claim("#today [data-is=unit]", lambda _: "projected by close"),
    Claim(
        "#today [data-is=counted]",
        lambda rows: (
            f"{sum(s.last_votes or 0 for s in rows):,} votes counted at {_reporting(rows)} of {len(rows)}"
            " precincts"
        ),
    ),
    Claim("#unread-count", lambda _: "0"),
)
CLOSED_CLAIMS = (
    Claim("#top-reporting", lambda rows: f"{_finals(rows)} of {len(rows)} finals in"),
    Claim("#top-behind", lambda rows: f"{len(rows) - _finals(rows)} missing"),
    Claim("#top-silent", lambda rows: f"{sum(s.last_votes is None for s in rows)} never counted"),
    Claim("#today [data-is=projected]", lambda rows: f"{sum(s.last_votes or 0 for s in rows):,}"),
    Claim("#today [data-is=unit]", lambda _: "votes counted"),
    Claim("#silent-title", lambda rows: f"Finals missing{len(rows) - _finals(rows)}"),
    Claim("#work-title", lambda rows: f"Shortfalls{sum(_short(s) for s in rows)}"),
    Claim("#legend [data-filter=closed] .number", lambda rows: str(len(rows))),
)
UNTRUE_AFTER = ("heard lately", "nobody is behind", "projected by close", "freshly reported")


def _heard(rows: Rows) -> int:
    open_ = [s for s in rows if s.state is not State.CLOSED]
    return round(100 - 100 * count(open_, State.SILENT) / len(open_))


def _reporting(rows: Rows) -> int:
    return sum(s.state is not State.SILENT and s.last_votes is not None for s in rows)


def _finals(rows: Rows) -> int:
    return sum(s.final_in for s in rows)


def _short(s: Standing) -> bool:
    return bool(s.final_in) and s.shortfall >= 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with war_room(postgres, make_election(40), tmp_path_factory.mktemp("room")) as one:
        yield one


async def holds(page: Page, claims: tuple[Claim, ...], rows: Rows) -> None:
    for claim in claims:
        await expect(page.locator(claim.where), claim.where).to_have_text(claim.says(rows))


def the_calls() -> Calls:
    return Calls(
        dispatches=[
            Dispatch(precinct_id=SENT, started_at=int(NOON) - 600, started_by="sam", callers_now=6, calling=4,
                     reachable=31, promises=2)
        ],
        ended=[DispatchEnd(precinct_id=OVER, ended_at=int(NOON) - 39 * 60, reason="list used up: all reached",
                           calls=12, promises=1)],
        obstacles=[CallObstacle(precinct_id=HINDERED, reason="line 70 min")],
        proposals=[CallProposal(precinct_id=OFFERED, callers=1, missing=40, reachable=84, votes=2.2,
                                urgent=False, sentence="Send 1")],
    )  # fmt: skip


async def test_no_claim_of_the_board_is_false_at_noon_towards_the_close_and_after_it(
    room: Room, browser: Browser, pictures: Path
) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        room.feed.say_calls(the_calls())
        await holds(seen.page, NOON_CLAIMS, list(room.feed.standings.values()))
        button = seen.page.locator(f"[data-row='{OFFERED}'] button[data-action=dispatch]")
        assert "main" not in (await button.get_attribute("class") or ""), "a watched precinct is not behind"
        await seen.page.screenshot(path=pictures / "claims-noon.png")
        room.feed.now = CLOSES - 3600
        closing = [
            s.model_copy(update={"state": State.CLOSED}) if n % 2 else s
            for n, s in enumerate(room.feed.standings.values())
        ]
        room.feed.say(*closing)
        await holds(seen.page, CLOSING_CLAIMS, closing)
        room.feed.now = CLOSES + 3 * 3600
        ended = [
            s.model_copy(
                update={
                    "state": State.CLOSED,
                    "final_in": int(n % 4 != 1 and s.last_votes is not None),
                    "shortfall": 30.0 if n % 5 == 0 else 0.0,
                }
            )
            for n, s in enumerate(room.feed.standings.values())
        ]
        room.feed.say(*ended)
        await holds(seen.page, CLOSED_CLAIMS, ended)
        words = await seen.page.inner_text("body")
        assert [untrue for untrue in UNTRUE_AFTER if untrue in words] == []
        await seen.page.screenshot(path=pictures / "claims-closed.png")
        await seen.page.goto(f"{room.url}/debrief")
        words = await seen.page.inner_text("body")
        assert f"{_finals(ended)} of {len(ended)} finals in" in words
        assert f"Finals missing, with whom to call ({len(ended) - _finals(ended)})" in words
        await seen.page.screenshot(path=pictures / "debrief.png", full_page=True)


async def test_what_the_floor_says_and_what_staff_do_there(
    room: Room, browser: Browser, pictures: Path
) -> None:
    room.neighbours.floor, room.neighbours.dispatch_list = FLOOR, DISPATCHES
    room.neighbours.waiting = [WAITING]
    async with visiting(browser, room, path="/floor") as seen:
        page, desk = seen.page, room.neighbours
        await expect(page.locator("#floor-told")).to_contain_text(
            "1 on a call · 2 idle · precincts being called: 2 · today 210 calls, 84 reached, 33 promised · "
            "promises 14 kept, 6 open, 1 broken"
        )
        first = page.locator("[aria-label='Precincts being called'] tbody tr").first.locator("td")
        assert (await first.all_inner_texts())[:-1] == [
            f"Wells Hall {A}", "1", "4", "200", "100", "420", "60 %", "14 kept, 6 open, 1 broken",
            f"{round(room.feed.standings[A].shortfall)}", "90", "10:00", "sam", "",
        ]  # fmt: skip
        assert await first.last.locator("button").all_inner_texts() == ["Pause", "Stop"]
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
        for scheme, rules in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            found = await Axe().run(page, options=rules)
            assert found.violations_count == 0, found.generate_report()
        assert seen.problems == []


async def test_a_lead_is_offered_no_script_and_refused_other_counties(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "lee", "/floor", width=390, height=800) as seen:
        await expect(seen.page.locator("#floor-deeds summary")).to_have_count(2)
        assert await seen.page.evaluate("document.documentElement.scrollWidth") <= 390
