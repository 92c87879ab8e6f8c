"""Counts in columns: input of a refit of thousands of precincts at once, without an object a report."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Flags = NDArray[np.bool_]
ABSENT = -1  # a line, a time or a number that nobody has given


@dataclass(frozen=True, slots=True)
class CountColumns:
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
    channel: NDArray[np.int8]  # index in `Channel`
    whole: Flags  # of the whole polling site
    guess: Flags  # of the public: estimated, where a watcher counts
    official: Flags  # as published by a county or ministry
    allotted: tuple[Array, Array] | None = None  # what `sites.Sites` made of those; None: there are none

    def last(self, wanted: Flags, slots: bool = True) -> Codes:
        """Index of each precinct's last wanted report, -1 for none: of all `at`, or of `slot` alone."""
        found = np.maximum.reduceat(np.where(wanted, np.arange(len(wanted)), -1), self.starts[:-1]) \
            if len(wanted) else np.zeros(0, dtype=np.intp)  # fmt: skip
        if not slots:
            return np.asarray(found, dtype=np.intp)
        everywhere = np.full(len(self.at), -1, dtype=np.intp)
        everywhere[self.slot] = found
        return everywhere


def segments(codes: Sequence[int] | NDArray[np.generic]) -> tuple[Codes, Codes]:
    """(distinct values, starts with the end appended) of codes in ascending order."""
    values = np.asarray(codes, dtype=np.intp)
    if not len(values):
        return values, np.zeros(1, dtype=np.intp)
    first = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    return values[first], np.append(first, len(values)).astype(np.intp)
