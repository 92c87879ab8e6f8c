"""Who waits for PostgreSQL in `replicated` mode, for how long, and who no longer has to."""

import asyncio
from datetime import UTC, datetime

import pytest

from election.domain.checkin import Channel, Message
from election.domain.ids import message_id
from intake.receive.replicated_ack import Replication

AT = datetime(2026, 11, 3, 15, tzinfo=UTC)
WAIT = 0.05


def message(seq: int, journal: str = "a") -> Message:
    return Message(
        message_id("t", f"{journal}{seq}"), "t", f"{journal}{seq}", Channel.SMS, "+12015550100", "412", b"",
        AT, AT, "", journal=journal, journal_seq=seq,
    )  # fmt: skip


@pytest.fixture
def replication() -> Replication:
    return Replication(longest_wait=WAIT)


async def until(told: list[bool], count: int) -> None:
    async with asyncio.timeout(10):
        while len(told) < count:
            await asyncio.sleep(0.005)


async def test_what_is_stored_is_told_so_and_in_order(replication: Replication) -> None:
    told: list[tuple[int, bool]] = []
    for seq in (1, 2, 3):
        replication.wait(message(seq), lambda yes, seq=seq: told.append((seq, yes)))  # type: ignore[misc]
    replication.stored("a", 2)
    assert told == [(1, True), (2, True)]
    replication.stored("b", 9)
    replication.stored("a", 3)
    assert told[2:] == [(3, True)] and not replication.away


async def test_an_outage_costs_one_wait_and_not_one_each(replication: Replication) -> None:
    told: list[bool] = []
    replication.wait(message(1), told.append)
    replication.wait(message(1, "b"), told.append)
    await asyncio.sleep(WAIT / 2)
    replication.wait(message(2), told.append)
    await until(told, 3)
    assert told == [False] * 3 and replication.away
    replication.wait(message(3), told.append)  # while it is away, nobody waits
    assert told == [False] * 4


async def test_waiting_begins_again_once_something_is_stored(replication: Replication) -> None:
    told: list[bool] = []
    replication.wait(message(1), told.append)
    await until(told, 1)
    replication.stored("a", 1)
    assert not replication.away
    replication.wait(message(2), told.append)
    assert told == [False]
    replication.stored("a", 2)
    assert told == [False, True]
    await asyncio.sleep(2 * WAIT)  # the timer of those who were told finds nobody, and accuses nobody
    assert not replication.away
