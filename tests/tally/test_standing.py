"""States and the sentence that explains them."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from election.wire.feed import State
from tally import standing
from tally.constants import Constants
from tests.tally.elections import at

K = Constants()
NOON = standing.Evidence(
    clock=at(5).timestamp(),
    opens=at(0).timestamp(),
    closes=at(13).timestamp(),
    zone=ZoneInfo("UTC"),
    last_votes=180,
    last_observed=at(4.7).timestamp(),
    last_received=at(4.8).timestamp(),
    rhythm=0.0,
    held_after=0,
    held_reason="",
    disagree="",
    final=False,
    p=0.93,
    p_before=0.2,
    missing=140.0,
    behind_now=61.0,
)


def state(**changes: object) -> tuple[State, str]:
    return standing.state_of(replace(NOON, **changes), K)  # type: ignore[arg-type]


def test_lagging_says_how_much_how_sure_and_how_old() -> None:
    assert state() == (State.LAGGING, "61 behind its peers at 11:42, 93 % sure; last count 18 min ago")


def test_a_line_and_incidents_stand_beside_a_lag() -> None:
    assert state(line_minutes=45, incidents=2)[1].endswith("; line of 45 min, 2 open incidents")


def test_a_lagging_precinct_stays_so_until_it_is_clearly_better() -> None:
    assert state(p=0.65, p_before=0.9)[0] is State.LAGGING
    assert state(p=0.65, p_before=0.5)[0] is State.WATCH
    assert state(p=0.55, p_before=0.9)[0] is State.WATCH
    assert state(p=0.1, p_before=0.9)[0] is State.ON_PACE


def test_a_small_shortfall_is_nobodys_errand() -> None:
    assert state(missing=3.0)[0] is State.ON_PACE


def test_silence_is_not_lag() -> None:
    assert state(clock=at(9).timestamp()) == (State.SILENT, "no count for 4 h 18; last 180 at 11:42")
    assert state(last_votes=None, last_observed=None, p=0.99)[0] is State.SILENT
    assert state(clock=at(9).timestamp(), rhythm=7200.0)[0] is State.LAGGING  # relative to its rhythm


def test_held_counts_and_disagreement_are_doubtful() -> None:
    held = state(held_after=1, held_reason="2000 is far above what this precinct can have by now")
    assert held[0] is State.DOUBTFUL
    assert "2000" in held[1]
    two = standing.disagreement([(0.0, "w1", 180), (600.0, "w2", 320)], K)
    assert two == "two watchers disagree: 180 and 320 within 10 min"
    assert state(disagree=two) == (State.DOUBTFUL, two)
    assert standing.disagreement([(0.0, "w1", 180), (600.0, "w1", 320)], K) == ""


def test_closed_names_the_final_count() -> None:
    closed = at(13).timestamp()
    assert state(clock=closed, final=True) == (State.CLOSED, "polls closed at 20:00; final count 180")
    assert "no final yet; 40 were in line" in state(clock=closed, line_people=40)[1]
