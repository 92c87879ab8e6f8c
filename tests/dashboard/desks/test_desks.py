"""The desks against a real intake: texts in, queues worked by keyboard, decisions in the log."""

import csv
import re
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Browser, Page, expect

from election.wire.feed import PrecinctState
from tests.dashboard.board.test_accessible import clean
from tests.dashboard.board.test_board import deeds
from tests.dashboard.office import STRANGER, Office
from tests.dashboard.running import NOON, visiting

pytestmark = pytest.mark.asyncio(loop_scope="module")


def queue(page: Page) -> Any:
    return page.locator("#queue li[data-id]")


async def test_a_text_nobody_could_read_is_read_by_a_person_alone(office: Office, browser: Browser) -> None:
    await office.text("what about <b>the gym</b> <img src=x onerror=nothing()>", watcher=2)
    await office.until_logged("unread", 1)
    async with (
        visiting(browser, office.room, "sam", "/desk/unread") as one,
        visiting(browser, office.room, "ada", "/desk/unread") as two,
    ):
        await expect(queue(one.page)).to_contain_text("<b>the gym</b>")
        await expect(queue(two.page)).to_have_count(1)
        assert await one.page.locator("img").count() == 0
        await one.page.keyboard.press("t")
        await expect(one.page.locator("#words")).to_be_focused()
        # The other person is told, and cannot take it.
        await two.page.keyboard.press("t")
        await expect(two.page.locator("#notice")).to_have_text("sam is working on this one.")
        await clean(one.page)
        await expect(queue(two.page).locator(".by")).to_have_text("sam has it")
        assert await two.page.locator("#words").count() == 0
        await one.page.keyboard.type("nonsense words")
        await one.page.keyboard.press("Enter")
        await expect(one.page.locator("#notice")).to_contain_text("These words cannot be read either.")
        await one.page.fill("#words", "412")
        await one.page.keyboard.press("Enter")
        await expect(queue(one.page)).to_have_count(0)
        await expect(queue(two.page)).to_have_count(0, timeout=20_000)
        assert [p for p in one.problems if "422" not in p] == []  # the browser itself reports the refusal
    assert len(await office.until_logged("reread", 1)) == 1
    assert [tuple(row)[:2] for row in await deeds(office.room)][-1] == ("sam", "unread read_as")


async def test_an_unknown_phone_is_tied_to_its_watcher(office: Office, browser: Browser) -> None:
    await office.text("01-05 300")
    async with visiting(browser, office.room, "sam", "/desk/unknown") as seen:
        page = seen.page
        await expect(queue(page)).to_have_count(1)
        await expect(queue(page)).to_contain_text(STRANGER)
        await page.keyboard.press("t")
        await expect(page.locator("#search")).to_be_focused()
        await page.keyboard.type("watcher 4")
        await expect(page.locator("#found button").first).to_have_text("It is Watcher 4’s · Grace Church 1")
        await clean(page)
        await page.keyboard.press("Enter")
        await expect(queue(page)).to_have_count(0)
        assert seen.problems == []
    (tie,) = await office.until_logged("tie", 1)
    assert "w4" in str(tie["detail"])
    assert STRANGER not in str([tuple(row) for row in await deeds(office.room)])


async def test_a_held_count_is_decided_with_one_key(office: Office, browser: Browser) -> None:
    await office.text("99000", watcher=6)
    async with visiting(browser, office.room, "sam", "/desk/held") as seen:
        page = seen.page
        await expect(queue(page)).to_have_count(1)
        await expect(page.locator("#work a[href='tel:+12155550006']")).to_be_visible()
        await page.keyboard.press("t")
        await expect(page.locator("#note")).to_be_focused()
        await expect(page.locator("[data-key=a]")).to_contain_text("Accept 99,000")
        await clean(page)
        await page.keyboard.press("Escape")
        await page.keyboard.press("r")
        await expect(queue(page)).to_have_count(0)
        assert seen.problems == []
    assert len(await office.until_logged("reject", 1)) == 1


async def test_incidents_are_given_and_closed(office: Office, browser: Browser) -> None:
    await office.text("! machine 2 is down", watcher=8)
    await office.until_logged("incident", 1)
    async with visiting(browser, office.room, "sam", "/desk/incidents") as seen:
        page = seen.page
        await expect(queue(page)).to_have_count(1)
        await page.keyboard.press("t")
        await expect(page.locator("#note")).to_be_focused()
        await page.keyboard.type("given to lee")
        await page.keyboard.press("Escape")
        await page.keyboard.press("t")  # nothing happens: it is in hand
        await page.keyboard.press("g")
        await expect(queue(page).locator(".where")).to_contain_text("assigned", timeout=20_000)
        # What has become of it is told to whoever opens it next; a follow-up of the same watcher joins it.
        await office.text("! machine 3, too", watcher=8)
        await expect(page.locator("#work .course li")).to_have_count(3, timeout=20_000)
        await expect(page.locator("#work .course li").nth(1)).to_contain_text("sam · assigned: given to lee")
        await expect(page.locator("#work .course q").last).to_have_text("machine 3, too")
        await expect(queue(page)).to_have_count(1)
        await clean(page)
        await page.keyboard.press("t")
        await expect(page.locator("#note")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.get_by_label("What it is about")).to_have_value("machine")
        await page.keyboard.type("safety")
        await page.keyboard.press("Escape")
        await page.keyboard.press("c")
        await expect(queue(page).locator(".where")).to_contain_text("safety", timeout=20_000)
        await expect(queue(page).locator(".where")).to_contain_text("assigned")
        await page.keyboard.press("t")
        await expect(page.locator("#note")).to_be_focused()
        await page.keyboard.press("Escape")
        await page.keyboard.press("d")
        await expect(queue(page)).to_have_count(0)
    statuses = [row["detail"].get("status") if isinstance(row["detail"], dict) else row["detail"]
                for row in await office.until_logged("resolve", 3)]  # fmt: skip
    assert "assigned" in str(statuses[0])
    assert "resolved" in str(statuses[2])


async def test_silent_precincts_are_called_and_noted_by_those_who_may(
    office: Office, browser: Browser
) -> None:
    silent = [s.precinct_id for s in office.room.feed.standings.values() if s.state is PrecinctState.SILENT]
    assert silent == ["01-16"]
    async with visiting(browser, office.room, "sam", "/desk/silent") as seen:
        page = seen.page
        await expect(queue(page)).to_have_count(1, timeout=30_000)
        await expect(page.locator("#work a[href='tel:+12155550015']")).to_be_visible()
        await page.keyboard.press("t")
        await expect(page.locator("#note")).to_be_focused()
        await clean(page)
        await page.keyboard.type("reached, phone was off")
        await page.keyboard.press("Enter")
        await expect(page.locator("#notice")).to_contain_text("Done.")
        # The first step went by itself. Those chosen get the next one at once; none twice, whoever makes it.
        await expect(queue(page).locator(".where")).to_contain_text(
            "everybody was texted: call, or assign somebody", timeout=20_000
        )
        await expect(page.locator("#silent-told")).to_contain_text("0 not texted yet · 1 watcher texted")
        await expect(page.locator("#silent-remind")).to_have_text("Nobody is left to text")
        await expect(page.locator("#silent-remind")).to_be_disabled()
        await page.check("[aria-label^='Choose']")
        await expect(page.locator("#silent-remind")).to_have_text(
            "Text the next step now: the 1 precinct chosen"
        )
        await page.click("#silent-remind")
        await expect(page.locator("#notice")).to_contain_text("on the")
        await expect(page.locator("[aria-label^='Choose']")).not_to_be_checked()
        await page.check("[aria-label^='Choose']")
        await page.click("#silent-deeds summary")
        await page.fill("#silent-assign", "Watcher 21")
        await page.click("#silent-found button")
        await expect(page.locator("#notice")).to_contain_text(
            "Watcher 21 is being texted to go to 1 precinct"
        )
        await clean(page)
        assert seen.problems == []
    notes = await office.until_logged("note", 1)
    assert notes[-1]["precinct_id"] == "01-16"
    assert '"w21"' in str((await office.until_logged("assign", 1))[-1]["detail"])
    connection = await asyncpg.connect(office.room.database_url)
    texted = await connection.fetch("select phone from outbox where purpose = 'reminder'")
    await connection.close()
    assert [row["phone"] for row in texted] == ["+12155550015"]
    async with visiting(browser, office.room, "lee", "/desk/silent") as seen:  # County A has none
        await expect(seen.page.locator("#queue .empty")).to_have_text("Nothing waits here.")


async def test_the_roll_call_says_whom_to_reach(office: Office, browser: Browser) -> None:
    await office.text("READY", watcher=9)
    await office.until_logged("ready", 1)
    async with visiting(browser, office.room, "sam", "/desk/rollcall") as seen:
        page = seen.page
        await expect(page.locator("#summary h2")).to_have_text("1 of 30 phones proven")
        await expect(queue(page)).to_have_count(29)
        await page.click("#summary summary")
        await expect(page.locator("#summary tbody tr")).to_have_count(2)
        assert await saved(page, "rollcall-counties", "#summary .csv") == [
            {"county": county, "watchers": "15", "proven": proven, "invited": "0", "wrong_number": "0",
             "opted_out": "0"}
            for county, proven in (("County A", "1"), ("County B", "0"))
        ]  # fmt: skip
        assert len(await saved(page, "rollcall")) == 29
        # Called by one person at a time, who notes what they heard.
        await expect(page.locator("#work a[href^='tel:']").first).to_be_visible()
        await page.keyboard.press("t")
        await expect(page.locator("#note")).to_be_focused()
        await clean(page)
        async with visiting(browser, office.room, "ada", "/desk/rollcall") as other:
            await expect(queue(other.page).first).to_contain_text("sam has it")
        await page.keyboard.type("texts READY tonight")
        await page.keyboard.press("Enter")
        await expect(page.locator("#notice")).to_contain_text("Done.")
        await page.keyboard.press("i")
        await expect(page.locator("#notice")).to_have_text("29 texts are on their way.")
        assert seen.problems == []


async def saved(page: Page, name: str, button: str = "#csv") -> list[dict[str, str]]:
    """The desk's file, saved by its button."""
    async with page.expect_download() as coming:
        await page.click(button)
    file = await coming.value
    assert file.suggested_filename.startswith(f"{name}-2026-11-03T17")
    return list(csv.DictReader((await file.path()).read_text("utf-8-sig").splitlines()))


_LOST = """
insert into outbox (key, purpose, priority, phone, watcher_id, precinct_id, body, segments, rehearsal,
                    made_at, not_before, expires_at, state, settled_at, reason)
select 'lost' || n, 'reminder', 4, '+1215555000' || n, 'w' || n, '01-0' || (n + 1),
       'How many at your precinct?', 1, false, $1::timestamptz, $1, $1::timestamptz + interval '1 hour',
       'undelivered', $1, 'wrong_number'
from generate_series(1, 3) n
"""


async def test_whom_our_texts_did_not_reach_is_called_or_texted_again(
    office: Office, browser: Browser
) -> None:
    connection = await asyncpg.connect(office.room.database_url)
    await connection.execute(_LOST, datetime.fromtimestamp(NOON - 60, UTC))
    async with visiting(browser, office.room, "sam", "/desk/outbox") as seen:
        page = seen.page
        await expect(queue(page)).to_have_count(3)
        await expect(page.locator("nav [data-count=outbox]")).to_have_text("3")
        await expect(page.locator("#summary")).to_contain_text("Last day: ")
        await expect(page.locator("#summary")).to_contain_text("3 undelivered")
        await expect(queue(page).first).to_contain_text("Watcher 1")
        await expect(page.locator("#work")).to_contain_text("The number is wrong, or is no mobile phone.")
        await expect(page.locator("#work a[href='tel:+12155550001']")).to_be_visible()
        assert [row["phone"][-1] for row in await saved(page, "outbox")] == ["1", "2", "3"]
        await page.keyboard.press("t")
        await expect(page.locator("#note")).to_be_focused()
        await clean(page)
        await page.keyboard.press("Escape")
        await page.keyboard.press("s")
        await expect(queue(page)).to_have_count(2)
        await page.keyboard.press("t")
        await expect(page.locator("#note")).to_be_focused()
        await page.keyboard.type("reached her at home")
        await page.keyboard.press("Escape")
        await page.keyboard.press("d")
        await expect(queue(page)).to_have_count(1)
        assert seen.problems == []
    again = await connection.fetch("select phone, body from outbox where key like 'again:%'")
    assert [tuple(row) for row in again] == [("+12155550001", "How many at your precinct?")]
    await connection.close()
    assert "outbox again" in [row["action"] for row in await deeds(office.room)]


async def test_a_session_that_ends_in_mid_action_loses_no_words(office: Office, browser: Browser) -> None:
    await office.text("what about the bus?", watcher=14)
    async with visiting(browser, office.room, "sam", "/desk/unread") as seen:
        page = seen.page
        item = queue(page).filter(has_text="the bus")
        await item.click()
        await page.keyboard.press("t")
        await expect(page.locator("#words")).to_be_focused()
        await page.keyboard.type("17")
        cookies = await page.context.cookies()
        await page.context.clear_cookies()
        await page.keyboard.press("Enter")
        await expect(page.locator("#notice a")).to_have_text("Your session has ended. Sign in again")
        await expect(page.locator("#notice a")).to_have_attribute("href", "/login?next=%2Fdesk%2Funread")
        await expect(page.locator("#words")).to_have_value("17")
        # Signed in again in another tab, the same press does it.
        await page.context.add_cookies(cookies)  # type: ignore[arg-type]
        await page.keyboard.press("Enter")
        await expect(item).to_have_count(0)


async def test_a_device_whose_clock_is_an_hour_off_shows_the_same_ages_and_takes(
    office: Office, browser: Browser
) -> None:
    await office.text("what about the bell?", watcher=15)
    async with (
        visiting(browser, office.room, "ada", "/desk/unread") as right,
        visiting(browser, office.room, "sam", "/login") as wrong,
    ):
        await wrong.page.add_init_script("const now = Date.now; Date.now = () => now() + 3600e3")
        await wrong.page.goto(f"{office.room.url}/desk/unread")
        item = queue(wrong.page).filter(has_text="the bell")
        await item.click()
        await expect(item.locator(".since")).to_have_text(re.compile(r"^\d+ (s|min)$"))
        await wrong.page.keyboard.press("t")
        await expect(wrong.page.locator("#words")).to_be_focused()
        theirs = queue(right.page).filter(has_text="the bell")
        await expect(theirs.locator(".by")).to_have_text("sam has it")
        await wrong.page.keyboard.press("Escape")
        await wrong.page.keyboard.press("x")
        await expect(theirs).to_have_count(0)


@pytest.mark.parametrize("name", ["unread", "unknown", "held", "silent", "incidents", "outbox", "rollcall"])
async def test_desks_fit_a_phone(office: Office, browser: Browser, name: str) -> None:
    await office.text("what about the dog?", watcher=12)
    async with visiting(browser, office.room, "sam", f"/desk/{name}", width=360, height=740) as seen:
        await expect(seen.page.locator("#age")).to_contain_text("old")
        await seen.page.evaluate("document.querySelector('#rehearsal').hidden = false")  # as in a rehearsal
        assert await seen.page.evaluate("document.documentElement.scrollWidth") <= 360
        assert seen.hosts <= {f"127.0.0.1:{office.room.port}", f"127.0.0.1:{office.room.feed.port}"}


async def test_a_desk_without_intake_says_so_and_does_nothing_by_half(
    office: Office, browser: Browser
) -> None:
    await office.text("what about the cat?", watcher=13)
    await office.until_logged("unread", 2)
    before = len(await office.logged("resolve"))
    async with visiting(browser, office.room, "sam", "/desk/unread") as seen:
        page = seen.page
        await expect(queue(page).first).to_be_visible()
        await page.keyboard.press("t")
        await expect(page.locator("#words")).to_be_focused()
        office.intake.end()
        await page.keyboard.press("Escape")
        await page.keyboard.press("x")
        await expect(page.locator("#notice")).to_contain_text("Intake does not answer. Nothing was changed")
        await expect(page.locator("#words")).to_be_visible()
        await office.intake.running()
        await office.intake.until_roster()
        await page.keyboard.press("x")
        await expect(page.locator("#notice")).to_contain_text("Done.")
    assert len(await office.until_logged("resolve", before + 1)) == before + 1
