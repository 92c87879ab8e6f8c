"""The value of a watcher, against fits that have the counts, dense covariances and draws."""

from dataclasses import replace

import numpy as np

from election.domain.day import Election, Precinct
from election.domain.ids import PrecinctId
from tally.model.constants import Constants
from tally.model.fit.day_fit import design, lateness, noise, spread
from tally.model.fit.fit import Rows, fit
from tally.model.past.expectation import Inputs, inputs_of
from tally.model.watcher_plan.visits import Posterior, Visits, count_spread, lag_seen, total_spread, visits_to
from tally.model.watcher_plan.watcher_value import Z80, choose
from tally.projection.watcher_plan import before_the_day
from tests.tally.elections import DAY

K = Constants(watched_shift_sd=0.0)  # what is linear; being unlike watched precincts is one amount for all
N = 90
PART = np.full(N, 0.6)
ALONE = np.full(N, -1)


def county(n: int = N, seed: int = 3) -> Inputs:
    random = np.random.default_rng(seed)
    sizes = random.lognormal(6.3, 0.5, n)
    found = inputs_of(
        Election(
            DAY,
            tuple(
                Precinct(PrecinctId(f"P{i}"), f"P{i}", round(2.5 * size), f"C{i % 3}", f"G{i % 9}",
                         expected_votes=float(size))
                for i, size in enumerate(sizes)
            ),
        ),
        K,
    )  # fmt: skip
    return replace(
        found, widening=1.0
    )  # as with a past curve; wider shared errors are wider by a rule of thumb


def posterior(inputs: Inputs, placed: list[int], more: int = 0, k: Constants = K) -> Posterior:
    return before_the_day(inputs, np.array(placed, dtype=np.intp), PART, more, k)


def variance(inputs: Inputs, placed: list[int]) -> float:
    """Of the total, by the fit itself and the sums' own formula."""
    p = posterior(inputs, placed)
    return spread(inputs, p.state, p.known, p.mean, K).total


def places(inputs: Inputs, without: list[int], site: np.ndarray = ALONE) -> Visits:
    bare = np.setdiff1d(np.arange(N), without)
    return visits_to(inputs, site, bare, PART[bare])


def test_the_fall_that_is_promised_is_the_one_that_the_fit_finds() -> None:
    inputs = county()
    placed = [1, 8, 30]
    visits = places(inputs, placed)
    choice = choose(posterior(inputs, placed), visits, 12)
    chosen = visits.at[choice.order].tolist()
    assert len(set(chosen)) == 12
    for picks in (0, 1, 5, 12):
        found = variance(inputs, placed + chosen[:picks])
        assert np.isclose(choice.variance[picks], found, rtol=1e-6), picks
    assert choice.variance[12] < 0.5 * choice.variance[0]


def test_the_first_choice_is_the_best_of_all_by_trying_each() -> None:
    inputs = county()
    placed = [2, 4]
    choice = choose(posterior(inputs, placed), visits := places(inputs, placed), 1)
    rate = Z80 / (2 * np.sqrt(choice.variance[0]))
    tried = np.array([rate * (choice.variance[0] - variance(inputs, [*placed, q])) for q in visits.at])
    best = int(np.argmax(tried + choice.lag))
    assert choice.order.tolist() == [best]
    assert np.isclose(choice.narrowing[best], tried[best], rtol=1e-6)


def test_rooms_of_one_site_are_one_place_and_tell_what_their_sum_tells() -> None:
    """Against the dense covariance of all precincts' next counts, before anything is known."""
    inputs = county()
    p = posterior(inputs, [])
    site = ALONE.copy()
    site[[9, 18, 27]] = 4  # all of one group
    visits = places(inputs, [], site)
    assert len(visits) == N - 2
    share, every = inputs.curves.shares(np.arange(N), PART), np.arange(N)
    same_group, same_county = (np.equal.outer(c, c) for c in (inputs.group, inputs.county))
    scales, t = inputs.scales, np.outer(lateness(share), lateness(share))
    x = design(inputs, every, PART, share)
    dense = x @ p.state.covariance @ x.T
    dense += same_county * (scales.county**2 + K.county_tilt_sd**2 * t)
    dense += same_group * (scales.group**2 + K.group_tilt_sd**2 * t)
    alone = inputs.precinct_sd**2 + noise(inputs, every, share, inputs.expected * share, K)
    dense += np.diag(alone)
    w = np.zeros((len(visits), N))
    w[visits.place, visits.at] = visits.weight
    assert np.allclose(w.sum(axis=1), 1.0)
    counts = count_spread(p, visits, total_spread(p))
    assert np.allclose(counts.variance, np.diag(w @ dense @ w.T), rtol=1e-6)
    alone_choice = choose(p, places(inputs, []), 3)
    together = choose(p, visits, 3)
    assert together.variance[3] <= alone_choice.variance[0]


def test_lag_that_would_be_seen_is_the_mean_over_what_the_count_may_say() -> None:
    inputs = county()
    p = posterior(inputs, [0, 1, 2, 3])
    visits = places(inputs, [0, 1, 2, 3])
    at, n = visits.at, len(visits.at)
    random = np.random.default_rng(4)
    variance, told = random.uniform(0.03, 0.06, n), random.uniform(0.005, 0.03, n)
    found = lag_seen(p, visits, variance, told)
    middle = p.known.log_median[at] - np.log(inputs.expected[at]) - p.state.peer_level
    mean = middle + np.sqrt(told) * random.standard_normal((20_000, n))
    left = np.sqrt(variance - told) * (1 + K.lag_widening * (1 - visits.share))
    seen = (np.log(K.lag_ratio) - mean) / left > 0.5244
    drawn = (
        inputs.expected[at] * np.exp(p.state.peer_level) * np.where(seen, 1 - np.exp(mean), 0).mean(axis=0)
    )
    assert np.isclose(found.sum(), drawn.sum(), rtol=0.02)
    assert np.corrcoef(found, drawn)[0, 1] > 0.99
    assert (lag_seen(p, visits, variance, np.zeros(n)) < 0.01).all()  # what tells nothing shows nothing


def test_those_chosen_are_worth_more_than_those_left_and_the_bound_is_between() -> None:
    inputs = county()
    choice = choose(posterior(inputs, [5], more=10), places(inputs, [5]), 10)
    chosen = choice.value[choice.order]
    assert (np.diff(chosen) <= 0).all()
    assert np.delete(choice.value, choice.order).max() <= chosen[-1]
    assert (np.diff(choice.variance) < 0).all()
    assert 0.63 < choice.bound <= 1.0


def test_a_short_list_chooses_as_all_do(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    inputs = county()
    p, visits = posterior(inputs, [5]), places(inputs, [5])
    whole = choose(p, visits, 3)
    monkeypatch.setattr("tally.model.watcher_plan.watcher_value.SHORTLIST", 40)
    monkeypatch.setattr("tally.model.watcher_plan.watcher_value.ROOM", 1)
    monkeypatch.setattr("tally.model.watcher_plan.watcher_value.FEW", 16)
    short = choose(p, visits, 3)
    assert short.order.tolist() == whole.order.tolist()
    assert np.allclose(short.variance, whole.variance)


def test_where_nobody_is_left_or_nobody_is_sent_there_is_nothing_to_choose() -> None:
    inputs = county()
    nobody = choose(posterior(inputs, list(range(N))), places(inputs, list(range(N))), 3)
    assert len(nobody.order) == 0 and len(nobody.value) == 0
    few = choose(posterior(inputs, list(range(2, N))), places(inputs, list(range(2, N))), 9)
    assert sorted(few.order.tolist()) == [0, 1] and few.bound == 1.0
    assert fit(inputs, Rows(np.zeros(0, dtype=np.intp), *[np.zeros(0)] * 4), K).rows == 0
