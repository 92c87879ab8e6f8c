"""How precincts scatter is learnt on the day, and small places' courses scatter more than large ones'."""

from dataclasses import replace
from datetime import time
from itertools import pairwise

import numpy as np
import pytest

from election.domain.day import CurvePoint, Election, Precinct
from election.domain.ids import PrecinctId
from tally.model.constants import Constants
from tally.model.fit.day_fit import Latest, finals, noise
from tally.model.fit.fit import Rows, fit
from tally.model.past.expectation import inputs_of
from tests.tally.elections import DAY

K = Constants()


STEADY = tuple(CurvePoint("all", time(hour), (hour - 7) / 13) for hour in range(8, 21))


def county(n: int, registered: int = 1_500, curve: tuple[CurvePoint, ...] = STEADY) -> Election:
    return Election(
        DAY,
        tuple(
            Precinct(
                PrecinctId(f"P{i}"), f"P{i}", registered, county=f"C{i % 8}", group=f"G{i % 40}",
                expected_votes=600.0,
            )
            for i in range(n)
        ),
        curve=curve,
    )  # fmt: skip


def evening(n: int, sd: float, seed: int = 2, by: float = 0.95) -> Rows:
    """Late counts of precincts whose own levels scatter by `sd`; `by` another part of the day."""
    rng = np.random.default_rng(seed)
    at, part = np.arange(n, dtype=np.intp), np.full(n, by)
    share = inputs_of(county(n)).curves.shares(at, part)
    votes = np.round(600 * share * np.exp(rng.normal(0, sd, n)))
    residual = np.log((votes + 0.5) / (600 * share))
    return Rows(at, residual, part, share, votes, support=np.full(n, 4, dtype=np.intp))


@pytest.mark.parametrize("sd", [0.08, 0.17, 0.3])
def test_the_day_tells_how_precincts_scatter(sd: float) -> None:
    n = 2_000
    state = fit(inputs_of(county(n)), evening(n, sd), K)
    assert 0.17 * np.sqrt(state.scatter) == pytest.approx(sd, rel=0.2)


def test_so_it_does_without_a_past_course() -> None:
    n = 2_000
    state = fit(inputs_of(county(n, curve=())), evening(n, 0.05), K)
    assert 0.17 * np.sqrt(state.scatter) < 0.10


def test_thousands_of_morning_counts_tell_it_too() -> None:
    few, many = (fit(inputs_of(county(n)), evening(n, 0.05, by=0.15), K).scatter for n in (10, 2_000))
    assert many < 0.3 < 0.7 < few


def test_few_counts_leave_what_was_expected() -> None:
    assert fit(inputs_of(county(12)), evening(12, 0.05), K).scatter > 0.3


def test_bands_of_silent_precincts_follow_the_scatter() -> None:
    n = 2_000
    inputs, nothing = inputs_of(county(n)), np.full(n, np.nan)
    silent = Latest(np.arange(n), nothing, np.zeros(n), np.zeros(n), nothing, np.zeros(n, dtype=np.intp))
    wide, narrow = (
        finals(inputs, fit(inputs, evening(n, sd), K), silent, K).own_variance.mean() for sd in (0.25, 0.08)
    )
    assert wide > 4 * narrow


def test_large_places_keep_to_their_course_better_than_small_ones() -> None:
    def sd(registered: int) -> float:
        inputs, at = inputs_of(county(4, registered)), np.arange(1, dtype=np.intp)
        return float(
            np.sqrt(noise(inputs, at, np.full(1, 0.5), np.full(1, 1e9), replace(K, watcher_sd=0.0))[0])
        )

    found = [sd(size) for size in (300, 1_500, 10_000, 100_000)]
    assert all(larger < smaller for smaller, larger in pairwise(found))
    assert found[0] > 2.5 * found[-1]


def test_on_a_day_of_equals_one_who_lags_is_no_stray() -> None:
    """Its agreeing counts are its own, however alike the others are."""
    n = 200
    inputs, rows = inputs_of(county(n)), evening(n, 0.03)
    rows.residual[3] -= 0.65
    state = fit(inputs, rows, K)
    assert state.scatter < 0.3
    latest = Latest(rows.at, rows.votes, rows.part, rows.share, rows.residual, np.full(n, 8, dtype=np.intp))
    trusted = finals(inputs, state, latest, K).trusted
    assert trusted is not None
    assert trusted.doubt[3] < 0.15
