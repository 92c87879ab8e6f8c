"""What the log has of a place: its counts of today, and whether anything goes by it."""

from dataclasses import replace
from datetime import timedelta

from election.domain.checkin import Kind
from election.domain.ids import check_in_id
from election.log.check_in_log import append
from election.log.votes_there import referred_to, votes_there
from election.postgres.database import connect
from tests.election.log.test_check_in_log import AT, a_report


async def test_counts_of_today_are_told_without_those_rejected(database_url: str) -> None:
    connection = await connect(database_url)
    for name, votes, changes in (
        ("one", 100, {}),
        ("two", 250, {}),
        ("old", 400, {"received_at": AT - timedelta(days=2)}),
        ("exercise", 500, {"rehearsal": True}),
        ("wrong", 900, {}),
    ):
        message, count = a_report(name, votes)
        await append(connection, [message], [replace(count, **changes)])
        if name == "wrong":
            no, said = a_report("no")
            target = {"target": str(check_in_id(message.message_id, 0))}
            await append(connection, [no], [replace(said, kind=Kind.REJECT, votes=None, detail=target)])
    since = AT - timedelta(hours=24)
    assert await votes_there(connection, ["12-01", "12-02"], since, rehearsal=False) == {"12-01": (100, 250)}
    assert await votes_there(connection, ["12-01"], since, rehearsal=True) == {"12-01": (500,)}
    assert await referred_to(connection, "12-01")
    assert not await referred_to(connection, "12-02")
    await connection.close()
