"""Doubt: counts that may be another precinct's."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tally.model.constants import Constants
from tally.model.counts.stray_counts import Rates, doubts, strays

K = Constants()


def mixed(n: int, share: float, support: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Departures of `n` counts, so many of them strays."""
    rng = np.random.default_rng(seed)
    stray = rng.random(n) < share
    off = np.where(stray, rng.normal(0, K.bad_sd, n), 0.2 * rng.standard_t(4, n))
    return off, np.full(n, 0.04), np.full(n, support)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_the_strays_share_is_learnt_apart_for_precincts_heard_of_once(share: float) -> None:
    once, often = mixed(3000, share, 1, 1), mixed(3000, 0.0, 6, 2)
    off, variance, support = (np.concatenate(pair) for pair in zip(once, often, strict=True))
    (one, two, more), _ = strays(off, variance, support, (K.bad_rate,) * 3, K, steps=60)
    assert one == pytest.approx(share, abs=0.1)
    assert two == K.bad_rate  # nobody tells
    assert more < 0.05


def test_few_counts_keep_the_prior() -> None:
    (one, _, _), _ = strays(np.array([1.2]), np.array([0.04]), np.array([1]), (K.bad_rate,) * 3, K)
    assert one == pytest.approx(K.bad_rate, abs=0.05)


@example(0.296875, 0.5, 0.01, 0.171875)
@example(0.140625, 0.5, 0.01171875, 0.875)
@given(st.floats(-2.5, 2.5), st.floats(0.0, 0.5), st.floats(0.01, 0.2), st.floats(0.001, 0.95))
def test_a_higher_count_is_never_followed_to_a_lower_place(
    off: float, more: float, variance: float, rate: float
) -> None:
    rates: Rates = (rate, rate, rate)
    pair = np.array([off, off + more])
    _, followed = doubts(pair, np.full(2, variance), np.ones(2, dtype=np.intp), rates, K)
    assert followed[1] >= followed[0] - 1e-9
    assert abs(followed[0]) <= abs(off)


def test_a_wild_count_of_a_precinct_heard_of_once_is_doubted_and_one_among_many_is_not() -> None:
    off, variance = np.full(2, -0.9), np.full(2, 0.04)
    doubt, followed = doubts(off, variance, np.array([1, 6]), (0.5, 0.02, 0.002), K)
    assert doubt[0] > 0.9 > 0.2 > doubt[1]
    assert abs(followed[0]) < 0.5 < abs(followed[1])


def test_judged_alone_or_among_others_is_the_same_to_the_bit() -> None:
    off, variance, support = mixed(500, 0.3, 1, 3)
    rates: Rates = (0.3, 0.02, 0.01)
    together = doubts(off, variance, support, rates, K)
    for i in range(0, 500, 37):
        one = doubts(off[i : i + 1], variance[i : i + 1], support[i : i + 1], rates, K)
        assert (one[0][0], one[1][0]) == (together[0][i], together[1][i])


def test_a_villages_code_with_a_towns_count_is_told_from_a_village_that_votes() -> None:
    off, variance = np.full(2, 1.2), np.full(2, 0.1)
    rates: Rates = (0.2, 0.02, 0.01)
    others = np.array([1.3, -1.3]), 0.8  # others are larger than the first, and smaller than the second
    doubt, _ = doubts(off, variance, np.ones(2, dtype=np.intp), rates, K, others)
    assert doubt[0] > 0.7 > 0.3 > doubt[1]


@given(
    st.floats(-2.5, 2.5), st.floats(0.0, 0.5), st.floats(0.01, 0.2), st.floats(0.001, 0.95),
    st.floats(-2.0, 2.0), st.floats(0.8, 1.7),
)  # fmt: skip
def test_nor_is_it_where_other_precincts_are_larger_or_smaller(
    off: float, more: float, variance: float, rate: float, centre: float, sd: float
) -> None:
    pair, others = np.array([off, off + more]), (np.full(2, centre), sd)
    rates: Rates = (rate, rate, rate)
    _, followed = doubts(pair, np.full(2, variance), np.ones(2, dtype=np.intp), rates, K, others)
    assert followed[1] >= followed[0] - 1e-9
    assert abs(followed[0]) <= abs(off) + 1e-9
