"""Counts in columns: what a refit reads of thousands of precincts at once, without an object a report.

`Look` is what some precincts (or all) say as of a time; `CountStore` files the plain counts of the log
(nothing corrected, asked, decided or from a stranger), sorted by precinct and time, so that "as of t" is a
mask.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Flags = NDArray[np.bool_]
ABSENT = -1  # a line, a time or a number that nobody has given


@dataclass(frozen=True, slots=True)
class Look:
    """Precincts `at` as of a time. Arrays of reports are in order of precinct, then of `Report.sort_key`."""

    at: Codes  # (n,) positions, ascending
    opens: Array
    closes: Array
    last_received: Array  # last word of any kind; ABSENT for none
    line_minutes: Codes
    line_people: Codes
    line_at: Array
    incidents: Codes
    on_post: Codes
    struck_off: Codes
    slot: Codes  # (P,) which of `at` have live counts, ascending
    starts: Codes  # (P + 1,) where each one's reports begin
    votes: Array  # (R,)
    observed: Array
    asked: Flags
    sure: Flags  # staff accepted it
    final: Flags
    sender: Codes  # equal for equal senders, without other meaning
    owner: Codes  # (R,) which of `at` each report belongs to

    def last(self, wanted: Flags, slots: bool = True) -> Codes:
        """Index of each precinct's last wanted report, -1 for none: of all `at`, or of `slot` alone."""
        found = np.maximum.reduceat(np.where(wanted, np.arange(len(wanted)), -1), self.starts[:-1]) \
            if len(wanted) else np.zeros(0, dtype=np.intp)  # fmt: skip
        if not slots:
            return np.asarray(found, dtype=np.intp)
        everywhere = np.full(len(self.at), -1, dtype=np.intp)
        everywhere[self.slot] = found
        return everywhere


_NAMES = ("place", "observed", "received", "high", "low", "votes", "sender", "final")
_TYPES = (np.int32, np.float64, np.float64, np.uint64, np.uint64, np.int64, np.int32, np.bool_)


class CountStore:
    """Plain counts, filed in any order, read in the order of (place, observed, received, id)."""

    def __init__(self) -> None:
        self._new: list[tuple[int, float, float, int, int, int, int, bool]] = []
        self._sorted: dict[str, NDArray[np.generic]] = {
            name: np.zeros(0, dtype=kind) for name, kind in zip(_NAMES, _TYPES, strict=True)
        }

    def add(self, place: int, key: bytes, times: tuple[float, float], said: tuple[int, int, bool]) -> None:
        """One count: its check-in's id; observed and received; votes, sender and whether final."""
        high, low = int.from_bytes(key[:8], "big"), int.from_bytes(key[8:], "big")
        self._new.append((place, *times, high, low, *said))

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        self._settle()
        return self._sorted[name]

    def _settle(self) -> None:
        if not self._new:
            return
        fresh = zip(*self._new, strict=True)
        joined = {
            name: np.concatenate([self._sorted[name], np.array(values, dtype=kind)])
            for name, values, kind in zip(_NAMES, fresh, _TYPES, strict=True)
        }
        self._new = []
        order = np.lexsort((joined["observed"], joined["place"]))
        place, observed = joined["place"][order], joined["observed"][order]
        tied = np.flatnonzero((place[1:] == place[:-1]) & (observed[1:] == observed[:-1]))
        if len(tied):  # few: their keys decide among equals
            among = np.union1d(tied, tied + 1)
            part = order[among]
            keys = tuple(joined[name][part] for name in ("low", "high", "received", "observed", "place"))
            order[among] = part[np.lexsort(keys)]
        self._sorted = {name: values[order] for name, values in joined.items()}


def segments(codes: Sequence[int] | NDArray[np.generic]) -> tuple[Codes, Codes]:
    """(distinct values, starts with the end appended) of codes in ascending order."""
    values = np.asarray(codes, dtype=np.intp)
    if not len(values):
        return values, np.zeros(1, dtype=np.intp)
    first = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    return values[first], np.append(first, len(values)).astype(np.intp)
