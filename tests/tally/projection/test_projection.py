"""Laws of the projection as properties: L4, L5, monotonicity, scale (all of them: `test_laws.py`)."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from election.domain.checkin import CheckIn, Kind
from election.domain.day import Election, Precinct
from election.domain.ids import PrecinctId
from election.wire.feed import PrecinctState
from tally.model.constants import Constants
from tally.model.past.curve import default_curve, share_at
from tally.projection.projection import MINUTE, Projection, Tally
from tests.tally.elections import DAY, at, entry, small_election

CURVE = default_curve()
ELECTION = small_election()


def honest(rate: float, hours: float, expected: float = 600.0) -> int:
    return round(rate * expected * share_at(CURVE, hours / 13))


USUAL = (*(0.95 + 0.01 * p for p in range(9)), 0.5)


def a_morning(scale: float = 1.0, rates: Sequence[float] = USUAL) -> list[CheckIn]:
    """Ten precincts report at their own rates; P9 does half as well; P10 and P11 are silent."""
    found = []
    for p, rate in enumerate(rates):
        for i, hours in enumerate((3.0, 4.5, 6.0)):
            votes = honest(rate, hours, 600.0 * scale)
            found.append(entry(100 * p + i + 1, votes, hours, precinct=f"P{p}", watcher=f"x{p}"))
    return found


def project(check_ins: list[CheckIn], hours: float = 6.5, election: Election = ELECTION) -> Projection:
    tally = Tally(election)
    tally.add(check_ins)
    return tally.project(at(hours).timestamp())


def content(p: Projection) -> dict[str, list[object]]:
    return p.wire_columns()


KINDS = [Kind.COUNT] * 6 + [
    Kind.FIX, Kind.UNDO, Kind.VOTERS, Kind.LINE, Kind.INCIDENT, Kind.HERE, Kind.FINAL
]  # fmt: skip


@st.composite
def logs(draw: st.DrawFn) -> list[CheckIn]:
    """Sets of counts, fixes, undos, strike-offs, lines and incidents, some of them absurd."""
    size = draw(st.integers(0, 25))
    found = []
    for number in range(1, size + 1):
        kind = draw(st.sampled_from(KINDS))
        hours = draw(st.integers(1, 26)) / 2
        votes = draw(st.integers(0, 2000)) if kind in (Kind.COUNT, Kind.FIX, Kind.FINAL) else None
        detail = {"roll_numbers": [number, 7]} if kind is Kind.VOTERS else {}
        if kind is Kind.INCIDENT:
            detail = {"incident": number, "text": "x"}
        found.append(
            entry(number, votes, hours, precinct=f"P{draw(st.integers(0, 5))}", kind=kind,
                  watcher=draw(st.sampled_from(["w1", "w2"])), late=draw(st.integers(0, 4)) / 10, **detail)
        )  # fmt: skip
    return found


@settings(max_examples=25, deadline=None)
@given(logs(), st.integers(0, 59), st.integers(1, 5))
def test_precinct_by_precinct_ends_where_a_recount_does(log: list[CheckIn], seconds: int, batch: int) -> None:
    minute = at(6).timestamp()
    early = [c for c in log if c.received_at.timestamp() <= minute]
    late = [replace(c, received_at=at(6 + (i + 1) / 3600)) for i, c in enumerate(log) if c not in early]
    live = Tally(ELECTION)
    live.add(early)
    projection, state = live.start(minute)
    as_of = minute + seconds
    known = [c for c in late if c.received_at.timestamp() <= as_of]
    for i in range(0, len(known), batch):
        touched = live.add(known[i : i + batch])
        live.update(projection, state, touched, as_of)
    fresh = Tally(ELECTION)
    fresh.add(known[::-1] + early)
    again, total = fresh.project_with_total(as_of)
    assert content(projection) == content(again)
    assert live.aggregates(projection, state)[0] == total
    assert as_of - minute < MINUTE


@settings(max_examples=25, deadline=None)
@given(logs())
def test_every_projection_is_finite_ordered_and_not_below_what_was_counted(log: list[CheckIn]) -> None:
    c = project(log, 9.0).columns
    for name in ("projected_final", "lo80", "hi80", "lo95", "hi95", "p_lagging"):
        assert np.isfinite(c[name]).all()
    assert (c["lo95"] <= c["lo80"]).all()
    assert (c["lo80"] <= c["projected_final"]).all()
    assert (c["projected_final"] <= c["hi80"]).all()
    assert (c["hi80"] <= c["hi95"]).all()
    assert (c["projected_final"] >= c["last_votes"]).all()
    assert (c["projected_final"] >= c["struck_off"]).all()


@settings(max_examples=25, deadline=None)
@given(logs())
def test_silence_never_makes_lagging(log: list[CheckIn]) -> None:
    c = project(log, 9.0).columns
    for i, state in enumerate(c["state"]):
        if c["last_votes"][i] < 0:
            assert state not in (PrecinctState.LAGGING, PrecinctState.WATCH)
            assert c["p_lagging"][i] == 0.0


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 150), st.integers(0, 9), st.lists(st.floats(0.6, 1.5), min_size=10, max_size=10))
def test_raising_one_accepted_count_never_lowers_its_projection_nor_makes_it_lag(
    more: int, which: int, rates: list[float]
) -> None:
    """The newest of its precinct, wherever that stands among its peers, the state fitted anew with it."""
    log = a_morning(rates=rates)
    position = 3 * which + 2
    low = project(log)
    raised = replace(log[position], votes=(log[position].votes or 0) + more)
    high = project([*log[:position], raised, *log[position + 1 :]])
    assume(high.columns["last_votes"][which] == raised.votes)  # else the gate has held it
    for name in ("projected_final", "lo80", "hi80"):
        assert high.columns[name][which] >= low.columns[name][which] - 0.1, name
    chance = high.columns["p_lagging"][which]
    if chance > low.columns["p_lagging"][which]:
        # a count far ahead of its peers is doubted: it then tells less, and the chance goes back towards that
        # of precincts of which nothing is known; it can make nobody look behind
        assert high.columns["gap"][which] > 0
        assert chance < Constants().watch_probability
        assert high.columns["state"][which] not in (PrecinctState.WATCH, PrecinctState.LAGGING)


@pytest.mark.parametrize("scale", [0.5, 0.85, 1.2, 2.0])
def test_scaling_all_expectations_leaves_relative_lag(scale: float) -> None:
    one = project(a_morning())
    other = project(a_morning(), election=small_election(expected=[600.0 * scale] * 12))  # the same counts
    assert np.abs(one.columns["gap"] - other.columns["gap"])[:10].max() < 0.005
    assert np.abs(one.columns["gap"] - other.columns["gap"])[10:].max() < 0.02  # nothing counted
    assert list(one.columns["state"]) == list(other.columns["state"])
    assert one.columns["state"][9] == PrecinctState.LAGGING


def test_scaling_expectations_and_counts_leaves_relative_lag() -> None:
    one = project(a_morning())
    many = project(a_morning(8.0), election=small_election(scale=8.0))
    off = many.columns["gap"] - one.columns["gap"]
    assert np.abs(np.delete(off, 9)).max() < 0.03
    assert -0.12 < off[9] < 0  # of a place eight times as large a count far behind tells more
    assert one.columns["state"][9] == many.columns["state"][9] == PrecinctState.LAGGING


def test_the_one_behind_its_peers_lags_and_says_so() -> None:
    p = project(a_morning())
    standing = p.standing(9)
    assert standing.state is PrecinctState.LAGGING
    assert "behind its peers at 13:00" in standing.reason
    assert standing.p_lagging > 0.8
    assert p.columns["state"].count(PrecinctState.LAGGING) == 1
    assert p.standing(10).state is PrecinctState.SILENT


def test_no_reports_at_all_say_so() -> None:
    tally = Tally(ELECTION)
    projection, total = tally.project_with_total(at(3).timestamp())
    assert set(projection.columns["state"]) == {PrecinctState.SILENT}
    assert total.caveat == "No counts yet: the figure is the expectation alone."
    assert abs(total.projected_final / total.expected_final - 1) < 0.1
    assert total.hi95 > 1.2 * total.lo95


def test_one_precinct_and_one_report() -> None:
    election = small_election(precincts=1)
    p = project([entry(1, honest(0.9, 6), 6.0, precinct="P0")], election=election)
    assert 480 < p.columns["projected_final"][0] < 640


def test_no_history_and_no_expectation_still_projects() -> None:
    rows = tuple(Precinct(PrecinctId(f"P{i}"), f"P{i}", 1000) for i in range(20))
    election = Election(DAY, rows)
    log = [entry(i + 1, honest(1.0, 6, 300.0), 6.0, precinct=f"P{i}") for i in range(10)]
    p = project(log, election=election)
    assert 240 < p.columns["projected_final"][0] < 380
    assert 240 < p.columns["projected_final"][15] < 400  # learnt from the others


def test_every_report_wrong_is_doubt_not_news() -> None:
    p = project([entry(i + 1, 99_000 + i, 6.0, precinct=f"P{i}") for i in range(12)])
    assert set(p.columns["state"]) == {PrecinctState.DOUBTFUL}
    assert (p.columns["projected_final"] < 1200).all()


def test_a_final_count_is_the_final() -> None:
    p = project([*a_morning(), entry(5000, 611, 13.1, precinct="P3", kind=Kind.FINAL)], 14.0)
    standing = p.standing(3)
    assert standing.state is PrecinctState.CLOSED
    assert standing.projected_final >= 611
    assert (standing.final_in, p.standing(4).final_in) == (1, 0)
    assert math.isclose(standing.projected_final, 611, rel_tol=0.03)


def test_an_extension_keeps_a_precinct_open() -> None:
    longer = entry(
        4000, None, 9.0, precinct="P9", watcher=None, kind=Kind.HOURS, closes_at=at(15).isoformat()
    )
    p = project([*a_morning(), longer], 13.5)
    assert p.standing(9).state is not PrecinctState.CLOSED
    assert p.standing(8).state is PrecinctState.CLOSED
