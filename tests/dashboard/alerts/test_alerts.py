"""Alerts on a running board: raised from the feed, told outside once, acknowledged by a person, audited."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, expect

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from election.domain.checkin import Kind
from election.wire.feed import PrecinctState
from tests.dashboard.board.test_board import deeds
from tests.dashboard.running import Room, make_election, visiting, war_room

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Outside:
    """An incoming webhook that can be broken."""

    def __init__(self) -> None:
        self.port, self.texts, self.broken = free_port(), [], True  # type: ignore[var-annotated]

    async def start(self) -> web.AppRunner:
        async def take(request: web.Request) -> web.Response:
            if self.broken:
                return web.Response(status=500)
            self.texts.append((await request.json())["text"])
            return web.Response(text="ok")

        app = web.Application()
        app.router.add_post("/hook", take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        return runner


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outside() -> AsyncIterator[Outside]:
    hook = Outside()
    runner = await hook.start()
    yield hook
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, outside: Outside
) -> AsyncIterator[Room]:
    settings = {
        "BELUGA_ALERT_WEBHOOK": f"http://127.0.0.1:{outside.port}/hook",
        "BELUGA_ALERT_TEXTS": "lagging",
    }
    async with war_room(
        postgres, make_election(40, counties=2), tmp_path_factory.mktemp("room"), **settings
    ) as one:
        yield one


async def kept(room: Room) -> list[Any]:
    connection = await asyncpg.connect(room.database_url)
    try:
        return list(await connection.fetch("select * from alerts order by weight desc"))
    finally:
        await connection.close()


async def eventually(truth: Any, seconds: float = 40) -> Any:
    for _ in range(int(seconds * 10)):
        if found := await truth():
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"never: {truth}")


async def test_an_alert_is_raised_once_told_once_and_acknowledged_by_one(
    room: Room, outside: Outside, browser: Browser
) -> None:
    behind = [s for s in room.feed.standings.values() if s.state is PrecinctState.LAGGING]
    expected = len(
        [
            s
            for s in room.feed.standings.values()
            if s.state in (PrecinctState.LAGGING, PrecinctState.DOUBTFUL)
        ]
    )

    async def all_raised() -> bool:
        return len(await kept(room)) == expected

    await eventually(all_raised)
    # The board shows the heaviest in one line; the rest is behind it.
    async with visiting(browser, room) as seen, visiting(browser, room, "ada") as other:
        await seen.painted()
        line = seen.page.locator("#alerts .first")
        heaviest = max(behind, key=lambda s: s.p_lagging * s.shortfall)
        await expect(line.locator("a")).to_have_attribute("data-precinct", heaviest.precinct_id)
        await expect(line).to_contain_text("votes behind its peers")
        await expect(seen.page.locator("#alerts summary")).to_have_text(f"{expected - 1} more to acknowledge")
        # While it holds or comes and goes, nothing is raised again.
        room.feed.change(heaviest.precinct_id, state=PrecinctState.WATCH)
        await asyncio.sleep(1.2)
        room.feed.change(heaviest.precinct_id, state=PrecinctState.LAGGING)
        await asyncio.sleep(1.2)
        assert len(await kept(room)) == expected
        # The webhook was broken; when it works, one message tells all of them, and not again.
        outside.broken = False

        async def told() -> bool:
            return bool(outside.texts)

        await eventually(told)
        assert outside.texts[0].startswith(f"Beluga: {expected} new")
        await eventually(lambda: _all_told(room))
        assert len(outside.texts) == 1
        # Each lagging precinct's coordinator is told through the log: a note that intake texts on.
        notes = [d for d in room.neighbours.decisions.values() if d.detail.get("tell") == "coordinator"]
        assert sorted(str(d.precinct_id) for d in notes) == sorted(s.precinct_id for s in behind)
        assert {d.kind for d in notes} == {Kind.NOTE}
        # One person acknowledges; the line moves on to the next, also for the other.
        await line.get_by_role("button").click()
        await expect(seen.page.locator("#alerts summary")).to_have_text(f"{expected - 2} more to acknowledge")
        for board in (seen, other):  # who looks after it stands in everybody's list
            row = board.page.locator(f"#work [data-row='{heaviest.precinct_id}'] .hint")
            await expect(row).to_contain_text("sam since 12:00")
        await expect(other.page.locator("#alerts .first")).to_be_visible()
        await other.page.locator("#alerts .first").get_by_role("button").click()
        if heaviest.precinct_id == await other.page.locator("#alerts .first a").get_attribute(
            "data-precinct"
        ):
            await expect(other.page.locator("#notice")).to_contain_text("sam had acknowledged it already")
        await seen.page.locator("#alerts summary").click()
        await seen.page.locator("#alerts .actions button", has_text="Acknowledge all").click()
        await expect(seen.page.locator("#alerts")).to_be_hidden()
        assert seen.problems == []
    rows = await kept(room)
    assert all(row["acknowledged_by"] in ("sam", "ada") for row in rows)
    done = [tuple(row) for row in await deeds(room)]
    assert ("sam", "acknowledge", f"precinct:{heaviest.precinct_id}") in done
    assert sum(action == "acknowledge" for _, action, _ in done) == expected


async def _all_told(room: Room) -> bool:
    rows = await kept(room)
    return all(row["told_at"] and row["texted_at"] for row in rows)


async def test_a_lead_sees_the_alerts_of_own_counties(room: Room, browser: Browser) -> None:
    async with visiting(browser, room, "lee") as seen:
        await seen.painted()
        listed = await seen.page.evaluate("fetch('/alerts').then((r) => r.json()).then((a) => a.alerts)")
        assert {a["county"] for a in listed} == {"County A"}
        assert 0 < len(listed) < len(await kept(room))
