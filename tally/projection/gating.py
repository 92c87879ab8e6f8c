"""Counts measured and put to the gate, given the day's state."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tally.model.constants import Constants
from tally.model.counts import gate, official_counts, round_counts
from tally.model.counts.round_counts import NOBODY, Shares
from tally.model.counts.verdicts import (
    CountFeatures,
    GateResult,
    Rejections,
    candidates_of,
    rejections_of,
    slices,
)
from tally.model.fit import guesses
from tally.model.fit.day_fit import DayFit, Latest, noise, residual_of, unexplained
from tally.model.fit.fit import Rows, rows_of
from tally.model.past.curve import parts_of_day
from tally.model.past.expectation import Inputs
from tally.packed.count_columns import Array, Codes, CountColumns

SLICE = 16_384  # precincts judged at once


class Gating:
    """The gate over an election's counts. Pure: values in, values out."""

    def __init__(self, inputs: Inputs, constants: Constants, planned: tuple[Array, Array]) -> None:
        """`planned`: opening and closing without any decision, epoch seconds."""
        self._inputs, self._constants = inputs, constants
        self._opens, self._closes = planned

    def guess_sd(self, table: CountColumns) -> float:
        """How far estimates of the public are off, as the day's own show."""
        if not table.guess.any():
            return self._constants.guess_sd
        return guesses.learnt_sd(table, self.measure(table, self._constants.guess_sd), self._constants)

    def measure(self, table: CountColumns, guess_sd: float, rounders: Shares = NOBODY) -> CountFeatures:
        """Per-count features that do not depend on a state. In slices: a million reports are large."""
        k, inputs, n = self._constants, self._inputs, len(table.votes)
        rounding = round_counts.rounding(table, rounders)
        found = CountFeatures(
            np.empty(n),
            np.empty(n),
            np.empty(n),
            np.empty(n),
            guesses.reading(table, guess_sd) + official_counts.reading(table),
        )
        for here in slices(n):
            owner, votes, final = table.owner[here], table.votes[here], table.final[here]
            at = table.at[owner]
            part = parts_of_day(table.observed[here], table.opens[owner], table.closes[owner],
                                self._opens[at], self._closes[at])  # fmt: skip
            share = inputs.curves.shares(at, part)
            part[final], share[final] = 1.0, 1.0
            if rounding is not None:
                found.reading[here] += rounding[here] / np.maximum(share * inputs.expected[at], 1.0) ** 2
            variance = inputs.precinct_sd[at] ** 2 + noise(inputs, at, share, votes, k)
            found.part[here], found.share[here] = part, share
            found.residual[here] = residual_of(inputs, at, votes, share)
            found.sd[here] = np.sqrt(variance + k.gate_shared_sd**2 + found.reading[here])
        return found

    def ungated(self, table: CountColumns, measured: CountFeatures) -> Rows:
        """Level rows of the latest counts, none of them judged: enough for a first, robust state."""
        last = table.last(measured.share >= self._constants.earliest, slots=False)
        newest = np.zeros(len(measured.share), dtype=bool)
        newest[last[last >= 0]] = True
        return rows_of(table, newest, measured, self._constants)

    def rows(self, table: CountColumns, measured: CountFeatures, state: DayFit) -> Rows:
        """Rows of the counts that the gate lets pass, given a state."""
        accepted = np.zeros(len(table.votes), dtype=np.bool_)
        for _, here, candidates, starts in self._candidates(table, measured, state):
            accepted[here] = gate.chains(candidates, starts, self._constants)
        merged = guesses.merged(self._inputs, table, accepted, measured, state, self._constants)
        return rows_of(table, accepted, measured, self._constants, merged)

    def judge(self, table: CountColumns, state: DayFit, measured: CountFeatures | None = None) -> GateResult:
        """The gate's verdicts, and why each count left out was."""
        measured = measured or self.measure(table, state.guess_sd, state.rounders)
        accepted = np.zeros(len(table.votes), dtype=np.bool_)
        left: dict[int, Rejections] = {}
        for first, here, candidates, starts in self._candidates(table, measured, state):
            accepted[here] = kept = gate.chains(candidates, starts, self._constants)
            touched = np.unique(np.searchsorted(starts, np.flatnonzero(~kept), side="right") - 1)
            for i in touched.tolist():
                begin, end = starts[i : i + 2].tolist()
                counts, passed = candidates_of(candidates, begin, end), np.flatnonzero(kept[begin:end])
                left[int(table.slot[first + i])] = rejections_of(
                    counts, passed.tolist(), candidates.cap.item(begin)
                )
        return GateResult(table, measured.part, measured.share, accepted, measured, left)

    def latest(
        self, gated: GateResult, state: DayFit, among: Codes | None = None, last: Codes | None = None
    ) -> Latest:
        """The latest accepted counts of all precincts of a table, or reports `last` of those `among` them."""
        table = gated.table
        at = table.at if among is None else table.at[among]
        last = table.last(gated.accepted) if last is None else last
        has = last >= 0
        if len(gated.share):
            has &= gated.share[last] >= self._constants.earliest
            votes = np.where(has, table.votes[last], np.nan)
            part, share = np.where(has, gated.part[last], 1.0), np.where(has, gated.share[last], 1.0)
        else:
            votes, part, share = np.full(len(at), np.nan), np.ones(len(at)), np.ones(len(at))
        allotted = None
        if table.allotted is not None:
            w, squares = (np.where(has, column[last], 1.0) for column in table.allotted)
            allotted = (w, squares)
        residual = residual_of(self._inputs, at, np.where(has, votes, 0.0), share)
        reading: Array | float = np.where(has, gated.measured.reading[last], 0.0) if len(gated.share) else 0.0
        merged = guesses.merged(self._inputs, table, gated.accepted, gated.measured, state, self._constants)
        if merged is not None and among is None:
            residual, reading = np.where(has, merged[0][last], residual), np.where(has, merged[1][last], 0.0)
        support = np.bincount(table.owner[gated.accepted], minlength=len(table.at)).astype(np.intp)
        if among is not None:  # the counts before the latest
            support = support[among] - 1
        return Latest(at, votes, part, share, residual, support, reading, allotted)

    def before(self, gated: GateResult, state: DayFit, among: Codes, last: Codes) -> Latest:
        """The accepted count before the latest one, of some precincts of a table."""
        wanted = gated.accepted.copy()
        wanted[last[last >= 0]] = False
        return self.latest(gated, state, among, gated.table.last(wanted)[among])

    def _candidates(
        self, table: CountColumns, measured: CountFeatures, state: DayFit
    ) -> Iterator[tuple[int, slice, gate.Candidates, NDArray[np.intp]]]:
        """Candidates, some precincts at a time: (the first of them, their reports, candidates, starts)."""
        m = measured
        for first in range(0, len(table.slot), SLICE):
            starts = table.starts[first : first + SLICE + 1]
            here = slice(int(starts[0]), int(starts[-1]))
            at = table.at[table.owner[here]]
            off = unexplained(state, at, m.residual[here], m.part[here], m.share[here])
            candidates = gate.Candidates(table.votes[here], m.share[here], off, m.sd[here], table.asked[here],
                                         table.sure[here], self._inputs.cap[at], m.reading[here])  # fmt: skip
            yield first, here, candidates, starts - starts[0]
