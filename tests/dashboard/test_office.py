"""The office in a browser: a made-up county's files to an imported election, without a command."""

import re
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, expect

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from dashboard.office.files.set_up import DAY_FIELDS
from election.access.tokens import FIRST_ACCOUNT, Tokens
from tests.axe import VIOLATIONS
from tests.dashboard.running import (
    PASSWORD,
    SECRET,
    FeedDriver,
    Neighbourhood,
    Room,
    make_election,
    visiting,
)
from tests.security.house import aged

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = 60_000  # ms: commands in processes of their own, on a machine that has more to do
REGISTRATION = (
    "Adams County\n\nPrecinct,Polling place,Total Registered\n0101,Fire House,1200\n0102,Grange Hall,800\n"
    "TOTAL,,2000\n"
)
TURNOUT = "Precinct,Registered Voters,Ballots Cast\n0101,1100,600\n0102,790,300\n"
WATCHERS = "Volunteer,Cell,Precinct,Language\nAna,(717) 555-0111,0101,EN\nBo,717.555.0112,0102,Spanish\n"
OTHER = "Precinct,Registered Voters\n1-May,5\n#REF!,6\n"
# Nothing says whether these are each day's votes, or all until that day.
EARLY = "Precinct,Date,{}\n0101,10/19/2026,20\n0101,10/20/2026,30\n0102,10/19/2026,10\n"
WIDE: ViewportSize = {"width": 1366, "height": 768}
PHONE: ViewportSize = {"width": 390, "height": 844}


@asynccontextmanager
async def empty_room(postgres: EmbeddedPostgres, state: Path) -> AsyncIterator[Room]:
    """A war room on a migrated database that holds nothing."""
    name = f"office_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(postgres.url_of("postgres"))
    await admin.execute(f"create database {name} template template_beluga")
    await admin.close()
    port = free_port()
    feed = FeedDriver(make_election(1))
    room = Room(f"http://127.0.0.1:{port}", postgres.url_of(name), feed, Neighbourhood(feed), state, port)
    room.more = {"BELUGA_OFFICE_COMMAND": f"{sys.executable} -m beluga"}
    room.start()
    try:
        await room.ready("/healthz")
        yield room
    finally:
        room.stop()
        admin = await asyncpg.connect(postgres.url_of("postgres"))
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with empty_room(postgres, tmp_path_factory.mktemp("office")) as running:
        yield running


async def value(room: Room, sql: str) -> Any:
    connection = await asyncpg.connect(room.database_url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def press(page: Page, name: str) -> None:
    """By keyboard, as somebody without a mouse."""
    await page.get_by_role("button", name=name, exact=True).focus()
    await page.keyboard.press("Enter")


async def nothing_to_mend(page: Page) -> None:
    found = await Axe().run(page, options=VIOLATIONS)
    assert found.violations_count == 0, found.generate_report()
    size = page.viewport_size or WIDE
    await page.set_viewport_size(PHONE)
    wide = await page.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > 390 &&"
        " !e.closest('.scroll')).map(e => e.outerHTML.slice(0, 80))"
    )
    assert not wide, wide
    await page.set_viewport_size(size)


async def settle(page: Page, file: str, key: str) -> None:
    """Answers a file's question by keyboard, and has the files looked through again."""
    about = page.locator("article", has=page.get_by_role("heading", name=file, exact=True))
    asked = about.get_by_label("Are these the votes of each day, or all until that day?")
    await asked.focus()
    await page.keyboard.press(key)
    await press(page, "Look again")
    await expect(asked).to_have_count(0, timeout=LONG)


async def test_the_first_account_is_made_by_the_printed_link_alone(room: Room) -> None:
    old = aged(FIRST_ACCOUNT, {})
    async with aiohttp.ClientSession() as web:
        for token in ("", "x", old, Tokens(SECRET).sign("service", {})):
            async with web.get(f"{room.url}/first?token={token}") as answer:
                assert answer.status == 403
            form = {"token": token, "login": "eve", "password": PASSWORD, "again": PASSWORD}
            async with web.post(f"{room.url}/first", data=form) as answer:
                assert answer.status == 403
    assert await value(room, "select count(*) from accounts") == 0


async def test_a_countys_files_to_an_imported_election(room: Room, browser: Browser, tmp_path: Path) -> None:
    files = {"registration.csv": REGISTRATION, "20221108_turnout.csv": TURNOUT, "poll_watchers.csv": WATCHERS}
    asked = {"early.csv": EARLY.format("Early Votes"), "mail.csv": EARLY.format("Mail Votes")}
    files |= {**asked, "damaged.csv": OTHER, "notes.csv": "a,b\n1,2\n", "empty.csv": ""}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    context = await browser.new_context(viewport=WIDE)
    page = await context.new_page()
    link = f"{room.url}/first?token={Tokens(SECRET).sign(FIRST_ACCOUNT, {})}"
    await page.goto(link)
    await page.fill("#login", "ada")
    await page.fill("#password", PASSWORD)
    await page.fill("#again", PASSWORD)
    await page.keyboard.press("Enter")
    await page.fill("#login", "ada")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Set-up")).to_be_visible()

    day = ("General election", "2026-11-03", "America/New_York", "07:00", "20:00")
    for field, said in zip(DAY_FIELDS, day, strict=True):
        await page.fill(f"#{field}", said)
    await page.set_input_files("#chosen", [tmp_path / name for name in files])
    await press(page, "Add files")
    await expect(page.get_by_role("button", name="Remove notes.csv")).to_be_visible()
    await expect(page.locator("#sending")).to_have_text("empty.csv is empty")
    await press(page, "Remove notes.csv")
    await expect(page.get_by_role("button", name="Remove notes.csv")).to_have_count(0)
    for field, said in zip(DAY_FIELDS, day, strict=True):  # typed before the files, and still there
        await expect(page.locator(f"#{field}")).to_have_value(said)
    await press(page, "Look through the files")
    found = page.locator("#found")
    await expect(found).to_contain_text("a spreadsheet has made a date of this id", timeout=LONG)
    await expect(found).to_contain_text("left out: line 6: TOTAL a row of totals", ignore_case=True)
    await expect(found).to_contain_text("of the election 2022-11-08")
    await nothing_to_mend(page)
    assert await value(room, "select count(*) from election") == 0

    await settle(page, "early.csv", "d")
    await expect(found).to_contain_text("numbers of each day: added up", timeout=LONG)
    await page.set_viewport_size(PHONE)
    await settle(page, "mail.csv", "r")
    await expect(found).to_contain_text("all until that day: the latest counts", timeout=LONG)
    await expect(page.locator("#import")).to_contain_text("2 precincts")
    await nothing_to_mend(page)
    await press(page, "Import")
    await expect(page.locator("#imported")).to_contain_text("imported 2 precincts", timeout=LONG)
    assert await value(room, "select name || date from election") == "General election2026-11-03"
    assert await value(room, "select count(*) from watchers") == 2
    assert not list((room.state / "dashboard" / "office").glob("files/*"))
    deeds = await value(room, "select string_agg(distinct action, ', ' order by action) from audit")
    assert deeds == "election imported, file given, file removed, files looked through, first account made"
    await nothing_to_mend(page)
    answer = await page.goto(link)
    assert answer and answer.status == 403, "the link opens once"
    room.signed_in["ada"] = await context.storage_state()
    await context.close()


async def test_accounts_are_made_reset_and_closed_by_an_admin(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "ada", "/office/accounts") as seen:
        page = seen.page
        await page.fill("#login", "Bo")
        await page.get_by_role("button", name="Make the account").dblclick()  # which is one account
        await expect(page.get_by_role("status")).to_contain_text("bo: account added. The password, shown")
        password = await page.locator(".secret").inner_text()
        await nothing_to_mend(page)
        await press(page, "Ask for codes: bo")
        await expect(page.locator(".qr svg")).to_be_visible()
        await press(page, "Close: bo")
        await expect(page.get_by_role("row", name="bo")).to_contain_text("closed")
        assert not await page.get_by_role("button", name="Close: ada").count(), "nobody closes themselves"
        await page.fill("#login", "bo")
        await press(page, "Make the account")
        await expect(page.get_by_role("alert")).to_contain_text("There is already an account bo")
        assert not seen.problems[1:], seen.problems  # one is the refusal itself
    row = "select role || disabled || (totp_secret is null) from accounts where login = 'bo'"
    assert await value(room, row) == "stafftruefalse"
    assert password not in (await value(room, "select string_agg(detail::text, '') from audit"))
    form, browsers = {"login": "eve", "role": "admin"}, {"Accept": "text/html"}
    async with (
        aiohttp.ClientSession(headers=browsers) as web,
        web.post(f"{room.url}/office/accounts", data=form) as answer,
    ):
        text = await answer.text()
    assert answer.status == 401, "a form that was open when the session ended"
    assert 'name="next" value="/office/accounts"' in text and "nothing was changed" in text


async def test_watchers_are_added_corrected_and_taken_away(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "ada", "/office/watchers") as seen:
        page = seen.page
        await expect(page.get_by_role("row", name="Ana")).to_contain_text("0101")
        await page.fill("#w-name", "Cy Ro")
        await page.fill("#w-phone", "717 555 0111")
        await page.fill("#w-precincts", "0102;0101")
        await press(page, "Add the watcher")
        await expect(page.get_by_role("alert")).to_contain_text("Another watcher has this phone")
        await page.fill("#w-phone", "717 555 0119")
        await press(page, "Add the watcher")
        await expect(page.get_by_role("status")).to_contain_text("Cy Ro is on the roster")
        await nothing_to_mend(page)
        await page.get_by_role("link", name="Cy Ro").click()
        await page.fill("#w-language", "Spanish")
        await press(page, "Save")
        await expect(page.get_by_role("status")).to_contain_text("Saved")
        await nothing_to_mend(page)
        saved = "select name || phone || language || precinct_ids::text from watchers where name = 'Cy Ro'"
        assert await value(room, saved) == "Cy Ro+17175550119es{0102,0101}"
        in_force = "select content from rosters join election on version = roster_version"
        assert '"Cy Ro"' in await value(room, in_force)
        await press(page, "Take off the roster")
        await expect(page.get_by_role("status")).to_contain_text("Cy Ro is off the roster")
        assert '"Cy Ro"' not in await value(room, in_force)
    deeds = "select string_agg(action, ', ' order by seq) from audit where action like 'watcher %'"
    assert await value(room, deeds) == "watcher added, watcher corrected, watcher removed"


PASTE = """([text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const said = {clipboardData: data, bubbles: true, cancelable: true};
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", said));
}"""


async def test_a_sheet_of_watchers_is_worked_in_by_keyboard(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "ada", "/office/sheet") as seen:
        page = seen.page
        row = page.get_by_role("row")
        await nothing_to_mend(page)
        await page.get_by_label("Coordinator, row 1").focus()
        await page.keyboard.type("Dee")
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Coordinator, row 2")).to_be_focused()
        await page.get_by_label("Name, row 3").focus()
        new = "Eve Ro\t717 555 0121\t0101\ten\nFay Ro\t717 555 0111\t0102\tes\n"
        await page.evaluate(PASTE, [new])
        await expect(page.get_by_label("Phone, row 4")).to_have_value("717 555 0111")
        await expect(page.locator("#changed")).to_have_text("3 rows changed, not saved yet")
        await page.get_by_role("button", name="Name", exact=True).focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await expect(row.nth(1).get_by_role("textbox").first).to_have_value("Bo")
        await page.fill("#narrow", "dee")
        await expect(page.get_by_label("Name, row 2")).to_be_hidden()
        await press(page, "Save the changed rows")
        await expect(page.get_by_role("status").first).to_contain_text("2 rows saved")
        await expect(page.get_by_role("alert")).to_contain_text("1 row was not saved")
        await expect(row.nth(1)).to_contain_text("Another watcher has this phone")
        await nothing_to_mend(page)
        await page.get_by_label("Phone, row 1").fill("717 555 0122")
        await press(page, "Save the changed rows")
        await expect(page.get_by_role("status").first).to_contain_text("1 row saved")
    known = "select string_agg(name || coalesce(coordinator, '') || phone, ' ' order by name) from watchers"
    saved = "AnaDee+17175550111 Bo+17175550112 Eve Ro+17175550121 Fay Ro+17175550122"
    assert await value(room, known) == saved, "what was not typed anew stays, the phone too"


async def test_precincts_are_corrected_pasted_and_taken_back(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "ada", "/office/precincts") as seen:
        page = seen.page
        await nothing_to_mend(page)
        await page.get_by_label("Name, row 1").fill("Old Mill")
        await page.get_by_label("Precinct id, row 3").focus()
        new = "0103\tCity Hall\tS1\tAdams\t1,500\n0104\tAnnex\tS1\tAdams\tmany\n"
        await page.evaluate(PASTE, [new])
        await expect(page.get_by_label("Registered voters, row 3")).to_have_value("1,500")
        await expect(page.locator("#changed")).to_have_text("3 rows changed, not saved yet")
        await press(page, "Save the changed rows")
        await expect(page.get_by_role("status").first).to_contain_text("2 rows saved")
        await expect(page.get_by_role("row").nth(1)).to_contain_text("many is no number of voters")
        await nothing_to_mend(page)
        await page.get_by_label("Registered voters, row 1").fill("900")
        await press(page, "Save the changed rows")
        await expect(page.get_by_role("status").first).to_contain_text("1 row saved")
        names = "select string_agg(name || registered || site_id, ' ' order by position) from precincts"
        assert await value(room, names) == "Old Mill1200 Grange Hall800 City Hall1500S1 Annex900S1"
        in_force = await value(room, "select content from rosters join election on version = roster_version")
        assert all(name in in_force for name in ('"Old Mill"', '"Annex"', '"Ana"'))
        for back, said in (("0104", "0104 is gone again"), ("0101", "0101 is as it was")):
            await press(page, f"Take the change of {back} back")
            await expect(page.get_by_role("status").first).to_contain_text(said)
        assert await value(room, names) == "Fire House1200 Grange Hall800 City Hall1500S1"
        await press(page, "Take the change of 0103 back")
        await expect(page.get_by_role("status").first).to_contain_text("0103 is gone again")
    deeds = "select string_agg(action, ', ' order by seq) from audit where action like 'precinct %'"
    assert await value(room, deeds) == (
        "precinct corrected, precinct added, precinct added, precinct taken away, precinct corrected, "
        "precinct taken away"
    )


async def test_cards_are_printed_and_links_end(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "ada", "/office/links") as seen:
        page = seen.page
        await page.get_by_role("checkbox", name="Ana").focus()
        await page.keyboard.press("Space")
        await page.fill("#number", "(717) 555-0100<script>")
        await nothing_to_mend(page)
        await press(page, "Cards to print")
        cards = page.locator(".cards li")
        await expect(cards).to_have_count(1)
        await expect(cards).to_contain_text("Text counts to (717) 555-0100")
        await expect(cards).to_contain_text("/w/")
        await nothing_to_mend(page)
        await page.goto(f"{room.url}/office/links")
        await expect(page.get_by_role("row", name="Ana")).to_contain_text("given")
        await page.get_by_role("checkbox", name="Ana").check()
        await press(page, "End these links")
        await expect(page.get_by_role("row", name="Ana")).to_contain_text("ended")
    ended = "select count(*) from watcher_links where revoked_through >= issued"
    assert await value(room, ended) == 1


async def test_keys_and_webhooks_show_their_secret_once(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "ada", "/office/keys") as seen:
        page = seen.page
        await page.fill("#k-name", "sheet")
        await page.get_by_role("checkbox", name="read standings").check()
        await press(page, "Make the key")
        key = await page.locator(".secret").inner_text()
        await nothing_to_mend(page)
        headers = {"Authorization": f"Bearer {key}"}
        async with aiohttp.ClientSession() as web:
            async with web.get(f"{room.url}/api/v1/calls", headers=headers) as answer:
                assert answer.status == 403, "it opens what it names and nothing else"
            async with web.get(f"{room.url}/api/v1/standings", headers=headers) as answer:
                assert answer.status == 503, "the tally has not been heard here"
        await page.goto(f"{room.url}/office/keys")
        assert key.split("_", 2)[2] not in await page.content()
        await press(page, "Revoke: sheet")
        await expect(page.get_by_role("row", name="sheet")).to_contain_text("revoked")
        await page.goto(f"{room.url}/office/webhooks")
        await page.fill("#hook-url", "https://10.0.0.1/in")
        await press(page, "Make the webhook")
        await expect(page.get_by_role("alert")).to_contain_text("private network")
        await page.fill("#hook-url", "https://hooks.example.org/a-secret-path")
        await press(page, "Make the webhook")
        await expect(page.get_by_role("status")).to_contain_text("hooks.example.org is told from now on")
        await expect(page.locator(".secret")).to_have_text(re.compile("[0-9a-f]{64}"))
        assert "a-secret-path" not in await page.content()
        await nothing_to_mend(page)
        await press(page, "End: hooks.example.org")
        await expect(page.get_by_role("row", name="hooks.example.org")).to_contain_text("ended by ada")
        for path, said in (("calling", "The call desk does not answer"), ("callers", "does not answer")):
            await page.goto(f"{room.url}/office/{path}")
            await expect(page.get_by_role("alert")).to_contain_text(said)
            await nothing_to_mend(page)
        await value(
            room,
            "insert into service_settings values ('intake', 'h1', 'BELUGA_PHONE_TEXTS_PER_MINUTE', '60.0',"
            " now(), '30.0', 'ops@h1') returning 1",
        )
        await page.goto(f"{room.url}/office/settings")
        await expect(page.get_by_role("row", name="webhook ended")).to_contain_text("ada")
        changed = page.get_by_role("region", name="Changes").get_by_role("row", name="ops@h1")
        await expect(changed).to_contain_text("intake: BELUGA_PHONE_TEXTS_PER_MINUTE60.0 (was 30.0)")
        await expect(page.get_by_role("region", name="Settings: Intake")).to_contain_text("30.0")
        assert SECRET not in await page.content()
        await nothing_to_mend(page)


async def test_the_health_page_is_there_while_everything_else_is_away(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "ada", "/health") as seen:
        page = seen.page
        await expect(page.get_by_role("heading", level=1)).to_have_text("Health: something is wrong")
        await expect(page.locator(".checks")).to_contain_text("database: answers in")
        await expect(page.locator("li", has_text="intake: does not answer")).to_contain_text("intake-down.md")
        await nothing_to_mend(page)


async def test_the_checklist_says_what_is_still_to_do(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "ada", "/office") as seen:
        page = seen.page
        await expect(page.locator("li", has_text="election:")).to_contain_text("General election, 2026-11-03")
        await expect(page.locator("li", has_text="accounts:")).to_contain_text("a second admin")
        await expect(page.locator("li", has_text="watchers:")).to_contain_text(
            "2 of 2 precincts have a watcher"
        )
        await expect(page.locator("li", has_text="roll call:")).to_contain_text("intake does not answer")
        await nothing_to_mend(page)
