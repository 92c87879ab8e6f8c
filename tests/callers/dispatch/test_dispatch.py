"""Dispatches start, rest and end for stated reasons."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callers.dispatch.allocation import ANYWHERE
from callers.dispatch.decisions import End, FeedEvidence, Open, Pause, Start, decide, obstacles, offers
from callers.rules.limits import Limits
from election.wire.feed import PrecinctInfo, PrecinctState, Standing

NOW = datetime(2026, 11, 3, 19, tzinfo=UTC)
CLOSES = NOW + timedelta(hours=6)
LIMITS = Limits()


def a_standing(state: PrecinctState = PrecinctState.LAGGING, **more: object) -> Standing:
    return Standing.model_validate(
        {"precinct_id": "a", "state": state, "p_lagging": 0.93, "shortfall": 84.0} | more
    )


def seen(standing: Standing, fresh: bool = True, remaining: int = 200, stopped: bool = False) -> FeedEvidence:
    info = PrecinctInfo(
        precinct_id="a",
        name="A",
        registered=1000,
        opens_at=0,
        closes_at=int(CLOSES.timestamp()),
        timezone="UTC",
    )
    return FeedEvidence(
        {"a": standing}, {"a": info}, fresh, {"a": remaining}, frozenset({"a"}) if stopped else frozenset()
    )


RUNNING = Open("a", True, CLOSES, seen_behind=True)


def test_a_lagging_precinct_starts_with_its_reason() -> None:
    assert decide([], seen(a_standing()), NOW, LIMITS) == [
        Start("a", "84 votes missing, 93% sure that it lags behind its peers")
    ]


def test_what_does_not_start() -> None:
    for view in (
        seen(a_standing(), fresh=False),
        seen(a_standing(), remaining=0),
        seen(a_standing(), stopped=True),
        seen(a_standing(PrecinctState.SILENT)),
        seen(a_standing(incidents=1)),
        seen(a_standing(line_minutes=60)),
        seen(a_standing(shortfall=3.0)),
    ):
        assert decide([], view, NOW, LIMITS) == []


def test_recovery_close_and_an_empty_list_end_it() -> None:
    recovered = decide([RUNNING], seen(a_standing(PrecinctState.ON_PACE)), NOW, LIMITS)
    assert recovered == [End("a", "it has caught up with its peers")]
    assert isinstance(decide([RUNNING], seen(a_standing()), CLOSES, LIMITS)[0], End)
    assert isinstance(decide([RUNNING], seen(a_standing(), remaining=0), NOW, LIMITS)[0], End)
    assert isinstance(decide([RUNNING], seen(a_standing(PrecinctState.CLOSED)), NOW, LIMITS)[0], End)


def test_silence_and_an_old_feed_change_nothing() -> None:
    assert decide([RUNNING], seen(a_standing(PrecinctState.SILENT)), NOW, LIMITS) == []
    assert decide([RUNNING], seen(a_standing(PrecinctState.ON_PACE), fresh=False), NOW, LIMITS) == []


def test_an_incident_holds_it_and_its_end_lets_it_go_on() -> None:
    assert decide([RUNNING], seen(a_standing(incidents=1)), NOW, LIMITS) == [
        Pause("a", "1 open incident there")
    ]
    held = Open("a", True, CLOSES, hold="1 open incident there", seen_behind=True)
    assert decide([held], seen(a_standing()), NOW, LIMITS) == [Pause("a", "")]


def test_an_order_of_staff_runs_despite_good_pace_and_rests_while_the_line_is_long() -> None:
    ordered = Open("a", False, CLOSES, callers_wanted=6)
    assert decide([ordered], seen(a_standing(PrecinctState.ON_PACE, incidents=1)), NOW, LIMITS) == []
    assert decide([ordered], seen(a_standing(line_minutes=70)), NOW, LIMITS) == [Pause("a", "line 70 min")]


def test_an_offer_says_what_it_brings_and_less_near_the_close() -> None:
    callers = {ANYWHERE: 6}
    (early,) = offers(seen(a_standing()), [], callers, NOW, LIMITS)
    assert (early.callers, early.urgent) == (6, True)
    worth = 0.93 * 20  # of 200 reachable a tenth
    assert early.votes == pytest.approx(worth * (1 - math.exp(-6 * 3 / worth)))
    (late,) = offers(seen(a_standing()), [], callers, CLOSES - timedelta(minutes=30), LIMITS)
    assert late.votes == pytest.approx(early.votes / 4)


def test_a_watched_precinct_is_offered_less_urgently_and_one_where_calls_cannot_help_not_at_all() -> None:
    (watched,) = offers(seen(a_standing(PrecinctState.WATCH, p_lagging=0.5)), [], {ANYWHERE: 6}, NOW, LIMITS)
    assert not watched.urgent
    hopeless: dict[str, FeedEvidence] = {
        "line 70 min": seen(a_standing(line_minutes=70)),
        "nobody left to call": seen(a_standing(), remaining=0),
        "calls would bring less than one vote": seen(a_standing(shortfall=0.2)),
    }
    for reason, view in hopeless.items():
        assert offers(view, [], {ANYWHERE: 6}, NOW, LIMITS) == []
        assert obstacles(view, [], NOW, LIMITS) == {"a": reason}
    nobody = replace(hopeless["nobody left to call"], unlisted={"a"})
    assert obstacles(nobody, [], NOW, LIMITS) == {"a": "no voter there is on our roll"}
    assert obstacles(replace(nobody, roll=False), [], NOW, LIMITS) == {}, "calling is no part of that stack"
    for state in (PrecinctState.SILENT, PrecinctState.DOUBTFUL, PrecinctState.CLOSED, PrecinctState.ON_PACE):
        assert offers(seen(a_standing(state)), [], {ANYWHERE: 6}, NOW, LIMITS) == []
    assert offers(seen(a_standing()), [], {ANYWHERE: 6}, NOW, LIMITS, lambda zone: False) == []


def test_what_staff_paused_rests_until_they_let_it_go_on_and_still_ends_with_the_polls() -> None:
    paused = Open("a", False, CLOSES, hold="paused by ann", seen_behind=True, paused_by="ann")
    assert decide([paused], seen(a_standing()), NOW, LIMITS) == []
    assert decide([paused], seen(a_standing(line_minutes=90)), NOW, LIMITS) == []  # one reason is enough
    again = Open("a", False, CLOSES, hold="", seen_behind=True, paused_by="ann")
    assert decide([again], seen(a_standing()), NOW, LIMITS) == [Pause("a", "paused by ann")]
    assert isinstance(decide([paused], seen(a_standing()), CLOSES, LIMITS)[0], End)
