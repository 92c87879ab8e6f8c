"""No page says a word that is in no catalogue: in a language of brackets nothing stands outside of them."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from beluga.stack.postgres import EmbeddedPostgres
from election.domain.day import Election
from election.wire.feed import Incident
from tests.dashboard.accounts.test_scope import PASSED_ON, SEEN
from tests.dashboard.languages.pseudo import CODE, FIND_WORDS, write_pseudo
from tests.dashboard.running import NOON, Room, make_election, until, visiting, war_room

pytestmark = pytest.mark.asyncio(loop_scope="module")

# What people and things are called in every language; units.
KNOWN = [
    "ada", "sam", "lee", "cal", "Beluga", "CSV", "UTC", "min", "en", "America", "New", "York", "County A",
    "Polls opened late",
]  # fmt: skip
CHART = "document.querySelector('.main-svg')"
PAGES = (
    "/login",
    "/rides",
    "/floor",
    "/replay",
    "/health",
    "/audit",
    "/debrief",
    "/debrief/calibration",
    "/snapshot",
    "/snapshots",
    "/desk/unread",
    "/desk/silent",
    "/desk/rollcall",
    "/office",
    "/office/setup",
    "/office/watchers",
    "/office/sheet",
    "/office/precincts",
    "/office/links",
    "/office/callers",
    "/office/calling",
    "/office/accounts",
    "/office/keys",
    "/office/webhooks",
    "/office/settings",
    "/office/watchers/w1",
    "/nothing-here",
)
DRAWN = {"/floor": CHART, "/replay": CHART}


def elsewhere() -> Election:
    """An election whose names have no Latin letter."""
    made = make_election(24, counties=2)
    precincts = tuple(
        replace(p, name=f"Школа {i}", county=f"Округ {1 + (i > 11)}") for i, p in enumerate(made.precincts)
    )
    watchers = tuple(replace(w, name=f"Анна {i}") for i, w in enumerate(made.watchers[:12]))
    return replace(made, day=replace(made.day, name="Выборы"), precincts=precincts, watchers=watchers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    folder = tmp_path_factory.mktemp("languages")
    write_pseudo(folder)
    state = tmp_path_factory.mktemp("room")
    async with war_room(postgres, elsewhere(), state, BELUGA_LANGUAGES=str(folder)) as one:
        one.feed.incidents = [
            Incident(
                number=1,
                check_in_id="i1",
                precinct_id="01-03",
                text="сломалось",
                at=int(NOON),
                status="assigned",
            )
        ]
        yield one


async def test_the_board_with_its_panel_and_its_table(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "ada", "/?precinct=01-04", locale=CODE, first_visit=True) as seen:
        await seen.painted()
        await expect(seen.page.locator("#panel .sentence")).to_be_visible()
        assert await seen.page.locator("html").get_attribute("lang") == CODE
        found = await seen.page.evaluate(FIND_WORDS, KNOWN)
        assert not found, "\n".join(found)
        await seen.page.goto(f"{room.url}/?view=table")
        await seen.painted()
        found = await seen.page.evaluate(FIND_WORDS, KNOWN)
        assert not found, "\n".join(found)


async def test_no_page_of_the_office_is_left_out() -> None:
    office = {path for path in {*SEEN, *PASSED_ON} if path.startswith("/office") and "<" not in path}
    assert office - {"/office/setup/progress"} <= set(PAGES)  # it answers a script


async def test_every_other_page(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "ada", "/login", locale=CODE) as seen:
        found: list[str] = []
        for path in PAGES:
            await seen.page.goto(room.url + path)
            await until(seen.page, DRAWN.get(path, "true"))
            found += [f"{path}: {words}" for words in await seen.page.evaluate(FIND_WORDS, KNOWN)]
        assert not found, "\n".join(found)
        # Services that are away here make pages of theirs answer 502 or 503, which a browser notes.
        assert [said for said in seen.problems if not said.startswith("Failed to load resource")] == []


async def test_a_person_chooses_a_language_and_keeps_it(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "sam") as seen:
        await seen.painted()
        await seen.page.click(".you summary")
        await seen.page.click(".you button[lang=es]")
        await expect(seen.page.locator("html")).to_have_attribute("lang", "es")
        await expect(seen.page.locator("#work-title")).to_contain_text("Lo siguiente")
        await seen.painted()
        await expect(seen.page.locator("#top-silent")).to_contain_text("sin noticias")
        assert seen.problems == []
        kept = await seen.page.evaluate("fetch('/boot').then((answer) => answer.json())")
        assert (kept["language"], kept["languages"]["en"]) == ("es", "English")
    room.signed_in.pop("sam")
    async with visiting(browser, room, "sam", "/floor") as seen:  # on another device
        await expect(seen.page.locator("h1")).to_have_text("Sala de llamadas")
