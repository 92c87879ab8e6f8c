"""Dispatches start, rest and end for stated reasons."""

from datetime import UTC, datetime, timedelta

from callers.dispatch.decisions import End, Hold, Open, Seen, Start, decide
from callers.rules.limits import Limits
from election.wire.feed import PrecinctInfo, PrecinctState, Standing

NOW = datetime(2026, 11, 3, 19, tzinfo=UTC)
CLOSES = NOW + timedelta(hours=6)
LIMITS = Limits()


def a_standing(state: PrecinctState = PrecinctState.LAGGING, **more: object) -> Standing:
    return Standing.model_validate(
        {"precinct_id": "a", "state": state, "p_lagging": 0.93, "shortfall": 84.0} | more
    )


def seen(standing: Standing, fresh: bool = True, remaining: int = 200, stopped: bool = False) -> Seen:
    info = PrecinctInfo(
        precinct_id="a",
        name="A",
        registered=1000,
        opens_at=0,
        closes_at=int(CLOSES.timestamp()),
        timezone="UTC",
    )
    return Seen(
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
        Hold("a", "1 open incident there")
    ]
    held = Open("a", True, CLOSES, hold="1 open incident there", seen_behind=True)
    assert decide([held], seen(a_standing()), NOW, LIMITS) == [Hold("a", "")]


def test_an_order_of_staff_runs_despite_lines_and_good_pace() -> None:
    ordered = Open("a", False, CLOSES, callers_wanted=6)
    assert decide([ordered], seen(a_standing(PrecinctState.ON_PACE, line_minutes=90)), NOW, LIMITS) == []
