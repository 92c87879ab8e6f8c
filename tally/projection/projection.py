"""The tally itself: ledger, gate and model joined into standings as of a time.

The live engine and `beluga project` both call `Tally.project`. What is published is a pure function of the
set of check-ins and the time asked: the day's *state* is fitted at whole minutes from what was received by
then; a precinct with entries since that minute is gated and projected anew with the same state, at the
time its newest entry was received. An engine that updates precinct by precinct (`Tally.update`) therefore
ends at the same bytes as one that starts from nothing. Both take the same steps over columns of reports
(`counts.CountColumns`); sentences are worded when they are told.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from election.domain.checkin import CheckIn
from election.domain.day import Election
from election.wire.feed import Aggregate
from tally.entries.entries import DecidedCount, Verdict
from tally.ledger import columns_view
from tally.ledger.ledger import Ledger
from tally.model import gate
from tally.model.constants import Constants
from tally.model.coverage import Guard
from tally.model.curve import parts_of_day
from tally.model.day_fit import (
    DayFit,
    Finals,
    Latest,
    finals,
    lag_probability,
    noise,
    peers,
    residual_of,
    unexplained,
)
from tally.model.expectation import Inputs, inputs_of
from tally.model.fit import Rows, fit, rows_of
from tally.model.site_shares import Sites
from tally.model.verdicts import (
    NOTHING_REJECTED,
    CountFeatures,
    GateResult,
    Judged,
    Rejections,
    candidates_of,
    rejections_of,
    slices,
)
from tally.packed.columns import Maybe, Names, Texts
from tally.packed.count_columns import CountColumns
from tally.projection.sums import Z80, Z95, aggregates
from tally.standing.columns import MISSING, Projection
from tally.standing.describe import Comparison, Zones, describe
from tally.standing.rounding import Columns

Array = NDArray[np.float64]
MINUTE = 60.0
SLICE = 16_384  # precincts judged at once


class Tally:
    """An election's ledger and model. Not thread-safe: one thread adds and asks (or hold a lock)."""

    def __init__(self, election: Election, constants: Constants | None = None) -> None:
        self.constants = constants or Constants()
        self.day = election.day
        self.ledger = Ledger(election)
        self.posts = self.ledger.assignments
        self.inputs: Inputs = inputs_of(election, self.constants, self.ledger.ids)
        self._zones = Zones([p.zone(election.day) for p in election.precincts])
        self._planned_opens, self._planned_closes = planned = (
            self.ledger.hours.opens,
            self.ledger.hours.closes,
        )
        self._log_expected = np.log(self.inputs.expected)
        self.places = places_of(election, self.ledger.ids)
        self._sites = Sites(self.ledger.places.sites, self.inputs, planned)
        self._guard = Guard(election, self.inputs.expected, self.inputs.county, self.inputs.group)

    def add(self, check_ins: Iterable[CheckIn]) -> set[int]:
        """File check-ins; returns the positions whose standing may change."""
        return self.ledger.add(check_ins)

    # ------------------------------------------------------------------ slow: the state, every minute

    def fit(self, minute: float) -> DayFit:
        """The day's state from everything received by `minute`."""
        return self._fit(columns_view.all_precincts(self.ledger, minute))[0]

    def _fit(self, table: CountColumns) -> tuple[DayFit, GateResult]:
        k, table = self.constants, self._sites.shared_out(table)
        measured = self._measure(table)
        first = fit(self.inputs, self._ungated(table, measured), k, rounds=3)
        accepted = self._accepted(table, measured, first)
        state = fit(self.inputs, self._rows(table, measured, accepted), k, rounds=2)
        # a second look, now that slips no longer pull the state
        accepted = self._accepted(table, measured, state)
        state = fit(self.inputs, self._rows(table, measured, accepted), k)
        # and the last word, by the state that updates and pages will be judged with
        gated = self._judge(table, state, measured)
        return peers(self.inputs, state, self._latest(gated), k), gated

    def project(self, as_of: float) -> Projection:
        """Standings as of a time (epoch seconds), a pure function of the set of check-ins and `as_of`."""
        return self.project_with_total(as_of)[0]

    def project_with_total(self, as_of: float) -> tuple[Projection, Aggregate]:
        """`project`, and the whole election's sums."""
        minute = math.floor(as_of / MINUTE) * MINUTE
        projection, state = self.start(minute)
        self.update(projection, state, self.ledger.touched_between(minute, as_of), as_of)
        projection.as_of = as_of
        return projection, self.aggregates(projection, state)[0]

    def start(self, minute: float) -> tuple[Projection, DayFit]:
        """Fit the state as of a whole minute and project every precinct with it."""
        return self.begin(minute, columns_view.all_precincts(self.ledger, minute))

    def begin(self, minute: float, table: CountColumns) -> tuple[Projection, DayFit]:
        """`start` from a look at every precinct taken before: does not read the ledger, so that another
        thread may go on filing and updating meanwhile."""
        state, gated = self._fit(table)
        projection = Projection(self.inputs.ids, minute)
        self._write(projection, state, gated, np.full(len(table.at), minute))
        return projection, state

    # ------------------------------------------------------------------ fast: the precincts touched

    def update(self, projection: Projection, state: DayFit, positions: Iterable[int], as_of: float) -> None:
        """Project some precincts anew with the same state; each at the time of its newest word."""
        at = sorted(positions)
        for p in at:
            projection.updated[p] = as_of
        if not at:
            return
        gated = self._judge(self._sites.shared_out(columns_view.subset(self.ledger, at, as_of)), state)
        clocks = np.array([self.ledger.last_word(p, as_of, projection.minute) for p in at])
        self._write(projection, state, gated, clocks)

    def judged(self, projection: Projection, state: DayFit, position: int) -> Judged:
        """One precinct's counts as they were judged for its row in `projection`, with words."""
        as_of = projection.updated.get(position, projection.minute)
        view = self.ledger.view(position, as_of)
        table = self._sites.shared_out(columns_view.subset(self.ledger, [position], as_of))
        gated = self._judge(table, state)
        left = gated.rejections.get(0, NOTHING_REJECTED).reasons
        settled = list(view.decided)
        for i, (held, reason) in left.items():
            settled.append(DecidedCount(view.live[i], Verdict.HELD if held else Verdict.REJECTED, reason))
        settled.sort(key=lambda s: s.report.sort_key)
        accepted = tuple(r for i, r in enumerate(view.live) if i not in left)
        shares = {r.check_in_id: int(n) for r, n in zip(view.live, table.votes, strict=True) if r.whole}
        return Judged(view, accepted, tuple(settled), shares)

    # ------------------------------------------------------------------ measuring and judging

    def _measure(self, table: CountColumns) -> CountFeatures:
        """What of each report no state changes. A slice at a time: a million reports are many columns."""
        k, inputs, n = self.constants, self.inputs, len(table.votes)
        found = CountFeatures(*(np.empty(n) for _ in range(4)))
        for here in slices(n):
            owner, votes, final = table.owner[here], table.votes[here], table.final[here]
            at = table.at[owner]
            part = parts_of_day(table.observed[here], table.opens[owner], table.closes[owner],
                                self._planned_opens[at], self._planned_closes[at])  # fmt: skip
            share = inputs.curves.shares(at, part)
            part[final], share[final] = 1.0, 1.0
            variance = inputs.precinct_sd[at] ** 2 + noise(inputs, at, share, votes, k)
            found.part[here], found.share[here] = part, share
            found.residual[here] = residual_of(inputs, at, votes, share)
            found.sd[here] = np.sqrt(variance + k.gate_shared_sd**2)
        return found

    def _ungated(self, table: CountColumns, measured: CountFeatures) -> Rows:
        """Level rows of the latest counts as they came: enough for a first, robust state."""
        last = table.last(measured.share >= self.constants.earliest, slots=False)
        newest = np.zeros(len(measured.share), dtype=bool)
        newest[last[last >= 0]] = True
        return self._rows(table, measured, newest)

    def _rows(self, table: CountColumns, measured: CountFeatures, accepted: NDArray[np.bool_]) -> Rows:
        return rows_of(table, accepted, measured, self.constants)

    def _accepted(self, table: CountColumns, measured: CountFeatures, state: DayFit) -> NDArray[np.bool_]:
        """Which reports the gate lets pass, given a state."""
        accepted = np.zeros(len(table.votes), dtype=np.bool_)
        for _, here, candidates, starts in self._candidates(table, measured, state):
            accepted[here] = gate.chains(candidates, starts, self.constants)
        return accepted

    def _candidates(
        self, table: CountColumns, measured: CountFeatures, state: DayFit
    ) -> Iterator[tuple[int, slice, gate.Candidates, NDArray[np.intp]]]:
        """What the gate judges, some precincts at a time: the first of them, their reports, each one's."""
        m = measured
        for first in range(0, len(table.slot), SLICE):
            starts = table.starts[first : first + SLICE + 1]
            here = slice(int(starts[0]), int(starts[-1]))
            at = table.at[table.owner[here]]
            off = unexplained(state, at, m.residual[here], m.part[here], m.share[here])
            candidates = gate.Candidates(table.votes[here], m.share[here], off, m.sd[here], table.asked[here],
                                         table.sure[here], self.inputs.cap[at])  # fmt: skip
            yield first, here, candidates, starts - starts[0]

    def _judge(self, table: CountColumns, state: DayFit, measured: CountFeatures | None = None) -> GateResult:
        """The gate's verdicts, and why each count left out was."""
        measured = measured or self._measure(table)
        accepted = np.zeros(len(table.votes), dtype=np.bool_)
        left: dict[int, Rejections] = {}
        for first, here, candidates, starts in self._candidates(table, measured, state):
            accepted[here] = kept = gate.chains(candidates, starts, self.constants)
            touched = np.unique(np.searchsorted(starts, np.flatnonzero(~kept), side="right") - 1)
            for i in touched.tolist():
                begin, end = starts[i : i + 2].tolist()
                counts, passed = candidates_of(candidates, begin, end), np.flatnonzero(kept[begin:end])
                left[int(table.slot[first + i])] = rejections_of(
                    counts, passed.tolist(), candidates.cap.item(begin)
                )
        return GateResult(table, measured.part, measured.share, accepted, left)

    def _latest(
        self, gated: GateResult, among: NDArray[np.intp] | None = None, last: NDArray[np.intp] | None = None
    ) -> Latest:
        """The latest accepted counts of a look's precincts, or reports `last` of those `among` them."""
        table = gated.table
        at = table.at if among is None else table.at[among]
        last = table.last(gated.accepted) if last is None else last
        has = last >= 0
        if len(gated.share):
            has &= gated.share[last] >= self.constants.earliest
            votes = np.where(has, table.votes[last], np.nan)
            part, share = np.where(has, gated.part[last], 1.0), np.where(has, gated.share[last], 1.0)
        else:
            votes, part, share = np.full(len(at), np.nan), np.ones(len(at)), np.ones(len(at))
        allotted = None
        if table.allotted is not None:
            w, squares = (np.where(has, column[last], 1.0) for column in table.allotted)
            allotted = (w, squares)
        residual = residual_of(self.inputs, at, np.where(has, votes, 0.0), share)
        support = np.bincount(table.owner[gated.accepted], minlength=len(table.at)).astype(np.intp)
        if among is not None:  # the counts before the latest
            support = support[among] - 1
        return Latest(at, votes, part, share, residual, support, allotted)

    # ------------------------------------------------------------------ writing standings

    def _write(self, out: Projection, state: DayFit, gated: GateResult, clocks: Array) -> None:
        k, table = self.constants, gated.table
        at = table.at
        last = table.last(gated.accepted)
        known = finals(self.inputs, state, self._latest(gated, last=last), k)
        floor = self._floor(gated, last)
        centre, low_high = self._bands(at, known, floor)
        p_lag = lag_probability(self.inputs, state, known, k)
        p_before = np.zeros(len(at))  # asked for only where hysteresis can speak
        unsure = np.flatnonzero((p_lag > k.lag_release) & (p_lag <= k.lag_probability))
        if len(unsure):
            before = finals(self.inputs, state, self._before(gated, unsure, last), k)
            p_before[unsure] = np.where(before.gain > 0, lag_probability(self.inputs, state, before, k), 0.0)
        expected = self.inputs.expected[at]
        gap = np.round(known.log_median - self._log_expected[at] - state.peer_level, 4)
        has = known.gain > 0
        c = out.columns
        c["expected_final"][at] = np.round(expected, 1)
        c["projected_final"][at] = centre
        for name, band in low_high.items():
            c[name][at] = band
        c["p_lagging"][at] = p_lag = np.where(has, p_lag, 0.0)
        c["gap"][at] = gap
        c["shortfall"][at] = np.round(np.maximum(expected - centre, 0.0), 1)
        missing = expected * math.exp(state.peer_level) - centre
        mean = np.exp(known.log_median) * state.smear ** (1.0 - known.gain)
        out.mean[at] = np.maximum(np.minimum(mean, np.maximum(self.inputs.cap[at], floor)), floor)
        out.gain[at], out.part[at], out.share[at] = known.gain, known.part, known.share
        out.own_variance[at], out.log_median[at] = known.own_variance, known.log_median
        part = parts_of_day(
            clocks, table.opens, table.closes, self._planned_opens[at], self._planned_closes[at]
        )
        c["expected_now"][at] = np.round(expected * self.inputs.curves.shares(at, part), 1)
        self._count(out, gated, last)
        describe(out, gated, last, Comparison(clocks, missing, p_lag, p_before), zones=self._zones, k=k)

    def _before(self, gated: GateResult, among: NDArray[np.intp], last: NDArray[np.intp]) -> Latest:
        """The accepted count before the latest one, of some of a look's precincts."""
        wanted = gated.accepted.copy()
        wanted[last[last >= 0]] = False
        return self._latest(gated, among, gated.table.last(wanted)[among])

    def _count(self, out: Projection, gated: GateResult, last: NDArray[np.intp]) -> None:
        """What is counted and not projected."""
        c, table = out.columns, gated.table
        at, has = table.at, last >= 0
        c["reports"][at] = np.bincount(table.owner[gated.accepted], minlength=len(at))
        held = np.zeros(len(at), dtype=np.int64)
        for i, left in gated.rejections.items():
            held[i] = left.held
        c["held"][at] = held
        votes, observed = np.full(len(at), MISSING), np.full(len(at), MISSING)
        votes[has], observed[has] = table.votes[last[has]], table.observed[last[has]]
        c["last_votes"][at], c["last_observed_at"][at] = votes, observed
        c["last_received_at"][at] = table.last_received
        channel = np.zeros(len(at), dtype=np.int8)
        channel[has] = table.channel[last[has]]
        out.channel[at] = channel
        for name in ("line_minutes", "line_people", "incidents", "on_post", "struck_off"):
            c[name][at] = getattr(table, name)

    def _floor(self, gated: GateResult, last: NDArray[np.intp]) -> Array:
        """No fewer than this: the last accepted count, the names struck off, who stood in line at close."""
        table, has = gated.table, last >= 0
        votes = np.zeros(len(table.at))
        votes[has] = table.votes[last[has]]
        in_line = has & (table.line_people > 0) & (table.line_at >= table.closes - 1800.0)
        if in_line.any():
            in_line[in_line] = ~table.final[last[in_line]] & (gated.part[last[in_line]] >= 1.0)
            votes[in_line] += table.line_people[in_line]
        return np.maximum(votes, table.struck_off)

    def _bands(self, at: NDArray[np.intp], known: Finals, floor: Array) -> tuple[Array, dict[str, Array]]:
        k = self.constants
        sd = np.sqrt(known.own_variance + known.shared_variance)
        cap = np.maximum(self.inputs.cap[at], floor)

        def cut(log_votes: Array) -> Array:
            cut_off: Array = np.maximum(np.minimum(np.exp(log_votes), cap), floor)
            return np.asarray(np.round(cut_off, 1), dtype=np.float64)

        m = known.log_median
        stretch80 = k.stretch80_open + (k.stretch80_close - k.stretch80_open) * known.share
        bands = {
            "lo80": cut(m - stretch80 * Z80 * sd),
            "hi80": cut(m + stretch80 * Z80 * sd),
            "lo95": cut(m - k.stretch95 * Z95 * sd),
            "hi95": cut(m + k.stretch95 * Z95 * sd),
        }
        return cut(m), bands

    def aggregates(self, projection: Projection, state: DayFit) -> list[Aggregate]:
        """The whole election first (scope "all"), then every county."""
        return aggregates(self.inputs, self._guard, projection, state)


def places_of(election: Election, ids: Names) -> Columns:
    """What of the feed's `PrecinctInfo` no decision changes, in columns."""
    precincts, home = election.precincts, election.day.timezone
    found: Columns = {"precinct_id": ids, "timezone": Texts(p.timezone or home for p in precincts)}
    for name in ("name", "county", "group", "site_id"):
        found[name] = Texts(getattr(p, name) for p in precincts)
    for name in ("registered", "already_voted"):
        found[name] = np.array([getattr(p, name) for p in precincts], dtype=np.int32)
    for name in ("lat", "lon"):
        found[name] = Maybe([getattr(p, name) for p in precincts])
    return found
