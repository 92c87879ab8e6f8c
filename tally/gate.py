"""The gate: which of a precinct's counts can be true together.

A precinct's true counts never fall, and they follow the curve. The gate finds the most plausible
non-decreasing chain by dynamic programming: a chain pays for an implausible level at its start, for every
step that departs from the curve, and for every count it leaves out. A single slip of a digit is then left
out whether it comes first or last; a monotone rule alone would let one slip block every good count after it.

Precincts with equally many counts are judged together, in columns (`chains`); one precinct alone (a report
has come in) in plain numbers, several times as quick (`chain`). Both take the same operations in the same
order, logarithms NumPy's own, so that they agree to the bit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tally.constants import Constants

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Flags = NDArray[np.bool_]
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
_SURE = 1e6  # cost of leaving out what staff accepted
MANY = 40  # counts from which on columns are quicker for one precinct, too
_AT_ONCE = 200_000  # pairs held in memory at a time
WORDS = {
    "falls": "below an accepted count",
    "ahead": "far above what this precinct can have by now",
    "behind": "far below what this precinct should have by now",
    "roll": "more votes than voters on the roll",
    "asked": "waits for the watcher to confirm it",
    "step": "does not fit the counts before and after it",
}


class Candidate(NamedTuple):
    """A count as the gate sees it. `off` is log N less everything expected (0 means as its peers)."""

    votes: int
    share: float  # F, the share of the day in by then
    off: float
    level_sd: float  # SD of `off` about 0
    asked: bool = False
    sure: bool = False  # staff accepted it


@dataclass(frozen=True, slots=True)
class Candidates:
    """Many precincts' candidates in columns, by precinct, then by time; `cap` is each one's voters."""

    votes: Array
    share: Array
    off: Array
    level_sd: Array
    asked: Flags
    sure: Flags
    cap: Array


def chain(candidates: Sequence[Candidate], cap: float, k: Constants) -> list[int]:
    """Indices of the accepted counts of one precinct, in order of time (`candidates` are sorted by it)."""
    if len(candidates) > MANY:
        return _chain_of_many(candidates, cap, k)
    least_step = float(np.log(k.gate_watcher_sd)) + _HALF_LOG_2PI - 1e-9  # no step costs less
    left = [0.0]  # cost of leaving out the first j
    best: list[float] = []  # cost of the cheapest chain that ends at j
    came: list[int] = []
    for j, c in enumerate(candidates):
        own = 0.0
        if not c.sure:
            own = (k.asked_cost if c.asked else 0.0) + (6.0 if c.votes > 1.1 * cap + 20 else 0.0)
        least, before = left[j] + (_tail_of(c.off, c.level_sd, k.tail) + own), -1
        step, found = math.inf, -1
        for i in range(j - 1, -1, -1):
            cost = best[i] + (left[j] - left[i + 1]) + own
            if candidates[i].votes > c.votes or cost + least_step > step:
                continue
            cost += _step(candidates[i], c, k)
            if cost <= step:
                step, found = cost, i
        if step < least:
            least, before = step, found
        best.append(least)
        came.append(before)
        left.append(left[j] + (_SURE if c.sure else k.bad_cost))
    least, end = left[-1], -1
    for i, cost in enumerate(best):
        if (whole := cost + (left[-1] - left[i + 1])) < least:
            least, end = whole, i
    kept: list[int] = []
    while end >= 0:
        kept.append(end)
        end = came[end]
    return kept[::-1]


def _chain_of_many(candidates: Sequence[Candidate], cap: float, k: Constants) -> list[int]:
    columns = [np.array(column) for column in zip(*candidates, strict=True)]
    columns[0] = columns[0].astype(np.float64)
    columns.append(np.full(len(candidates), cap))
    starts = np.array([0, len(candidates)], dtype=np.intp)
    kept = chains(Candidates(*columns), starts, k)
    return [int(i) for i in np.flatnonzero(kept)]


def _step(a: Candidate, b: Candidate, k: Constants) -> float:
    """Cost of going from one count to a later and no lower one."""
    done = max(a.share, 1e-4) / max(b.share, 1e-4)
    thin = k.thinning * max(1.0 - done, 0.0) / (min(a.votes, b.votes) + 3.0)
    wobble = k.gate_step_sd * float(np.log(done))
    return _tail_of(b.off - a.off, math.sqrt(wobble * wobble + thin + k.gate_watcher_sd**2), k.tail)


def _tail_of(value: float, sd: float, nu: float) -> float:
    return float(np.log(sd)) + (
        _HALF_LOG_2PI + 0.5 * (nu + 1) * float(np.log1p(value * value / (nu * (sd * sd))))
    )


def chains(c: Candidates, starts: Codes, k: Constants) -> Flags:
    """Which candidates are accepted; precinct i has `starts[i]` up to `starts[i + 1]`, at least one."""
    kept = np.zeros(len(c.votes), dtype=bool)
    if not len(kept):
        return kept
    skip = np.where(c.sure, _SURE, k.bad_cost)
    own = np.where(c.asked, k.asked_cost, 0.0) + np.where(c.votes > 1.1 * c.cap + 20, 6.0, 0.0)
    own[c.sure] = 0.0
    alone = _tail(c.off, c.level_sd, k.tail) + own  # cost of a chain that starts here
    lengths = np.diff(starts)
    for m in np.unique(lengths).tolist():
        first = starts[:-1][lengths == m]
        if m == 1:
            kept[first] = alone[first] < skip[first]
            continue
        step = max(1, _AT_ONCE // (m * m))
        for chunk in (first[i : i + step] for i in range(0, len(first), step)):
            rows = chunk[:, None] + np.arange(m)
            kept[rows] = _best(c, rows, (alone, own, skip), k)
    return kept


def _best(c: Candidates, rows: Codes, costs_of: tuple[Array, Array, Array], k: Constants) -> Flags:
    """The cheapest chains of precincts with m counts each: (B, m)."""
    size, m = rows.shape
    alone, own, skip = (cost[rows] for cost in costs_of)
    left = np.zeros((m + 1, size))  # cost of leaving out the first j
    for j in range(m):
        left[j + 1] = left[j] + skip[:, j]
    best = np.empty((m, size))
    came = np.full((m, size), -1, dtype=np.intp)
    everyone = np.arange(size)
    every = m * m <= _AT_ONCE
    steps = _steps(c, rows, np.tril_indices(m, -1), k) if every else None
    for j in range(m):
        best[j] = left[j] + alone[:, j]
        if j == 0:
            continue
        if steps is not None:
            into = steps[j * (j - 1) // 2 : j * (j + 1) // 2]
        else:
            into = _steps(c, rows, (np.full(j, j, dtype=np.intp), np.arange(j)), k)
        costs = best[:j] + (left[j] - left[1 : j + 1]) + own[:, j] + into
        before = np.argmin(costs, axis=0)
        least = costs[before, everyone]
        better = least < best[j]
        best[j] = np.where(better, least, best[j])
        came[j] = np.where(better, before, -1)
    whole = best + (left[m] - left[1:])
    end = np.argmin(whole, axis=0)
    end = np.where(whole[end, everyone] < left[m], end, -1)
    kept = np.zeros((size, m), dtype=bool)
    while True:
        on = np.flatnonzero(end >= 0)
        if not len(on):
            return kept
        kept[on, end[on]] = True
        end[on] = came[end[on], on]


def _steps(c: Candidates, rows: Codes, pairs: tuple[Codes, Codes], k: Constants) -> Array:
    """Cost of going from one count to a later one, (pairs, B): log growth against the curve's; never down."""
    to, of = pairs
    a, b = rows.T[of], rows.T[to]
    share = np.maximum(c.share, 1e-4)
    sa, sb, na, nb = share[a], share[b], c.votes[a], c.votes[b]
    done = sa / sb
    thin = k.thinning * np.maximum(1.0 - done, 0.0) / (np.minimum(na, nb) + 3.0)
    wobble = k.gate_step_sd * np.log(done)
    sd = np.sqrt(wobble * wobble + thin + k.gate_watcher_sd**2)
    return np.where(nb < na, np.inf, _tail(c.off[b] - c.off[a], sd, k.tail))


def _tail(value: Array, sd: Array, nu: float) -> Array:
    """-log density of a scaled Student t, up to its constant."""
    return np.asarray(
        np.log(sd) + (_HALF_LOG_2PI + 0.5 * (nu + 1) * np.log1p(value * value / (nu * (sd * sd))))
    )


def why(candidates: Sequence[Candidate], accepted: Sequence[int], at: int, cap: float) -> tuple[bool, str]:
    """Why a count was left out: (a later count contradicts it, in words)."""
    c = candidates[at]
    later = any(i > at for i in accepted)
    before = [i for i in accepted if i < at]
    if c.votes > 1.1 * cap + 20:
        return later, WORDS["roll"]
    if before and c.votes < candidates[before[-1]].votes:
        return later, f"{WORDS['falls']} ({candidates[before[-1]].votes})"
    reach = 2 * c.level_sd
    if c.off > reach:
        return later, WORDS["ahead"]
    if c.off < -reach:
        return later, WORDS["behind"]
    if c.asked:
        return later, WORDS["asked"]
    return later, WORDS["step"]
