"""With a key, no table holds a voter's name, phone or address; everything else works as without one."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from callers import roll
from callers.lists import Lists, as_csv
from callers.policy import Rules
from callers.queue import CallerOnDuty, Granted, Queue
from callers.seal import Person, Seal, SealedError
from callers.strike_offs import StrikeOffs, apply
from election.checkin import Channel, CheckIn, Kind
from election.day import Voter
from election.ids import PrecinctId, VoterId, check_in_id, message_id
from tests.callers.conftest import NOON, ZONE, open_precinct

KEY = Seal("a key of at least thirty-two characters")
ANA = CallerOnDuty("ana", "Ana", ("en",))
PHONES = ("+12155550101", "+12155550101", "+12155550102")
VOTERS = [
    Voter(
        VoterId(f"v{n}"),
        PrecinctId("a"),
        n,
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
    queue = Queue(pool, Rules(), lambda _: ZONE, seal=KEY)
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
    said = message_id("generic", "stop")
    stop = CheckIn(
        check_in_id=check_in_id(said, 0), message_id=said, part=0, kind=Kind.STOP, channel=Channel.SMS,
        precinct_id=None, watcher_id=None, sender=PHONES[0], observed_at=NOON, sent_at=NOON,
        received_at=NOON, detail={},
    )  # fmt: skip
    assert await apply(connection, StrikeOffs(seal=KEY), [stop], NOON) == (0, 1), "their lease is revoked"
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
        with pytest.raises(SealedError):
            await roll.save_voters(connection, VOTERS)


def test_another_key_opens_nothing_and_a_row_cannot_be_moved() -> None:
    sealed = KEY.close("v1", Person("Rosa", "+1", "Elm"))
    assert KEY.person("v1", "", "", sealed).name == "Rosa"
    with pytest.raises(SealedError):
        Seal("another key of at least thirty-two chars").person("v1", "", "", sealed)
    with pytest.raises(SealedError):
        KEY.person("v2", "", "", sealed)
    with pytest.raises(ValueError, match="32"):
        Seal("short")


def test_csv_is_inert_in_a_spreadsheet() -> None:
    from callers.lists import CallList, Line

    line = Line(uuid4(), "list:x:0", "v", "=HYPERLINK(1)", "+12155550101", "@x", "", "")
    text = as_csv(CallList(uuid4(), "a", "dialer", NOON, [line]))
    assert "'=HYPERLINK(1)" in text
    assert ",'@x," in text
