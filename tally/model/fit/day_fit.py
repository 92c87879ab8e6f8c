"""The model: the day's state, and what it says of every precinct's final.

With u the part of the day, F the share of the day's votes in by u, t = -log F, places c(ounty) > g(roup) > p:

    y = log N - log e - log F(u) = x(u) s + (1, t)(c + g) + theta_p + noise
    x(u) = [1, features, factors(u), t * features]

`s` is shared by all. Everything at close has t = 0 and factors = 0, so
log final = log e + x(1) s + c0 + g0 + theta. `model/fit.py` finds the state, `model/stray_counts.py` says how
far a count may be nobody's. Sources: DESIGN section 7; docs/model.md derives each line.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tally.model.constants import Constants
from tally.model.counts.round_counts import NOBODY, Shares
from tally.model.counts.stray_counts import Rates, doubts
from tally.model.counts.verdicts import slices
from tally.model.normal import below_normal
from tally.model.past.curve import GRID
from tally.model.past.expectation import Inputs

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
FEW = 16_384  # precincts at a time, where each has a row of K numbers
DIGITS = 9  # states are rounded, so that a recount agrees to the byte


@dataclass(frozen=True)
class DayFit:
    """The day as fitted. `level`, `tilt` (n,) and `bend` (GRID + 1,) hold what the centre of a projection
    needs; the rest is for the widths."""

    s: Array  # (K,)
    covariance: Array  # (K, K)
    county_covariance: Array  # (C, 2, 2) of level and tilt given s
    group_covariance: Array  # (G, 2, 2) given s and the county
    passed: Array  # (G, 2, 2) what a group's data leaves of its county's error
    places: Array  # (G, 2, 2) covariance of county and group together, given s
    load: Array  # (G, 2, K) how s enters through them
    level: Array
    tilt: Array
    bend: Array
    smear: float  # mean over median of a silent precinct's final
    rows: int
    scatter: float = 1.0  # variance of precincts' own levels, as the day shows it, over what was expected
    guess_sd: float = 0.0  # by which estimates of the public are off
    rounders: Shares = NOBODY  # share of precincts whose watchers round
    bad: Rates = (0.0, 0.0, 0.0)  # share of counts that are none of their precinct's
    peer_level: float = 0.0  # log of everybody's projected final over everybody's expectation
    peer_load: Array | None = None  # its derivative by `s`, (K,)


def width(inputs: Inputs) -> int:
    """K, the length of `s`."""
    return int(1 + inputs.features.shape[1] + inputs.curves.factors.shape[1] + inputs.tilts)


def design(inputs: Inputs, at: Codes, part: Array, share: Array, beside: int = 0) -> Array:
    """x(u) of precincts `at`, (n, K), with room for so many columns `beside` it."""
    q, r = inputs.features.shape[1], inputs.curves.factors.shape[1]
    size = width(inputs)
    whole = np.empty((len(at), size + beside))
    x = whole[:, :size]
    f = inputs.features[at]
    x[:, 0] = 1.0
    x[:, 1 : 1 + q] = f
    x[:, 1 + q : 1 + q + r] = inputs.curves.deviations(part)
    x[:, 1 + q + r :] = lateness(share)[:, None] * f[:, : inputs.tilts]
    return whole


def lateness(share: Array) -> Array:
    """t = -log F, what a tilt multiplies: a place that votes early has F^(1 - tilt). 0 at close.

    Over counties and covariates of Romania 2024 departures of log share grow in proportion to it from noon
    back to the first hour (docs/model.md), where 1 - F would level off.
    """
    return np.asarray(-np.log(np.maximum(share, 0.01)))


def residual_of(inputs: Inputs, at: Codes, votes: Array, share: Array) -> Array:
    """y of counts: log N - log e - log F. Half a vote keeps a first 0 finite."""
    return np.asarray(np.log((votes + 0.5) / (inputs.expected[at] * np.maximum(share, 1e-4))))


def noise(inputs: Inputs, at: Codes, share: Array, votes: Array, k: Constants) -> Array:
    """Variance of a level's noise about its precinct's own level (theta not included)."""
    left = 1.0 - share
    counted = 0.5 * (votes + share * inputs.expected[at]) + 1.0
    return inputs.tilt_variance[at] * left * np.sqrt(left) + k.thinning * left / counted + k.watcher_sd**2


def unexplained(state: DayFit, at: Codes, residual: Array, part: Array, share: Array) -> Array:
    """y less all the state explains: the precinct's own level plus noise. Elementwise."""
    bend = bend_at(state, part)
    return np.asarray(residual - state.level[at] - lateness(share) * state.tilt[at] - bend)


def bend_at(state: DayFit, part: Array) -> Array:
    """How far today's curve departs from the usual one at parts of the day (log). 0 at close."""
    place = part * GRID
    low = np.minimum(place.astype(np.intp), GRID - 1)
    return np.asarray(state.bend[low] + (place - low) * (state.bend[low + 1] - state.bend[low]))


@dataclass(frozen=True)
class Latest:
    """The latest accepted count of each of `at`; `votes` is NaN where there is none. `support`: how many
    counts of the precinct were accepted, this one included."""

    at: Codes
    votes: Array
    part: Array
    share: Array
    residual: Array
    support: Codes
    reading: Array | float = 0.0  # variance of the reading
    allotted: tuple[Array, Array] | None = (
        None  # of a site's count: `sites.Sites`; None: every count is its own
    )


@dataclass(frozen=True)
class Trusted:
    """The two halves of a projection: were the count the precinct's own (probability 1 - doubt), and not."""

    doubt: Array
    variance: Array  # of theta, own
    variance_stray: Array
    log_median: Array
    log_median_stray: Array


@dataclass(frozen=True)
class Finals:
    """Where precincts `at` will end, on the log scale and in pieces that aggregates need."""

    at: Codes
    log_median: Array  # log votes
    gain: Array  # 0 without a count, less where the count is doubted
    own_variance: Array  # of theta given the count: independent between precincts
    shared_variance: Array  # through s, county and group
    relative_variance: Array  # the same, of the ratio to its peers
    part: Array
    share: Array
    trusted: Trusted | None = None


def finals(inputs: Inputs, state: DayFit, latest: Latest, k: Constants) -> Finals:
    """Project each precinct's final from its latest count and the state. Elementwise in `at`."""
    at = latest.at
    has = ~np.isnan(latest.votes)
    part, share = np.where(has, latest.part, 1.0), np.where(has, latest.share, 1.0)
    own = state.scatter * inputs.precinct_sd[at] ** 2
    votes = np.where(has, latest.votes, 0.0)
    own_noise = noise(inputs, at, share, votes, k) + latest.reading
    # A site's count shows the mean of its precincts' own levels, weights w: cov(theta_p, mean) = w_p own,
    # var(mean) = own sum(w^2). Its own count has w = 1.
    w, whole = (1.0, own) if latest.allotted is None else (latest.allotted[0], own * latest.allotted[1])
    full = np.where(has, w * own / (whole + own_noise), 0.0)
    off = np.where(has, unexplained(state, at, np.where(has, latest.residual, 0.0), part, share), 0.0)
    # that all others are alike today makes one who is not no stray: at least as the past expects
    usual = whole * max(1.0 / state.scatter, 1.0) + own_noise
    doubt, followed = doubts(off, usual, latest.support, state.bad, k, inputs.others(at, k))
    doubt = np.where(has, doubt, 0.0)
    gain = full * (1.0 - doubt)
    log_median = np.log(inputs.expected[at]) + state.level[at] + full * followed
    learnt = state.rows / (state.rows + k.watched_faith)  # the level is that of watched precincts
    log_median -= np.where(has, 0.0, learnt * inputs.watched_ahead * inputs.precinct_sd[at])
    shared, against = np.empty(len(at)), np.empty(len(at))
    for here in slices(len(at), FEW):
        j, g = _loads(inputs, state, at[here], (part[here], share[here]), gain[here])
        places = _quadratic(g, state.places[inputs.group[at[here]]])
        shared[here] = places + inputs.widening**2 * np.sum((j @ state.covariance) * j, axis=1)
        relative = j if state.peer_load is None else j - state.peer_load
        unlike = np.where(has[here], 0.0, learnt * k.watched_shift_sd * inputs.precinct_sd[at[here]])
        shared[here] += unlike * unlike
        against[here] = places + np.sum((relative @ state.covariance) * relative, axis=1)
    # a mixture of two, about where it is projected: theta as the count has it, and as if there were none
    apart, astray = full * (off - followed), full * followed
    mixed = own * (1.0 - w * gain) + (1.0 - doubt) * apart**2 + doubt * astray**2
    trusted = Trusted(doubt, own * (1.0 - w * full), own, log_median + apart, log_median - astray)
    return Finals(at, log_median, gain, mixed, shared, against, part, share, trusted)


def peers(inputs: Inputs, state: DayFit, latest: Latest, k: Constants) -> DayFit:
    """The state with the level of everybody put in: what a precinct is compared with."""
    known = finals(inputs, state, latest, k)
    mean = np.exp(known.log_median) * state.smear ** (1.0 - known.gain)
    weight = mean / mean.sum()
    load = np.zeros(len(state.s))
    for here in slices(len(mean), FEW):
        measured = (known.part[here], known.share[here])
        load += weight[here] @ _loads(inputs, state, known.at[here], measured, known.gain[here])[0]
    load, level = np.round(load, DIGITS), float(np.log(mean.sum() / inputs.expected.sum()))
    return replace(state, peer_level=round(level, DIGITS), peer_load=load)


def lag_probability(inputs: Inputs, state: DayFit, known: Finals, k: Constants) -> Array:
    """P(a final under `lag_ratio` of what its peers do): Phi, or two of them where a count is doubted.

    Early evidence is weaker than the model's variance says: SDs are widened by 1 + `lag_widening` (1 - F).
    """
    bar = np.log(inputs.expected[known.at]) + state.peer_level + math.log(k.lag_ratio)
    widened = 1.0 + k.lag_widening * (1.0 - known.share)

    def below(log_median: Array, own: Array) -> Array:
        sd = np.sqrt(own + known.relative_variance) * widened
        return below_normal((bar - log_median) / np.maximum(sd, 1e-6))

    two = known.trusted
    if two is None:
        return np.round(below(known.log_median, known.own_variance), 4)
    sure = below(two.log_median, two.variance)
    return np.round(sure + two.doubt * (below(two.log_median_stray, two.variance_stray) - sure), 4)


def _loads(
    inputs: Inputs, state: DayFit, at: Codes, measured: tuple[Array, Array], gain: Array
) -> tuple[Array, Array]:
    """Derivatives of log final by s (places are eliminated), and by level and tilt of the place."""
    part, share = measured
    g = np.stack([1.0 - gain, -gain * lateness(share)], axis=1)
    ones = np.ones(len(at))
    j = design(inputs, at, ones, ones) - gain[:, None] * design(inputs, at, part, share)
    j -= np.einsum("ni,nik->nk", g, state.load[inputs.group[at]])
    return j, g


def _quadratic(rows: Array, matrices: Array) -> Array:
    return np.asarray(np.einsum("ni,nij,nj->n", rows, matrices, rows))


def _sums(codes: Codes, values: Array, n: int) -> Array:
    return np.bincount(codes, values, n).astype(np.float64)


@dataclass(frozen=True)
class Spread:
    """Variance of sums of finals: by county, and of all (shared errors do not average out)."""

    counties: Array
    total: float


def spread(  # noqa: PLR0917
    inputs: Inputs, state: DayFit, known: Finals, mean: Array, k: Constants,
    by: tuple[Array, Array] | None = None,
) -> Spread:  # fmt: skip
    """Delta method over all precincts (`known.at` is every position) with weights `mean` (votes).

    How far silent precincts are unlike watched ones is one amount for all: it does not average out.
    `by`: of votes by a time, each precinct's part of the day and share; None: by close.
    """
    until = (np.ones(len(mean)), np.ones(len(mean))) if by is None else by
    learnt = state.rows / (state.rows + k.watched_faith)
    unlike = np.where(known.gain == 0, learnt * k.watched_shift_sd * inputs.precinct_sd * mean, 0.0)
    counties, groups = len(inputs.counties), len(inputs.group_county)
    gain, left = known.gain, lateness(known.share)
    g = np.stack([
        _sums(inputs.group, mean * (1.0 - gain), groups),
        _sums(inputs.group, mean * lateness(until[1]) - mean * gain * left, groups),
    ], axis=1)  # fmt: skip
    c = np.zeros((counties, 2))
    np.add.at(c, inputs.group_county, np.einsum("gi,gij->gj", g, state.passed))
    j = np.zeros((counties, len(state.s)))
    for here in slices(len(mean), FEW):
        at = known.at[here]
        each = mean[here, None] * (
            design(inputs, at, until[0][here], until[1][here])
            - gain[here, None] * design(inputs, at, known.part[here], known.share[here])
        )
        j += np.stack([_sums(inputs.county[here], column, counties) for column in each.T], axis=1)
    by_group = np.einsum("gi,gik->gk", g, state.load)
    j -= np.stack([_sums(inputs.group_county, column, counties) for column in by_group.T], axis=1)
    independent = _sums(inputs.county, mean**2 * known.own_variance, counties)
    independent = independent + _sums(inputs.group_county, _quadratic(g, state.group_covariance), counties)
    independent = independent + _quadratic(c, state.county_covariance)
    shared = inputs.widening**2 * np.sum((j @ state.covariance) * j, axis=1)
    whole = inputs.widening * j.sum(axis=0)
    selected = _sums(inputs.county, unlike, counties) ** 2
    total = independent.sum() + whole @ state.covariance @ whole + unlike.sum() ** 2
    return Spread(independent + shared + selected, float(total))
