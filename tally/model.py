"""The model: from gated reports to the state of the day, and from the state to every precinct's final.

With u the part of the day, F the share of the day's votes in by u, t = -log F, places c(ounty) > g(roup) > p:

    y = log N - log e - log F(u) = x(u) s + (1, t)(c + g) + theta_p + noise
    x(u) = [1, features, factors(u), t * features]

`s` is shared by all; the 2-vectors of counties and groups (level, tilt) are eliminated exactly, groups first
(a block Cholesky step done by sums), so that a refit costs O(rows K^2) for K about 25. Weights are
Student-t. Everything at close has t = 0 and factors = 0, so log final = log e + x(1) s + c0 + g0 + theta.
Sources: DESIGN section 7; docs/model.md derives each line.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tally.constants import Constants
from tally.curve import GRID
from tally.expectation import Inputs

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
DIGITS = 9  # states are rounded, so that a recount agrees to the byte


@dataclass(frozen=True)
class Rows:
    """What the fit learns from: each precinct's latest accepted count, or none of it."""

    at: Codes  # positions, ascending
    residual: Array  # log N - log e - log F
    part: Array
    share: Array  # F
    votes: Array


@dataclass(frozen=True)
class State:
    """The day as fitted. `level`, `tilt` (n,) and `bend` (GRID + 1,) hold what the centre of a projection
    needs; the rest is for the widths."""

    s: Array  # (K,)
    covariance: Array  # (K, K)
    county_precision: Array  # (C, 2, 2) of the data, groups eliminated
    county_covariance: Array  # (C, 2, 2) given s
    county_load: Array  # (C, 2, K)
    group_precision: Array
    group_covariance: Array
    group_load: Array
    level: Array
    tilt: Array
    bend: Array
    smear: float  # mean over median of a silent precinct's final
    rows: int
    peer_level: float = 0.0  # log of everybody's projected final over everybody's expectation
    peer_load: Array | None = None  # its derivative by `s`, (K,)


def width(inputs: Inputs) -> int:
    """K, the length of `s`."""
    return int(1 + inputs.features.shape[1] + inputs.curves.factors.shape[1] + inputs.tilts)


def design(inputs: Inputs, at: Codes, part: Array, share: Array) -> Array:
    """x(u) of precincts `at`, (n, K)."""
    q, r = inputs.features.shape[1], inputs.curves.factors.shape[1]
    x = np.empty((len(at), width(inputs)))
    f = inputs.features[at]
    x[:, 0] = 1.0
    x[:, 1 : 1 + q] = f
    x[:, 1 + q : 1 + q + r] = inputs.curves.deviations(part)
    x[:, 1 + q + r :] = lateness(share)[:, None] * f[:, : inputs.tilts]
    return x


def lateness(share: Array) -> Array:
    """t = -log F, what a tilt multiplies: a place that votes early has F^(1 - tilt). 0 at close.

    Over counties and covariates of Romania 2024 departures of log share grow in proportion to it from noon
    back to the first hour (docs/model.md), where 1 - F would level off.
    """
    return np.asarray(-np.log(np.maximum(share, 0.01)))


def noise(inputs: Inputs, at: Codes, share: Array, votes: Array, k: Constants) -> Array:
    """Variance of a level's noise about its precinct's own level (theta not included)."""
    left = 1.0 - share
    counted = 0.5 * (votes + share * inputs.expected[at]) + 1.0
    return (k.precinct_tilt_sd * left) ** 2 + k.thinning * left / counted + k.watcher_sd**2


def fit(inputs: Inputs, rows: Rows, k: Constants, rounds: int = 0) -> State:
    """The state given the rows: `rounds` (0: the constants') of reweighting, exact elimination of places."""
    x = design(inputs, rows.at, rows.part, rows.share)
    z = np.stack([np.ones(len(rows.at)), lateness(rows.share)], axis=1)
    v = noise(inputs, rows.at, rows.share, rows.votes, k) + inputs.precinct_sd[rows.at] ** 2
    y = _centred(inputs, rows, k)
    group = inputs.group[rows.at]
    order = np.lexsort((group, inputs.group_county[group]))
    x, z, y, v, group = x[order], z[order], y[order], v[order], group[order]
    r = inputs.curves.factors.shape[1]
    prior = np.concatenate([
        [inputs.level_sd**-2], inputs.feature_sd**-2, np.ones(r), np.full(inputs.tilts, k.feature_tilt_sd**-2)
    ])  # fmt: skip
    starts = _starts(group)
    present = group[starts]
    county = inputs.group_county[present]
    tilt = np.ascontiguousarray(z[:, 1])
    problem = _Problem(np.hstack([x, y[:, None]]), tilt, starts, present, county, prior)
    w = 1.0 / v
    solved = _solve(w, problem, inputs, k)
    run = _spread(starts, len(y))
    for _ in range((rounds or k.rounds) - 1):
        level, slope = (solved.county[county] + solved.group).T
        residual = y - x @ solved.s - (level[run] + tilt * slope[run])
        w = (k.tail + 1) / (k.tail + residual**2 / v) / v
        solved = _solve(w, problem, inputs, k)
    return _state(inputs, rows, solved, problem, k)


def _starts(codes: Codes) -> Codes:
    """Where each run of equal codes begins."""
    if not len(codes):
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))


def _centred(inputs: Inputs, rows: Rows, k: Constants) -> Array:
    """y for the fit: a precinct's own course scatters about its share, not about its log (Jensen)."""
    return np.asarray(rows.residual + 0.5 * (k.precinct_tilt_sd * (1.0 - rows.share)) ** 2)


def _spread(starts: Codes, total: int) -> Codes:
    """Row -> index of its run."""
    lengths = np.diff(np.append(starts, total))
    return np.repeat(np.arange(len(starts)), lengths)


Pair = tuple[Array, Array]  # level and tilt
Block = tuple[Array, Array, Array]  # symmetric 2 x 2: level, both, tilt


@dataclass(frozen=True)
class _Places:
    """Counties or groups: precision of the data, covariance given all above, and load on `s`."""

    a: Block
    p: Block
    b: Pair  # (places, K + 1): the response is the last column

    @property
    def parts(self) -> tuple[Array, Array, Array]:
        """The same as arrays (places, 2, 2), (places, 2, 2), (places, 2, K)."""
        return _square(self.a), _square(self.p), np.stack([b[:, :-1] for b in self.b], axis=1)


@dataclass(frozen=True)
class _Solved:
    s: Array
    covariance: Array
    county: Array
    group: Array
    counties: _Places
    groups: _Places  # those present


@dataclass(frozen=True)
class _Problem:
    """Rows sorted by county and group, and how they fall into them."""

    xy: Array  # design and response side by side
    tilt: Array  # what a place's tilt multiplies
    starts: Codes  # first row of each group present
    present: Codes
    county: Codes  # of each group present
    prior: Array  # precision of s


def _solve(w: Array, problem: _Problem, inputs: Inputs, k: Constants) -> _Solved:
    xy, tilt, prior = problem.xy, problem.tilt, problem.prior
    size = len(prior)
    weighted = w[:, None] * xy
    whole = xy[:, :size].T @ weighted
    tilted = w * tilt
    groups = _eliminate(
        tuple(_runs(v, problem.starts) for v in (w, tilted, tilted * tilt)),  # type: ignore[arg-type]
        (_runs(weighted, problem.starts), _runs(tilt[:, None] * weighted, problem.starts)),
        (k.group_sd, k.group_tilt_sd), whole,
    )  # fmt: skip
    # what the groups leave for their county: with p = (a + prior)^-1, b - a p b = prior p b
    left, slope = k.group_sd**-2, k.group_tilt_sd**-2
    pb = _times(groups.p, groups.b)
    first = _starts(problem.county)
    seen = problem.county[first]
    (p0, p1, p2), (a0, a1, a2) = groups.p, groups.a
    rests = (left * (p0 * a0 + p1 * a1), left * (p0 * a1 + p1 * a2), slope * (p1 * a1 + p2 * a2))
    n = len(inputs.counties)
    counties = _eliminate(
        tuple(_into(_runs(v, first), seen, n) for v in rests),  # type: ignore[arg-type]
        (_into(left * _runs(pb[0], first), seen, n), _into(slope * _runs(pb[1], first), seen, n)),
        (k.county_sd, k.county_tilt_sd), whole,
    )  # fmt: skip
    covariance = np.asarray(np.linalg.inv(whole[:, :size] + np.diag(prior)), dtype=np.float64)
    s = covariance @ whole[:, size]
    solution = np.append(-s, 1.0)
    c = tuple(v @ solution for v in _times(counties.p, counties.b))
    # groups after their county: p (b - a c)
    own = [v @ solution for v in groups.b]
    c0, c1 = c[0][problem.county], c[1][problem.county]
    g0, g1 = own[0] - (a0 * c0 + a1 * c1), own[1] - (a1 * c0 + a2 * c1)
    g = np.stack([p0 * g0 + p1 * g1, p1 * g0 + p2 * g1], axis=1)
    return _Solved(s, covariance, np.stack(c, axis=1), g, counties, groups)


def _eliminate(a: Block, b: Pair, sds: tuple[float, float], whole: Array) -> _Places:
    """Places with data precision `a` and load `b`, taken out of `whole` (in place)."""
    p = _inverse(a, *sds)
    for load, solved in zip(b, _times(p, b), strict=True):
        whole -= load[:, :-1].T @ solved
    return _Places(a, p, b)


def _runs(values: Array, starts: Codes) -> Array:
    """Sums over runs of rows."""
    if not len(starts):
        return np.zeros((0, *values.shape[1:]))
    return np.asarray(np.add.reduceat(values, starts))


def _into(values: Array, where: Codes, n: int) -> Array:
    found = np.zeros((n, *values.shape[1:]))
    found[where] = values
    return found


def _times(p: Block, b: Pair) -> Pair:
    p0, p1, p2 = (v[:, None] for v in p)
    return p0 * b[0] + p1 * b[1], p1 * b[0] + p2 * b[1]


def _square(block: Block) -> Array:
    a, b, c = block
    return np.stack([np.stack([a, b], 1), np.stack([b, c], 1)], 1)


def _inverse(a: Block, level_sd: float, tilt_sd: float) -> Block:
    """(A + prior precision)^-1 of many 2 x 2 matrices."""
    p, q, r = a[0] + level_sd**-2, a[1], a[2] + tilt_sd**-2
    determinant = p * r - q * q
    return r / determinant, -q / determinant, p / determinant


def _state(inputs: Inputs, rows: Rows, solved: _Solved, problem: _Problem, k: Constants) -> State:
    present = problem.present
    groups, size = len(inputs.group_county), len(solved.s)
    precision, load = np.zeros((groups, 2, 2)), np.zeros((groups, 2, size))
    covariance = np.broadcast_to(np.diag([k.group_sd**2, k.group_tilt_sd**2]), (groups, 2, 2)).copy()
    effect = np.zeros((groups, 2))
    precision[present], covariance[present], load[present] = solved.groups.parts
    effect[present] = solved.group
    s = np.round(solved.s, DIGITS)
    place = np.round(solved.county[inputs.group_county] + effect, DIGITS)[inputs.group]
    q, r = inputs.features.shape[1], inputs.curves.factors.shape[1]
    level = s[0] + inputs.features @ s[1 : 1 + q] + place[:, 0]
    tilt = inputs.features[:, : inputs.tilts] @ s[1 + q + r :] + place[:, 1]
    level, tilt = np.round(level, DIGITS), np.round(tilt, DIGITS)
    bend = np.round(inputs.curves.factors @ s[1 + q : 1 + q + r], DIGITS)
    county_precision, county_covariance, county_load = (np.round(p, DIGITS) for p in solved.counties.parts)
    state = State(
        s=s,
        covariance=np.round(solved.covariance, DIGITS + 3),
        county_precision=county_precision,
        county_covariance=county_covariance,
        county_load=county_load,
        group_precision=np.round(precision, DIGITS),
        group_covariance=np.round(covariance, DIGITS),
        group_load=np.round(load, DIGITS),
        level=level,
        tilt=tilt,
        bend=bend,
        smear=1.0,
        rows=len(rows.at),
    )
    return _smeared(inputs, state, rows, k)


def _smeared(inputs: Inputs, state: State, rows: Rows, k: Constants) -> State:
    """Duan's smearing (1983): the mean of e^residual over reporting precincts, votes-weighted, where the
    lognormal's e^(v/2) would trust the tails' shape. Few reports lean on the lognormal."""
    guess = float(np.exp(np.median(inputs.precinct_sd) ** 2 / 2)) if len(inputs.ids) else 1.0
    if len(rows.at) == 0:
        return replace(state, smear=guess)
    off = unexplained(state, rows.at, rows.residual, rows.part, rows.share)
    size = inputs.expected[rows.at] * np.exp(state.level[rows.at])
    mean = float(np.sum(size * np.exp(np.clip(off, -1.0, 1.0))) / np.sum(size))
    faith = len(rows.at) / (len(rows.at) + 200.0)
    smear = float(np.clip(guess ** (1 - faith) * mean**faith, 0.9, 1.15))
    return replace(state, smear=round(smear, DIGITS))


def unexplained(state: State, at: Codes, residual: Array, part: Array, share: Array) -> Array:
    """y less all the state explains: the precinct's own level plus noise. Elementwise."""
    place = part * GRID
    low = np.minimum(place.astype(np.intp), GRID - 1)
    bend = state.bend[low] + (place - low) * (state.bend[low + 1] - state.bend[low])
    return np.asarray(residual - state.level[at] - lateness(share) * state.tilt[at] - bend)


@dataclass(frozen=True)
class Latest:
    """The latest accepted count of each of `at`; `votes` is NaN where there is none."""

    at: Codes
    votes: Array
    part: Array
    share: Array
    residual: Array


@dataclass(frozen=True)
class Finals:
    """Where precincts `at` will end, on the log scale and in pieces that aggregates need."""

    at: Codes
    log_median: Array  # log votes
    gain: Array  # 0 without a count
    own_variance: Array  # of theta given the count: independent between precincts
    shared_variance: Array  # through s, county and group
    relative_variance: Array  # the same, of the ratio to its peers
    part: Array
    share: Array


def finals(inputs: Inputs, state: State, latest: Latest, k: Constants) -> Finals:
    """Project each precinct's final from its latest count and the state. Elementwise in `at`."""
    at = latest.at
    has = ~np.isnan(latest.votes)
    part, share = np.where(has, latest.part, 1.0), np.where(has, latest.share, 1.0)
    own = inputs.precinct_sd[at] ** 2
    votes = np.where(has, latest.votes, 0.0)
    gain = np.where(has, own / (own + noise(inputs, at, share, votes, k)), 0.0)
    off = np.where(has, unexplained(state, at, np.where(has, latest.residual, 0.0), part, share), 0.0)
    log_median = np.log(inputs.expected[at]) + state.level[at] + gain * off
    j, c, g = _loads(inputs, state, Latest(at, votes, part, share, off), gain)
    places = _quadratic(c, state.county_covariance[inputs.county[at]])
    places = places + _quadratic(g, state.group_covariance[inputs.group[at]])
    shared = places + np.sum((j @ state.covariance) * j, axis=1)
    relative = j if state.peer_load is None else j - state.peer_load
    against = places + np.sum((relative @ state.covariance) * relative, axis=1)
    return Finals(at, log_median, gain, own * (1.0 - gain), shared, against, part, share)


def peers(inputs: Inputs, state: State, latest: Latest, k: Constants) -> State:
    """The state with the level of everybody put in: what a precinct is compared with."""
    known = finals(inputs, state, latest, k)
    mean = np.exp(known.log_median) * state.smear ** (1.0 - known.gain)
    weight = mean / mean.sum()
    seen = Latest(known.at, latest.votes, known.part, known.share, latest.residual)
    j, _, _ = _loads(inputs, state, seen, known.gain)
    level = float(np.log(mean.sum() / inputs.expected.sum()))
    return replace(state, peer_level=round(level, DIGITS), peer_load=np.round(weight @ j, DIGITS))


def _loads(inputs: Inputs, state: State, latest: Latest, gain: Array) -> tuple[Array, Array, Array]:
    """Derivatives of log final by s, county and group, each after the ones below it are eliminated."""
    at, part, share = latest.at, latest.part, latest.share
    group, county = inputs.group[at], inputs.county[at]
    g = np.stack([1.0 - gain, -gain * lateness(share)], axis=1)
    gp = np.einsum("ni,nij->nj", g, state.group_covariance[group])
    c = g - np.einsum("ni,nij->nj", gp, state.group_precision[group])
    cp = np.einsum("ni,nij->nj", c, state.county_covariance[county])
    ones = np.ones(len(at))
    j = design(inputs, at, ones, ones) - gain[:, None] * design(inputs, at, part, share)
    j = j - np.einsum("ni,nik->nk", gp, state.group_load[group])
    j = j - np.einsum("ni,nik->nk", cp, state.county_load[county])
    return j, c, g


def _quadratic(rows: Array, matrices: Array) -> Array:
    return np.asarray(np.einsum("ni,nij,nj->n", rows, matrices, rows))


def _sums(codes: Codes, values: Array, n: int) -> Array:
    return np.bincount(codes, values, n).astype(np.float64)


@dataclass(frozen=True)
class Spread:
    """Variance of sums of finals: by county, and of all (shared errors do not average out)."""

    counties: Array
    total: float


def spread(inputs: Inputs, state: State, known: Finals, mean: Array) -> Spread:
    """Delta method over all precincts (`known.at` is every position) with weights `mean` (votes)."""
    counties, groups = len(inputs.counties), len(inputs.group_county)
    gain, left = known.gain, lateness(known.share)
    g = np.stack([
        _sums(inputs.group, mean * (1.0 - gain), groups),
        _sums(inputs.group, -mean * gain * left, groups),
    ], axis=1)  # fmt: skip
    gp = np.einsum("gi,gij->gj", g, state.group_covariance)
    c = np.zeros((counties, 2))
    np.add.at(c, inputs.group_county, g - np.einsum("gi,gij->gj", gp, state.group_precision))
    cp = np.einsum("ci,cij->cj", c, state.county_covariance)
    ones = np.ones(len(mean))
    j_each = mean[:, None] * (
        design(inputs, known.at, ones, ones)
        - gain[:, None] * design(inputs, known.at, known.part, known.share)
    )
    j = np.stack([_sums(inputs.county, column, counties) for column in j_each.T], axis=1)
    by_group = np.einsum("gi,gik->gk", gp, state.group_load)
    j -= np.stack([_sums(inputs.group_county, column, counties) for column in by_group.T], axis=1)
    j -= np.einsum("ci,cik->ck", cp, state.county_load)
    independent = _sums(inputs.county, mean**2 * known.own_variance, counties)
    independent = independent + _sums(inputs.group_county, _quadratic(g, state.group_covariance), counties)
    independent = independent + _quadratic(c, state.county_covariance)
    shared = np.sum((j @ state.covariance) * j, axis=1)
    whole = j.sum(axis=0)
    return Spread(independent + shared, float(independent.sum() + whole @ state.covariance @ whole))
