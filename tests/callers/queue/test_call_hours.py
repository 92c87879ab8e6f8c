"""How far a list will be reached by close: at the last hour's pace, and only where one can be known."""

from datetime import UTC, datetime, timedelta

from callers.queue.call_hours import VoterContacts, list_pace
from callers.rules.policy import Rules, calling_ends

NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG_AGO, CLOSES = NOON - 3 * HOUR, NOON + 4 * HOUR


def test_the_share_by_close_is_what_was_reached_and_what_the_pace_still_brings() -> None:
    pace = list_pace(VoterContacts(100, 50, 80), 420, LONG_AGO, NOON, CLOSES)
    assert (pace.listed, pace.reached, pace.left, pace.per_hour) == (500, 100, 420, 50.0)
    assert pace.by_close == 0.6  # (100 + 4 x 50) of 500


def test_a_list_is_never_more_than_reached() -> None:
    assert list_pace(VoterContacts(400, 400, 400), 10, LONG_AGO, NOON, CLOSES).by_close == 1.0
    assert list_pace(VoterContacts(30, 9, 0), 20, LONG_AGO, NOON, NOON - HOUR).by_close == 1.0


def test_those_left_answer_no_more_often_than_those_who_were_called() -> None:
    pace = list_pace(VoterContacts(50, 40, 50, tried=100), 50, LONG_AGO, NOON, CLOSES)
    assert pace.by_close == 0.75  # the pace would bring 160 of 50; one of two answered so far


def test_a_precinct_called_for_half_an_hour_has_the_pace_of_half_an_hour() -> None:
    assert list_pace(VoterContacts(10, 10, 10), 90, NOON - HOUR / 2, NOON, CLOSES).per_hour == 20.0


def test_nothing_is_foretold_where_calling_has_hardly_begun_or_nobody_counted() -> None:
    early = list_pace(VoterContacts(3, 3, 3), 90, NOON - HOUR / 12, NOON, CLOSES)
    assert (early.per_hour, early.by_close, early.listed) == (None, None, 93)
    unknown = list_pace(VoterContacts(3, 3, 3), None, LONG_AGO, NOON, CLOSES)
    assert (unknown.listed, unknown.by_close) == (None, None)
    assert list_pace(VoterContacts(), 0, LONG_AGO, NOON, CLOSES).by_close is None  # an empty list


def test_calling_ends_by_the_clock_of_the_place() -> None:
    assert calling_ends(NOON, "America/New_York", Rules()) == datetime(2026, 11, 4, 1, 30, tzinfo=UTC)
