"""The list of open access: what ends a token, what is kept on disk, and what a lost file may not do."""

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import orjson
import pytest
import pytest_asyncio

from election.access import accounts, links
from election.access.access_list import CHANNEL, FILE, AccessList, access_now
from election.access.accounts import Role
from election.access.identity import AccessEndedError, Admission, Identity, identity_of
from election.access.sessions import EndedSessions, session_id
from election.access.tokens import Tokens
from election.postgres.database import connect

TOKENS = Tokens("a secret of at least thirty-two characters")
PASSWORD = "long enough for us 1"


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(database_url)
    yield connection
    await connection.close()


async def epoch(database: asyncpg.Connection, login: str) -> int:
    return int(await database.fetchval("select epoch from accounts where login = $1", login))


@pytest.mark.parametrize(
    "change",
    [
        "disabled = true",
        "counties = '{North}'",
        "role = 'admin'",
        "password_hash = 'another'",
        "totp_secret = repeat('A', 32)",
        "epoch = 0",
    ],
)
async def test_whoever_changes_an_account_ends_what_was_signed_for_it(
    database: asyncpg.Connection, change: str
) -> None:
    await accounts.add(database, "ada", Role.LEAD, PASSWORD, ["South"])
    await accounts.sign_out(database, "ada")
    before = await epoch(database, "ada")
    await database.execute(f"update accounts set {change} where login = 'ada'")
    assert await epoch(database, "ada") == before + 1


async def test_a_code_that_was_used_ends_nothing(database: asyncpg.Connection) -> None:
    await accounts.add(database, "ada", Role.STAFF, PASSWORD)
    assert await accounts.use_code(database, "ada", 7)
    assert await epoch(database, "ada") == 0


async def test_a_login_given_again_opens_nothing_of_whoever_had_it(database: asyncpg.Connection) -> None:
    await accounts.add(database, "ada", Role.STAFF, PASSWORD)
    await database.execute("delete from accounts where login = 'ada'")
    await accounts.add(database, "ada", Role.STAFF, PASSWORD)
    assert await epoch(database, "ada") == 1
    await database.execute("update accounts set login = 'eve' where login = 'ada'")
    await accounts.add(database, "ada", Role.STAFF, PASSWORD)
    assert await epoch(database, "ada") == 2


async def test_another_role_needs_what_the_role_needs(database: asyncpg.Connection) -> None:
    await accounts.add(database, "ada", Role.STAFF, PASSWORD)
    with pytest.raises(accounts.AccountRefusedError):
        await accounts.change_role(database, "ada", Role.LEAD)
    with pytest.raises(accounts.NoSuchAccountError):
        await accounts.change_role(database, "eve", Role.ADMIN)
    with pytest.raises(accounts.NoSuchAccountError):
        await accounts.sign_out(database, "eve")
    await accounts.change_role(database, "ada", Role.LEAD, ["North"])
    ada = await accounts.find(database, "ada")
    assert ada is not None
    assert (ada.role, ada.counties, ada.epoch) == (Role.LEAD, ("North",), 1)
    await accounts.change_role(database, "ada", Role.STAFF, ["North"])
    ada = await accounts.find(database, "ada")
    assert ada is not None
    assert (ada.role, ada.counties) == (Role.STAFF, ())


async def test_who_is_admitted(database: asyncpg.Connection, tmp_path: Path) -> None:
    known = AccessList(tmp_path)
    admission = Admission(TOKENS, known.still_open)
    old = {"account": "ada", "role": "staff"}  # as tokens were signed before they had an epoch
    stranger = Identity("eve", "staff")
    assert admission.checked(identity_of(old)), "nothing is known yet"
    await known.adopt(await access_now(database))
    assert admission.checked(stranger), "no account was ever made, so none was closed"
    await accounts.add(database, "ada", Role.STAFF, PASSWORD)
    await accounts.add(database, "lee", Role.LEAD, PASSWORD, ["North"])
    await known.adopt(await access_now(database))
    lee = Identity("lee", "lead", frozenset({"North"}))
    assert [known.still_open(who) for who in (identity_of(old), lee, stranger)] == [True, True, False]
    assert not known.still_open(Identity("lee", "staff")), "the role is not the account's"
    assert not known.still_open(Identity("lee", "lead", frozenset({"North", "South"})))
    assert not known.still_open(Identity("ada", "staff", epoch=1)), "nobody signed that"
    assert known.still_open(Identity("tally", "service", machine=True))
    assert identity_of({"account": "war room", "role": "staff"}).machine, "before machines were marked"
    await accounts.disable(database, "ada")
    await known.adopt(await access_now(database))
    with pytest.raises(AccessEndedError):
        admission.checked(identity_of(old))
    await database.execute("delete from accounts")
    await known.adopt(await access_now(database))
    assert not known.still_open(lee), "there were accounts once"


async def test_a_link_ends_and_the_next_one_is_good(database: asyncpg.Connection, tmp_path: Path) -> None:
    known = AccessList(tmp_path)
    assert await links.numbers(database, "caller", ["a", "b"]) == {"a": 0, "b": 0}
    await links.end(database, "caller", ["a", "a"])
    await known.adopt(await access_now(database))
    assert [known.volunteer_stands("caller", who, n) for who, n in (("a", 0), ("a", 1), ("b", 0))] == [
        False, True, True
    ]  # fmt: skip
    assert known.link_stands("captain", "a", 0), "another kind"
    await links.end(database, "caller", ["a"])
    assert await links.numbers(database, "caller", ["a"]) == {"a": 2}
    await database.execute("insert into callers (caller_id, name, barred) values ('b', 'Bo', true)")
    await known.adopt(await access_now(database))
    assert not known.volunteer_stands("caller", "b", 0)


async def test_what_is_known_outlives_the_service_for_its_own_eyes_only(
    database: asyncpg.Connection, tmp_path: Path
) -> None:
    await accounts.add(database, "ada", Role.STAFF, PASSWORD)
    await accounts.disable(database, "ada")
    await links.end(database, "captain", ["code"])
    known = AccessList(tmp_path / "service")
    await known.adopt(await access_now(database))
    file = tmp_path / "service" / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = AccessList(tmp_path / "service")
    again.load()
    assert not again.still_open(Identity("ada", "staff", epoch=1))
    assert not again.link_stands("captain", "code", 0)
    for torn in (file.read_bytes()[:-9], b"[]", b'{"accounts": 3}', b""):
        file.write_bytes(torn)
        lost = AccessList(tmp_path / "service")
        lost.load()
        assert lost.still_open(Identity("ada", "staff")), "a torn file stops nobody"


async def test_a_disk_that_takes_nothing_lets_nobody_in(database: asyncpg.Connection, tmp_path: Path) -> None:
    await accounts.add(database, "ada", Role.STAFF, PASSWORD)
    (tmp_path / "service").write_text("a file where the folder should be")
    known = AccessList(tmp_path / "service")
    await accounts.disable(database, "ada")
    await known.adopt(await access_now(database))
    assert not known.still_open(Identity("ada", "staff"))
    (tmp_path / "service").unlink()
    await known.adopt(await access_now(database))  # the same again: what was not kept is kept now
    assert orjson.loads((tmp_path / "service" / FILE).read_bytes())["accounts"]["ada"]["disabled"]


async def test_an_account_learnt_ahead_is_kept_when_it_is_heard_of(
    database: asyncpg.Connection, tmp_path: Path
) -> None:
    await accounts.add(database, "ada", Role.STAFF, PASSWORD)
    known = AccessList(tmp_path)
    await known.adopt(await access_now(database))
    await accounts.add(database, "new", Role.STAFF, PASSWORD)
    new = await accounts.find(database, "new")
    assert new is not None
    known.learn("new", new.standing)
    assert known.still_open(new.identity)
    await known.adopt(await access_now(database))
    again = AccessList(tmp_path)
    again.load()
    assert again.still_open(new.identity)


async def test_every_change_is_told(database: asyncpg.Connection, database_url: str) -> None:
    listener, heard = await connect(database_url), asyncio.Event()
    await listener.add_listener(CHANNEL, lambda *_: heard.set())
    await listener.add_listener("beluga_links", lambda *_: heard.set())
    await database.execute("insert into callers (caller_id, name) values ('c', 'Cy')")
    try:
        for change in (
            "insert into accounts (login, role, password_hash) values ('ada', 'staff', 'x')",
            "update accounts set disabled = true",
            "insert into ended_links values ('caller', 'a', 0)",
            "update ended_links set ended_through = 1",
            "insert into ended_sessions values (repeat('0', 32), now() + interval '1 day')",
            "update callers set barred = true where caller_id = 'c'",
            "delete from accounts",
            "truncate accounts",
            "insert into watcher_links values ('w1', 0, 0)",
        ):
            heard.clear()
            await database.execute(change)
            async with asyncio.timeout(20):
                await heard.wait()
    finally:
        await listener.close()


async def test_a_session_ends_without_its_database_and_is_told_later(
    database: asyncpg.Connection, tmp_path: Path
) -> None:
    away = True

    @asynccontextmanager
    async def borrow() -> AsyncIterator[asyncpg.Connection]:
        if away:
            raise ConnectionError("away")
        yield database

    now, one, other = [1_000_000_000.0], session_id("one"), session_id("other")
    ended = EndedSessions(tmp_path, borrow, 3600, lambda: now[0])
    ended.end(one)
    assert [ended.has_ended(one), ended.has_ended(other)] == [True, False]
    with pytest.raises(ConnectionError):
        await ended.tell()
    again = EndedSessions(tmp_path, borrow, 3600, lambda: now[0])
    again.load()
    assert again.has_ended(one), "through a restart"
    away = False
    await again.tell()
    assert await database.fetchval("select session_id from ended_sessions") == one
    now[0] += 3601
    again.end(other)
    assert not again.has_ended(one), "nothing that was signed in it lives any longer"
    assert orjson.loads((tmp_path / "ended-sessions.json").read_bytes()).keys() == {other}
    await again.tell()
    assert await database.fetch("select session_id from ended_sessions where session_id = $1", one) == []
