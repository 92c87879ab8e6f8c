"""A walk list opens again without a connection in the tab that had it, and nowhere else. A real browser."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import aiohttp
import asyncpg
from playwright.async_api import Error, Page, async_playwright, expect

from tests.callers.conftest import add_election, add_voters, open_precinct
from tests.callers.pages.test_caller import needs_chromium, phone
from tests.callers.service_process import TOKENS, Service, feed, ready, service, until, web

__all__ = ["feed", "service", "web"]  # fixtures
_KEPT = """async () => {
  const opening = indexedDB.open("beluga-walk-lists");
  const base = await new Promise((done) => { opening.onsuccess = () => done(opening.result); });
  const all = base.transaction("lists").objectStore("lists").getAll();
  const rows = await new Promise((done) => { all.onsuccess = () => done(all.result); });
  const frame = await caches.match(location.pathname);
  const bytes = rows.map((row) => new TextDecoder("latin1").decode(row.sealed)).join("");
  return { rows: rows.length, plain: bytes + (frame ? await frame.text() : "") };
}"""


@needs_chromium
async def test_a_walk_list_opens_again_without_a_signal(
    connection: asyncpg.Connection,
    service: Callable[[], Service],
    web: aiohttp.ClientSession,
    tmp_path: Path,
) -> None:
    await add_election(connection, ["a", "b"])
    await add_voters(connection, "a", 2, name="Rosa Elm", address="1 Elm Street")
    await connection.execute("insert into callers (caller_id, name, role) values ('d', 'Dee', 'canvasser')")
    await open_precinct(connection, "a")
    one = service()
    await ready(web, one)
    address = f"{one.url}/c/doors/{TOKENS.sign('canvasser', {'c': 'd'})}"

    async def names(page: Page) -> int:
        return await page.get_by_role("button", name="Rosa Elm").count()

    async with contextlib.AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        context = await stack.enter_async_context(phone(playwright, one, tmp_path / "browser"))
        page = await context.new_page()

        async def offered() -> bool:
            await page.goto(address)
            return await page.locator("option[value=a]").count() == 1

        await until(offered)
        await page.get_by_role("button", name="Give me doors").click()
        await expect(page.get_by_role("button", name="Rosa Elm")).to_have_count(2)
        await expect(page.locator("html[data-offline=ready]")).to_have_count(1)
        await page.reload()  # now by the worker

        async def kept() -> bool:
            found = await page.evaluate(_KEPT)
            assert "Rosa" not in found["plain"] and "Elm" not in found["plain"]
            return found["rows"] == 1 and "<main" in found["plain"]

        await until(kept)
        await context.set_offline(True)
        await page.reload()
        await expect(page.get_by_role("heading", name="1 Elm Street")).to_be_visible()
        await page.get_by_role("button", name="Rosa Elm").first.click()
        await page.get_by_role("button", name="Will vote", exact=False).first.click()
        await expect(page.locator("#notice")).to_contain_text("Saved on this phone")
        await page.reload()
        await expect(page.locator("li.gone")).to_have_count(1)
        assert await names(page) == 1, "what was told stays told"

        other = await context.new_page()
        await other.goto(address)
        await expect(other.get_by_role("alert")).to_contain_text("No connection")
        assert await names(other) == 0, "the key is the first tab's"
        await other.close()

        await context.set_offline(False)

        async def told() -> bool:
            return await connection.fetchval("select count(*) from calls where outcome = 'will_vote'") == 1

        await until(told)
        await connection.execute("update callers set barred = true where caller_id = 'd'")

        async def wiped() -> bool:
            with contextlib.suppress(Error):  # the page may be on its way there by itself
                await page.goto(address)
                return await names(page) == 0
            return False

        await until(wiped)
