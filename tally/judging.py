"""Counts after the gate: what was accepted, and why the rest was not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tally import gate
from tally.counts import Array, Look
from tally.entries import PrecinctView, Report, Settled


@dataclass(frozen=True, slots=True)
class Judged:
    """A precinct's counts after the gate. `accepted` are in order of time."""

    view: PrecinctView
    accepted: tuple[Report, ...]
    settled: tuple[Settled, ...]  # everything else, with its verdict and reason
    shares: dict[bytes, int]  # check-in of the whole polling site -> votes of it that are this precinct's


@dataclass(frozen=True, slots=True)
class Left:
    """What the gate left out of one precinct's counts."""

    reasons: dict[int, tuple[bool, str]]  # index of the report -> held (or rejected), in words
    held: int
    reason: str  # of the newest one held


NOTHING_LEFT = Left({}, 0, "")


@dataclass(frozen=True, slots=True)
class Measured:
    """What of each of a look's reports no state changes."""

    part: Array  # of the day
    share: Array  # F
    residual: Array  # log N - log e - log F
    sd: Array  # of that about what a state explains


AT_ONCE = 65_536  # reports


def slices(n: int, size: int = AT_ONCE) -> Iterator[slice]:
    """0 to n, a part at a time: what is worked out of a part stays in the cache, and is soon let go of."""
    return (slice(i, min(i + size, n)) for i in range(0, n, size))


@dataclass(frozen=True)
class Gated:
    """A look after the gate; arrays are as long as the look's reports."""

    look: Look
    part: Array
    share: Array  # F
    accepted: NDArray[np.bool_]
    left: dict[int, Left]  # by which of `look.at`: precincts where something was left out


def left_out(candidates: Sequence[gate.Candidate], kept: Sequence[int], cap: float) -> Left:
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
            newest = f"{c.votes} is {words}"
    return Left(reasons, held, newest)


def candidates_of(c: gate.Candidates, begin: int = 0, end: int | None = None) -> list[gate.Candidate]:
    """Some candidates, one precinct's as a rule, as values."""
    columns = (c.votes, c.share, c.off, c.level_sd, c.asked, c.sure)
    rows = zip(*(v[begin:end].tolist() for v in columns), strict=True)
    return [gate.Candidate(int(votes), *rest) for votes, *rest in rows]
