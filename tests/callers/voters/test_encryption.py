"""With a key, no table holds a voter's name, phone or address; everything else works as without one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest

from callers.lists.dialer_lists import CallList, CallListLine, Lists, as_csv
from callers.queue.lease import CallerOnDuty, Granted
from callers.queue.leases import Queue
from callers.rules.policy import Rules
from callers.voters import voter_file as roll
from callers.voters.encryption import Encryption, LateKeyError, Person, SealedError
from callers.voters.strike_offs import StrikeOffs, apply
from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.day import Voter
from election.domain.ids import PrecinctId, VoterId, check_in_id, message_id
from tests.callers.conftest import NOON, ZONE, add_callers, add_election, open_precinct
from tests.callers.queue.test_leases import said
from tests.callers.service_process import TOKENS, Service, as_caller, feed, service, until, web

__all__ = ["feed", "service", "web"]  # fixtures

KEY = Encryption("a key of at least thirty-two characters")
ANA = CallerOnDuty("ana", "Ana", ("en",))
PHONES = ("+12155550101", "+12155550101", "+12155550102")
VOTERS = [
    Voter(
        VoterId(f"v{n}"),
        PrecinctId("a"),
        str(n),
        f"Rosa Ortiz {n}",
        phone,
        address=f"{n} Elm Street",
        support=90 - n,
    )
    for n, phone in enumerate(PHONES)
]


async def everything(connection: asyncpg.Connection) -> str:
    """All that the callers' tables hold, as text."""
    tables = ("voters", "leases", "calls", "opt_outs", "audit", "call_lists")
    rows = [str(tuple(r)) for t in tables for r in await connection.fetch(f"select * from {t}")]
    return "\n".join(rows)


async def test_sealed_voters_are_called_like_others_and_stand_in_no_table(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    async with connection.transaction():
        await roll.save_voters(connection, VOTERS, KEY)
    await open_precinct(connection, "a")
    queue = Queue(pool, Rules(), lambda _: ZONE, encryption=KEY)
    found = await queue.grant(ANA, "a", NOON)
    assert isinstance(found, Granted)
    assert (found.name, found.phone) == ("Rosa Ortiz 0", PHONES[0])
    assert (await queue.dial("ana", found.lease_id, NOON)).phone == PHONES[0]
    other = await queue.grant(CallerOnDuty("ben", "Ben", ("en",)), "a", NOON)
    assert isinstance(other, Granted)
    assert other.phone == PHONES[2], "a household stays together"
    made = await Lists(pool, queue, KEY).make("a", 5, kind="dialer", good_for=timedelta(hours=1),
                                              account="lea", now=NOON)  # fmt: skip
    assert made.lines == []
    words = await everything(connection)
    for secret in ("Rosa", "215555", "Elm"):
        assert secret not in words
    stop_id = message_id("generic", "stop")
    stop = CheckIn(
        check_in_id=check_in_id(stop_id, 0), message_id=stop_id, part=0, kind=Kind.STOP, channel=Channel.SMS,
        precinct_id=None, watcher_id=None, sender=PHONES[0], observed_at=NOON, sent_at=NOON,
        received_at=NOON, detail={},
    )  # fmt: skip
    assert await apply(connection, StrikeOffs(encryption=KEY), [stop], NOON) == (0, 1), (
        "their lease is revoked"
    )
    assert PHONES[0] not in await everything(connection)


async def test_the_same_roll_again_changes_nothing_and_comes_out_as_it_went_in(
    connection: asyncpg.Connection,
) -> None:
    for _ in range(2):
        async with connection.transaction():
            await roll.save_voters(connection, VOTERS, KEY)
        rows = {tuple(r) for r in await connection.fetch("select ctid, * from voters")}
    async with connection.transaction():
        await roll.save_voters(connection, VOTERS, KEY)
        assert {tuple(r) for r in await connection.fetch("select ctid, * from voters")} == rows
        assert [v async for v in roll.read_voters(connection, KEY)] == VOTERS
        with pytest.raises(SealedError):
            _ = [v async for v in roll.read_voters(connection)]
        for key in (Encryption(""), Encryption("another key of at least thirty-two chars")):
            with pytest.raises(SealedError):
                await roll.save_voters(connection, VOTERS, key)


async def test_a_roll_that_has_been_called_is_not_sealed_afterwards(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    """A voter who said no would be called again: what they said stands under the readable phone."""
    async with connection.transaction():
        await roll.save_voters(connection, VOTERS)
    await open_precinct(connection, "a")
    queue = Queue(pool, Rules(), lambda _: ZONE)
    found = await queue.grant(ANA, "a", NOON)
    assert isinstance(found, Granted)
    async with connection.transaction():
        await roll.save_voters(connection, VOTERS, KEY)  # nobody has said anything yet
    async with connection.transaction():
        await connection.execute("truncate voters")
        await roll.save_voters(connection, VOTERS)
    await queue.outcomes.record("ana", found.lease_id, said("do_not_call"), NOON)
    async with connection.transaction():
        with pytest.raises(LateKeyError):
            await roll.save_voters(connection, VOTERS, KEY)


async def test_a_service_with_another_key_calls_nobody_and_says_why(
    service: Callable[[], Service], connection: asyncpg.Connection, web: aiohttp.ClientSession
) -> None:
    await add_election(connection, ["a", "b"])
    async with connection.transaction():
        await roll.save_voters(connection, VOTERS, KEY)
    await add_callers(connection, 1)
    await open_precinct(connection, "a")
    one = service()  # which has no key

    async def refused() -> Any:
        async with web.post(f"{one.url}/api/lease", headers=as_caller(0)) as response:
            return response.status == 503 and (await response.json())["reason"] == "wrong_key"

    await until(refused)
    async with web.get(f"{one.url}/readyz") as response:
        assert (response.status, await response.json()) == (503, {"database": True, "voters_key": False})
    async with web.post(f"{one.url}/c/{TOKENS.sign('caller', {'c': 'c0'})}/next") as response:
        assert "tell your organiser" in await response.text()
    assert await connection.fetchval("select count(*) from leases") == 0, "nobody is set aside for nothing"

    async def said() -> bool:
        return "BELUGA_VOTERS_KEY; set the one they were imported with" in one.log.read_text()

    await until(said)


def test_another_key_opens_nothing_and_a_row_cannot_be_moved() -> None:
    sealed = KEY.close("v1", Person("Rosa", "+1", "Elm"))
    assert KEY.person("v1", "", "", sealed).name == "Rosa"
    with pytest.raises(SealedError):
        Encryption("another key of at least thirty-two chars").person("v1", "", "", sealed)
    with pytest.raises(SealedError):
        KEY.person("v2", "", "", sealed)
    with pytest.raises(ValueError, match="32"):
        Encryption("short")


def test_csv_is_inert_in_a_spreadsheet() -> None:
    line = CallListLine(uuid4(), "list:x:0", "-v", "=HYPERLINK(1)", "+12155550101", "\t@x", "\r=cmd", "")
    text = as_csv(CallList(uuid4(), "+a", "dialer", NOON, [line]))
    for inert in (",'-v,", ",'=HYPERLINK(1),", ",'@x,", ",'=cmd,", ",'+a,"):
        assert inert in text
