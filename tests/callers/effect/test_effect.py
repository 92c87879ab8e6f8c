"""The effect of calls: right on average, covered at every look, and not said of a handful of households."""

import numpy as np
import pytest
from numpy.typing import NDArray

from callers.effect.effect import Effect, HouseholdCounts, Prior, Stratum, effect_of, shrunk, sums_of
from callers.scripts.sequential import half_width, likelihood_ratio

CONTACT = 0.45
LOOKS = (300, 600, 1_200, 2_500, 5_000, 10_000)


def households(rng: np.random.Generator, n: int, effect: float) -> NDArray[np.int64]:
    """Rows of votes and contacts: two voters each, one call a household, some of whom listen."""
    contacts = rng.random(n) < CONTACT
    votes = rng.binomial(2, 0.3, n) + (contacts & (rng.random(n) < effect))
    return np.column_stack([votes, contacts]).astype(np.int64)


def summed(rows: NDArray[np.int64]) -> HouseholdCounts:
    y, x = rows.T
    return HouseholdCounts(len(y), int(y.sum()), int(x.sum()), int(y @ y), int(x @ y), int(x @ x))


def looks(seed: int, effect: float) -> list[Effect]:
    """One day looked at again and again: 8 % of the households are never called."""
    rng = np.random.default_rng(seed)
    called, control = households(rng, 10_000, effect), households(rng, 800, 0.0)
    control[:, 1] = 0
    return [effect_of([Stratum(summed(called[:n]), summed(control[: int(n * 0.08)]))]) for n in LOOKS]


@pytest.mark.parametrize("planted", [0.0, 0.05, 0.2])
def test_the_interval_covers_what_was_planted_at_every_look(planted: float) -> None:
    days = [[e for e in looks(seed, planted) if e.votes is not None] for seed in range(200)]
    assert all(len(day) >= 4 for day in days)
    missed = sum(any(not e.low <= planted <= e.high for e in day if e.low is not None) for day in days)  # type: ignore[operator]
    assert missed <= 10  # 5 % of 200
    last = [day[-1].votes for day in days]
    assert np.mean(np.array(last, dtype=float)) == pytest.approx(planted, abs=0.02)


def test_a_real_effect_is_found() -> None:
    assert sum((looks(seed, 0.3)[-1].low or 0.0) > 0 for seed in range(20)) >= 18


def test_the_interval_is_what_the_test_has_not_ruled_out() -> None:
    for variance in (1e-5, 0.003, 0.4):
        assert likelihood_ratio(half_width(variance, 0.1, 0.05), variance, 0.1) == pytest.approx(20)


def test_sums_do_not_depend_on_how_households_are_grouped() -> None:
    rows = [(0, 0, 5), (1, 0, 2), (2, 1, 1), (1, 3, 4)]
    apart = [(y, x, 1) for y, x, n in rows for _ in range(n)]
    assert sums_of(rows) == sums_of(apart) == sums_of(rows[:2]) + sums_of(rows[2:])
    y, x = np.array([(y, x) for y, x, _ in apart], dtype=float).T
    expected = np.var(y - 0.3 * x, ddof=1) / len(apart)
    assert sums_of(rows).variance(0.3) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("called", "control", "word"),
    [
        (HouseholdCounts(29, 20, 29, 20, 20, 29), HouseholdCounts(500, 90, 0, 90), "29 called households"),
        (HouseholdCounts(500, 90, 60, 90, 9, 60), HouseholdCounts(3, 2, 0, 2), "3 control households"),
        (HouseholdCounts(500, 90, 60, 90, 9, 60), HouseholdCounts(40, 4, 0, 4), "4 votes of control"),
        (HouseholdCounts(500, 90, 29, 90, 9, 29), HouseholdCounts(40, 10, 0, 10), "29 contacts"),
        (HouseholdCounts(40, 40, 40, 40, 40, 40), HouseholdCounts(40, 40, 0, 40), "votes alike"),
    ],
)
def test_with_few_data_it_says_what_is_lacking(
    called: HouseholdCounts, control: HouseholdCounts, word: str
) -> None:
    found = effect_of([Stratum(called, control)])
    assert found.votes is None and found.low is None
    assert word in found.lacking
    assert shrunk(found) == Prior().votes


def test_dispatch_believes_the_prior_first_and_the_data_at_last() -> None:
    none = HouseholdCounts()
    assert shrunk(Effect(none, none, 0.3, 0.05**2)) == pytest.approx(0.2)  # as sure as the prior: half way
    assert shrunk(Effect(none, none, 0.3, 1e-9)) == pytest.approx(0.3, abs=1e-3)
    assert shrunk(Effect(none, none, 0.3, 10.0)) == pytest.approx(0.1, abs=1e-3)
    assert shrunk(Effect(none, none, -0.4, 1e-6)) > 0


def test_like_are_compared_with_like_and_small_strata_go_together() -> None:
    """Large households vote more and are, as chance had it, rarer among the control group's."""
    rng = np.random.default_rng(3)
    small, large = households(rng, 3_000, 0.2), households(rng, 3_000, 0.2)
    large[:, 0] += 3
    none = households(rng, 900, 0.0)
    none[:, 1] = 0
    none[600:, 0] += 3
    control_small, control_large = none[:600], none[600:]
    apart = [Stratum(summed(small), summed(control_small)), Stratum(summed(large), summed(control_large))]
    together = [apart[0] + apart[1]]
    found, crude = effect_of(apart), effect_of(together)
    assert found.votes == pytest.approx(0.2, abs=0.09)
    assert crude.votes is not None and crude.votes > 0.9, "which is what it would be without them"
    assert found.variance < crude.variance / 2
    few = Stratum(summed(large[:40]), summed(control_large[:9]))
    assert effect_of([apart[0], few]) == effect_of([apart[0] + few])
    assert effect_of([few, apart[0]]) == effect_of([few + apart[0]])
