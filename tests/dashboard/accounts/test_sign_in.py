"""Who may enter the war room, what each may do there, and how an entry ends."""

import asyncio
import csv
import itertools
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import pytest_asyncio

from beluga.stack.postgres import EmbeddedPostgres
from election.access import accounts, audit, totp
from election.access.tokens import Tokens
from election.postgres.database import connect
from tests.dashboard.running import PASSWORD, SECRET, Room, make_election, war_room

pytestmark = pytest.mark.asyncio(loop_scope="module")
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
PAGE = {"Accept": "text/html"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with war_room(postgres, make_election(24, counties=2), tmp_path_factory.mktemp("room")) as one:
        yield one


@asynccontextmanager
async def anyone(room: Room, address: str = "127.0.0.1") -> AsyncIterator[aiohttp.ClientSession]:
    """A browser's cookies, coming from a loopback address of its own."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(room.url, connector=connector, cookie_jar=jar) as session:
        yield session


async def sign_in(
    session: aiohttp.ClientSession, login: str, password: str = PASSWORD, to: str = "/"
) -> tuple[int, str, str]:
    """Status, the page's text, and where it leads."""
    async with session.get("/login", params={"next": to}) as page:
        found = CSRF.search(await page.text())
        assert found
    form = {"csrf": found[1], "next": to, "login": login, "password": password}
    async with session.post("/login", data=form, allow_redirects=False) as answer:
        return answer.status, await answer.text(), answer.headers.get("Location", "")


async def status(session: aiohttp.ClientSession, path: str, **more: object) -> int:
    async with session.get(path, allow_redirects=False, **more) as answer:  # type: ignore[arg-type]
        return answer.status


_LAST_BYTES = itertools.count(2)


@pytest.fixture
def fresh_address() -> str:
    """An address no other test has failed from."""
    return f"127.0.3.{next(_LAST_BYTES)}"


async def test_nothing_but_the_door_is_open_to_strangers(room: Room) -> None:
    async with anyone(room) as session:
        for path in ("/boot", "/feed-token", "/shapes/precincts", "/people", "/watched", "/audit",
                     "/alerts", "/replay", "/snapshot", "/hotline",
                     "/_dash-layout", "/_dash-dependencies", "/script/x/begin.js"):  # fmt: skip
            assert await status(session, path) == 401, path
        async with session.get("/precinct/01-01", headers=PAGE, allow_redirects=False) as answer:
            assert answer.status == 302
            assert answer.headers["Location"].startswith("/login?next=/precinct/01-01")
        for path in ("/login", "/healthz", "/readyz", "/metrics", "/style/x/sign_in.css"):
            assert await status(session, path) == 200, path


async def test_one_enters_with_login_and_password_and_leaves_again(room: Room) -> None:
    async with anyone(room) as session:
        code, page, _ = await sign_in(session, "sam", "wrong password!")
        assert (code, "Login or password is wrong." in page) == (401, True)
        code, _, location = await sign_in(session, " SAM ", to="/precinct/01-02?state=silent")
        assert (code, location) == (303, "/precinct/01-02?state=silent")
        async with session.get("/boot") as answer:
            boot = await answer.json()
        assert (boot["login"], boot["role"], boot["counties"]) == ("sam", "staff", None)
        async with session.post("/logout", data={"csrf": "forged"}, allow_redirects=False):
            assert await status(session, "/boot") == 200
        async with session.post("/logout", data={"csrf": boot["csrf"]}, allow_redirects=False):
            assert await status(session, "/boot") == 401


def cookie_of(session: aiohttp.ClientSession) -> dict[str, str]:
    """A copy of the session's cookie, as somebody else would send it."""
    found = next(c.value for c in session.cookie_jar if c.key == "beluga")
    return {"Cookie": f"beluga={found}"}


async def test_a_copied_cookie_ends_with_the_session_and_with_no_other(room: Room) -> None:
    async with anyone(room) as session, anyone(room) as elsewhere, aiohttp.ClientSession(room.url) as thief:
        for one in (session, elsewhere):
            await sign_in(one, "sam")
        copy = cookie_of(session)
        assert await status(thief, "/boot", headers=copy) == 200
        async with session.get("/boot") as answer:
            boot = await answer.json()
        async with session.post("/logout", data={"csrf": boot["csrf"]}, allow_redirects=False) as answer:
            assert answer.headers["Location"] == "/login"
        assert await status(thief, "/boot", headers=copy) == 401
        assert await status(elsewhere, "/boot") == 200
        claims = Tokens(SECRET).read("feed", boot["feed"]["token"])
        connection = await connect(room.database_url)
        for _ in range(600):  # told to the other war rooms, and to the feed
            if await connection.fetchval(
                "select true from ended_sessions where session_id = $1", claims["session"]
            ):
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("the database was not told")
        await connection.close()


async def test_signing_in_again_ends_the_session_before(room: Room) -> None:
    async with anyone(room) as session, aiohttp.ClientSession(room.url) as thief:
        await sign_in(session, "sam")
        copy = cookie_of(session)
        assert await status(thief, "/boot", headers=copy) == 200
        assert (await sign_in(session, "sam"))[0] == 303
        assert await status(session, "/boot") == 200
        assert await status(thief, "/boot", headers=copy) == 401


async def test_signing_out_everywhere_ends_every_session_of_this_account(room: Room) -> None:
    async with anyone(room) as session, anyone(room) as elsewhere, anyone(room) as somebody:
        for one in (session, elsewhere):
            await sign_in(one, "sam")
        await sign_in(somebody, "ada")
        async with session.get("/boot") as answer:
            csrf = (await answer.json())["csrf"]
        async with session.post("/logout-everywhere", data={"csrf": "forged"}, allow_redirects=False):
            assert await status(elsewhere, "/boot") == 200
        async with session.post("/logout-everywhere", data={"csrf": csrf}, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/login")
        assert await status(session, "/boot") == 401
        for _ in range(600):
            if await status(elsewhere, "/boot") == 401:
                break
            await asyncio.sleep(0.05)
        assert [await status(one, "/boot") for one in (elsewhere, somebody)] == [401, 200]
        assert (await sign_in(session, "sam"))[0] == 303
        connection = await connect(room.database_url)
        deeds = await audit.latest(connection, 20)
        await connection.close()
        assert ("sam", "signed out everywhere") in {(deed.account, deed.action) for deed in deeds}


@pytest.mark.parametrize(
    "target", ["//evil.example/x", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "login"]
)
async def test_signing_in_never_leads_elsewhere(room: Room, target: str) -> None:
    async with anyone(room) as session:
        code, _, location = await sign_in(session, "sam", to=target)
        assert (code, location) == (303, "/")


async def test_a_caller_has_no_war_room(room: Room) -> None:
    async with anyone(room) as session:
        code, page, _ = await sign_in(session, "cal")
        assert (code, "personal link" in page) == (403, True)
        assert await status(session, "/boot") == 401


async def test_the_audit_trail_is_for_admins(room: Room) -> None:
    async with anyone(room) as session:
        await sign_in(session, "sam")
        assert await status(session, "/audit") == 403
    async with anyone(room) as session:
        await sign_in(session, "ada")
        assert await status(session, "/audit", headers=PAGE) == 200
        connection = await connect(room.database_url)
        at = datetime(2026, 11, 3, 17, 4, 5, tzinfo=UTC)
        for account in ("sam", "=sum(a1)"):
            await audit.record(connection, at, account, "note", "precinct:01-01", {"text": "late"})
        await connection.close()
        async with session.get("/audit.csv") as answer:
            rows = list(csv.reader((await answer.text(encoding="utf-8-sig")).splitlines()))
        assert rows[0] == ["at", "account", "action", "subject", "detail"]
        assert rows[1:3] == [  # the newest first, and nothing that a spreadsheet would run
            ["2026-11-03T17:04:05Z", who, "note", "precinct:01-01", "text: late"]
            for who in ("'=sum(a1)", "sam")
        ]
        async with session.get("/audit", params={"account": "sam"}, headers=PAGE) as answer:
            page = await answer.text()
        assert "03 Nov 12:04:05" in page  # in the election's own time
        assert "sum(a1)" not in page


async def test_a_lead_is_given_own_counties_alone(room: Room) -> None:
    async with anyone(room) as session:
        await sign_in(session, "lee")
        async with session.get("/boot") as answer:
            boot = await answer.json()
        assert (boot["counties"], boot["county_names"], boot["precincts"]) == (["County A"], ["County A"], 12)
        async with session.get("/shapes/precincts") as answer:
            assert len((await answer.json(content_type=None))["shapes"]) == 12
            # Nothing but sign-in sets the cookie: an answer under way brings no ended session back.
            assert "Set-Cookie" not in answer.headers
        assert await status(session, "/shapes/precincts/County%20A") == 200
        assert await status(session, "/shapes/precincts/County%20B") == 403
        other = room.feed.election.precincts[-1].precinct_id
        async with session.get("/people", params={"precinct": other}) as answer:
            assert await answer.json() == {}
        mine, theirs = room.feed.election.watchers[0], room.feed.election.watchers[-1]
        asked = [("watcher", str(w.watcher_id)) for w in (mine, theirs)]
        async with session.get("/people", params=asked) as answer:
            assert await answer.json() == {f"watcher:{mine.watcher_id}": [{"name": mine.name}]}
        async with session.post(
            "/actions",
            headers={"X-CSRF": boot["csrf"]},
            json={"key": "7b1f6a52-35a5-4d0c-9be1-0a9f0d1a2b3d", "action": "note", "precinct_id": other,
                  "text": "not mine"},
        ) as answer:  # fmt: skip
            assert answer.status == 403
            assert "outside your counties" in (await answer.json())["message"]


async def test_forms_and_actions_need_the_token_of_their_session(room: Room) -> None:
    async with anyone(room) as session:
        form = {"csrf": "forged", "login": "sam", "password": PASSWORD}
        async with session.post("/login", data=form) as answer:
            assert answer.status == 400
        await sign_in(session, "sam")
        note = {"key": "7b1f6a52-35a5-4d0c-9be1-0a9f0d1a2b3e", "action": "note", "precinct_id": "01-01",
                "text": "forged"}  # fmt: skip
        for headers in ({}, {"X-CSRF": "forged"}):
            async with session.post("/actions", json=note, headers=headers) as answer:
                assert answer.status == 403
    assert note["key"] not in room.neighbours.decisions


async def test_wrong_passwords_lock_out_their_address_and_nobody_else(room: Room, fresh_address: str) -> None:
    async with anyone(room, fresh_address) as attacker:
        codes = [(await sign_in(attacker, "ada", "guess number x"))[0] for _ in range(7)]
        assert codes == [401] * 6 + [429]
        # The right password does not help where one has guessed too often …
        assert (await sign_in(attacker, "ada"))[0] == 429
        # … another login still may come from there, and ada from anywhere else.
        assert (await sign_in(attacker, "sam"))[0] == 303
    async with anyone(room) as owner:
        assert (await sign_in(owner, "ada"))[0] == 303


async def test_a_stranger_behind_the_same_router_locks_out_nobody_who_works_there(
    room: Room, fresh_address: str
) -> None:
    async with anyone(room, fresh_address) as worker, anyone(room, fresh_address) as stranger:
        assert (await sign_in(worker, "sam"))[0] == 303
        jar = [c for c in worker.cookie_jar if c.key == "beluga_browser"]
        assert [(c["path"], c["httponly"], c["samesite"]) for c in jar] == [("/login", True, "Lax")]
        csrf = (await (await worker.get("/boot")).json())["csrf"]
        await worker.post("/logout", data={"csrf": csrf})
        assert await status(worker, "/boot") == 401  # the cookie alone opens nothing
        codes = {(await sign_in(stranger, "sam", "guess number x"))[0] for _ in range(7)}
        assert codes == {401, 429}
        assert (await sign_in(stranger, "sam"))[0] == 429
        assert (await sign_in(worker, "sam"))[0] == 303
        # One's own browser says nothing about another's account.
        assert (await sign_in(worker, "ada", "guess number x"))[0] == 401
        stranger.cookie_jar.update_cookies({"beluga_browser": "forged"})
        assert (await sign_in(stranger, "sam"))[0] == 429


async def test_an_account_that_was_reset_or_disabled_is_out_within_seconds(room: Room) -> None:
    connection = await connect(room.database_url)
    await accounts.add(connection, "eve", accounts.Role.STAFF, PASSWORD)
    try:
        for change in ("reset", "disable"):
            async with anyone(room) as session:
                assert (await sign_in(session, "eve"))[0] == 303
                if change == "reset":
                    await accounts.reset(connection, "eve", PASSWORD)
                else:
                    await accounts.disable(connection, "eve")
                for _ in range(100):
                    if await status(session, "/boot") == 401:
                        break
                    await asyncio.sleep(0.1)
                else:
                    raise AssertionError(f"still in after {change}")
        async with anyone(room) as session:
            assert (await sign_in(session, "eve"))[0] == 401
    finally:
        await connection.close()


async def test_every_answer_keeps_its_page_to_itself(room: Room) -> None:
    async with anyone(room) as session:
        await sign_in(session, "sam")
        async with session.get("/", headers=PAGE) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Cache-Control"] == "no-store"
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in rules["script-src"]
    assert rules["connect-src"] == f"'self' ws://127.0.0.1:{room.feed.port}"
    assert rules["frame-ancestors"] == "'none'"


async def test_a_session_outlives_the_dashboard(room: Room) -> None:
    async with anyone(room) as session:
        await sign_in(session, "sam")
        assert room.stop() == 0
        room.start()
        await room.ready()
        assert await status(session, "/boot") == 200


async def test_a_second_factor_opens_once_a_code_and_never_without_one(
    room: Room, fresh_address: str
) -> None:
    secret = totp.new_secret()
    connection = await connect(room.database_url)
    await accounts.add(connection, "tia", accounts.Role.STAFF, PASSWORD)
    await accounts.require_codes(connection, "tia", secret)
    await connection.close()

    async def give(session: aiohttp.ClientSession, page: str, code: str) -> tuple[int, str]:
        found = CSRF.search(page)
        assert found
        form = {"csrf": found[1], "next": "/", "code": code}
        async with session.post("/login", data=form, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async with anyone(room, fresh_address) as session, anyone(room, fresh_address) as second:
        code, page, _ = await sign_in(session, "tia")
        assert (code, "authenticator app" in page) == (200, True)
        assert await status(session, "/boot") == 401  # the password alone opens nothing
        code, page = await give(session, page, "000000")
        assert (code, "wrong or was used" in page) == (401, True)
        now = int(time.time() // totp.STEP_SECONDS)
        assert (await give(session, page, totp.code(secret, now)))[0] == 303
        assert await status(session, "/boot") == 200
        # Seen over a shoulder, the same code opens nothing.
        _, page, _ = await sign_in(second, "tia")
        assert (await give(second, page, totp.code(secret, now)))[0] == 401
    async with anyone(room, fresh_address) as stranger:  # a code without the password before it
        _, page, _ = await sign_in(stranger, "tia", "wrong password!")
        code, text = await give(stranger, page, totp.code(secret, now + 1))
        assert (code, "begin again" in text) == (400, True)


async def test_a_half_way_session_has_few_codes_wherever_they_come_from(
    room: Room, fresh_address: str
) -> None:
    """A right password, its cookie carried from address to address: no code is guessed for long."""
    secret = totp.new_secret()
    connection = await connect(room.database_url)
    await accounts.add(connection, "tom", accounts.Role.STAFF, PASSWORD)
    await accounts.require_codes(connection, "tom", secret)
    await connection.close()
    async with anyone(room, fresh_address) as session:
        _, page, _ = await sign_in(session, "tom")
        found = CSRF.search(page)
        assert found
        cookies = "; ".join(f"{c.key}={c.value}" for c in session.cookie_jar)

    async def give(address: str, code: str) -> int:
        async with anyone(room, address) as elsewhere:
            form, headers = {"csrf": found[1], "next": "/", "code": code}, {"Cookie": cookies}
            async with elsewhere.post("/login", data=form, headers=headers, allow_redirects=False) as answer:
                return answer.status

    assert [await give(f"127.0.4.{n}", "000000") for n in range(1, 8)] == [401] * 5 + [429] * 2
    now = int(time.time() // totp.STEP_SECONDS)
    assert await give("127.0.4.9", totp.code(secret, now)) == 429, "the right one comes too late"
    async with anyone(room) as owner:  # who signs in anew has a session and tries of their own
        _, page, _ = await sign_in(owner, "tom")
        again = CSRF.search(page)
        assert again
        form = {"csrf": again[1], "next": "/", "code": totp.code(secret, now)}
        async with owner.post("/login", data=form, allow_redirects=False) as answer:
            assert answer.status == 303


async def test_the_hotline_is_opened_as_the_same_person(room: Room) -> None:
    async with anyone(room) as session:
        await sign_in(session, "lee")
        async with session.get("/hotline", allow_redirects=False) as answer:
            to = urlsplit(answer.headers["Location"])
    assert (to.path, to.hostname) == ("/hotline", "127.0.0.1")
    value = Tokens(SECRET).read("staff", parse_qs(to.query)["token"][0], max_age=60)
    assert len(value.pop("session")) == 32
    assert value == {"account": "lee", "role": "lead", "counties": ["County A"], "epoch": 0}


async def test_connections_that_many_boards_keep_open_hold_nobody_up(room: Room) -> None:
    idle = [await asyncio.open_connection("127.0.0.1", room.port) for _ in range(150)]
    try:
        async with anyone(room) as session, asyncio.timeout(20), session.get("/healthz") as answer:
            assert answer.status == 200
    finally:
        for _, writer in idle:
            writer.close()
