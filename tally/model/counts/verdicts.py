"""Counts after the gate: what was accepted, and why the rest was not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tally.entries.entries import DecidedCount, PrecinctView, Report
from tally.model.counts import gate
from tally.packed.count_columns import Array, CountColumns


@dataclass(frozen=True, slots=True)
class Judged:
    """A precinct's counts after the gate. `accepted` are in order of time."""

    view: PrecinctView
    accepted: tuple[Report, ...]
    decided: tuple[DecidedCount, ...]  # everything else, with its verdict and reason
    shares: dict[bytes, int]  # check-in of the whole polling site -> votes of it that are this precinct's


@dataclass(frozen=True, slots=True)
class Rejections:
    """Counts of one precinct that the gate left out."""

    reasons: dict[int, tuple[bool, str]]  # index of the report -> held (or rejected), in words
    held: int
    reason: str  # of the newest one held


NOTHING_REJECTED = Rejections({}, 0, "")


@dataclass(frozen=True, slots=True)
class CountFeatures:
    """Per-count features that do not depend on the fitted state."""

    part: Array  # of the day
    share: Array  # F
    residual: Array  # log N - log e - log F
    sd: Array  # of that about what a state explains
    reading: Array  # variance of what the sender read: 0 for a count, more for an estimate


AT_ONCE = 65_536  # reports


def slices(n: int, size: int = AT_ONCE) -> Iterator[slice]:
    """0 to n, a part at a time: what is worked out of a part stays in the cache, and is soon let go of."""
    return (slice(i, min(i + size, n)) for i in range(0, n, size))


@dataclass(frozen=True)
class GateResult:
    """Count columns after the gate; arrays have one element a report."""

    table: CountColumns
    part: Array
    share: Array  # F
    accepted: NDArray[np.bool_]
    measured: CountFeatures
    rejections: dict[int, Rejections]  # by which of `table.at`: precincts where something was left out


def rejections_of(candidates: Sequence[gate.CountCandidate], kept: Sequence[int], cap: float) -> Rejections:
    """Why each count of one precinct that was left out was; `kept` are the indices of the others."""
    reasons: dict[int, tuple[bool, str]] = {}
    held, newest, accepted = 0, "", set(kept)
    for i, c in enumerate(candidates):
        if i in accepted:
            continue
        contradicted, words = gate.why(candidates, kept, i, cap)
        reasons[i] = (not contradicted, words)
        if not contradicted:
            held += 1
            newest = f"{c.votes:,} {gate.as_clause(words)}"
    return Rejections(reasons, held, newest)


def candidates_of(c: gate.Candidates, begin: int = 0, end: int | None = None) -> list[gate.CountCandidate]:
    """Some candidates, one precinct's as a rule, as values."""
    columns = (c.votes, c.share, c.off, c.level_sd, c.asked, c.sure)
    rows = zip(*(v[begin:end].tolist() for v in columns), strict=True)
    return [gate.CountCandidate(int(votes), *rest) for votes, *rest in rows]
