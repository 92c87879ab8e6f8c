"""How far elections differ from their expectation, learnt from the election's own past.

Each past election is predicted from those before it, as today is. What it did otherwise is split by analysis
of variance into its level (one number), counties, groups within counties, and precincts; precincts' part by
size, tau^2 + nu / votes, since a small one scatters more. Pooled over elections and shrunk to the stated
priors by how much past there is: closed forms alone. Without a past election that can be predicted, the
priors stand.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tally.model.constants import Constants

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

LEVEL_FAITH = 4.0  # elections' worth of the prior of the level's core
SCALE_FAITH = 2.0  # … of the others'
ALONE = 0.9  # groups a precinct
NOTHING = 1e-3  # SD of what there is none of
USUAL = 500.0  # votes of a usual precinct
ROUNDS = 20
FEWEST = 30  # precincts of an election that says something
WILD = 1.0  # departures are cut off here: a precinct drawn anew is no scatter


@dataclass(frozen=True, slots=True)
class Scales:
    """Standard deviations of log turnout against expectation; `size_sd` is that of a precinct of one vote."""

    level: float
    county: float
    group: float
    precinct: float
    size: float = 0.0
    elections: int = 0  # past ones that told
    group_tilt: float = 0.0

    def precincts(self, expected: Array) -> Array:
        """SD of each precinct's own level."""
        return np.asarray(np.sqrt(self.precinct**2 + self.size**2 / np.maximum(expected, 20.0)))


@dataclass(frozen=True, slots=True)
class Departure:
    """One past election against its prediction: log ratio by precinct (NaN: unknown), and its size."""

    off: Array
    expected: Array


def priors(k: Constants) -> Scales:
    """What holds without a past."""
    return Scales(k.level_sd, k.county_sd, k.group_sd, k.precinct_sd, group_tilt=k.group_tilt_sd)


def alone(group: Codes) -> bool:
    """Whether groups are precincts, or nearly: they say no more of a precinct than itself."""
    return len(np.unique(group)) > ALONE * len(group)


def of_precincts(scales: Scales) -> Scales:
    """The scales where every precinct is its own group: what groups scatter is precincts' own."""
    own = math.hypot(scales.precinct, scales.group)
    return replace(scales, precinct=own, group=NOTHING, group_tilt=NOTHING)


def learnt(past: list[Departure], county: Codes, group: Codes, k: Constants) -> Scales:
    """Scales from past elections' departures."""
    told = [_parts(d, county, group) for d in past if np.count_nonzero(~np.isnan(d.off)) >= FEWEST]
    if not told:
        return replace(priors(k), level=k.level_sd_history)
    n = len(told)
    level = k.level_sd_history
    for _ in range(ROUNDS):  # the scale of a Student-t: a landslide is its tail's, not its core's
        squares = [t[0] ** 2 for t in told]
        weighed = sum(s * (k.level_tail + 1.0) / (k.level_tail + s / level**2) for s in squares)
        level = math.sqrt((LEVEL_FAITH * k.level_sd_history**2 + weighed) / (LEVEL_FAITH + n))
    names = ((k.county_sd, 1), (k.group_sd, 2))
    county_sd, group_sd = (_shrunk(prior, [t[i] for t in told]) for prior, i in names)
    # in logarithms, at a usual size: an election whose roll was counted otherwise scatters everything
    own = _shrunk(k.precinct_sd, [math.sqrt(t[3] + t[4] / USUAL) for t in told]) ** 2
    sized = (
        n / (SCALE_FAITH + n) * float(np.mean([t[4] / USUAL / max(t[3] + t[4] / USUAL, 1e-9) for t in told]))
    )
    return Scales(
        level, county_sd, group_sd, math.sqrt(own * (1.0 - sized)), math.sqrt(own * sized * USUAL), n,
        k.group_tilt_sd,
    )  # fmt: skip


def _shrunk(prior: float, found: list[float]) -> float:
    """Mean of log SDs, with the prior's worth of elections."""
    logs = [math.log(max(sd, prior / 5)) for sd in found]
    return math.exp((SCALE_FAITH * math.log(prior) + sum(logs)) / (SCALE_FAITH + len(logs)))


def _parts(d: Departure, county: Codes, group: Codes) -> tuple[float, float, float, float, float]:
    """(level, county SD, group SD, precincts' tau^2, nu) of one election."""
    known = np.flatnonzero(~np.isnan(d.off))
    off, size, c, g = d.off[known], d.expected[known], county[known], group[known]
    level = float(np.average(off, weights=size))
    off = np.clip(off - level, -WILD, WILD)
    single = alone(g)
    inner = c if single else g
    within = off - _means(inner, off)[inner]
    counts = np.bincount(inner)
    free = counts[inner] > 1
    squares = within[free] ** 2 * counts[inner][free] / (counts[inner][free] - 1.0)
    tau, nu = _by_size(squares, size[free])
    noise = tau + nu / np.maximum(size, 20.0)
    if single:
        return level, math.sqrt(_between(c, off, noise)), 0.0, tau, nu
    groups = _means(g, off)
    home = np.zeros(len(groups), dtype=np.intp)
    home[g] = c
    there = np.bincount(g, minlength=len(groups)) > 0
    inside = np.bincount(g, noise, len(groups)) / np.maximum(np.bincount(g, minlength=len(groups)), 1) ** 2
    county_means = _means(home[there], groups[there])
    apart = (groups[there] - county_means[home[there]]) ** 2 - inside[there]
    lots = np.bincount(home[there])[home[there]]
    more = lots > 1
    group_var = float(np.mean(apart[more] * lots[more] / (lots[more] - 1.0))) if more.any() else 0.0
    return (
        level,
        math.sqrt(_between(c, off, noise + max(group_var, 0.0))),
        math.sqrt(max(group_var, 0.0)),
        tau,
        nu,
    )


def _by_size(squares: Array, size: Array) -> tuple[float, float]:
    """tau^2 + nu / size by least squares, weighted so that a few wild squares do not rule, both >= 0."""
    if len(squares) < FEWEST:
        return 0.0, 0.0
    x = 1.0 / np.maximum(size, 20.0)
    w = 1.0 / (0.01 + 5.0 * x) ** 2
    a = np.array([[w.sum(), (w * x).sum()], [(w * x).sum(), (w * x * x).sum()]])
    b = np.array([(w * squares).sum(), (w * x * squares).sum()])
    tau, nu = np.linalg.solve(a + 1e-12 * np.eye(2), b)
    if nu < 0:
        return float(np.average(squares, weights=w)), 0.0
    if tau < 1e-4:
        return 1e-4, max(float(np.average(squares, weights=w) - 1e-4), 0.0) / float(np.average(x, weights=w))
    return float(tau), float(nu)


def _between(codes: Codes, off: Array, noise: Array) -> float:
    counts = np.bincount(codes)
    seen = counts > 1
    if seen.sum() < 3:
        return 0.0
    means, inside = _means(codes, off)[seen], (np.bincount(codes, noise)[seen] / counts[seen] ** 2)
    return max(float(np.var(means, ddof=1) - inside.mean()), 0.0)


def _means(codes: Codes, values: Array) -> Array:
    counts = np.bincount(codes)
    return np.asarray(np.bincount(codes, values) / np.maximum(counts, 1))
