"""Strike-offs of the day's own watchers count; a rehearsal's do not mix with them."""

from datetime import UTC, datetime

from callers.voters.strike_offs import StrikeOffs
from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.ids import PrecinctId, check_in_id, message_id


def test_a_rehearsals_strike_offs_leave_the_day_alone() -> None:
    at = datetime(2026, 11, 3, 15, 0, tzinfo=UTC)
    message = message_id("generic", "exercise")
    struck = CheckIn(
        check_in_id=check_in_id(message, 0), message_id=message, part=0, kind=Kind.VOTERS,
        channel=Channel.SMS, precinct_id=PrecinctId("12-01"), watcher_id=None, sender="+12155550101",
        observed_at=at, sent_at=at, received_at=at, detail={"roll_numbers": [17]}, rehearsal=True,
    )  # fmt: skip
    assert StrikeOffs(rehearsal=False).take([struck]) == []
    assert StrikeOffs(rehearsal=True).take([struck]) == [("12-01", "17", struck.check_in_id, at, at, True)]
