"""The board in a real browser: what it shows, when it says that it is old, what a press of a button does."""

import asyncio
import csv
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from beluga.stack.postgres import EmbeddedPostgres
from dashboard.alerts.conditions import OPEN
from dashboard.day.day_figure import COUNTED
from election.access import accounts
from election.domain.checkin import Kind
from election.postgres.database import connect
from election.wire.feed import (
    CallProposal,
    Calls,
    CoverageByPlace,
    Desks,
    Incident,
    PrecinctState,
    UnreadMessage,
)
from tests.dashboard.running import (
    MARKUP,
    NOON,
    PASSWORD,
    STRANGE,
    Room,
    make_election,
    until,
    visiting,
    war_room,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
LAGGING, SILENT, DOUBTFUL = "01-04", "01-16", "01-20"  # by their place in the made-up county


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with war_room(postgres, make_election(120), tmp_path_factory.mktemp("room")) as one:
        yield one


async def fill(page: Page, precinct_id: str) -> str:
    return str(await page.evaluate(f"beluga.map.paths.get('{precinct_id}').style.fill"))


async def deeds(room: Room) -> list[Any]:
    connection = await asyncpg.connect(room.database_url)
    try:
        return list(await connection.fetch("select account, action, subject from audit order by seq"))
    finally:
        await connection.close()


async def test_the_board_is_painted_from_the_feed_and_asks_nobody_else(
    room: Room, browser: Browser, pictures: Path
) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        await expect(page.locator("#top h1")).to_contain_text("Sample County")
        await expect(page.locator("#top-live")).to_contain_text("live")
        await expect(page.locator("#top-behind")).to_have_text("6 behind")
        # The worklist ranks by chance times missing votes, and holds neither silent nor healthy precincts.
        rows = await page.eval_on_selector_all("#work [data-row]", "all => all.map(r => r.dataset.row)")
        due = [
            s for s in room.feed.standings.values() if s.state in (PrecinctState.LAGGING, PrecinctState.WATCH)
        ]
        due.sort(key=lambda s: -s.p_lagging * s.shortfall)
        assert rows == [s.precinct_id for s in due]
        # Silent is a list of its own: those with a watcher to call first, the longest first among them; then
        # those where nobody watches, by what a count there would tell.
        silent = [s for s in room.feed.standings.values() if s.state is PrecinctState.SILENT]
        posts = {p for w in room.feed.election.watchers for p in w.precinct_ids}
        silent.sort(
            key=lambda s: (
                (0, s.last_received_at, -s.expected_final)
                if s.precinct_id in posts
                else (1, -(s.watcher_value or 0.0), -s.expected_final)
            )
        )
        first = page.locator("#silent [data-row]").first  # who watches comes after the first paint
        await expect(first).to_have_attribute("data-row", silent[0].precinct_id)
        rows = await page.eval_on_selector_all("#silent [data-row]", "all => all.map(r => r.dataset.row)")
        assert rows == [s.precinct_id for s in silent]
        # A number is shown as digits to who asks for it, and that is on record.
        who = page.locator(f"#silent [data-row='{SILENT}'] .who")
        await who.locator("[data-phones]").click()
        await expect(who.locator("a[href='tel:+12155550015']")).to_have_text("+12155550015")
        assert ("sam", "phones seen", f"precinct:{SILENT}") in [tuple(row) for row in await deeds(room)]
        # The map: solid for behind, hatch for silent, dots for doubtful, and a table of the same.
        assert await fill(page, SILENT) == 'url("#hatch")'
        assert await fill(page, DOUBTFUL) == 'url("#dots")'
        red, green, blue = _rgb(await fill(page, LAGGING))
        assert red > 150 > green > blue
        red, green, blue = _rgb(await fill(page, "01-19"))  # ahead
        assert blue > green > red
        assert await page.locator(".tile .age").count() == 6
        await expect(page.locator("#today [data-is=coverage]")).to_contain_text("%")
        await page.screenshot(path=pictures / "war-room.png")
        await page.click("#as-table")
        await expect(page.locator("#map-table tbody tr")).to_have_count(120)
        assert "view=table" in page.url
        await page.go_back()
        await expect(page.locator("#map-sheet")).to_be_visible()
        await page.go_forward()
        await expect(page.locator("#map-table tbody tr")).to_have_count(120)
        # Sorted by any column, found by any word, with the keyboard, while it is painted again.
        await page.focus("#map-table thead button:has-text('Missing')")
        await page.keyboard.press("Enter")
        await expect(page.locator("#map-table [aria-sort=descending]")).to_have_text("Missing")
        most = max(room.feed.standings.values(), key=lambda s: s.shortfall)
        await expect(page.locator("#map-table tbody tr").first).to_contain_text(most.precinct_id)
        await page.fill("#map-table input", "fire house 3")
        await expect(page.locator("#map-table tbody tr")).to_have_count(1)
        await page.focus("#map-table tbody a")
        room.feed.change("01-13", shortfall=321.0)
        await expect(page.locator("#map-table tbody td").nth(1)).to_have_text("321")
        assert await page.evaluate("document.activeElement.dataset.precinct") == "01-13"
        assert seen.problems == []
        assert seen.hosts == {f"127.0.0.1:{room.port}", f"127.0.0.1:{room.feed.port}"}


def _rgb(fill: str) -> tuple[int, int, int]:
    red, green, blue = (int(part) for part in fill.removeprefix("rgb(").removesuffix(")").split(","))
    return red, green, blue


async def test_names_and_texts_are_words_and_never_markup(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, path="/?precinct=01-01") as seen:
        await seen.painted()
        page = seen.page
        room.feed.say(
            incidents=[Incident(number=1, check_in_id="i1", precinct_id="01-01", text=MARKUP, at=int(NOON))]
        )
        room.feed.change("01-01", state=PrecinctState.LAGGING, p_lagging=0.99, shortfall=400.0)
        await expect(page.locator("#panel-name")).to_have_text(MARKUP)
        await expect(page.locator("#panel-log q").first).to_have_text(MARKUP)
        await expect(page.locator("#work [data-row='01-01'] .name")).to_have_text(MARKUP)
        await expect(page.locator("#incidents .text")).to_have_text(MARKUP)
        # Any script stays beside its id, whatever way it runs; a name of three lines takes one.
        rtl = page.locator("#work [data-row='01-44']")
        await expect(rtl.locator(".name")).to_have_text(STRANGE[43])
        assert await rtl.locator(".name").evaluate("(e) => getComputedStyle(e).unicodeBidi") == "isolate"
        name, ident = await rtl.locator(".name").bounding_box(), await rtl.locator(".id").bounding_box()
        assert name
        assert ident
        assert name["x"] + name["width"] <= ident["x"]
        long = await page.locator("#work [data-row='01-48'] th").bounding_box()
        assert long
        assert long["height"] < 45
        assert await page.locator("img, #panel b").count() == 0
        assert await page.evaluate("window.hurt") is None
        assert seen.problems == []


async def test_a_change_is_on_the_map_and_in_the_list_at_once(room: Room, browser: Browser) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        before = await fill(page, "01-05")
        room.feed.change("01-05", state=PrecinctState.LAGGING, p_lagging=0.98, shortfall=633.0)
        await expect(page.locator("#work [data-row]").first).to_have_attribute("data-row", "01-05")
        await expect(page.locator("#work [data-row='01-05'] .big")).to_have_text("633")
        assert await fill(page, "01-05") != before
        room.feed.change("01-05", state=PrecinctState.ON_PACE, p_lagging=0.1, shortfall=0.0)
        await expect(page.locator("#work [data-row='01-05']")).to_have_count(0)


async def test_a_lost_feed_freezes_says_so_and_comes_back_by_itself(room: Room, browser: Browser) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        await room.feed.stop()
        notice = page.locator("#notice")
        await expect(notice).to_contain_text("STALE since 12:0")
        await expect(notice).to_contain_text("Feed lost. Showing the last state; reconnecting.")
        await expect(page.locator("body.stale")).to_have_count(1)
        await expect(page.locator("#top-live")).to_contain_text("stale 12:0")
        assert await page.locator("#work [data-row]").count() > 0
        room.feed.standings["01-06"] = room.feed.standings["01-06"].model_copy(
            update={"state": PrecinctState.LAGGING, "p_lagging": 0.97, "shortfall": 222.0}
        )
        await room.feed.start()
        await expect(page.locator("body.stale")).to_have_count(0, timeout=25_000)
        await expect(notice).to_have_text("")
        await expect(page.locator("#work [data-row='01-06'] .big")).to_have_text("222")
        lost = [p for p in seen.problems if "WebSocket connection" not in p]
        assert lost == []  # the browser itself reports each refused connection


async def test_a_gap_in_the_numbering_is_mended_with_a_snapshot(room: Room, browser: Browser) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()

        def given() -> int:
            return sum(token["account"] == "sam" for token in room.feed.tokens_seen)

        before, heard = given(), room.feed.seq
        room.feed.seq += 3
        room.feed.standings["01-09"] = room.feed.standings["01-09"].model_copy(
            update={"state": PrecinctState.LAGGING, "p_lagging": 0.9, "shortfall": 111.0}
        )
        await expect(seen.page.locator("#work [data-row='01-09'] .big")).to_have_text("111")
        assert given() == before + 1
        # It asked for what it had missed; this feed answers with a snapshot, as a tally may.
        assert [r for r in room.feed.resumed if r[0] == "sam"][-1][1:] == ("test", str(heard))


async def test_the_clock_of_the_device_may_be_an_hour_off(room: Room, browser: Browser) -> None:
    async with visiting(browser, room) as seen:
        await seen.page.add_init_script("const now = Date.now; Date.now = () => now() + 3600e3")
        await seen.page.reload()
        await seen.painted()
        age = seen.page.locator("#work [data-row='01-04'] .last")
        await expect(age).to_have_text("5 min")
        await expect(seen.page.locator("#top-clock")).to_have_text("12:00")


async def test_a_precinct_opens_beside_the_list_and_stays_in_the_address(
    room: Room, browser: Browser, pictures: Path
) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        await page.click(f"#work [data-row='{LAGGING}'] a")
        await expect(page.locator("#panel .sentence")).to_contain_text("behind its peers by close")
        await expect(page.locator("#panel .sentence")).to_contain_text("5 min ago")
        await expect(page.locator("#panel-log li")).to_have_count(6)  # five counts and a note
        await expect(page.locator("#panel-log .verdict.held")).to_have_text("○ Held")
        await expect(page.locator("#panel-day path.point")).to_have_count(5)
        await expect(page.locator("#work [data-row]").first).to_be_visible()
        assert page.url.endswith(f"?precinct={LAGGING}")
        await page.screenshot(path=pictures / "precinct.png")
        await page.click("[data-full]")
        assert page.url.endswith(f"/precinct/{LAGGING}")
        await expect(page.locator("body.page")).to_have_count(1)
        await page.go_back()
        await page.go_back()
        await expect(page.locator("#panel")).to_be_hidden()
        await page.go_forward()
        await expect(page.locator("#panel-name")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("#panel")).to_be_hidden()
        assert seen.problems == []


async def test_decisions_reach_intake_once_and_the_audit_trail(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, path=f"/?precinct={LAGGING}") as seen:
        await seen.painted()
        page, intake = seen.page, room.neighbours
        intake.decisions.clear()
        await page.click("#panel-log button[data-action=accept]")
        await expect(page.locator("#notice")).to_contain_text("Report accepted for")
        await page.click("#panel-log button[data-action=reject] >> nth=0")
        await expect(page.locator("#notice")).to_contain_text("Report rejected for")
        await page.fill("#note-text", "Polls opened late")
        await page.click("button[data-action=note]")
        await expect(page.locator("#notice")).to_contain_text("Note added to")
        await expect(page.locator("#note-text")).to_have_value("")
        kinds = [d.kind for d in intake.decisions.values()]
        assert kinds == [Kind.ACCEPT, Kind.REJECT, Kind.NOTE]
        accept, _, note = intake.decisions.values()
        assert (accept.account, accept.precinct_id) == ("sam", LAGGING)
        assert accept.detail == {"target": intake.held_id}
        assert note.detail == {"text": "Polls opened late"}
        # Refused by intake: told in words, not done, pressed again under the same key, done once.
        intake.refuse = "the journal is full"
        await page.fill("#note-text", "again")
        await page.click("button[data-action=note]")
        await expect(page.locator("#notice")).to_contain_text("Intake cannot do it now: the journal is full")
        await expect(page.locator("#note-text")).to_have_value("again")
        intake.refuse = ""
        await page.click("button[data-action=note]")
        await expect(page.locator("#notice")).to_contain_text("Note added to")
        assert len(intake.decisions) == 4
        done = [tuple(row) for row in await deeds(room)]
        subject = f"precinct:{LAGGING}"
        assert done[-5:] == [
            ("sam", action, subject) for action in ("accept", "reject", "note", "note refused", "note")
        ]


async def test_hours_watchers_and_callers_of_a_precinct_are_changed_and_audited(
    room: Room, browser: Browser
) -> None:
    async with visiting(browser, room, path=f"/?precinct={LAGGING}") as seen:
        await seen.painted()
        page, intake = seen.page, room.neighbours
        intake.decisions.clear()
        done_before = len(await deeds(room))
        await page.click("#panel-more summary")
        await expect(page.locator("#closes-at")).to_have_value("20:00")
        await page.fill("#closes-at", "21:30")
        await page.click("button:has-text('Polls here close at 21:30')")
        await expect(page.locator("#notice")).to_contain_text("close at 21:30")
        await page.fill("#closes-at", "06:30")  # before they open
        await page.click("button[data-action=hours]")
        await expect(page.locator("#notice")).to_contain_text("Polls here open at 07:00")
        await page.fill("#assign-search", "watcher 7")
        await page.click("#assign-found button:has-text('Send Watcher 7 here')")
        await expect(page.locator("#notice")).to_contain_text("is being texted to go to")
        hours, assign = intake.decisions.values()
        assert (hours.kind, hours.detail) == (Kind.HOURS, {"closes_at": "2026-11-03T21:30:00-05:00"})
        assert assign.kind is Kind.ASSIGN
        assert assign.detail == {"watcher_id": "w7", "precinct_ids": [LAGGING]}
        # Neighbours and the same building are one tap away, with their state.
        near = page.locator("#panel-around .near").first
        await expect(near.locator(".state")).to_be_visible()
        await near.click()
        await expect(page.locator("#panel-name")).not_to_have_text("Free Library 1")
        await page.go_back()
        # Callers are sent and called back.
        await page.fill("#callers-wanted", "6")
        await page.click("#panel-actions button:has-text('Send 6 callers')")
        await expect(page.locator(f"[data-row='{LAGGING}'] .callers")).to_contain_text("0 calling")
        await page.locator("body").press("Tab")  # out of the field: the row may follow the call desk
        await page.reload()
        await page.click("button:has-text('Stop calling here')")
        await expect(page.locator(f"[data-row='{LAGGING}'] .callers")).not_to_contain_text("calling")
        done = [row["action"] for row in (await deeds(room))[done_before:]]
        assert done == ["hours", "assign", "dispatch", "recall"]
        assert [p for p in seen.problems if "400" not in p] == []  # the browser itself reports the refusal


async def test_the_call_desks_proposal_is_accepted_with_one_tap(room: Room, browser: Browser) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        proposal = CallProposal(
            precinct_id="01-24", callers=7, missing=245, reachable=310, sentence="7 callers reach 310 voters."
        )
        room.neighbours.proposals = [proposal]
        room.feed.say_calls(Calls(proposals=[proposal], silent_since=int(NOON) - 600))
        button = page.locator("[data-row='01-24'] .callers button")
        await expect(button).to_have_text("send 7")
        await expect(button).to_have_attribute("title", "7 callers reach 310 voters.")
        await expect(page.locator("#work-tools")).to_contain_text("call desk silent since 11:50")
        await button.click()
        await expect(page.locator("[data-row='01-24'] .callers")).to_contain_text("0 calling")
        assert room.neighbours.orders[-1].callers_wanted == 7
        room.neighbours.proposals = []


async def test_where_counts_do_not_carry_a_projection_the_board_says_what_can_be_said(
    room: Room, browser: Browser
) -> None:
    said = (
        "The 108 of 120 precincts with fresh counts (90 % of expected votes) head for 4 % below expectation."
    )
    why = "Counts by text message have stopped: of 90 precincts that sent theirs so, 3 have a fresh one."
    thin = [CoverageByPlace(scope="group:harbour", precincts=12, reporting=1, coverage=0.03)]
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        projected = page.locator("#today [data-is=projected]")
        await expect(projected).to_be_visible()
        room.feed.caveats["all"] = {"caveat": why, "instead": said, "thin": thin}
        room.feed.change("01-05", reports=4)
        await expect(page.locator("#today [data-is=instead]")).to_have_text(said)
        await expect(page.locator("#today [data-is=caveat]")).to_have_text(why)
        await expect(page.locator("#today [data-is=thin]")).to_have_text("Hardly watched: harbour (1 of 12).")
        for gone in ("projected", "band", "svg", "against"):  # a number that would be believed
            await expect(page.locator(f"#today [data-is={gone}]")).to_be_hidden()
        await expect(page.locator("#today [data-is=counted]")).to_be_visible()
        room.feed.caveats.clear()
        room.feed.change("01-05", reports=5)
        await expect(projected).to_be_visible()
        await expect(page.locator("#today [data-is=instead]")).to_be_hidden()
        assert seen.problems == []


async def test_what_waits_at_the_desks_comes_with_the_feed_and_nothing_is_polled(
    room: Room, browser: Browser
) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        texts = [UnreadMessage(id="u1", at=int(NOON) - 600, precinct_id="01-02", text="gym door?")]
        room.feed.say_desks(Desks(unread=1, unknown=2, held=1, messages=texts))
        await expect(page.locator("#unread .text")).to_have_text("gym door?")
        await expect(page.locator("#unread-count")).to_have_text("1")
        silent = sum(s.state is PrecinctState.SILENT for s in room.feed.standings.values())
        waiting = 4 + silent + sum(i.status in OPEN for i in room.feed.incidents)
        await expect(page.locator("#top-waiting")).to_have_text(str(waiting))
        asked: list[str] = []
        page.on("request", lambda r: asked.append(r.url))
        await until(page, "beluga.panelScripts.here")  # Dash and its charts, which come by themselves
        heard = -1
        while heard != len(asked):  # alerts, people and charts that were still being asked for
            heard = len(asked)
            await asyncio.sleep(2)
        asked.clear()
        for _ in range(4):
            room.feed.change("01-05", projected_final=500.0)  # moves, and turns nothing
            await asyncio.sleep(1)
        assert asked == []


async def test_every_table_is_saved_as_it_is_shown(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, path="/?state=silent") as seen:
        await seen.painted()
        page = seen.page
        room.feed.say(
            incidents=[
                Incident(number=9, check_in_id="csv", precinct_id="01-01", text='=1+1,"x"', at=int(NOON) + 60)
            ]
        )
        await expect(page.locator("#incidents .text").first).to_have_text('=1+1,"x"')
        tables = {}
        for table in ("work", "map", "silent", "incidents", "unread"):
            async with page.expect_download() as saved:
                await page.click(f"[data-csv={table}]")
            file = await (await saved.value).path()
            assert (await saved.value).suggested_filename == f"{table}-2026-11-03T17{room_minute(room)}Z.csv"
            tables[table] = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
        silent = {p for p, s in room.feed.standings.items() if s.state is PrecinctState.SILENT}
        assert {row["precinct_id"] for row in tables["work"]} == silent  # as the filter has it
        assert len(tables["map"]) == 120
        assert tables["silent"][0]["watched"] == "yes"
        incident = next(row for row in tables["incidents"] if row["number"] == "9")
        assert incident["text"] == '\'=1+1,"x"'  # no formula of a stranger's
        assert incident["precinct"] == MARKUP
        assert seen.problems == []


def room_minute(room: Room) -> str:
    return f"{int(room.feed.now - NOON) // 60:02d}"


async def test_a_hundred_incidents_a_minute_leave_the_board_quick(room: Room, browser: Browser) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        before = await page.evaluate("beluga.board.openIncidents().length")
        for n in range(100):
            one = Incident(
                number=100 + n,
                check_in_id=f"many{n}",
                precinct_id=f"01-{1 + n % 50:02d}",
                text=MARKUP,
                at=int(NOON) + n,
            )
            room.feed.say(incidents=[one])
            await asyncio.sleep(0.02)
        await expect(page.locator("#incidents-count")).to_have_text(str(before + 100))
        await expect(page.locator("#incidents .id").first).to_have_text("#199")  # the newest first
        assert await page.locator("#incidents [data-row]").count() <= 60
        assert await page.evaluate("beluga.paintMs") < 200
        room.feed.incidents = [i for i in room.feed.incidents if not i.check_in_id.startswith("many")]
        assert seen.problems == []


async def test_a_first_visit_is_told_five_sentences_once(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "ada", first_visit=True) as seen:
        page = seen.page
        await expect(page.locator("#tour")).to_contain_text("Work this list from the top")
        for _ in range(5):
            await page.click("#tour .main")
        await expect(page.locator("#tour")).to_have_count(0)
        await page.reload()
        await seen.painted()
        await expect(page.locator("#tour")).to_have_count(0)


async def test_a_wall_turns_its_tiles_by_itself_and_is_large_enough_to_read(
    room: Room, browser: Browser, pictures: Path
) -> None:
    async with visiting(browser, room, path="/?kiosk=1&rotate=5", width=1920, height=1080) as seen:
        page = seen.page
        await until(page, "window.beluga?.board?.ready", 40)
        await expect(page.locator("#work")).to_be_visible()
        await expect(page.locator("#map")).to_be_hidden()
        small = """() => [...document.querySelectorAll('#page *')].filter((e) => e.checkVisibility()
            && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())
            && parseFloat(getComputedStyle(e).fontSize) < 24).map((e) => e.outerHTML.slice(0, 80))"""
        assert await page.evaluate(small) == []
        main, aside = await page.locator("#work").bounding_box(), await page.locator("#today").bounding_box()
        assert main
        assert aside
        assert main["x"] < aside["x"]  # what comes first in the scene is at the left, and larger
        assert main["width"] > aside["width"]
        # Dark, whatever the device prefers: the map's colours, too.
        assert await page.evaluate("beluga.map.colours.neutral[0]") < 100
        await page.screenshot(path=pictures / "wall.png")
        await page.set_viewport_size({"width": 1366, "height": 768})
        badge = "Object.assign(document.createElement('i'), {className: 'rehearsal', innerText: 'Rehearsal'})"
        await page.evaluate(f"document.querySelector('.top h1').after({badge})")  # as in a rehearsal
        assert await page.evaluate("document.documentElement.scrollWidth") <= 1366
        await expect(page.locator("#map")).to_be_visible()
        await expect(page.locator("#work")).to_be_hidden()


async def test_callers_are_sent_from_the_list(room: Room, browser: Browser) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        row = page.locator("#work [data-row]").nth(1)
        precinct_id = await row.get_attribute("data-row") or ""
        await expect(row.locator("button[data-action=dispatch]")).to_have_count(0)  # nobody proposes it
        offer = CallProposal(
            precinct_id=precinct_id, callers=1, missing=40, reachable=84, votes=3, sentence="Send 1"
        )
        room.feed.say_calls(Calls(proposals=[offer]))
        await expect(row.locator(".callers")).to_contain_text("about 3 votes by close, 84 reachable")
        await row.locator("button[data-action=dispatch]").click()
        await expect(page.locator("#notice")).to_contain_text("1 caller sent to")
        await expect(page.locator(f"[data-row='{precinct_id}'] .callers")).to_contain_text("0 calling")
        assert room.neighbours.orders[-1].precinct_id == precinct_id
        assert ("sam", "dispatch", f"precinct:{precinct_id}") in [tuple(row) for row in await deeds(room)]


async def test_an_ended_session_is_told_in_mid_action(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, path=f"/?precinct={LAGGING}") as seen:
        await seen.painted()
        page = seen.page
        before = len(room.neighbours.decisions)
        await page.fill("#note-text", "too late")
        await page.context.clear_cookies()
        await page.click("button[data-action=note]")
        await expect(page.locator("#notice")).to_contain_text("Your session has ended.")
        await expect(page.locator("#notice a")).to_have_attribute(
            "href", f"/login?next=%2F%3Fprecinct%3D{LAGGING}"
        )
        assert len(room.neighbours.decisions) == before
        await expect(page.locator("#note-text")).to_have_value("too late")


async def test_one_signs_out_from_the_board(room: Room, browser: Browser) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        await seen.page.click(".you summary")
        await expect(seen.page.locator(".you a", has_text="Hotline")).to_be_visible()
        await seen.page.click("text=Sign out")
        await expect(seen.page.locator("#login")).to_be_visible()
    room.signed_in.pop("sam")  # the cookie that others of these tests copy has ended with it


async def test_who_is_shown_out_of_the_feed_sees_the_sign_in_page(room: Room, browser: Browser) -> None:
    connection = await connect(room.database_url)
    await accounts.add(connection, "out", accounts.Role.STAFF, PASSWORD)
    try:
        async with visiting(browser, room, "out", path="/?state=silent") as seen:
            await seen.painted()

            async def show_out() -> None:
                for viewer in list(room.feed.viewers):
                    await viewer.close(4401, "this access has ended")

            connections = len(room.feed.tokens_seen)
            await show_out()  # the session stands: only this token was refused
            await until(seen.page, "!document.body.classList.contains('stale')")
            for _ in range(400):
                if len(room.feed.tokens_seen) > connections:
                    break
                await asyncio.sleep(0.05)
            assert len(room.feed.tokens_seen) > connections
            await until(seen.page, "beluga.board.ready && !beluga.board.stale")
            await accounts.disable(connection, "out")
            await show_out()
            await expect(seen.page.locator("#login")).to_be_visible()
            assert seen.page.url == f"{room.url}/login?next=%2F%3Fstate%3Dsilent"
    finally:
        room.signed_in.pop("out", None)
        await connection.close()


TAKEN = """() => ({
  first: Boolean(document.getElementById("first")),
  dash: Boolean(document.querySelector("#react-entry-point #work [data-row]")),
  twice: [...document.querySelectorAll("[id]")].map((e) => e.id)
    .filter((id, i, all) => all.indexOf(id) !== i),
  scrolled: document.getElementById("work-body").scrollTop,
  focus: document.activeElement?.closest("[data-row]")?.dataset.row,
  row: document.querySelector("#work [data-row]") === window.firstRow,
  moved: window.shifts.reduce((sum, by) => sum + by, 0),
})"""


async def test_dash_takes_the_page_over_and_nothing_moves(room: Room, browser: Browser) -> None:
    async with visiting(browser, room) as seen:
        page = seen.page
        held: list[Any] = []  # Dash comes when the test lets it, however often it is asked for
        let_come = asyncio.Event()

        async def hold(route: Any) -> None:
            held.append(route)
            await let_come.wait()
            await route.continue_()

        await page.route("**/dash_html_components*", hold)
        await page.reload()
        await seen.painted()
        await expect(page.locator("#alerts .first")).to_be_visible()
        await page.evaluate("document.getElementById('work-body').scrollTop = 90")
        await page.locator("#work [data-row] a").nth(4).focus()
        before = await page.evaluate(
            """() => { window.firstRow = document.querySelector("#work [data-row]"); window.shifts = [];
            new PerformanceObserver((l) => { for (const e of l.getEntries()) window.shifts.push(e.value); })
              .observe({ type: "layout-shift" });
            return [document.getElementById("work-body").scrollTop,
                    document.activeElement.closest("[data-row]").dataset.row]; }"""
        )
        assert before[0] > 0
        assert held
        let_come.set()
        await until(page, "beluga.taken")
        found = await page.evaluate(TAKEN)
        assert found == {
            "first": False, "dash": True, "twice": [], "scrolled": before[0], "focus": before[1], "row": True,
            "moved": 0,
        }  # fmt: skip
        assert seen.problems == []


async def test_an_unknown_address_is_404_and_a_page_of_others_says_whose(
    room: Room, browser: Browser
) -> None:
    async with visiting(browser, room, "lee") as seen:
        for path, status, words in (
            ("/precinct/nowhere", 404, ""),
            ("/nowhere", 404, "There is no such page."),
            ("/audit", 403, "Who did what is for admins"),
            ("/audit?account=a&account=b", 403, "You are signed in as lee, lead."),
        ):
            answer = await seen.page.goto(room.url + path)
            assert answer is not None
            assert answer.status == status, path
            if words:
                await expect(seen.page.locator("main")).to_contain_text(words)
                await until(seen.page, "!document.getElementById('first')")  # Dash says the same
                await expect(seen.page.locator("main")).to_contain_text(words)


async def test_the_day_is_drawn_in_python_and_moved_by_patches(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, path="/replay") as seen:
        page = seen.page
        plot = "document.getElementById('day-chart')?.querySelector('.js-plotly-plot')"
        drawn = f"{plot}?.data?.[{COUNTED}]?.y?.at(-1)"
        await until(page, f"{drawn} > 0")
        assert await page.evaluate(drawn) == sum(s.last_votes or 0 for s in room.feed.standings.values())
        await expect(page.locator("main")).to_contain_text("12:00")
        assert seen.problems == []


async def test_the_policy_stops_scripts_and_strange_hosts(room: Room, browser: Browser) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        await page.evaluate(
            """() => { const s = document.createElement("script"); s.textContent = "window.hurt = 1";
            document.body.append(s); }"""
        )
        reached = await page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'reached', (e) => String(e))")
        assert await page.evaluate("window.hurt") is None
        assert "Failed to fetch" in reached
        assert any("Content Security Policy" in p for p in seen.problems)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", f"/?precinct={LAGGING}"])
async def test_a_phone_shows_the_worklist_first_and_never_scrolls_sideways(
    room: Room, browser: Browser, pictures: Path, path: str, scheme: Any
) -> None:
    async with visiting(browser, room, path=path, width=360, height=740, color_scheme=scheme) as seen:
        page = seen.page
        await until(page, "window.beluga?.board?.ready && document.querySelector('#work [data-row]')", 40)
        if "precinct" in path:
            await expect(page.locator("#panel .sentence")).to_be_visible()
            await expect(page.locator("#panel-day path.point")).to_have_count(5)
        await asyncio.sleep(0.3)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        name = "phone-precinct" if "precinct" in path else "phone"
        await page.screenshot(path=pictures / f"{name}-{scheme}.png")
        if path == "/":
            await expect(page.locator("#work [data-row]").first).to_be_in_viewport()
            for tab in ("map", "today", "silent", "incidents", "unread"):
                await page.click(f"[data-tab={tab}]")
                await expect(page.locator(f"#{tab}")).to_be_visible()
                assert page.url.endswith(f"?tab={tab}")
                assert await page.evaluate("document.documentElement.scrollWidth") <= 360, tab


async def test_dark_and_large_screens(room: Room, browser: Browser, pictures: Path) -> None:
    for width, height, name in ((1366, 768, "dark"), (1920, 1080, "large"), (3840, 2160, "huge")):
        async with visiting(browser, room, width=width, height=height, color_scheme="dark") as seen:
            await seen.painted()
            await seen.page.screenshot(path=pictures / f"board-{name}.png")
            size = await seen.page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
            )
            assert size[0] <= width
            assert size[1] <= height
            map_box = await seen.page.locator("#map-sheet .shapes").bounding_box()
            assert map_box
            assert map_box["width"] * map_box["height"] > 0.05 * width * height
