"""The fit: the day's state from what the gate let pass, by reweighted least squares in closed form.

Two kinds of rows. **Levels**, one a precinct (its latest accepted count), inform everything. **Steps**, one
for each pair of consecutive counts of a precinct, cancel its level and inform only the day's curve, the
factors' part of `s`: let them speak of places' tilts too and the afternoon's shape, which no tilt follows, is
carried into levels (docs/model.md, "Tried"). A precinct's steps share its own course, so that they weigh
`step_weight` each.

Counties' and groups' 2-vectors (level, tilt) are eliminated exactly, groups first (a block Cholesky step done
by sums over runs of rows), so that a refit costs O(rows K^2) for K about 17. Weights are Student-t, and so is
the prior of the day's level: small surprises are shared with the curve, large ones are believed.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tally.model.constants import Constants
from tally.model.counts.stray_counts import strays
from tally.model.counts.verdicts import CountFeatures, slices
from tally.model.fit.day_fit import Array, Codes, DayFit, design, lateness, noise, unexplained
from tally.model.fit.scatter import MOST, UNSURE, learnt_scatter
from tally.model.past.expectation import Inputs
from tally.model.past.scales import Scales
from tally.packed.count_columns import CountColumns

DIGITS = 9  # states are rounded, so that a recount agrees to the byte
FEW_STEPS = 4  # of learning the strays' shares, each round
SLICE = 16_384  # rows weighted at a time
MOVED = 1.02  # a step is a row where the curve has grown by this


@dataclass(frozen=True)
class Steps:
    """Consecutive accepted counts of the same precinct: `growth` is the later y less the earlier."""

    at: Codes
    growth: Array
    part: tuple[Array, Array]  # earlier, later
    share: tuple[Array, Array]
    votes: Array  # the earlier
    reading: Array  # variance of both readings


@dataclass(frozen=True)
class Rows:
    """Input of the fit: each precinct's latest accepted count, or none of it, and the steps to it."""

    at: Codes  # positions, ascending
    residual: Array  # log N - log e - log F
    part: Array
    share: Array  # F
    votes: Array
    reading: Array | float = 0.0  # variance of the readings
    support: Codes | None = None  # how many counts of the precinct were accepted
    steps: Steps | None = None


_NONE = np.zeros(0)
NO_ROWS = Rows(np.zeros(0, dtype=np.intp), _NONE, _NONE, _NONE, _NONE)  # before the first count


def rows_of(
    table: CountColumns,
    accepted: NDArray[np.bool_],
    measured: CountFeatures,
    k: Constants,
    merged: tuple[Array, Array] | None = None,
) -> Rows:
    """Rows of a look's accepted counts. `merged`: residuals and readings by `guesses.merged`."""
    residual, reading = merged or (measured.residual, measured.reading)
    part, share, y = measured.part, measured.share, measured.residual
    kept = np.flatnonzero(accepted & (share >= k.earliest)).astype(np.int32)
    if not len(kept):
        nothing = np.zeros(0)
        return Rows(table.at[kept], nothing, nothing, nothing, nothing)
    here = table.owner[kept]
    same = here[1:] == here[:-1]
    last = kept[np.append(~same, True)]
    owners = table.owner[last]
    support = np.bincount(table.owner[accepted], minlength=len(table.at))[owners].astype(np.intp)
    a, b = kept[:-1][same], kept[1:][same]
    told = (share[a] >= k.step_earliest) & (share[b] > MOVED * share[a])
    a, b = a[told], b[told]
    steps = Steps(
        table.at[table.owner[a]], y[b] - y[a], (part[a], part[b]), (share[a], share[b]), table.votes[a],
        measured.reading[a] + measured.reading[b],
    )  # fmt: skip
    votes = table.votes[last]
    return Rows(
        table.at[owners], residual[last], part[last], share[last], votes, reading[last], support, steps
    )


def fit(inputs: Inputs, rows: Rows, k: Constants, rounds: int = 0) -> DayFit:
    """The state given the rows: `rounds` (0: the constants') of reweighting, exact elimination of places."""
    group = inputs.group[rows.at]
    order = np.lexsort((group, inputs.group_county[group]))
    at, share, group = rows.at[order], rows.share[order], group[order]
    xy = design(inputs, at, rows.part[order], share, beside=1)
    xy[:, -1] = rows.residual[order] + _bent(inputs.tilt_variance[at], share)
    v = _variance(inputs, rows, k)[order]
    tilt = lateness(share)
    starts = _starts(group)
    present = group[starts]
    run = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(xy))))
    q, r = inputs.features.shape[1], inputs.curves.factors.shape[1]
    prior = np.concatenate([
        [inputs.level_sd**-2], inputs.feature_sd**-2, np.ones(r),
        np.full(inputs.tilts, inputs.feature_tilt_sd**-2),
    ])  # fmt: skip
    problem = _Problem(
        xy,
        np.ascontiguousarray(xy.T),
        tilt,
        starts,
        present,
        inputs.group_county[present],
        len(inputs.counties),
        inputs.scales,
    )
    course = _course(inputs, rows.steps, k)
    bend = slice(1 + q, 1 + q + r)
    support = None if rows.support is None else rows.support[order]
    rates, others = (k.bad_rate,) * 3, inputs.others(at, k)
    solved = _solve(1.0 / v, problem, prior, course.normal(1.0 / course.variance, bend, prior), k)
    for _ in range((rounds or k.rounds) - 1):
        level, slope = (solved.county[problem.county] + solved.group).T
        off = xy[:, -1] - xy[:, :-1] @ solved.s - (level[run] + tilt * slope[run])
        w = _robust(off, v, k)
        if support is not None:
            rates, astray = strays(off, v, support, rates, k, others, steps=FEW_STEPS)
            w *= 1.0 - astray
        told = course.normal(_robust(course.residual(solved.s[bend]), course.variance, k), bend, prior)
        surprise = (float(solved.s[0]) / inputs.level_sd) ** 2
        prior[0] = inputs.level_sd**-2 * min(1.0, (k.level_tail + 1) / (k.level_tail + surprise))
        # usual days come to a third of r; a curve of another country lets go
        bent = float(solved.s[bend] @ solved.s[bend])
        prior[bend] = min(1.0, (k.course_tail + r) / (k.course_tail + bent))
        solved = _solve(w, problem, prior, told, k)
    return _state(inputs, rows, solved, problem, k)


def _starts(codes: Codes) -> Codes:
    """Where each run of equal codes begins."""
    if not len(codes):
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))


def _variance(inputs: Inputs, rows: Rows, k: Constants) -> Array:
    own = inputs.precinct_sd[rows.at] ** 2 + rows.reading
    return np.asarray(noise(inputs, rows.at, rows.share, rows.votes, k) + own)


def _bent(variance: Array, share: Array) -> Array:
    """A precinct's own course scatters about its share, not about its log (Jensen): the loss of y."""
    left = 1.0 - share
    return np.asarray(0.5 * variance * left * np.sqrt(left))


def _robust(residual: Array, variance: Array, k: Constants) -> Array:
    """Weights of a Student-t with `tail` degrees of freedom."""
    return np.asarray((k.tail + 1.0) / (k.tail * variance + residual * residual))


@dataclass(frozen=True)
class _Course:
    """Steps as rows about the curve's factors; the response is the last column."""

    xy: Array
    variance: Array

    def residual(self, bend: Array) -> Array:
        return np.asarray(self.xy[:, -1] - self.xy[:, :-1] @ bend)

    def normal(self, w: Array, bend: slice, prior: Array) -> Array:
        """Share of the steps in the normal equations, (K, K + 1)."""
        found = np.zeros((len(prior), len(prior) + 1))
        sums = _gram(self.xy, w)
        found[bend, bend], found[bend, -1] = sums[:, :-1], sums[:, -1]
        return found


def _course(inputs: Inputs, steps: Steps | None, k: Constants) -> _Course:
    r = inputs.curves.factors.shape[1]
    if steps is None or not len(steps.at):
        return _Course(np.zeros((0, r + 1)), np.ones(0))
    xy, variance = np.empty((len(steps.at), r + 1)), np.empty(len(steps.at))
    for here in slices(len(variance)):
        (before, after), (early, late) = ((v[here] for v in pair) for pair in (steps.share, steps.part))
        xy[here, :-1] = inputs.curves.deviations(late) - inputs.curves.deviations(early)
        scatter = inputs.tilt_variance[steps.at[here]]
        xy[here, -1] = steps.growth[here] + _bent(scatter, after) - _bent(scatter, before)
        counted = 0.5 * (steps.votes[here] + before * inputs.expected[steps.at[here]]) + 1.0
        variance[here] = (
            (k.step_tilt_sd * np.log(after / before)) ** 2
            + k.thinning * (1.0 - before / after) / counted
            + 2.0 * k.watcher_sd**2
            + steps.reading[here]
        ) / k.step_weight
    return _Course(xy, variance)


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
    columns: Array  # the same, a row a column
    tilt: Array  # what a place's tilt multiplies
    starts: Codes  # first row of each group present
    present: Codes
    county: Codes  # of each group present
    counties: int
    scales: Scales


def _solve(w: Array, problem: _Problem, prior: Array, told: Array, k: Constants) -> _Solved:
    """One weighted least squares; `told` is what the steps say."""
    xy, tilt = problem.xy, problem.tilt
    size, scales = len(prior), problem.scales
    whole = _gram(xy, w) + told
    tilted = w * tilt
    groups = _eliminate(
        tuple(_runs(v, problem.starts) for v in (w, tilted, tilted * tilt)),  # type: ignore[arg-type]
        (_weighted(problem.columns, w, problem.starts), _weighted(problem.columns, tilted, problem.starts)),
        (scales.group, scales.group_tilt), whole,
    )  # fmt: skip
    # what the groups leave for their county: with p = (a + prior)^-1, b - a p b = prior p b
    left, slope = scales.group**-2, scales.group_tilt**-2
    pb = _times(groups.p, groups.b)
    first = _starts(problem.county)
    seen = problem.county[first]
    (p0, p1, p2), (a0, a1, a2) = groups.p, groups.a
    rests = (left * (p0 * a0 + p1 * a1), left * (p0 * a1 + p1 * a2), slope * (p1 * a1 + p2 * a2))
    n = problem.counties
    counties = _eliminate(
        tuple(_into(_runs(v, first), seen, n) for v in rests),  # type: ignore[arg-type]
        (_into(left * _runs(pb[0], first), seen, n), _into(slope * _runs(pb[1], first), seen, n)),
        (scales.county, k.county_tilt_sd), whole,
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


def _gram(xy: Array, w: Array) -> Array:
    """X'WX and X'Wy side by side. A slice of rows at a time, so that what is weighted stays in the cache."""
    size = xy.shape[1] - 1
    found = np.zeros((size, size + 1))
    for i in range(0, len(w), SLICE):
        rows = xy[i : i + SLICE]
        found += rows[:, :size].T @ (w[i : i + SLICE, None] * rows)
    return found


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


def _weighted(columns: Array, weights: Array, starts: Codes) -> Array:
    """Sums over runs of rows, times their weights, (runs, columns): a column at a time stays in the cache."""
    found = np.empty((len(starts), len(columns)))
    for j, column in enumerate(columns if len(starts) else ()):
        found[:, j] = np.add.reduceat(weights * column, starts)
    return found


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


def _state(inputs: Inputs, rows: Rows, solved: _Solved, problem: _Problem, k: Constants) -> DayFit:
    present = problem.present
    groups, size = len(inputs.group_county), len(solved.s)
    precision, load = np.zeros((groups, 2, 2)), np.zeros((groups, 2, size))
    covariance = np.broadcast_to(
        np.diag([inputs.scales.group**2, inputs.scales.group_tilt**2]), (groups, 2, 2)
    ).copy()
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
    _, county_covariance, county_load = solved.counties.parts
    passed = np.eye(2) - covariance @ precision
    from_county = passed @ county_covariance[inputs.group_county]
    state = DayFit(
        s=s,
        covariance=np.round(solved.covariance, DIGITS + 3),
        county_covariance=np.round(county_covariance, DIGITS),
        group_covariance=np.round(covariance, DIGITS),
        passed=np.round(passed, DIGITS),
        places=np.round(covariance + from_county @ passed.transpose(0, 2, 1), DIGITS),
        load=np.round(covariance @ load + from_county @ county_load[inputs.group_county], DIGITS),
        level=level,
        tilt=tilt,
        bend=bend,
        smear=1.0,
        rows=len(rows.at),
    )
    return _finished(inputs, state, rows, k, _taken_up(inputs, rows, solved, present))


def _taken_up(inputs: Inputs, rows: Rows, solved: _Solved, present: Codes) -> Array:
    """Variance of each row that its group's level and tilt take up; little in a large group."""
    where = np.full(len(inputs.group_county), 0, dtype=np.intp)
    where[present] = np.arange(len(present))
    p0, p1, p2 = (v[where[inputs.group[rows.at]]] for v in solved.groups.p)
    t = lateness(rows.share)
    return np.asarray(p0 + t * (2.0 * p1 + t * p2))


def _finished(inputs: Inputs, state: DayFit, rows: Rows, k: Constants, taken_up: Array) -> DayFit:
    """The state with what the rows' departures from it say: strays among counts, and the smear.

    Duan's smearing (1983): the mean of e^residual over reporting precincts, votes-weighted, where the
    lognormal's e^(v/2) would trust the tails' shape. Few reports lean on the lognormal.
    """
    guess = float(np.exp(np.mean(inputs.precinct_sd) ** 2 / 2)) if len(inputs.ids) else 1.0
    if len(rows.at) == 0:
        return replace(state, smear=guess)
    at = rows.at
    off = unexplained(state, at, rows.residual, rows.part, rows.share)
    size = inputs.expected[at] * np.exp(state.level[at])
    mean = float(np.sum(size * np.exp(np.clip(off, -1.0, 1.0))) / np.sum(size))
    faith = len(at) / (len(at) + 200.0)
    smear = float(np.clip(guess ** (1 - faith) * mean**faith, 0.9, 1.15))
    bad, scatter = state.bad, 1.0
    if rows.support is not None:
        rates, others = (k.bad_rate,) * 3, inputs.others(at, k)
        v = _variance(inputs, rows, k)
        bad, astray = strays(off, v, rows.support, rates, k, others)
        own = inputs.precinct_sd[at] ** 2
        beside = v - own - 2.0 * _bent(inputs.tilt_variance[at], rows.share)
        sure = np.flatnonzero(astray < UNSURE)
        sure = sure[:: -(-len(sure) // MOST) or 1]
        held = taken_up[sure] / v[sure]
        told = rows.share[sure] ** k.scatter_late
        scatter = learnt_scatter(off[sure], own[sure], beside[sure], held, told, k)
        v += max(scatter - 1.0, 0.0) * own
        bad, _ = strays(off, v, rows.support, bad, k, others, steps=FEW_STEPS)
    return replace(state, smear=round(smear, DIGITS), bad=bad, scatter=scatter)
