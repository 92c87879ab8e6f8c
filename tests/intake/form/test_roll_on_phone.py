"""Strike-off by name on a watcher's phone, with the real callers' service: found, tapped, offline, gone."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from beluga.stack.ports import free_port
from callers.voters.voter_file import save_voters
from election.access.watcher_links import revoke
from election.domain.day import Voter
from election.domain.ids import PrecinctId, VoterId
from election.postgres.database import connect
from election.runtime.clock import FileClock
from tests.callers.service_process import until
from tests.intake.phones import PHONE, Site, browser, needs_chromium, pictures, run, site, todays_election
from tests.intake.running import SECRET
from tests.preloaded import Process, started

__all__ = ["browser", "site"]  # fixtures
pytestmark = needs_chromium
PLACE = "12-01"


@dataclass
class Callers:
    """The callers' service with names allowed, at a time of the election's day that the test sets."""

    clock: FileClock
    process: Process


async def _roll(url: str) -> None:
    names = ["Ángela Núñez", "John O'Brien", "Mary Smith", *(f"Voter{n} Lastname" for n in range(200))]
    voters = [
        Voter(VoterId(f"v{n}"), PrecinctId(PLACE), str(n), name, "", address=f"{n} Elm Street")
        for n, name in enumerate(names, 1)
    ]  # fmt: skip
    connection = await connect(url)
    async with connection.transaction():
        await save_voters(connection, voters)
    await connection.close()


@pytest.fixture
def callers(site: Site, tmp_path: Path) -> Iterator[Callers]:
    run(_roll(site.database_url))
    day = todays_election()
    closes = day.precincts[0].closes_at(day.day)
    clock = FileClock(tmp_path / "clock")
    clock.set(closes - timedelta(hours=4), 1.0)
    port = free_port()
    environment = os.environ | {
        "BELUGA_DATABASE_URL": site.database_url, "BELUGA_SECRET": SECRET, "BELUGA_STATE": str(tmp_path),
        "BELUGA_CALLERS_PORT": str(port), "BELUGA_FEED_URL": "ws://127.0.0.1:9", "BELUGA_ROLL_NAMES": "true",
        "BELUGA_CLOCK_FILE": str(tmp_path / "clock"),
    }  # fmt: skip
    with (tmp_path / "callers.log").open("ab") as log:
        process = started("callers", environment, log)
    site.down()
    site.intake.more["BELUGA_CALLERS_URL"] = f"http://127.0.0.1:{port}"
    site.up()
    run(site.intake.until_roster())
    yield Callers(clock, process)
    process.terminate()
    process.wait(20)


def test_a_voter_is_struck_off_by_name_without_signal_and_the_roll_goes_with_the_day(
    site: Site, browser: Browser, callers: Callers
) -> None:
    async def of(sql: str) -> list[str]:
        connection = await connect(site.database_url)
        try:
            return [str(row[0]) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def both(wanted: list[str]) -> None:
        async def there() -> bool:
            return await of("select roll_number from strike_offs order by roll_number") == wanted

        await until(there)

    phone = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, locale="en-US")
    other = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, locale="en-US")
    for each in (phone, other):
        each.set_default_timeout(20_000)
    page = phone.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.goto(f"{site.link()}?ask=voters")
    expect(page.locator("main .read")).to_have_text("0 of 203 struck")
    expect(page.locator("html[data-offline=ready]")).to_have_count(1)
    page.locator("#answer").fill("nu")
    expect(page.locator("ul.roll button")).to_have_count(1)
    phone.set_offline(True)
    page.get_by_role("button", name="Ángela Núñez").click()
    page.locator("#answer").fill("elm")
    page.get_by_role("button", name="Mary Smith").click()
    page.get_by_role("button", name="O'Brien").click()
    page.get_by_role("button", name="O'Brien").click()  # a slip
    expect(page.locator("main .read")).to_have_text("2 of 203 struck")
    expect(page.get_by_role("button", name="Mary Smith")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    pictures(page, "form-roll")
    page.reload()  # still without signal: the roll from this phone's own copy, and the batch closed
    expect(page.locator("main .read")).to_have_text("2 of 203 struck")
    expect(page.locator("#waiting h2")).to_have_text("1 not sent")
    phone.set_offline(False)
    expect(page.locator("#waiting")).to_be_hidden()
    run(both(["1", "3"]))

    page.get_by_role("link", name="Count", exact=True).click()
    page.locator("input#answer[inputmode=numeric]").fill("4")
    page.locator("main form button").click()
    expect(page.locator("h1")).to_have_text("Got it ✓")
    page.goto(f"{site.link()}?ask=voters")
    expect(page.locator("main .read")).to_have_text("2 of 203 struck, 4 counted")

    theirs = other.new_page()  # a second watcher of the same place
    theirs.goto(f"{site.link('w3')}?p={PLACE}&ask=voters")
    expect(theirs.locator("main .read")).to_have_text("2 of 203 struck")
    theirs.locator("#answer").fill("núñez")
    theirs.get_by_role("button", name="Ángela Núñez").click()  # somebody else's slip
    expect(theirs.locator("main .read")).to_have_text("1 of 203 struck")
    theirs.get_by_role("link", name="Type numbers instead").click()
    theirs.close()
    again = other.new_page()  # what a killed page left open goes out with the next
    again.goto(f"{site.link('w3')}?p={PLACE}")
    run(both(["3"]))
    shown = run(of("select account || detail::text from audit where action = 'roll shown' order by seq"))
    assert len(shown) == 2, shown
    assert problems == []

    async def end_link() -> None:
        connection = await connect(site.database_url)
        await revoke(connection, ["w3"])
        await connection.close()

    def left(page: object) -> int:
        return int(
            page.evaluate(  # type: ignore[attr-defined]
                """() => new Promise((done) => { const o = indexedDB.open("beluga-rolls", 1);
                o.onsuccess = () => { const r = o.result.transaction("rolls").objectStore("rolls").count();
                r.onsuccess = () => { o.result.close(); done(r.result); }; }; })"""
            )
        )

    assert (left(page), left(again)) == (1, 1)
    run(end_link())
    callers.clock.set(callers.clock.now() + timedelta(hours=5, minutes=1), 1.0)
    for each in (page, again):  # back in somebody's hand: the next contact
        each.reload()
        for _ in range(200):
            if left(each) == 0:
                break
            each.wait_for_timeout(100)
        assert left(each) == 0
    phone.close()
    other.close()
