"""PostgreSQL gone in the middle: the war room goes on, says what is old, refuses clearly, forgets nothing."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Iterator

import aiohttp
import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from election.postgres.database import connect
from election.postgres.migrate import migrate
from tests.dashboard.accounts.test_sign_in import anyone, cookie_of, sign_in
from tests.dashboard.board.test_board import deeds
from tests.dashboard.running import Room, make_election, until, visiting, war_room

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEY = "7b1f6a52-35a5-4d0c-9be1-0a9f0d1a2b{:02x}"


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server of this module's own, to be stopped and started."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), free_port(), secrets.token_hex(8))
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(
    own_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Room]:
    admin = await asyncpg.connect(own_postgres.url_of("postgres"))
    await admin.execute("create database template_beluga")
    await admin.close()
    connection = await connect(own_postgres.url_of("template_beluga"))
    await migrate(connection)
    await connection.close()
    async with war_room(own_postgres, make_election(24, counties=2), tmp_path_factory.mktemp("room")) as one:
        yield one


async def note(session: aiohttp.ClientSession, number: int, text: str) -> tuple[int, str]:
    """Status and words of a note put down for the first precinct."""
    async with session.get("/boot") as answer:
        csrf = (await answer.json())["csrf"]
    deed = {"key": KEY.format(number), "action": "note", "precinct_id": "01-01", "text": text}
    async with session.post("/actions", json=deed, headers={"X-CSRF": csrf}) as answer:
        return answer.status, (await answer.json()).get("message", "")


async def test_the_war_room_outlives_its_database(room: Room, own_postgres: EmbeddedPostgres) -> None:
    async with anyone(room) as session, anyone(room) as late:
        assert (await sign_in(session, "sam"))[0] == 303
        assert (await note(session, 1, "before"))[0] == 200
        own_postgres.stop()
        # Pages, shapes and the feed's token need no database; sign-in goes by the accounts last seen.
        for path in (
            "/boot",
            "/shapes/precincts",
            "/feed-token",
            "/people?precinct=01-01",
            "/_dash-layout",
        ):
            async with session.get(path) as answer:
                assert answer.status == 200, path
        assert (await sign_in(late, "ada"))[0] == 303
        # A decision still reaches intake (its journal needs none either); its audit line waits on disk.
        assert (await note(session, 2, "meanwhile"))[0] == 200
        room.neighbours.refuse = "the journal is full"
        status, words = await note(session, 3, "refused")
        assert (status, "Nothing was changed" in words) == (503, True)
        room.neighbours.refuse = ""
        async with late.get("/audit", headers={"Accept": "text/html"}) as answer:
            assert "The database does not answer" in await answer.text()
        # Restarted meanwhile, it still knows the election.
        assert room.stop() == 0
        room.start()
        await room.ready()
        async with session.get("/boot") as answer:
            assert (await answer.json())["precincts"] == 24
        own_postgres.start()
        for _ in range(300):
            try:
                done = [row["action"] for row in await deeds(room)]
            except (OSError, asyncpg.PostgresError):
                done = []
            if len(done) >= 3:
                break
            await asyncio.sleep(0.1)
        assert done == ["note", "note", "note refused"]
        assert (await note(session, 4, "after"))[0] == 200
    assert [d.detail["text"] for d in room.neighbours.decisions.values()] == ["before", "meanwhile", "after"]


async def test_sessions_end_without_the_database(room: Room, own_postgres: EmbeddedPostgres) -> None:
    async with anyone(room) as one, anyone(room) as other:
        copies = []
        for session in (one, other):
            assert (await sign_in(session, "sam"))[0] == 303
            copies.append(cookie_of(session))
        own_postgres.stop()
        try:
            for session, path, status, words in (
                (one, "/logout", 303, ""),
                (other, "/logout-everywhere", 503, "You are signed out here only"),
            ):
                async with session.get("/boot") as answer:
                    csrf = (await answer.json())["csrf"]
                async with session.post(path, data={"csrf": csrf}, allow_redirects=False) as answer:
                    assert (answer.status, words in await answer.text()) == (status, True)
            assert room.stop() == 0
            room.start()
            await room.ready()
            async with anyone(room) as thief:
                for copy in copies:
                    async with thief.get("/boot", headers=copy) as answer:
                        assert answer.status == 401
        finally:
            own_postgres.start()


async def test_an_open_board_says_what_is_old_and_a_refused_action_is_pressed_again(
    room: Room, own_postgres: EmbeddedPostgres, browser: Browser
) -> None:
    async with visiting(browser, room) as seen:
        await seen.painted()
        page = seen.page
        seeing = page.locator("#alerts .first")
        await expect(seeing).to_be_visible(timeout=40_000)
        first = await seeing.inner_text()
        own_postgres.stop()
        room.feed.behind = 64.0  # as the tally says it
        await expect(page.locator("#notice")).to_contain_text("the database does not answer")
        await until(page, "[...document.querySelectorAll('.tile-head .age')].every((a) => a.matches('.old'))")
        await expect(page.locator("#work .age")).to_have_text("1 min old")
        await seeing.get_by_role("button").click()
        await expect(page.locator("#notice")).to_have_text(
            "The database does not answer. Nothing was changed; try again."
        )
        assert (await seeing.inner_text()).split("\n")[0] == first.split("\n")[0]
        own_postgres.start()
        room.feed.behind = 0.0
        connection = await asyncpg.connect(room.database_url)
        done = "select count(*) from alerts where acknowledged_by is not null"
        assert await connection.fetchval(done) == 0
        await until(page, "!document.querySelector('.tile-head .age.old')")
        for _ in range(60):  # the war room's pool finds the server again by itself
            async with page.expect_response("**/alerts/acknowledge") as coming:
                await seeing.get_by_role("button").click()
            if (await coming.value).ok:
                break
            await asyncio.sleep(0.5)
        assert await connection.fetchval(done) == 1
        await connection.close()
        assert [p for p in seen.problems if "503" not in p] == []  # the browser itself reports the refusal


async def test_asked_to_stop_from_two_sides_at_once_it_stops(room: Room) -> None:
    """The supervisor dies and somebody presses Ctrl-C: a signal comes while another is being handled."""
    assert room.process
    for _ in range(50):
        room.process.send_signal(signal.SIGTERM)
        room.process.send_signal(signal.SIGINT)
    assert room.process.wait(10) == 0
