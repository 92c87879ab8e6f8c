"""The caller's page on a phone of 360 px, in a real browser, with and without JavaScript."""

import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, Playwright, async_playwright, expect

from callers.scripts.wording import LANGUAGES, words
from callers.settings import CallersSettings
from election.domain.ids import PrecinctId
from tests.axe import SCHEMES
from tests.callers.conftest import NOON, add_callers, add_election, add_voters, open_precinct
from tests.callers.service_process import TOKENS, Service, feed, ready, service, web
from tests.chromium import ARGUMENTS, EXECUTABLE

__all__ = ["feed", "service", "web"]  # fixtures

PHONE = {"width": 360, "height": 740}
expect.set_options(timeout=20_000)  # two cores may be busy with more than this

needs_chromium = pytest.mark.skipif(not Path(EXECUTABLE).exists(), reason="there is no chromium")


async def prepared(connection: asyncpg.Connection, start: Callable[[], Service], web: object) -> Service:
    await add_election(connection, [PrecinctId("a"), PrecinctId("b")])
    await add_voters(connection, "a", 8, language="en")
    await connection.execute(
        "update voters set name = '<b>Rosa</b> O''Neill', support = 100 where roll_number = '1'"
    )
    await add_callers(connection, 1, ["en", "es"])
    await open_precinct(connection, "a")
    one = start()
    await ready(web, one)  # type: ignore[arg-type]
    return one


@contextlib.asynccontextmanager
async def phone(
    playwright: Playwright, one: Service, folder: Path, **more: Any
) -> AsyncIterator[BrowserContext]:
    """A browser that dials without asking, as a phone's does: its question would take all other taps."""
    (folder / "Default").mkdir(parents=True)
    asked_before = {"protocol_handler": {"allowed_origin_protocol_pairs": {one.url: {"tel": True}}}}
    (folder / "Default" / "Preferences").write_text(json.dumps(asked_before))
    context = await playwright.chromium.launch_persistent_context(
        folder, executable_path=EXECUTABLE, args=ARGUMENTS, **{"viewport": PHONE} | more
    )
    yield context
    await context.close()


async def first_voter(page: Page, one: Service) -> None:
    await page.goto(f"{one.url}/c/{TOKENS.sign('caller', {'c': 'c0'})}")
    for _ in range(60):  # the service may need a second to see the dispatch
        await page.get_by_role("button").first.click()
        if await page.locator("#call").count():
            return
        await page.wait_for_timeout(250)
    raise AssertionError("no voter came")


@needs_chromium
async def test_a_volunteer_calls_records_undoes_and_goes_on(
    connection: asyncpg.Connection, service: Callable[[], Service], web: object, tmp_path: Path
) -> None:
    one = await prepared(connection, service, web)
    async with async_playwright() as playwright, contextlib.AsyncExitStack() as stack:
        context = await stack.enter_async_context(phone(playwright, one, tmp_path / "browser"))
        page = await context.new_page()
        elsewhere: list[str] = []
        page.on("request", lambda r: None if r.url.startswith(one.url) else elsewhere.append(r.url))
        await first_voter(page, one)
        await expect(page.locator("h1")).to_have_text("Hall a")
        await expect(page.locator(".where").first).to_contain_text("Hall a until 20:00")
        await expect(page.locator(".tongue")).to_have_text("Speaks English")
        await expect(page.locator("#called")).to_be_hidden()
        sent = await page.content()
        assert "Rosa" not in sent, "before Call nobody is named"
        assert "+1215" not in sent
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        await picture(page, "callers-before-360")
        await page.locator("#call").press("Enter")
        await expect(page.locator("h1")).to_have_text("<b>Rosa</b> O'Neill")
        await expect(page.locator("#number")).to_contain_text("+1215")
        await expect(page.locator("#script")).to_contain_text("may I speak with <b>Rosa</b> O'Neill?")
        await page.locator("details summary").click()
        for button in await page.locator(".grid button").all():
            box = await button.bounding_box()
            assert box is not None
            assert box["height"] >= 48
        await picture(page, "callers-desk-360")
        await page.reload()  # a page that was left, or died: whom one has dialled one finds again
        await expect(page.locator("h1")).to_have_text("<b>Rosa</b> O'Neill")
        await page.get_by_role("button", name="Do not call").click()
        await expect(page.locator("h1")).to_have_text("Saved: Do not call")
        await picture(page, "callers-undo-360")
        await page.get_by_role("button", name="Undo").click()
        await expect(page.locator("h1")).to_have_text("<b>Rosa</b> O'Neill")
        # a dead spot: the outcome waits on the phone and goes out by itself
        await page.context.set_offline(True)
        await page.get_by_role("button", name="Will vote").click()
        await expect(page.locator("#notice")).to_contain_text("Saved on this phone")
        await page.context.set_offline(False)
        await expect(page.locator("h1")).to_have_text("Saved: Will vote", timeout=15_000)
        await page.get_by_role("button", name="Next voter").click()
        await expect(page.locator("#call")).to_be_visible()
        # the voter texts STOP between lease and dial
        await connection.execute(
            "insert into opt_outs select phone, true, $1 from leases where ended_at is null", NOON
        )
        await page.locator("#call").click()
        await expect(page.locator("#notice")).to_contain_text("They asked not to be called")
    assert [u for u in elsewhere if not u.startswith("tel:")] == []
    outcomes = await connection.fetch("select outcome, undone_at is null as live from calls order by at")
    assert [tuple(r) for r in outcomes] == [("do_not_call", False), ("will_vote", True)]


@needs_chromium
async def test_the_page_works_without_javascript(
    connection: asyncpg.Connection, service: Callable[[], Service], web: object, tmp_path: Path
) -> None:
    one = await prepared(connection, service, web)
    async with async_playwright() as playwright, contextlib.AsyncExitStack() as stack:
        context = await stack.enter_async_context(
            phone(playwright, one, tmp_path / "browser", java_script_enabled=False)
        )
        page = await context.new_page()
        await first_voter(page, one)
        await expect(page.locator("h1")).to_have_text("Hall a")
        await page.locator("#call").click()
        await expect(page.locator("h1")).to_have_text("<b>Rosa</b> O'Neill")
        await expect(page.locator("#number")).to_contain_text("+1215")
        address = await page.locator("#call").get_attribute("href")
        answer = await context.request.get(one.url + str(address), max_redirects=0)
        assert answer.status == 303
        assert answer.headers["location"].startswith("tel:+1215")
        await page.get_by_role("button", name="No answer").click()
        await expect(page.locator("h1")).to_have_text("Saved: No answer")
        await page.get_by_role("button", name="Next voter").click()
        await page.get_by_role("button", name="Stop for now").click()
        await expect(page.locator("h1")).to_have_text("Hello, Caller 0.")
    shown = await connection.fetchval("select count(*) from voters_shown")
    assert shown == 1, "who is given back without Call was shown to nobody"
    assert await connection.fetchval("select count(*) from leases where ended_at is null") == 0


async def picture(page: Page, name: str) -> None:
    """Where BELUGA_PICTURES names a folder, a picture of the page for docs."""
    if folder := os.environ.get("BELUGA_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def clean(page: Page, width: int = 360, schemes: Any = SCHEMES) -> None:
    """Nothing for axe to mend: in light by every rule, in dark by those of colours, for nothing else is
    another there; and nothing wider than the phone.
    """
    for scheme, rules in schemes:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = await Axe().run(page, options=rules)
        assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@needs_chromium
async def test_whatever_else_a_caller_has_to_say_on_pages_that_anyone_can_use(
    connection: asyncpg.Connection, service: Callable[[], Service], web: object, tmp_path: Path
) -> None:
    """Call back at a time, another language, abuse, the page in Spanish; captain, sheet and sign-up; axe."""
    one = await prepared(connection, service, web)
    async with async_playwright() as playwright, contextlib.AsyncExitStack() as stack:
        context = await stack.enter_async_context(phone(playwright, one, tmp_path / "browser"))
        page = await context.new_page()
        await page.goto(f"{one.url}/c/{TOKENS.sign('caller', {'c': 'c0'})}")
        await clean(page)
        await first_voter(page, one)
        await clean(page)
        await page.locator("#call").click()
        more = page.locator("details summary")
        await more.click()
        await clean(page)
        await page.locator("#call_back").fill("15:30")
        await page.locator("form.outcome", has=page.locator("#call_back")).get_by_role("button").click()
        await expect(page.locator("h1")).to_have_text("Saved: Call back")
        await clean(page)
        await page.get_by_role("button", name="Next voter").click()
        await page.locator("#call").click()
        await page.locator("#will_vote_at").focus()
        await page.locator("#will_vote_at").fill("17:00")  # by keyboard alone
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Saved: Will vote at a time")
        await page.get_by_role("button", name="Next voter").click()
        await page.locator("#call").click()
        await more.click()
        await expect(page.locator("#called")).to_contain_text("Place: Hall a")
        await expect(page.locator("#called")).to_contain_text("Hours: 07:00–20:00")
        await expect(page.locator("#called")).to_contain_text("not in our records")
        await page.locator("#need").select_option("papers")
        await page.locator("form.outcome", has=page.locator("#need")).get_by_role("button").click()
        await expect(page.locator("h1")).to_have_text("Saved: Needs information")
        await page.get_by_role("button", name="Next voter").click()
        await page.locator("#call").click()
        await more.click()
        await page.locator("#speaks").select_option("vi")
        await page.locator("form.outcome", has=page.locator("#speaks")).get_by_role("button").click()
        await expect(page.locator("h1")).to_have_text("Saved: Other language")
        await page.get_by_role("button", name="Next voter").click()
        await page.locator("#call").click()
        await more.click()
        await page.get_by_role("button", name="Abusive call").click()
        await expect(page.locator("main")).to_contain_text("nobody will call them again")
        await page.goto(f"{one.url}/c/{TOKENS.sign('caller', {'c': 'c0'})}")
        await page.get_by_role("button", name="español").click()
        await expect(page.locator("h1")).to_have_text("Hola, Caller 0.")
        await connection.execute(
            "update dispatches set ended_at = now(), ended_reason = 'x', ended_by = 'lea'"
        )
        await page.get_by_role("button", name="Empezar").click()
        await expect(page.locator("#waiting")).to_be_visible()
        await clean(page)
        # work comes by itself, without a touch
        await open_precinct(connection, "a")
        await expect(page.locator("#call")).to_be_visible(timeout=20_000)
        token = TOKENS.sign("captain", {"account": "lea", "bank": ""})
        await page.goto(f"{one.url}/c/captain/{token}")
        await expect(page.locator("caption").first).to_have_text("Callers today")
        await expect(page.get_by_role("region", name="Promises").locator("tbody")).to_contain_text("Hall a")
        await expect(page.get_by_role("region", name="Next moves")).to_contain_text("staff see to it")
        await clean(page)
        await page.locator("#precinct").fill("a")
        await page.get_by_role("button", name="Make a sheet").click()
        await expect(page.locator("h1")).to_have_text("Hall a")
        await clean(page)
        await page.goto(f"{one.url}/c/captain/{token}")
        await page.locator("#doors").fill("a")
        await page.get_by_role("button", name="Show the doors").click()
        await expect(page.locator("caption")).to_have_text("Walk sheet")
        await clean(page)
        await page.goto(f"{one.url}/c/join/abc")
        await clean(page)
    calls = await connection.fetch("select outcome, rest_until, language from calls order by at")
    assert [r["outcome"] for r in calls] == [
        "call_back", "will_vote_at", "needs_information", "other_language", "abusive",
    ]  # fmt: skip
    assert calls[0]["rest_until"] == NOON.replace(hour=20, minute=30), "15:30 in New York"
    assert calls[1]["rest_until"] == NOON.replace(hour=23), "an hour after 17:00"
    assert calls[3]["language"] == "vi"
    caller = await connection.fetchrow("select languages, page_language from callers")
    assert tuple(caller) == (["en", "es"], "es"), "the page is in Spanish, and they speak what they spoke"


@needs_chromium
async def test_whose_calls_are_not_told_of_is_asked_first_in_every_language(
    connection: asyncpg.Connection, service: Callable[[], Service], web: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """390 px, by keyboard; before Call, with the voter, and what is asked after three calls left untold."""
    one = await prepared(connection, service, web)
    await connection.execute(
        "insert into callers (caller_id, name, languages) select 'c-' || l, 'Ana', array[l, 'en']"
        " from unnest($1::text[]) l", list(LANGUAGES),
    )  # fmt: skip
    await connection.execute("update voters set language = '' where roll_number::int > 1")
    await add_voters(connection, "b", 16)
    await open_precinct(connection, "b")
    async with async_playwright() as playwright, contextlib.AsyncExitStack() as stack:
        wide = {"width": 390, "height": 844}
        browser = await stack.enter_async_context(phone(playwright, one, tmp_path / "browser", viewport=wide))
        for language in LANGUAGES:
            said, token = words(language), TOKENS.sign("caller", {"c": f"c-{language}"})
            schemes = SCHEMES if language == "en" else SCHEMES[:1]  # no colour is another's
            page = await browser.new_page()
            await page.goto(f"{one.url}/c/{token}")
            for n in range(3):
                await page.get_by_role("button", name=said["start"]).press("Enter")
                call = page.locator("#call")
                await expect(call).to_have_text(said["call"])
                await expect(page.locator("#before")).to_have_text(said["comes_with_call"])
                if not n:
                    await clean(page, 390, schemes)
                    await picture(page, f"callers-before-{language}")
                await call.press("Enter")
                await expect(page.locator("#number")).to_be_visible()
                await expect(page.locator("#before")).to_have_count(0)
                if not n:
                    await clean(page, 390, schemes)
                    await picture(page, f"callers-shown-{language}")
                await page.get_by_role("button", name=said["pause"]).press("Enter")
                await expect(page.locator("#call")).to_have_count(0)
            await page.goto(f"{one.url}/c/{token}")
            asked = said["unreported"].split("{time}")[1]
            await expect(page.locator("h1")).to_contain_text(asked)
            await expect(page.locator("main")).to_contain_text(said["unreported_why"].format(number=3))
            await clean(page, 390, schemes)
            await picture(page, f"callers-untold-{language}")
            await page.get_by_role("button", name=said["no_answer"]).press("Enter")
            saved = said["recorded"].format(outcome=said["no_answer"])
            await expect(page.locator("h1")).to_have_text(saved)
            await page.get_by_role("button", name=said["next"]).press("Enter")
            await expect(page.locator("#before")).to_be_visible()
            await page.close()


def test_every_setting_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "callers.md").read_text(encoding="utf-8")
    own = CallersSettings.model_fields.keys() - set(CallersSettings.__mro__[1].model_fields)  # type: ignore[attr-defined]
    assert [name for name in own if f"BELUGA_{name.upper()}" not in text] == []
