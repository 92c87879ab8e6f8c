"""Access that is taken away ends: by every way in, with the database away, and through a restart then."""

import asyncio
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from election.access import accounts
from election.access.accounts import Role
from election.postgres.database import connect
from election.postgres.election_store import save_election
from election.postgres.migrate import migrate
from tests.callers.conftest import add_callers
from tests.end_to_end.house import PASSWORD, SERVICES, House, Ways
from tests.intake.running import an_election

pytestmark = pytest.mark.timeout(600)

ENDS_SECONDS = 90.0  # five are promised, and measured by `beluga rehearse account-revoked`; this waits longer


@pytest.fixture
def postgres() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="beluga-access-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder, free_port(), secrets.token_hex(8))
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.home, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture
async def house(postgres: EmbeddedPostgres, tmp_path: Path) -> AsyncIterator[House]:
    admin = await asyncpg.connect(postgres.url_of("postgres"))
    await admin.execute("create database beluga")
    await admin.close()
    connection = await connect(postgres.url)
    await migrate(connection)
    async with connection.transaction():
        await save_election(connection, an_election())
    await add_callers(connection, 3)
    for login in (
        "disabled",
        "reset",
        "codes",
        "role",
        "everywhere",
        "pressed",
        "byhand",
        "gone",
        "stays",
        "old",
    ):
        await accounts.add(connection, login, Role.STAFF, PASSWORD)
    await connection.close()
    one = House(postgres, tmp_path)
    for service in SERVICES:
        one.start(service)
    yield one
    for service in list(one.processes):
        one.end(service)


async def press(web: aiohttp.ClientSession, ways: Ways, path: str) -> None:
    """Presses a button of the war room's header."""
    async with web.post(
        ways.house.url("dashboard") + path, data={"csrf": ways.csrf}, headers={"Cookie": ways.cookie},
        allow_redirects=False,
    ) as answer:  # fmt: skip
        assert (answer.status, answer.headers.get("Location")) == (303, "/login")


async def until_out(ways: Ways, who: str) -> None:
    """Waits until every way is closed, and the feed that was open, too."""
    deadline = time.monotonic() + ENDS_SECONDS
    while still := await ways.open_ones():
        assert time.monotonic() < deadline, f"{who} still gets in by {still}"
        await asyncio.sleep(0.05)
    if ways.open_feed is not None:
        async with asyncio.timeout(ENDS_SECONDS):
            assert await ways.open_feed == 4401


async def test_whatever_is_taken_away_ends_everywhere(house: House) -> None:
    database = await connect(house.postgres.url)
    takers: dict[str, Callable[[], Awaitable[object]]] = {}
    ways: dict[str, Ways] = {}
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(60), cookie_jar=aiohttp.DummyCookieJar()
    ) as web:
        await house.answers(web, "/readyz")

        async def command(*words: str) -> None:
            await asyncio.to_thread(house.beluga, *words)

        async def by_staff(order: dict[str, object]) -> None:
            claims = {"account": "stays", "role": "staff", "counties": None, "epoch": 0}
            headers = {"Authorization": f"Bearer {house.tokens.sign('service', claims)}"}
            async with web.post(f"{house.url('callers')}/links/end", json=order, headers=headers) as answer:
                assert answer.status == 200, await answer.text()

        def by_hand(sql: str) -> Callable[[], Awaitable[object]]:
            return lambda: database.execute(sql)

        # Accounts: each by another way of taking away.
        takers["disabled"] = lambda: command("user", "disable", "disabled")
        takers["reset"] = lambda: command("user", "reset", "reset", "--password-stdin")
        takers["codes"] = lambda: command("user", "codes", "codes")
        takers["role"] = lambda: command("user", "role", "role", "lead", "--county", "Sample")
        takers["everywhere"] = lambda: command("user", "sign-out", "everywhere")
        takers["pressed"] = lambda: press(web, ways["pressed"], "/logout-everywhere")
        takers["byhand"] = by_hand("update accounts set counties = '{North}' where login = 'byhand'")
        takers["gone"] = by_hand("delete from accounts where login = 'gone'")
        for login in (*takers, "stays"):
            ways[login] = Ways(house, web)
            await ways[login].sign_in(login)
            ways[login].tokens_of({"account": login, "role": "staff", "counties": None, "epoch": 0})
        # One session among several of an account: the others go on.
        ways["one session"] = Ways(house, web)
        await ways["one session"].sign_in("stays")
        del ways["one session"].knocks["captain's page"]  # it may be a volunteer's, and outlives a session
        takers["one session"] = lambda: press(web, ways["one session"], "/logout")
        # Tokens signed before they had an epoch, of an account, and of our own machines.
        ways["old"] = Ways(house, web)
        ways["old"].tokens_of({"account": "old", "role": "staff", "counties": None})
        ways["old"].get("captain", "callers", f"/c/captain/{sign(house, 'captain', account='old', bank='')}")
        takers["old"] = lambda: command("user", "sign-out", "old")
        ways["machines"] = Ways(house, web)
        command_line = sign(house, "captain", account="command line", bank="")
        ways["machines"].get("captain", "callers", f"/c/captain/{command_line}")
        ways["machines"].feed(
            "feed", house.tokens.sign("feed", {"account": "war room", "role": "staff", "counties": None})
        )
        # Links that are no account's.
        for who, path in (
            ("caller", f"/c/{sign(house, 'caller', c='c0')}"),
            ("barred", f"/c/{sign(house, 'caller', c='c1')}"),
            ("captain", f"/c/captain/{sign(house, 'captain', account='stays', bank='bank0001')}"),
            ("watcher", f"/w/{sign(house, 'watcher', w='w1')}"),
            ("another caller", f"/c/{sign(house, 'caller', c='c2')}"),
        ):
            ways[who] = Ways(house, web)
            ways[who].get(who, "intake" if who == "watcher" else "callers", path)
        await database.execute(
            "insert into phone_banks (code, name, most_callers, ends_at, made_by, made_at)"
            " values ('bank0001', 'Hall', 9, now() + interval '1 day', 'stays', now())"
        )
        takers["caller"] = lambda: by_staff({"kind": "caller", "subjects": ["c0"]})
        takers["captain"] = lambda: by_staff({"kind": "captain", "subjects": ["bank0001"]})
        takers["barred"] = by_hand("update callers set barred = true where caller_id = 'c1'")
        takers["watcher"] = by_hand("insert into watcher_links values ('w1', 0, 0)")

        for who, its in ways.items():
            assert set(await its.open_ones()) == set(its.knocks), f"{who} must get in by all of them"
            assert {200} >= {
                s for n, s in (await its.open_ones()).items() if "feed" not in n and "link" not in n
            }

        assert set(takers) == set(ways) - {"stays", "machines", "another caller"}
        for who, take in takers.items():
            await take()
            await until_out(ways[who], who)
        staying = ("stays", "machines", "another caller")
        for who in staying:
            assert set(await ways[who].open_ones()) == set(ways[who].knocks), f"{who} was not taken away"
        assert ways["stays"].open_feed is not None
        assert not ways["stays"].open_feed.done()

        # A new link is good where the old one has ended.
        again = Ways(house, web)
        claims = {"account": "stays", "role": "staff", "counties": None, "epoch": 0}
        headers = {"Authorization": f"Bearer {house.tokens.sign('service', claims)}"}
        for kind, subject in (("caller", "c0"), ("captain", "bank0001")):
            async with web.post(
                f"{house.url('callers')}/links", json={"kind": kind, "subject": subject}, headers=headers
            ) as answer:
                again.get(kind, "callers", (await answer.json())["path"])
        assert set(await again.open_ones()) == set(again.knocks)
        await database.close()

        # The database is killed: out stays out, and in stays in.
        await asyncio.to_thread(house.postgres.stop, signal.SIGQUIT)
        for who in takers:
            assert await ways[who].open_ones() == {}, f"{who} without the database"
        for who in staying:
            assert set(await ways[who].open_ones()) == set(ways[who].knocks), f"{who} without the database"
        # Every service is killed and starts again without it.
        for service in SERVICES:
            house.end(service)
            house.start(service)
        await house.answers(web)
        for who in takers:
            assert await ways[who].open_ones() == {}, f"{who} after a restart without the database"
        for who in staying:
            assert set(await ways[who].open_ones()) == set(ways[who].knocks), f"{who} after a restart"
        # A session ends without it, too, in the process that was asked and after its restart.
        await press(web, ways["stays"], "/logout")
        assert "session" not in await ways["stays"].open_ones()
        house.end("dashboard")
        house.start("dashboard")
        await house.answers(web)
        assert "session" not in await ways["stays"].open_ones()
        # Back again, the others hear of that session.
        await asyncio.to_thread(house.postgres.start)
        del ways["stays"].knocks["captain's page"]
        for name in ("tally API", "tally API by the feed's token", "every check-in's id", "desks API", "feed",
                     "callers' staff API", "hotline's link"):  # fmt: skip
            del ways["stays"].knocks[name]
        ways["stays"].open_feed = None  # it died with its tally
        await until_out(ways["stays"], "a session that ended without the database")


def sign(house: House, purpose: str, **claims: object) -> str:
    return house.tokens.sign(purpose, claims)
