"""Calling hours hold in the voter's local time, also when clocks change; outcomes have their consequences."""

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callers.rules.policy import (
    AT_ONCE,
    NEVER_AGAIN,
    PROMISES,
    Rules,
    consequence,
    may_dial,
    move_state,
    open_zones,
)
from election.wire.callers import MoveState, NextMove, Outcome, OutcomeReport

RULES = Rules()
AT = datetime(2026, 11, 3, 17, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Bucharest", "Asia/Kathmandu", "Pacific/Apia"])
@given(seconds=st.integers(0, 366 * 86_400))
def test_nobody_is_called_outside_local_hours_on_any_day_of_the_year(zone: str, seconds: int) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    local = at.astimezone(ZoneInfo(zone))
    assert may_dial(at, zone, RULES) == (time(9) <= local.time() < time(20, 30))


def test_the_day_clocks_go_back_opens_an_hour_later_by_utc() -> None:
    """USA, 1 November 2026: 9:00 was 13:00 UTC the day before and is 14:00 UTC that day."""
    zone = "America/New_York"
    assert may_dial(datetime(2026, 10, 31, 13, 0, tzinfo=UTC), zone, RULES)
    assert not may_dial(datetime(2026, 11, 1, 13, 59, tzinfo=UTC), zone, RULES)
    assert may_dial(datetime(2026, 11, 1, 14, 0, tzinfo=UTC), zone, RULES)


def test_an_unknown_zone_is_never_a_time_to_call() -> None:
    assert open_zones(AT, ["Mars/Olympus", "", "../etc/passwd", "America/New_York"], RULES) == [
        "America/New_York"
    ]


def test_no_answer_rests_the_phone_and_ends_after_three_tries() -> None:
    what = consequence(Outcome.NO_ANSWER, AT, RULES)
    assert what.whole_phone
    again = AT + timedelta(minutes=90)
    assert what.rests == (again, again, NEVER_AGAIN)


@given(minutes=st.integers(-10_000, 10_000))
def test_a_call_back_is_later_than_now_and_within_the_day(minutes: int) -> None:
    (rest,) = consequence(Outcome.CALL_BACK, AT, RULES, AT + timedelta(minutes=minutes)).rests
    assert AT < rest <= AT + RULES.longest_call_back


@pytest.mark.parametrize(
    ("outcome", "whole_phone"),
    [("will_vote", False), ("already_voted", False), ("refused", False), ("moved", False),
     ("wrong_number", True), ("do_not_call", True)],
)  # fmt: skip
def test_some_outcomes_end_it_for_the_day(outcome: str, whole_phone: bool) -> None:
    what = consequence(Outcome(outcome), AT, RULES)
    assert what.rests == (NEVER_AGAIN,)
    assert what.whole_phone is whole_phone


def test_another_language_moves_the_voter_to_that_queue_at_once() -> None:
    what = consequence(Outcome.OTHER_LANGUAGE, AT, RULES, language="vi")
    assert (what.rests, what.language) == ((AT_ONCE,), "vi")
    with pytest.raises(ValueError, match="language"):
        consequence(Outcome.OTHER_LANGUAGE, AT, RULES)


@given(minutes=st.integers(-600, 600))
def test_a_promise_at_a_time_is_asked_of_again_an_hour_after_that_time(minutes: int) -> None:
    """A time that has passed already was now at the latest."""
    named = AT + timedelta(minutes=minutes)
    what = consequence(Outcome.WILL_VOTE_AT, AT, RULES, said_at=named)
    assert what.move is NextMove.CALL
    assert what.rests == (max(named, AT) + timedelta(hours=1),)


@pytest.mark.parametrize("said_at", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
@pytest.mark.parametrize("outcome", ["will_vote_at", "at_work", "call_back"])
def test_a_time_of_another_age_is_none_that_was_named(outcome: str, said_at: datetime) -> None:
    what = consequence(Outcome(outcome), AT, RULES, said_at=said_at)
    assert what == consequence(Outcome(outcome), AT, RULES)


def test_a_report_without_an_offset_is_refused_and_not_guessed() -> None:
    for field in ("said_at", "call_back_at"):
        with pytest.raises(ValueError, match="timezone"):
            OutcomeReport.model_validate(
                {"outcome_id": uuid4(), "outcome": "at_work", field: "2026-11-03T17:00"}
            )


def test_who_is_at_work_is_not_called_before_the_time_they_named() -> None:
    until = AT + timedelta(hours=5)
    assert consequence(Outcome.AT_WORK, AT, RULES, said_at=until).rests == (until,)


@pytest.mark.parametrize("outcome", ["no_answer", "left_message", "someone_else"])
def test_tries_that_reach_nobody_rest_the_phone_and_are_counted_together(outcome: str) -> None:
    what = consequence(Outcome(outcome), AT, RULES)
    assert what.whole_phone
    assert what.move is NextMove.RETRY
    assert (len(what.rests), what.rests[-1]) == (3, NEVER_AGAIN)
    assert set(what.counted) == {"no_answer", "left_message", "someone_else"}


@pytest.mark.parametrize(("need", "move"), [("place", "call"), ("hours", "call"),
                                            ("papers", "staff"), ("language", "staff")])  # fmt: skip
def test_what_no_election_folder_holds_is_for_staff(need: str, move: str) -> None:
    what = consequence(Outcome.NEEDS_INFORMATION, AT, RULES, need=need)
    assert (what.move, what.rests) == (move, (AT + RULES.information_rest,))
    with pytest.raises(ValueError, match="needs what"):
        consequence(Outcome.NEEDS_INFORMATION, AT, RULES)


@pytest.mark.parametrize("outcome", sorted(Outcome))
def test_whoever_may_be_called_again_has_a_next_move(outcome: str) -> None:
    """Nobody is left resting whom no list shows; and who said that they will vote is never without one."""
    what = consequence(Outcome(outcome), AT, RULES, language="es", need="hours")
    assert (what.move is not NextMove.NONE) >= (what.rests[0] < NEVER_AGAIN)
    assert outcome not in PROMISES or what.move in (NextMove.CALL, NextMove.WATCH)


def test_a_promise_is_broken_from_an_hour_before_the_close_and_kept_by_a_strike_off_however_late() -> None:
    closes = AT + timedelta(hours=3)
    times = (AT, closes - timedelta(minutes=61), closes - timedelta(hours=1), closes)
    assert [move_state(False, at, closes) for at in times] == ["open", "open", "broken", "broken"]
    assert {move_state(True, at, closes) for at in times} == {MoveState.KEPT}
    assert move_state(False, closes, None) is MoveState.OPEN


def test_who_asked_for_a_reminder_is_texted_before_they_are_called() -> None:
    at = datetime(2026, 11, 3, 15, tzinfo=UTC)
    said = at + timedelta(hours=2)
    called = consequence(Outcome.WILL_VOTE_AT, at, Rules(), said_at=said)
    texted = consequence(Outcome.WILL_VOTE_AT, at, Rules(), said_at=said, texts=True)
    assert (called.rests, texted.rests) == ((said + timedelta(hours=1),), (said + timedelta(hours=2),))
    assert consequence(Outcome.WILL_VOTE_AT, at, Rules(), texts=True).rests == (at + timedelta(hours=1),)
