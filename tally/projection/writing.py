"""Standings written into a projection, from judged counts and the day's state."""

import math

import numpy as np

from tally.model.constants import Constants
from tally.model.counts.verdicts import GateResult
from tally.model.fit.day_fit import DayFit, Finals, finals, lag_probability
from tally.model.past.curve import parts_of_day
from tally.model.past.expectation import Inputs
from tally.packed.count_columns import Array, Codes
from tally.projection.gating import Gating
from tally.projection.sums import Z80, Z95
from tally.standing.columns import MISSING, Projection
from tally.standing.describe import Comparison, Zones, describe

SURELY = 2.0  # SDs that an estimate may lie above the truth


class StandingWriter:
    """Writes rows of a `Projection`."""

    def __init__(self, inputs: Inputs, constants: Constants, gating: Gating, zones: Zones) -> None:
        self._inputs, self._constants, self._gating, self._zones = inputs, constants, gating, zones
        self._log_expected = np.log(inputs.expected)

    def write(
        self, out: Projection, state: DayFit, gated: GateResult, clocks: Array, planned: tuple[Array, Array]
    ) -> None:
        """Write the standings of the table's precincts, each as of its own clock.

        `planned`: every precinct's opening and closing without any decision.
        """
        k, table, inputs = self._constants, gated.table, self._inputs
        at = table.at
        last = table.last(gated.accepted)
        known = finals(inputs, state, self._gating.latest(gated, state, last=last), k)
        floor = _floor(gated, last)
        p_lag, p_before = self._lagging(state, gated, known, last)
        expected = inputs.expected[at]
        c = out.columns
        c["expected_final"][at] = np.round(expected, 1)
        for name, band in self._bands(at, known, floor).items():
            c[name][at] = band
        c["p_low_unwatched"][at] = np.where(known.gain > 0, 0.0, p_lag)  # of its like: no count says so (L5)
        c["p_lagging"][at] = p_lag = np.where(known.gain > 0, p_lag, 0.0)
        c["gap"][at] = np.round(known.log_median - self._log_expected[at] - state.peer_level, 4)
        centre = c["projected_final"][at]
        c["shortfall"][at] = np.round(np.maximum(expected - centre, 0.0), 1)
        mean = np.exp(known.log_median) * state.smear ** (1.0 - known.gain)
        out.mean[at] = np.maximum(np.minimum(mean, np.maximum(inputs.cap[at], floor)), floor)
        out.gain[at], out.part[at], out.share[at] = known.gain, known.part, known.share
        out.own_variance[at], out.log_median[at] = known.own_variance, known.log_median
        part = parts_of_day(clocks, table.opens, table.closes, planned[0][at], planned[1][at])
        out.now_part[at], out.now_share[at] = part, (share := inputs.curves.shares(at, part))
        c["expected_now"][at] = np.round(expected * share, 1)
        _write_counts(out, gated, last)
        missing = expected * math.exp(state.peer_level) - centre
        describe(out, gated, last, Comparison(clocks, missing, p_lag, p_before), zones=self._zones, k=k)

    def _lagging(self, state: DayFit, gated: GateResult, known: Finals, last: Codes) -> tuple[Array, Array]:
        """Chances of lagging by the newest accepted counts, and by the ones before where hysteresis asks."""
        k, inputs = self._constants, self._inputs
        p_lag = lag_probability(inputs, state, known, k)
        p_before = np.zeros(len(p_lag))
        unsure = np.flatnonzero((p_lag > k.lag_release) & (p_lag <= k.lag_probability))
        if len(unsure):
            before = finals(inputs, state, self._gating.before(gated, state, unsure, last), k)
            p_before[unsure] = np.where(before.gain > 0, lag_probability(inputs, state, before, k), 0.0)
        return p_lag, p_before

    def _bands(self, at: Codes, known: Finals, floor: Array) -> dict[str, Array]:
        """Projected finals and their bands, by column."""
        k = self._constants
        cap = np.maximum(self._inputs.cap[at], floor)

        def cut(log_votes: Array) -> Array:
            cut_off: Array = np.maximum(np.minimum(np.exp(log_votes), cap), floor)
            return np.asarray(np.round(cut_off, 1), dtype=np.float64)

        m = known.log_median
        reach80, reach95 = reach(known, self._inputs.widening == 1.0, k)
        return {
            "projected_final": cut(m),
            "lo80": cut(m - reach80),
            "hi80": cut(m + reach80),
            "lo95": cut(m - reach95),
            "hi95": cut(m + reach95),
        }


def reach(known: Finals, past_course: bool, k: Constants) -> tuple[Array, Array]:
    """How far the 80 % and 95 % bands of precincts reach from their middle, in log.

    Precincts' own errors and those that all share have shapes of their own. Along a built-in course what all
    share is no scatter about nought, but off to one side by its SD: nothing is taken off it.
    """
    own, shared = known.own_variance, known.shared_variance
    shared80, shared95 = (k.stretch80_shared, k.stretch95) if past_course else (1.0, 1.0)
    return (
        Z80 * np.sqrt(k.stretch80_own**2 * own + shared80**2 * shared),
        Z95 * np.sqrt(k.stretch95**2 * own + shared95**2 * shared),
    )


def _write_counts(out: Projection, gated: GateResult, last: Codes) -> None:
    """Write what is counted and not projected."""
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
    counted = np.zeros(len(at))
    counted[has] = gated.share[last[has]]
    out.counted_share[at] = counted
    c["last_received_at"][at] = table.last_received
    channel = np.zeros(len(at), dtype=np.int8)
    channel[has] = table.channel[last[has]]
    out.channel[at] = channel
    for name in ("line_minutes", "line_people", "incidents", "on_post", "struck_off"):
        c[name][at] = getattr(table, name)


def _floor(gated: GateResult, last: Codes) -> Array:
    """Least final votes: the highest accepted count (of an estimate what it surely saw),
    the names struck off, who stood in line at close."""
    table, has = gated.table, last >= 0
    votes = np.zeros(len(table.at))
    if len(table.votes):
        surely = np.where(
            gated.accepted, table.votes * np.exp(-SURELY * np.sqrt(gated.measured.reading)), 0.0
        )
        votes[table.slot] = np.where(has[table.slot], np.maximum.reduceat(surely, table.starts[:-1]), 0.0)
    in_line = has & (table.line_people > 0) & (table.line_at >= table.closes - 1800.0)
    if in_line.any():
        in_line[in_line] = ~table.final[last[in_line]] & (gated.part[last[in_line]] >= 1.0)
        votes[in_line] += table.line_people[in_line]
    return np.maximum(votes, table.struck_off)
