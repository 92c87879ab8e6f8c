"""The gate: which of a precinct's counts can be true together.

A precinct's true counts never fall, and they follow the curve. The gate finds the most plausible
non-decreasing chain by dynamic programming: a chain pays for an implausible level at its start, for every
step that departs from the curve, and for every count it leaves out. A single slip of a digit is then left
out whether it comes first or last; a monotone rule alone would let one slip block every good count after it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tally.constants import Constants

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
WORDS = {
    "falls": "below an accepted count",
    "ahead": "far above what this precinct can have by now",
    "behind": "far below what this precinct should have by now",
    "roll": "more votes than voters on the roll",
    "asked": "waits for the watcher to confirm it",
    "step": "does not fit the counts before and after it",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A count as the gate sees it. `off` is log N less everything expected (0 means as its peers)."""

    votes: int
    share: float  # F, the share of the day in by then
    off: float
    level_sd: float  # SD of `off` about 0
    asked: bool = False
    sure: bool = False  # staff accepted it


def chain(candidates: Sequence[Candidate], cap: float, k: Constants) -> list[int]:
    """Indices of the accepted counts, in order of time (`candidates` are sorted by it)."""
    m = len(candidates)
    if m == 0:
        return []
    best = [0.0] * m  # cost of the best chain that ends here, counts left out before it included
    came = [-1] * m
    left_out = [0.0] * (m + 1)  # running cost of leaving out
    for i, c in enumerate(candidates):
        left_out[i + 1] = left_out[i] + (1e6 if c.sure else k.bad_cost)
    for j, c in enumerate(candidates):
        own = 0.0 if c.sure else _own(c, cap, k)
        level = _tail(c.off, c.level_sd, k.tail)
        best[j] = left_out[j] + level + own
        for i in range(j):
            before = candidates[i]
            if c.votes < before.votes:
                continue
            cost = best[i] + left_out[j] - left_out[i + 1] + own + _step(before, c, k)
            if cost < best[j]:
                best[j], came[j] = cost, i
    end, least = -1, left_out[m]
    for j in range(m):
        cost = best[j] + left_out[m] - left_out[j + 1]
        if cost < least:
            end, least = j, cost
    found: list[int] = []
    while end >= 0:
        found.append(end)
        end = came[end]
    return found[::-1]


def _own(c: Candidate, cap: float, k: Constants) -> float:
    cost = k.asked_cost if c.asked else 0.0
    if c.votes > 1.1 * cap + 20:
        cost += 6.0
    return cost


def _tail(value: float, sd: float, nu: float) -> float:
    """-log density of a scaled Student t, up to its constant."""
    return math.log(sd) + _HALF_LOG_2PI + 0.5 * (nu + 1) * math.log1p(value * value / (nu * sd * sd))


def _step(a: Candidate, b: Candidate, k: Constants) -> float:
    """Cost of going from one count to the next: log growth against the curve's."""
    ratio = math.log(max(b.share, 1e-4) / max(a.share, 1e-4))
    thin = k.thinning * max(1.0 - a.share / max(b.share, 1e-4), 0.0) / (min(a.votes, b.votes) + 3.0)
    sd = math.sqrt((k.gate_step_sd * ratio) ** 2 + thin + k.gate_watcher_sd**2)
    return _tail(b.off - a.off, sd, k.tail)


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
