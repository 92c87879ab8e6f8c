"""What lagged, what was done, what came of it, and what nobody was told of."""

from datetime import UTC, datetime
from typing import Any

from dashboard.debrief.calibration import calibration_figure
from dashboard.debrief.figures import debrief_of, moment_of, with_totals

NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)


def ended(
    precinct: str, votes: int | None, final: int = 1, state: str = "closed", **more: Any
) -> dict[str, Any]:
    return {
        "precinct_id": precinct, "state": state, "final_in": final, "last_votes": votes,
        "last_observed_at": 1, "expected_final": 500.0, "projected_final": 480.0,
    } | more  # fmt: skip


def alert(precinct: str, said: str = "84 votes behind") -> dict[str, Any]:
    return {"precinct_id": precinct, "said": said, "raised_at": NOON, "acknowledged_by": "sam"}


def dispatch(precinct: str, calls: int, promises: int) -> dict[str, Any]:
    return {
        "precinct_id": precinct,
        "calls": calls,
        "promises": promises,
        "started_by": "sam",
        "automatic": False,
    }


GOOD = [ended(f"g{n}", 500) for n in range(20)]


def test_each_precinct_that_lagged_stands_once_with_what_was_done_and_where_it_ended() -> None:
    rows = [*GOOD, ended("a", 300), ended("b", 510), ended("c", 200)]
    alerts = [alert("a"), alert("a", "90 votes behind"), alert("b"), alert("elsewhere")]
    d = debrief_of(rows, alerts, [dispatch("a", 30, 4), dispatch("a", 10, 1), dispatch("g1", 9, 9)])
    assert [(one.precinct_id, one.said, one.calls, one.promises) for one in d.lagged] == [
        ("a", "84 votes behind", 40, 5), ("b", "84 votes behind", 0, 0),
    ]  # fmt: skip
    assert [e.precinct_id for e in d.shortfalls] == ["c", "a"]
    assert [e.precinct_id for e in d.missed] == ["c"], "nobody was told of it"
    assert [one.precinct_id for one in d.false_alarms] == ["b"]


def test_finals_missing_come_by_the_votes_expected_and_nothing_is_missed_without_a_final() -> None:
    rows = [*GOOD, ended("a", 100, final=0), ended("b", None, final=0, expected_final=900.0),
            ended("c", 50, final=0, state="silent")]  # fmt: skip
    d = debrief_of(rows, [], [])
    assert [(e.precinct_id, e.votes) for e in d.missing] == [("b", None), ("a", 100)]
    assert (d.open, d.finals, d.never, d.counted) == (1, 20, 1, 10_150)
    assert d.missed == ()


def test_an_earlier_projection_is_held_against_the_finals_that_are_in() -> None:
    past = {
        "aggregates": [{"scope": "all", "projected_final": 900, "lo80": 880, "hi80": 950}],
        "standings": {"precinct_id": ["g0", "g1", "a"], "projected_final": [1, 1, 1], "lo80": [490, 510, 0],
                      "hi80": [520, 530, 1], "lo95": [480, 490, 0], "hi95": [530, 540, 1]},
    }  # fmt: skip
    m = moment_of(NOON, past, [*GOOD, ended("a", 100, final=0)])
    assert (m.projected, m.lo80, m.inside, m.wide, m.of) == (900.0, 880.0, 1, 2, 2)
    figure: Any = calibration_figure([m], lambda at: f"{at:%H}")
    assert [(bar.name, list(bar.x), list(bar.y)) for bar in figure.data] == [
        ("inside their 80 % band", [f"{NOON:%H}"], [50.0]),
        ("inside their 95 % band", [f"{NOON:%H}"], [100.0]),
    ]  # fmt: skip
    assert [line.y0 for line in figure.layout.shapes] == [80, 95]


def test_the_wholes_are_those_that_the_board_shows() -> None:
    found = debrief_of([*GOOD, ended("a", None, final=0)], [], [])
    whole = {"counted": 10_001, "expected_final": 10_498.0, "projected_final": 10_470.0}
    told = with_totals(found, [whole])
    assert (told.counted, told.expected, told.projected) == (10_001, 10_498.0, 10_470.0)
    assert with_totals(found, []) == found
