"""Estimates of the public: how far off they are, and what several of them say together.

A trained watcher counts; a passer-by rounds. How far estimates are off is learnt on the day from how
consecutive ones of a precinct scatter about the curve, by a Student-t(4) fit with a log-normal prior. Where a
precinct's newest count is an estimate, its accepted counts speak together: the last survivor of a chain alone
would be too high, since a chain that hardly falls keeps the larger of noisy numbers.
"""

import math

import numpy as np

from tally.model.constants import Constants
from tally.model.counts.verdicts import CountFeatures
from tally.model.fit.day_fit import DayFit, unexplained
from tally.model.past.expectation import Inputs
from tally.packed.count_columns import Array, CountColumns, Flags

ROUNDED = 10.0  # votes to which people round
LADDER = np.exp(np.linspace(math.log(0.02), math.log(0.5), 49))  # SDs among which the likeliest is sought
MOST = 4_096  # pairs that the SD is learnt from: they tell it to a fiftieth
NEAR = 1.6  # a pair is of one course where the curve has grown by no more
DIGITS = 6


def reading(table: CountColumns, sd: float) -> Array:
    """Variance of each count's reading: of estimates their SD's square and the rounding's."""
    rounding = ROUNDED**2 / 12.0 / np.maximum(table.votes, ROUNDED) ** 2
    return np.asarray(np.where(table.guess, sd * sd + rounding, 0.0))


def learnt_sd(table: CountColumns, measured: CountFeatures, k: Constants) -> float:
    """The SD of estimates, from all consecutive pairs of them, none of them judged."""
    if not table.guess.any():
        return k.guess_sd
    share = measured.share
    told = table.guess & (share >= k.step_earliest)
    rows = np.flatnonzero(told)
    a, b = rows[:-1], rows[1:]
    pairs = (table.owner[a] == table.owner[b]) & (share[b] <= NEAR * share[a])
    a, b = a[pairs], b[pairs]
    every = -(-len(a) // MOST) or 1
    a, b = a[::every], b[::every]
    growth = measured.residual[b] - measured.residual[a]
    done = share[a] / share[b]
    rounding = sum(ROUNDED**2 / 12.0 / np.maximum(table.votes[i], ROUNDED) ** 2 for i in (a, b))
    beside = (
        (k.step_tilt_sd * np.log(done)) ** 2 + k.thinning * (1.0 - done) / (table.votes[a] + 3.0) + rounding
    )
    likely = -0.5 * (np.log(LADDER / k.guess_sd) / k.guess_sd_sd) ** 2
    for i, sd in enumerate(LADDER):
        v = 2.0 * sd * sd + beside
        likely[i] -= float(np.sum(0.5 * np.log(v) + 2.5 * np.log1p(growth * growth / (k.tail * v))))
    return round(float(LADDER[int(np.argmax(likely))]), DIGITS)


def merged(  # noqa: PLR0917
    inputs: Inputs, table: CountColumns, accepted: Flags, measured: CountFeatures, state: DayFit, k: Constants
) -> tuple[Array, Array] | None:
    """(residual, variance of the reading) of each count, where it is the newest of its precinct: an
    estimate's is that of all its precinct's accepted counts together. None where nobody estimates.
    """
    if not (table.guess & accepted).any():
        return None
    residual, variance = measured.residual.copy(), measured.reading.copy()
    told = np.flatnonzero(accepted & (measured.share >= k.earliest))
    owner = table.owner[told]
    last = told[np.append(owner[1:] != owner[:-1], True)]
    last = last[table.guess[last]]
    if not len(last):
        return residual, variance
    newest = np.full(len(table.at), -1, dtype=np.intp)
    newest[table.owner[last]] = last
    to = newest[owner]
    told, to = told[to >= 0], to[to >= 0]
    owner = table.owner[told]
    off = unexplained(
        state, table.at[owner], measured.residual[told], measured.part[told], measured.share[told]
    )
    done = measured.share[told] / measured.share[to]
    drift = (k.step_tilt_sd * np.log(done)) ** 2
    thin = k.thinning * (1.0 - done) / (table.votes[told] + 3.0)
    w = 1.0 / (measured.reading[told] + drift + thin + k.watcher_sd**2)
    n = len(table.at)
    total = np.bincount(owner, w, n)[table.owner[last]]
    mean = np.bincount(owner, w * off, n)[table.owner[last]] / total
    mine = unexplained(
        state, table.at[table.owner[last]], measured.residual[last], measured.part[last], measured.share[last]
    )
    residual[last] += mean - mine
    variance[last] = np.maximum(1.0 / total - k.watcher_sd**2, 0.0) + k.guess_shared_sd**2
    return residual, variance
