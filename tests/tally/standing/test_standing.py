"""States and the sentence that explains them."""

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from election.wire.feed import PrecinctState
from tally.model.constants import Constants
from tally.standing import classify as standing
from tally.standing.columns import NAMES
from tally.standing.reasons import Sentences
from tests.tally.elections import at

K = Constants()
NOON: dict[str, Any] = {
    "clock": at(5).timestamp(),
    "opens": at(0).timestamp(),
    "closes": at(13).timestamp(),
    "zone": 0,
    "counted": True,
    "votes": 180.0,
    "observed": at(4.7).timestamp(),
    "final": False,
    "shared": False,
    "rhythm": 0.0,
    "held": False,
    "disagree": False,
    "p": 0.93,
    "p_before": 0.2,
    "missing": 140.0,
    "behind_now": 61.0,
    "line_minutes": -1,
    "line_people": -1,
    "incidents": 0,
}
ZONES = [ZoneInfo("UTC"), ZoneInfo("America/St_Johns")]


def states(rows: list[dict[str, Any]], texts: dict[int, str] | None = None) -> list[tuple[str, str]]:
    """State and sentence of precincts, each of them noon's with changes."""
    whole = [NOON | row for row in rows]
    evidence = standing.Evidence(**{name: np.array([row[name] for row in whole]) for name in NOON})
    codes, said = standing.states_of(evidence, ZONES, K)
    names = [NAMES[code] for code in codes.tolist()]
    return list(zip(names, Sentences(said, texts), strict=True))


def state(text: str = "", **changes: Any) -> tuple[PrecinctState, str]:
    name, sentence = states([changes], {0: text})[0]
    return PrecinctState(name), sentence


def test_lagging_says_how_much_how_sure_and_how_old() -> None:
    assert state() == (
        PrecinctState.LAGGING,
        "61 behind its peers at 11:42, 93 % sure; last count 18 min ago",
    )


def test_a_line_and_incidents_stand_beside_a_lag() -> None:
    assert state(line_minutes=45, incidents=2)[1].endswith("; line of 45 min, 2 open incidents")


def test_a_lagging_precinct_stays_so_until_it_is_clearly_better() -> None:
    assert state(p=0.65, p_before=0.9)[0] is PrecinctState.LAGGING
    assert state(p=0.65, p_before=0.5)[0] is PrecinctState.WATCH
    assert state(p=0.55, p_before=0.9)[0] is PrecinctState.WATCH
    assert state(p=0.1, p_before=0.9)[0] is PrecinctState.ON_PACE


def test_a_small_shortfall_is_nobodys_errand() -> None:
    assert state(missing=3.0)[0] is PrecinctState.ON_PACE


def test_silence_is_not_lag() -> None:
    assert state(clock=at(9).timestamp()) == (PrecinctState.SILENT, "no count for 4 h 18; last 180 at 11:42")
    assert state(counted=False, p=0.99)[0] is PrecinctState.SILENT
    assert state(clock=at(9).timestamp(), rhythm=7200.0)[0] is PrecinctState.LAGGING  # relative to its rhythm


def test_held_counts_and_disagreement_are_doubtful() -> None:
    reason = "2000 is far above what this precinct can have by now"
    newest = f"newest count is held: {reason}; last good one 180"
    assert state(reason, held=True) == (PrecinctState.DOUBTFUL, newest)
    only = state(reason, held=True, counted=False)
    assert only == (PrecinctState.DOUBTFUL, f"its only count is held: {reason}")
    two = standing.disagreement([(0.0, "w1", 180), (600.0, "w2", 320)], K)
    assert two == "two watchers disagree: 180 and 320 within 10 min"
    assert state(two, disagree=True) == (PrecinctState.DOUBTFUL, two)
    assert standing.disagreement([(0.0, "w1", 180), (600.0, "w1", 320)], K) == ""


def test_closed_names_the_final_count() -> None:
    closed = at(13).timestamp()
    assert state(clock=closed, final=True) == (PrecinctState.CLOSED, "polls closed at 20:00; final count 180")
    assert "no final yet; 40 were in line" in state(clock=closed, line_people=40)[1]


def test_what_is_closed_silent_or_held_says_so_before_anything_else() -> None:
    marks = {"held": True, "disagree": True}
    assert state("x", clock=at(13).timestamp(), **marks)[0] is PrecinctState.CLOSED
    assert state("x", clock=at(9).timestamp(), **marks)[0] is PrecinctState.SILENT
    assert state("x", **marks)[1].startswith("newest count is held: x")
    assert state(clock=at(-1).timestamp(), counted=False) == (PrecinctState.SILENT, "polls open at 07:00")
    assert state(counted=False) == (PrecinctState.SILENT, "no count yet")
    assert state(clock=at(13).timestamp(), counted=False)[1] == "polls closed at 20:00; no count"


precincts = st.fixed_dictionaries({
    "clock": st.sampled_from([at(h).timestamp() for h in (-1, 0, 4.8, 5, 9, 13, 15)]),
    "closes": st.sampled_from([at(13).timestamp(), at(14).timestamp()]),
    "zone": st.sampled_from([0, 1]),
    "counted": st.booleans(),
    "votes": st.integers(0, 2_000).map(float),
    "observed": st.floats(at(0).timestamp(), at(5.5).timestamp()),
    "final": st.booleans(),
    "shared": st.booleans(),
    "rhythm": st.sampled_from([0.0, 3_600.0, 7_200.0]),
    "held": st.booleans(),
    "disagree": st.booleans(),
    "p": st.floats(0, 1).map(lambda p: round(p, 4)),
    "p_before": st.floats(0, 1),
    "missing": st.floats(-50, 300),
    "behind_now": st.floats(-300, 300) | st.sampled_from([-1.5, -0.5, 0.5, 1.5]),
    "line_minutes": st.integers(-1, 90),
    "line_people": st.integers(-1, 90),
    "incidents": st.integers(0, 3),
})  # fmt: skip


@settings(deadline=None)
@given(st.lists(precincts, min_size=1, max_size=30))
def test_no_precinct_changes_what_is_said_of_another(rows: list[dict[str, Any]]) -> None:
    assert states(rows) == [states([row])[0] for row in rows]


def test_a_column_of_sentences_keeps_words_of_their_own_through_every_change() -> None:
    column, other = Sentences.none(4), Sentences.none(4)
    column.put(np.array([2]), Sentences.of(["said"]))
    other.put(np.array([2]), Sentences.of(["otherwise"]))
    other.put(np.array([0, 1]), column.taken(np.array([2, 3])))
    assert other.tolist() == ["said", "no count yet", "otherwise", "no count yet"]
    assert other.differ(column).tolist() == [True, False, True, False]
    other.put(np.array([0, 2]), Sentences.none(2))
    assert other.tolist() == ["no count yet"] * 4 and not other.texts
