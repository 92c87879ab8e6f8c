"""How far kinds of precincts move between early and late, learnt from past days' courses.

A kind of precinct (large, rural, keen …) may vote earlier today than on past days: a tilt by feature. How far
such tilts moved before is read from places' past curves: each place's tilt on each day about its own mean,
regressed on the place's features. Few days say little: the stated prior counts as `FAITH` such slopes. Days
that hardly moved keep one day's strays or evening rush from being read as a tilt of all large places.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

FAITH = 4.0  # slopes' worth of the prior
FEWEST = 20  # places that say something of a slope
LATE, EARLY = 0.1, 2.0  # -log share between which a tilt is read
FLAT = 1e-3


@dataclass(frozen=True)
class PastTilts:
    """Tilts of places on past days about everybody's (places, days); NaN where a place has no curve."""

    names: tuple[str, ...]  # "county:X" or "group:X"
    tilts: Array


def past_tilts(scopes: Mapping[str, Mapping[str, Array]], overall: Mapping[str, Array]) -> PastTilts:
    """Read off past curves: of counties, or of groups where few counties have two days."""
    days = sorted(overall)
    found = PastTilts((), np.zeros((0, len(days))))
    for level in ("county:", "group:"):
        names = tuple(
            name for name, curves in scopes.items()
            if name.startswith(level) and sum(day in curves for day in days) > 1
        )  # fmt: skip
        tilts = np.full((len(names), len(days)), np.nan)
        for j, day in enumerate(days):
            usual = np.log(np.maximum(overall[day], 1e-3))
            read = (-usual > LATE) & (-usual < EARLY)
            late, rows = -usual[read], [i for i, name in enumerate(names) if day in scopes[name]]
            if not rows or not read.any():
                continue
            curves = np.array([scopes[names[i]][day][read] for i in rows])
            tilts[rows, j] = (np.log(np.maximum(curves, 1e-3)) - usual[read]) @ late / (late @ late)
        found = PastTilts(names, tilts)
        if len(names) >= FEWEST:
            break
    return found


def feature_tilt_sd(
    past: PastTilts, at: Mapping[str, Codes], features: Array, size: Array, prior: float
) -> float:
    """SD by which a feature tilts today's course against past ones; `at`: precincts of each place."""
    told = [i for i, name in enumerate(past.names) if name in at]
    if len(told) < FEWEST:
        return prior
    weight = np.array([size[at[past.names[i]]].sum() for i in told])
    means = np.array(
        [np.average(features[p], axis=0, weights=size[p]) for p in (at[past.names[i]] for i in told)]
    )
    tilts = past.tilts[told]
    there = ~np.isnan(tilts)
    days = there.sum(axis=1)
    own = np.nansum(tilts, axis=1) / np.maximum(days, 1)
    # about a mean of n days a day has 1 - 1/n of its variance, and today 1 + 1/n of it
    apart = (tilts - own[:, None]) * np.sqrt((days + 1.0) / np.maximum(days - 1.0, 1.0))[:, None]
    squares: list[float] = []
    for j in range(tilts.shape[1]):
        rows = there[:, j] & (days > 1)
        if rows.sum() >= FEWEST:
            squares += _squared_slopes(means[rows], apart[rows, j], weight[rows])
    if not squares:
        return prior
    free = len(squares) * (1.0 - 1.0 / tilts.shape[1])
    found = math.sqrt(max(float(np.mean(squares)), (prior / 5.0) ** 2))
    return math.exp((FAITH * math.log(prior) + free * math.log(found)) / (FAITH + free))


def _squared_slopes(x: Array, y: Array, weight: Array) -> list[float]:
    """Slopes of `y` on each column, squared, less what chance alone makes of them."""
    weight = weight / weight.mean()
    x = x - np.average(x, axis=0, weights=weight)
    y = y - np.average(y, weights=weight)
    x = x[:, x.std(axis=0) > FLAT]
    if not x.shape[1] or len(y) <= 2 * x.shape[1]:
        return []
    normal = x.T @ (weight[:, None] * x)
    slope = np.linalg.solve(normal, x.T @ (weight * y))
    rest = float(np.sum(weight * (y - x @ slope) ** 2)) / (len(y) - x.shape[1])
    return list(slope**2 - rest * np.diag(np.linalg.inv(normal)))
