"""A watcher who asks is told the hours that staff last decided, whatever the order of the decisions."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.ids import PrecinctId, check_in_id, message_id
from intake.receive.decided_hours import DecidedHours
from tests.intake.sample import SENT, sample_roster

ROSTER = sample_roster()
PRECINCT, OTHER = ROSTER.precincts["31-07"], ROSTER.precincts["31-09"]


def decided(after: int, closes: str, precinct: str | None = "31-07", **detail: str) -> CheckIn:
    its_id, at = message_id("staff", f"{after}{closes}"), SENT + timedelta(minutes=after)
    return CheckIn(
        check_in_id(its_id, 0), its_id, 0, Kind.HOURS, Channel.STAFF,
        PrecinctId(precinct) if precinct else None, None, "staff:ann", at, at, at,
        detail={"closes_at": closes, **detail},
    )  # fmt: skip


def closes(*decisions: CheckIn, of=PRECINCT) -> datetime:
    hours = DecidedHours(lambda: None)
    for decision in decisions:
        hours.take([decision])
    return hours.of(of, ROSTER.day)[1]


def test_the_latest_decision_stands_whatever_the_order() -> None:
    first, last = decided(1, "2026-11-04T02:00:00Z"), decided(2, "2026-11-04T02:30:00Z")
    nonsense = decided(3, "late")
    for order in permutations((first, last, nonsense)):
        assert closes(*order) == datetime(2026, 11, 4, 2, 30, tzinfo=UTC)
    assert closes(first, last, of=OTHER) == OTHER.closes_at(ROSTER.day), "elsewhere nothing was decided"


def test_a_county_is_decided_at_once_and_a_rehearsals_decision_is_not_the_days() -> None:
    county = decided(1, "2026-11-04T02:00:00Z", None, county=PRECINCT.county)
    assert closes(county) == datetime(2026, 11, 4, 2, tzinfo=UTC)
    rehearsed = DecidedHours(lambda: None, rehearsal=True)
    rehearsed.take([county])
    assert rehearsed.of(PRECINCT, ROSTER.day)[1] == PRECINCT.closes_at(ROSTER.day)
