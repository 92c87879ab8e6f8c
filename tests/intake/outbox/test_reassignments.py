"""Where watchers were sent: the latest decision holds, in whichever order the log brings them."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.ids import PrecinctId, check_in_id, message_id
from election.domain.roster import load_roster
from election.postgres.database import connect
from election.postgres.election_store import current_roster, move_watchers, save_election
from intake.outbox.reassignments import Reassignments
from tests.intake.running import an_election

NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)


def sent(name: str, minute: int, watcher: str, *precincts: str, rehearsal: bool = False) -> CheckIn:
    """A decision that sends a watcher to these precincts."""
    at, message = NOON + timedelta(minutes=minute), message_id("staff", name)
    detail: dict[str, Any] = {"watcher_id": watcher, "precinct_ids": list(precincts)}
    return CheckIn(
        check_in_id=check_in_id(message, 0), message_id=message, part=0, kind=Kind.ASSIGN,
        channel=Channel.STAFF, precinct_id=PrecinctId(precincts[0]), watcher_id=None, sender="staff:sam",
        observed_at=at, sent_at=at, received_at=at, detail=detail, rehearsal=rehearsal,
    )  # fmt: skip


def test_the_latest_move_holds_whatever_the_order() -> None:
    entries = [sent("a", 1, "w1", "12-02"), sent("b", 5, "w1", "12-03"), sent("c", 3, "w2", "12-01", "12-03")]
    for order in itertools.permutations([*entries, entries[0]]):
        moves = Reassignments()
        for entry in order:
            moves.take(entry)
        assert moves.posts() == {"w1": ["12-03"], "w2": ["12-01", "12-03"]}


@pytest.mark.parametrize("rehearsal", [True, False])
def test_a_rehearsal_moves_nobody_on_the_day(rehearsal: bool) -> None:
    moves = Reassignments(rehearsal=rehearsal)
    moves.take(sent("a", 1, "w1", "12-02", rehearsal=not rehearsal))
    assert moves.posts() == {}


async def test_a_moved_roster_is_in_force_and_undone_by_an_empty_one(database_url: str) -> None:
    connection = await connect(database_url)
    try:
        async with connection.transaction():
            imported = await save_election(connection, an_election())
            assert await move_watchers(connection, {}) is None  # as imported: nothing to do
            version = await move_watchers(connection, {"w1": ["12-02", "99-99"], "nobody": ["12-01"]})
        content = await current_roster(connection)
        assert content is not None
        roster = load_roster(content)
        assert roster.version == version != imported
        assert {w: roster.watchers[w].precinct_ids for w in ("w1", "w2")} == {
            "w1": ("12-02",), "w2": ("12-02",)
        }  # fmt: skip
        async with connection.transaction():
            assert await move_watchers(connection, {"w1": ["99-99"]}) == imported
    finally:
        await connection.close()
