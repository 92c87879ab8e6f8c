"""The gate: which of a precinct's counts can be true together.

A precinct's true counts never fall, and they follow the curve. The gate finds the most plausible
non-decreasing chain by dynamic programming: a chain pays for an implausible level at its start, for every
step that departs from the curve, and for every count it leaves out. A single slip of a digit is then left
out whether it comes first or last; a monotone rule alone would let one slip block every good count after it.

Precincts are judged together, in columns, with the same result as one by one: nothing of one precinct enters
another's chain. The search looks back from a count only as far as a cheaper chain may still be found.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from election.domain.day import ROLL_ERROR, ROLL_SLACK, most_of
from tally.model.constants import Constants

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Flags = NDArray[np.bool_]
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
_SURE = 1e6  # cost of leaving out what staff accepted
_AT_ONCE, _MOST = 4_096, 250_000  # precincts, and counts, judged at a time
_REACH = 2.0  # SDs by which an estimate may be off
_ROUNDING = 1e-6  # more than costs of different sums can differ by
WORDS = {
    "falls": "below an accepted count",
    "ahead": "far above what this precinct can have by now",
    "behind": "far below what this precinct should have by now",
    "roll": "more votes than voters on the roll",
    "asked": "waits for the watcher to confirm it",
    "step": "does not fit the counts before and after it",
}


class CountCandidate(NamedTuple):
    """One count of `Candidates` as a value, for wording why it was left out. `off` is log N less everything
    expected (0 means as its peers).
    """

    votes: int
    share: float  # F, the share of the day in by then
    off: float
    level_sd: float  # SD of `off` about 0; no smaller than `gate_shared_sd`
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
    reading: Array  # variance of each reading


def _least(sd: float) -> float:
    """Least cost of a start or a step whose SD is at least `sd`."""
    return math.log(sd) + _HALF_LOG_2PI - 1e-9


def chains(c: Candidates, starts: Codes, k: Constants) -> Flags:
    """Which candidates are accepted; precinct i has `starts[i]` up to `starts[i + 1]`, at least one."""
    kept = np.zeros(len(c.votes), dtype=bool)
    lengths = np.diff(starts)
    longest_first = np.argsort(-lengths, kind="stable")
    done = 0
    while done < len(lengths):
        size = max(1, min(_AT_ONCE, _MOST // int(lengths[longest_first[done]])))
        chosen = longest_first[done : done + size]
        _keep(kept, c, starts[chosen], lengths[chosen], k)
        done += size
    return kept


def _keep(kept: Flags, c: Candidates, first: Codes, lengths: Codes, k: Constants) -> None:
    """Marks the cheapest chains of some precincts, the longest first: those with a j-th count lead.

    Looks back from each count, nearest first, in each precinct only until nothing that is left can be
    cheaper: a handful of steps, where all pairs of m counts would be m * m / 2.
    """
    size, m, least_step = len(first), int(lengths[0]), _least(k.gate_watcher_sd)
    there = np.arange(m)[:, None] < lengths
    rows = np.where(there, first + np.arange(m)[:, None], first)  # the m-th counts of all: (m, B)
    votes, off, share, sure = c.votes[rows], c.off[rows], np.maximum(c.share[rows], 1e-4), c.sure[rows]
    reading = c.reading[rows]
    # a reading may be lower than one before it only as far as both may be off
    low, high = votes * np.exp(-_REACH * np.sqrt(reading)), votes * np.exp(_REACH * np.sqrt(reading))
    own = np.where(c.asked[rows], k.asked_cost, 0.0) + np.where(
        votes > ROLL_ERROR * c.cap[rows] + ROLL_SLACK, 6.0, 0.0
    )
    own[sure] = 0.0
    alone = _tail(off, c.level_sd[rows], k.tail) + own  # cost of a chain that starts here
    left = np.zeros((m + 1, size))  # cost of leaving out the first j
    np.cumsum(np.where(there, np.where(sure, _SURE, k.bad_cost), 0.0), axis=0, out=left[1:])
    best = np.full((m, size), np.inf)  # cost of the cheapest chain that ends at j
    ahead = np.empty((m, size))  # the least that a chain which ends by j costs over leaving out as many
    came = np.full((m, size), -1, dtype=np.intp)
    for j in range(m):
        n = int(np.count_nonzero(there[j]))
        bound = left[j, :n] + alone[j, :n]
        best[j, :n] = bound
        step = np.full(n, np.inf)
        on = np.arange(n)
        for i in range(j - 1, -1, -1):
            so_far = left[j, on] + own[j, on] + least_step
            on = on[ahead[i, on] + so_far <= bound[on] + _ROUNDING]
            if not len(on):
                break
            cost = best[i, on] + (left[j, on] - left[i + 1, on]) + own[j, on]
            near = (low[i, on] <= high[j, on]) & (cost + least_step <= bound[on])
            at = on[near]
            whole = cost[near] + _steps((votes, off, share, reading), i, j, at, k)
            cheaper = whole <= step[at]
            at, whole = at[cheaper], whole[cheaper]
            step[at], came[j, at] = whole, i
            bound[at] = np.minimum(bound[at], whole)
        starts_here = step >= best[j, :n]
        came[j, :n][starts_here] = -1
        best[j, :n] = np.minimum(step, best[j, :n])
        ahead[j] = best[j] - left[j + 1]
        if j:
            np.minimum(ahead[j], ahead[j - 1], out=ahead[j])
    whole = best + (left[m] - left[1:])
    end = np.argmin(whole, axis=0)
    end = np.where(whole[end, np.arange(size)] < left[m], end, -1)
    on = np.flatnonzero(end >= 0)
    while len(on):
        kept[first[on] + end[on]] = True
        end[on] = came[end[on], on]
        on = on[end[on] >= 0]


def _steps(columns: tuple[Array, Array, Array, Array], i: int, j: int, at: Codes, k: Constants) -> Array:
    """Cost of going from the i-th count to the j-th: log growth against the curve's."""
    votes, off, share, reading = columns
    done = share[i, at] / share[j, at]
    thin = k.thinning * np.maximum(1.0 - done, 0.0) / (np.minimum(votes[i, at], votes[j, at]) + 3.0)
    wobble = k.gate_step_sd * np.log(done)
    read = reading[i, at] + reading[j, at] + k.gate_watcher_sd**2
    return _tail(off[j, at] - off[i, at], np.sqrt(wobble * wobble + thin + read), k.tail)


def _tail(value: Array, sd: Array, nu: float) -> Array:
    """-log density of a scaled Student t, up to its constant."""
    return np.asarray(
        np.log(sd) + (_HALF_LOG_2PI + 0.5 * (nu + 1) * np.log1p(value * value / (nu * (sd * sd))))
    )


def as_clause(words: str) -> str:
    """One of `WORDS` after its number: "412 does not fit …", "412 is far above …"."""
    return words if words in (WORDS["asked"], WORDS["step"]) else f"is {words}"


def why(
    candidates: Sequence[CountCandidate], accepted: Sequence[int], at: int, cap: float
) -> tuple[bool, str]:
    """Why a count was left out: (a later count contradicts it, in words)."""
    c = candidates[at]
    later = any(i > at for i in accepted)
    before = [i for i in accepted if i < at]
    if c.votes > most_of(cap):
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
