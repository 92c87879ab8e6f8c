"""States and the sentence that explains them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from election.wire.feed import PrecinctState
from tally.model.constants import Constants
from tally.standing import classify as standing
from tally.standing.columns import NAMES
from tally.standing.reasons import Sentences, words
from tests.tally.elections import at

K = Constants()
NOON = standing.Evidence(
    clock=at(5).timestamp(),
    opens=at(0).timestamp(),
    closes=at(13).timestamp(),
    zone=ZoneInfo("UTC"),
    last_votes=180,
    last_observed=at(4.7).timestamp(),
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


def state(**changes: object) -> tuple[PrecinctState, str]:
    found, said = standing.state_of(replace(NOON, **changes), K)  # type: ignore[arg-type]
    return found, words(said)


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
    assert state(last_votes=None, last_observed=None, p=0.99)[0] is PrecinctState.SILENT
    assert state(clock=at(9).timestamp(), rhythm=7200.0)[0] is PrecinctState.LAGGING  # relative to its rhythm


def test_held_counts_and_disagreement_are_doubtful() -> None:
    held = state(held_after=1, held_reason="2000 is far above what this precinct can have by now")
    assert held[0] is PrecinctState.DOUBTFUL
    assert "2000" in held[1]
    two = standing.disagreement([(0.0, "w1", 180), (600.0, "w2", 320)], K)
    assert two == "two watchers disagree: 180 and 320 within 10 min"
    assert state(disagree=two) == (PrecinctState.DOUBTFUL, two)
    assert standing.disagreement([(0.0, "w1", 180), (600.0, "w1", 320)], K) == ""


def test_closed_names_the_final_count() -> None:
    closed = at(13).timestamp()
    assert state(clock=closed, final=True) == (PrecinctState.CLOSED, "polls closed at 20:00; final count 180")
    assert "no final yet; 40 were in line" in state(clock=closed, line_people=40)[1]


evidence = st.builds(
    standing.Evidence,
    clock=st.sampled_from([at(h).timestamp() for h in (-1, 0, 4.8, 5, 9, 13, 15)]),
    opens=st.just(at(0).timestamp()),
    closes=st.sampled_from([at(13).timestamp(), at(14).timestamp()]),
    zone=st.sampled_from([ZoneInfo("UTC"), ZoneInfo("America/St_Johns")]),
    last_votes=st.none() | st.integers(0, 2_000),
    last_observed=st.floats(at(0).timestamp(), at(5.5).timestamp()),
    rhythm=st.sampled_from([0.0, 3_600.0, 7_200.0]),
    held_after=st.just(0),
    held_reason=st.just(""),
    disagree=st.just(""),
    final=st.booleans(),
    p=st.floats(0, 1).map(lambda p: round(p, 4)),
    p_before=st.floats(0, 1),
    missing=st.floats(-50, 300),
    behind_now=st.floats(-300, 300) | st.sampled_from([-1.5, -0.5, 0.5, 1.5]),
    line_minutes=st.none() | st.integers(0, 90),
    line_people=st.none() | st.integers(0, 90),
    incidents=st.integers(0, 3),
    shared=st.booleans(),
)


@settings(deadline=None)
@given(st.lists(evidence, max_size=30))
def test_many_at_once_are_as_each_alone(found: list[standing.Evidence]) -> None:
    zones = [ZoneInfo("UTC"), ZoneInfo("America/St_Johns")]
    found = [replace(e, shared=False) if e.last_votes is None else e for e in found]

    def column(values: Iterable[Any], kind: Any = np.float64) -> Any:
        return np.array([-1 if v is None else v for v in values], dtype=kind)

    many = standing.Many(
        column(e.clock for e in found), column(e.opens for e in found), column(e.closes for e in found),
        column((zones.index(e.zone) for e in found), np.int16),
        column((e.last_votes is not None for e in found), np.bool_), column(e.last_votes for e in found),
        column(e.last_observed for e in found), column((e.final for e in found), np.bool_),
        column((e.shared for e in found), np.bool_), column(e.rhythm for e in found),
        column(e.p for e in found), column(e.p_before for e in found), column(e.missing for e in found),
        column(e.behind_now for e in found), column((e.line_minutes for e in found), np.intp),
        column((e.line_people for e in found), np.intp), column((e.incidents for e in found), np.intp),
    )  # fmt: skip
    codes, rows = standing.states_of(many, zones, K)
    alone = [standing.state_of(e, K) for e in found]
    assert [NAMES[code] for code in codes.tolist()] == [state.value for state, _ in alone]
    assert Sentences(rows).tolist() == [words(said) for _, said in alone]


def test_a_column_of_sentences_keeps_words_of_their_own_through_every_change() -> None:
    column = Sentences.none(4)
    column[2] = standing.Said(standing.Sort.TOLD, text="said")
    other = column.copy()
    other[2] = standing.Said(standing.Sort.TOLD, text="otherwise")
    other.put(np.array([0, 1]), column.taken(np.array([2, 3])))
    assert other.tolist() == ["said", "no count yet", "otherwise", "no count yet"]
    assert other.differ(column).tolist() == [True, False, True, False]
    other.put(np.array([0, 2]), Sentences.none(2))
    assert other.tolist() == ["no count yet"] * 4 and not other.texts
