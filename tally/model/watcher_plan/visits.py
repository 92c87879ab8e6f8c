"""Visits: where a watcher could go, and how the counts they would bring err together with the sum of finals.

With gain k of a precinct's last count (0 without one), at part u0, the next one at part u errs by

    d = a ds + b (dc + dg) + e + noise,  a = x(u) - k x(u0) - b load,  b = (1 - k, t(u) - k t(u0)),

and the sum of finals by D = sum m_p d_p(close), m in votes. Precincts of one polling site, counted together,
are one place: d = sum w_p d_p. A final has the same a and b, at u = 1.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tally.model.constants import Constants
from tally.model.fit.day_fit import DayFit, Finals, design, lateness, noise
from tally.model.normal import below_normal
from tally.model.past.expectation import Inputs

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
SURE = 0.5244  # z of `Constants.lag_probability`
FEW = 16_384  # precincts at a time, where each has a row of K numbers


@dataclass(frozen=True)
class Posterior:
    """The day as fitted, with what is known of every precinct (`known.at` is every position)."""

    inputs: Inputs
    state: DayFit
    known: Finals
    mean: Array  # votes projected of each precinct
    constants: Constants


@dataclass(frozen=True)
class Visits:
    """Where a watcher could go: precincts `at`, place by place, `starts` the first precinct of each place.

    A place is a precinct or those of one group that share a polling site. `part`, `share`: when they would be
    counted; `weight`: their shares in the place's count.
    """

    at: Codes
    starts: Codes
    part: Array
    share: Array
    weight: Array

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def place(self) -> Codes:
        """Which place each precinct belongs to."""
        return np.repeat(np.arange(len(self.starts)), np.diff(np.append(self.starts, len(self.at))))

    def some(self, chosen: Codes) -> "Visits":
        """Some of the places, in this order."""
        sizes = np.diff(np.append(self.starts, len(self.at)))[chosen]
        starts = np.append(0, np.cumsum(sizes)).astype(np.intp)
        rows = np.repeat(self.starts[chosen] - starts[:-1], sizes) + np.arange(starts[-1])
        return Visits(self.at[rows], starts[:-1], self.part[rows], self.share[rows], self.weight[rows])


def visits_to(inputs: Inputs, site: Codes, at: Codes, part: Array) -> Visits:
    """Visits to the precincts `at`, each at its part of the day; those of one `site` (-1: none) together."""
    share = inputs.curves.shares(at, part)
    alone = np.where(site[at] < 0, at, -1)
    order = np.lexsort((at, inputs.group[at], site[at], alone))
    at, part, share = at[order], part[order], share[order]
    keys = np.stack([alone[order], site[at], inputs.group[at]])
    first = np.ones(len(at), dtype=np.bool_)
    first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    starts = np.flatnonzero(first)
    expected = inputs.expected[at] * np.maximum(share, 1e-4)
    whole = np.add.reduceat(expected, starts) if len(at) else expected
    return Visits(at, starts, part, share, expected / whole[np.cumsum(first) - 1])


@dataclass(frozen=True)
class TotalSpread:
    """The error of the sum of finals: its variance, and how it goes with all others."""

    variance: float
    load: Array  # (K,) the sum's derivative by s, as wide as shared errors are where no curve is known
    shared: Array  # (K,) covariance of s with it
    placed: Array  # (G, 2) covariance of places with it, given s
    unlike: Array  # (n,) votes by which it errs with each silent precinct's being unlike watched ones


@dataclass(frozen=True)
class CountSpread:
    """Errors of the counts that visits would bring, a row a place."""

    s: Array  # (S, K) loads on s
    place: Array  # (S, 2) … on level and tilt of the group's place
    group: Codes
    own: Array  # variance of what no other count shares
    variance: Array
    with_total: Array  # covariance with the sum of finals
    unlike: Array  # votes of the sum that are no longer unlike watched ones
    lag: Array  # votes missing that would be seen


def total_spread(p: Posterior) -> TotalSpread:
    """What `day_fit.spread` makes of the whole, with the covariances that it is made of."""
    inputs, state, k, known, mean = p.inputs, p.state, p.constants, p.known, p.mean
    gain, groups, counties = known.gain, len(inputs.group_county), len(inputs.counties)
    learnt = state.rows / (state.rows + k.watched_faith)
    unlike = np.where(gain == 0, learnt * k.watched_shift_sd * inputs.precinct_sd * mean, 0.0)
    g = np.stack([
        np.bincount(inputs.group, mean * (1.0 - gain), groups),
        np.bincount(inputs.group, -mean * gain * lateness(known.share), groups),
    ], axis=1)  # fmt: skip
    passed = np.zeros((counties, 2))
    np.add.at(passed, inputs.group_county, np.einsum("gi,gij->gj", g, state.passed))
    near = np.einsum("cij,cj->ci", state.county_covariance, passed)[inputs.group_county]
    placed = np.einsum("gij,gj->gi", state.passed, near)
    placed += np.einsum("gij,gj->gi", state.group_covariance, g)
    j = -np.einsum("gi,gik->k", g, state.load)
    for i in range(0, len(mean), FEW):
        here = slice(i, min(i + FEW, len(mean)))
        at, ones = known.at[here], np.ones(here.stop - here.start)
        j += mean[here] @ design(inputs, at, ones, ones)
        told = at[gain[here] > 0]  # `known.at` is every position
        j -= (mean[told] * gain[told]) @ design(inputs, told, known.part[told], known.share[told])
    j *= inputs.widening
    shared = state.covariance @ j
    variance = float(np.sum(mean**2 * known.own_variance) + np.sum(g * placed) + j @ shared)
    return TotalSpread(variance + float(unlike.sum()) ** 2, j, shared, placed, unlike)


def count_spread(p: Posterior, visits: Visits, total: TotalSpread) -> CountSpread:
    """Errors of the counts that the visits would bring."""
    inputs, state, known, at, w = p.inputs, p.state, p.known, visits.at, visits.weight
    group, starts, covariance = inputs.group[at], visits.starts, state.covariance
    gain, ones = known.gain[at], np.ones(len(at))
    before: Array | float = 0.0
    if gain.any():
        before = gain[:, None] * design(inputs, at, known.part[at], known.share[at])
    old, load = gain * lateness(known.share[at]), state.load[group]

    def loads(part: Array, share: Array) -> tuple[Array, Array]:
        b = np.stack([1.0 - gain, lateness(share) - old], axis=1)
        return design(inputs, at, part, share) - before - np.einsum("ni,nik->nk", b, load), b

    a, b = loads(visits.part, visits.share)
    s, place = (np.add.reduceat(w[:, None] * each, starts) for each in (a, b))
    own = known.own_variance[at]
    alone = own + noise(inputs, at, visits.share, np.exp(known.log_median[at]) * visits.share, p.constants)
    apart = np.add.reduceat(w * w * alone, starts)
    first = group[starts]
    variance = np.sum((s @ covariance) * s, axis=1) + _quadratic(place, state.places[first]) + apart
    together = np.add.reduceat(w * p.mean[at] * own, starts)
    together += s @ total.shared + np.sum(place * total.placed[first], axis=1)
    # each final against its peers', for lag
    of = visits.place
    final, g = loads(ones, ones)
    if state.peer_load is not None:
        final -= state.peer_load
    by_place = np.einsum("ni,nij->nj", g, state.places[group])
    shown = np.sum((final @ covariance) * s[of], axis=1) + np.sum(by_place * place[of], axis=1) + w * own
    spread = np.sum((final @ covariance) * final, axis=1) + np.sum(by_place * g, axis=1) + own
    seen = lag_seen(p, visits, spread, shown**2 / variance[of])
    unlike = np.add.reduceat(total.unlike[at], starts)
    return CountSpread(s, place, first, apart, variance, together, unlike, np.add.reduceat(seen, starts))


def lag_seen(p: Posterior, visits: Visits, variance: Array, told: Array) -> Array:
    """Votes that a count of each precinct is expected to show as missing, where it shows lag.

    `variance` is that of log(final / peers), of which a count takes `told` away: its later mean M is
    N(mu, told), and lag shows where M < log .85 - z sd.
    """
    inputs, k, at, level = p.inputs, p.constants, visits.at, p.state.peer_level
    told = np.minimum(told, variance)
    mu, tau = p.known.log_median[at] - np.log(inputs.expected[at]) - level, np.sqrt(np.maximum(told, 1e-12))
    left = np.sqrt(variance - told) * (1.0 + k.lag_widening * (1.0 - visits.share))
    q = (math.log(k.lag_ratio) - SURE * left - mu) / tau
    missing = below_normal(q) - np.exp(mu + told / 2.0) * below_normal(q - tau)
    return np.asarray(inputs.expected[at] * math.exp(level) * np.maximum(missing, 0.0))


def _quadratic(rows: Array, matrices: Array) -> Array:
    return np.asarray(np.einsum("ni,nij,nj->n", rows, matrices, rows))
