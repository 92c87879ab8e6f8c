"""The value of a watcher: what one more count somewhere would tell, by the model's own covariance.

Counting at q (`visits.py`: d_q, D) takes cov(D, d_q)^2 / var(d_q) from the total's variance. Afterwards
cov(D, d) and var(d) of all others are what a Cholesky step leaves of them: n places and N choices cost
O(n N (N + K)), without an n x n matrix.

Two things count, both in votes: how much narrower half the total's 80 % band becomes, at the width it has
now, and the votes missing in precincts that would then show as lagging, where nobody would have seen it.

Chosen one after another, the best first. The fall of a variance is not submodular in general: two counts
may tell together what neither tells alone (suppressors). Where it is, and with covariances that are mostly
positive it nearly is, the choice reaches 1 - 1/e (63 %) of the best possible (Nemhauser and others 1978); in
general 1 - exp(-gamma), gamma the submodularity ratio (Das and Kempe 2011), which nobody computes.
`VisitChoice.bound` is what this choice reaches of the best if it is submodular: the best is at most what was
reached and the N largest values left over (Minoux 1978); most often far more than 63 %.
Left out: that a watcher counts again and again, so that steps tell of the day's curve, and that lag is seen
a little better where neighbours are watched.
"""

import math
from dataclasses import dataclass

import numpy as np

from tally.model.watcher_plan.visits import (
    FEW,
    Array,
    Codes,
    CountSpread,
    Posterior,
    TotalSpread,
    Visits,
    count_spread,
    total_spread,
)

Z80 = 1.2816
SHORTLIST = 2_000  # places among which the best are chosen one after another, at least …
ROOM = 20  # … and so many for each choice


@dataclass(frozen=True)
class VisitChoice:
    """What visits are worth. Arrays: one element a place of the `Visits`."""

    value: Array  # votes, at most those of any chosen before, so that it gives the order
    narrowing: Array  # votes off half the band: of a chosen place, when it was chosen; of others, after all
    lag: Array  # votes missing that would be seen
    order: Codes  # places chosen, the best first
    variance: Array  # of the total: before, and after each choice
    bound: float  # of the best possible choice, this one reaches so much at least


def choose(posterior: Posterior, visits: Visits, picks: int) -> VisitChoice:
    """The `picks` best of the visits, and what the others are worth after them."""
    n, total = len(visits), total_spread(posterior)
    narrowing, lag = np.zeros(n), np.zeros(n)
    if not n or total.variance <= 0.0:
        return VisitChoice(lag, lag, lag, np.zeros(0, dtype=np.intp), np.array([total.variance]), 1.0)
    rate = Z80 / (2.0 * math.sqrt(total.variance))
    for some in _slices(visits):
        counts = count_spread(posterior, visits.some(some), total)
        fall = counts.with_total**2 / counts.variance + _selected(float(total.unlike.sum()), counts.unlike)
        narrowing[some], lag[some] = rate * fall, counts.lag
    value = narrowing + lag
    room = max(SHORTLIST, ROOM * picks)
    listed = np.sort(np.argsort(-value, kind="stable")[:room])
    chosen = _Chosen(posterior, count_spread(posterior, visits.some(listed), total), total)
    variances = [total.variance]
    for _ in range(min(picks, n)):
        best, taken = chosen.take(rate)
        narrowing[listed[best]] = rate * taken
        variances.append(variances[-1] - taken)
    rest = ~chosen.taken
    narrowing[listed[rest]] = rate * chosen.falls()[rest]
    value[listed] = narrowing[listed] + lag[listed]
    if room < n:  # what was not looked at again is worth no more than what was
        beyond = np.setdiff1d(np.arange(n), listed)
        value[beyond] = np.minimum(value[beyond], value[listed].min())
        narrowing[beyond] = np.minimum(narrowing[beyond], value[beyond])
    order = listed[np.array(chosen.order, dtype=np.intp)]
    return VisitChoice(
        _in_order(value, order), narrowing, lag, order, np.array(variances), _bound(value, order)
    )


def _in_order(value: Array, order: Codes) -> Array:
    """Values that fall from each choice to the next, and to those left."""
    if not len(order):
        return value
    found = value.copy()
    found[order] = np.minimum.accumulate(value[order])
    rest = np.ones(len(value), dtype=np.bool_)
    rest[order] = False
    found[rest] = np.minimum(found[rest], found[order[-1]])
    return found


def _bound(value: Array, order: Codes) -> float:
    """What was reached as a share of that and of the largest values left."""
    reached, left = float(value[order].sum()), np.sort(np.delete(value, order))[::-1]
    most = reached + float(left[: len(order)].sum())
    return reached / most if most > 0.0 else 1.0


def _slices(visits: Visits) -> list[Codes]:
    """Places, so many at a time as have `FEW` precincts: each has a row of K numbers."""
    return list(np.split(np.arange(len(visits)), np.flatnonzero(np.diff(visits.starts // FEW)) + 1))


def _selected(unlike: float, one: Array) -> Array:
    """Fall of the variance by silent precincts' being unlike watched ones, where `one` more is watched."""
    return np.asarray(unlike**2 - (unlike - one) ** 2)


class _Chosen:
    """Visits chosen so far, and what is left of the others' covariances."""

    def __init__(self, posterior: Posterior, counts: CountSpread, total: TotalSpread) -> None:
        self._posterior, self._counts = posterior, counts
        self._with_total, self._variance = counts.with_total, counts.variance
        self._least = 1e-9 * counts.variance  # a sum of squares is never less
        self._unlike = float(total.unlike.sum())
        self._steps = np.zeros((0, len(counts.own)))
        self.taken = np.zeros(len(counts.own), dtype=np.bool_)
        self.order: list[int] = []

    def falls(self) -> Array:
        """Fall of the total's variance by each of the others."""
        fall = self._with_total**2 / np.maximum(self._variance, self._least)
        return np.where(self.taken, 0.0, fall + _selected(self._unlike, self._counts.unlike))

    def take(self, rate: float) -> tuple[int, float]:
        """Choose the best; returns which, and by how much the total's variance falls."""
        falls = self.falls()
        worth = np.round(rate * falls + self._counts.lag, 6)  # of equal ones the first
        q = int(np.argmax(np.where(self.taken, -np.inf, worth)))
        counts = self._counts
        column = counts.s @ (self._posterior.state.covariance @ counts.s[q])
        column += np.sum(counts.place * self._beside(q)[counts.group], axis=1)
        column[q] += counts.own[q]
        column -= self._steps[:, q] @ self._steps
        sd = math.sqrt(max(float(column[q]), float(self._least[q])))
        step = column / sd
        self._with_total = self._with_total - step * (self._with_total[q] / sd)
        self._variance = self._variance - step * step
        self._steps = np.vstack([self._steps, step])
        self._unlike -= float(counts.unlike[q])
        self.taken[q] = True
        self.order.append(q)
        return q, float(falls[q])

    def _beside(self, q: int) -> Array:
        """Covariance of every group's place with the count at `q`, given s, (G, 2)."""
        state, inputs = self._posterior.state, self._posterior.inputs
        group, load = int(self._counts.group[q]), self._counts.place[q]
        county = inputs.group_county[group]
        found = np.zeros((len(inputs.group_county), 2))
        here = np.flatnonzero(inputs.group_county == county)
        found[here] = state.passed[here] @ (state.county_covariance[county] @ (state.passed[group].T @ load))
        found[group] += state.group_covariance[group] @ load
        return found
