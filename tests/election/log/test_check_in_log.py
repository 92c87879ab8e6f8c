"""The log loses nothing and repeats nothing, whatever the order in which transactions commit."""

import asyncio
from datetime import UTC, datetime

from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.ids import PrecinctId, check_in_id, message_id
from election.log.check_in_log import Position, append, read_after, read_messages
from election.postgres.database import connect

AT = datetime(2026, 11, 3, 15, 0, tzinfo=UTC)


def a_report(name: str, votes: int = 100) -> tuple[Message, CheckIn]:
    mid = message_id("generic", name)
    message = Message(
        message_id=mid, provider="generic", provider_message_id=name, channel=Channel.SMS,
        sender="+12155550101", body=str(votes), raw=b"{}", received_at=AT, sent_at=AT, roster_version="r",
        journal="a", journal_seq=1,
    )  # fmt: skip
    check_in = CheckIn(
        check_in_id=check_in_id(mid, 0), message_id=mid, part=0, kind=Kind.COUNT, channel=Channel.SMS,
        precinct_id=PrecinctId("12-01"), watcher_id=None, sender="+12155550101", observed_at=AT, sent_at=AT,
        received_at=AT, votes=votes, detail={"held": "above_registered"},
    )  # fmt: skip
    return message, check_in


async def test_appending_again_changes_nothing(database_url: str) -> None:
    connection = await connect(database_url)
    message, check_in = a_report("one")
    for _ in range(3):
        await append(connection, [message], [check_in])
    stored, _ = await read_after(connection, Position())
    assert stored == [check_in]
    assert [m async for m in read_messages(connection)] == [message]
    await connection.close()


async def test_a_follower_never_skips_a_row_that_commits_late(database_url: str) -> None:
    slow, quick, reader = [await connect(database_url) for _ in range(3)]
    held_open = slow.transaction()
    await held_open.start()
    await append(slow, *[[x] for x in a_report("early number, late commit")])
    await append(quick, *[[x] for x in a_report("late number, early commit")])
    position, seen = Position(), []
    rows, position = await read_after(reader, position)
    seen += rows
    await held_open.commit()
    rows, position = await read_after(reader, position)
    seen += rows
    assert sorted(c.check_in_id for c in seen) == sorted(
        a_report(n)[1].check_in_id for n in ("early number, late commit", "late number, early commit")
    )
    await asyncio.gather(*(c.close() for c in (slow, quick, reader)))


async def test_concurrent_writers_lose_nothing_to_a_follower(database_url: str) -> None:
    names = [f"{writer}-{n}" for writer in range(8) for n in range(40)]

    async def write(writer: int) -> None:
        connection = await connect(database_url)
        for n in range(40):
            transaction = connection.transaction()
            await transaction.start()
            await append(connection, *[[x] for x in a_report(f"{writer}-{n}")])
            await asyncio.sleep(0.001 * ((writer * 7 + n) % 5))
            await transaction.commit()
        await connection.close()

    reader = await connect(database_url)
    writing = asyncio.gather(*(write(w) for w in range(8)))
    seen: list[CheckIn] = []
    position = Position()
    while not writing.done():
        rows, position = await read_after(reader, position, limit=7)
        seen += rows
        await asyncio.sleep(0)
    await writing
    while rows := (batch := await read_after(reader, position, limit=7))[0]:
        seen += rows
        position = batch[1]
    assert sorted(c.check_in_id for c in seen) == sorted(a_report(n)[1].check_in_id for n in names)
    await reader.close()
