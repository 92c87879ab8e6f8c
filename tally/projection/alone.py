"""One precinct alone, in plain numbers: a report has come in, and its standing is wanted within 100 us.

The formulas are those of `model/day_fit.py`, `model/verdicts.py` and `projection/projection.py`, which have
them in columns: there a call of NumPy costs a microsecond, and one precinct took six hundred of them. What
decides takes the same operations in the same order, logarithms and powers NumPy's own, so that both agree to
the bit; widths (sums over K) agree to the rounding of what is published.
`tests/tally/projection/test_alone.py` compares them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tally.model import gate
from tally.model.constants import Constants
from tally.model.curve import GRID, part_of_day
from tally.model.day_fit import DayFit
from tally.model.expectation import Inputs
from tally.model.stray_counts import TAME, doubts
from tally.model.verdicts import NOTHING_REJECTED, Rejections, rejections_of
from tally.packed.count_columns import Array, CountRow
from tally.projection.sums import Z80, Z95
from tally.standing import classify as standing
from tally.standing.columns import CODE, MISSING, Projection
from tally.standing.describe import Zones

_ROOT_HALF = math.sqrt(0.5)


@dataclass(slots=True)
class _Measured:
    """A precinct's counts as the gate and the model see them."""

    part: list[float]
    share: list[float]
    off: list[float]  # log N less all that the state explains
    noise: list[float]  # variance about the precinct's own level


@dataclass(slots=True)
class _Final:
    """Where the precinct will end: `model.Finals` of one."""

    log_median: float
    gain: float
    own_variance: float
    shared_variance: float
    relative_variance: float
    part: float
    share: float
    # were the count the precinct's own (probability 1 - doubt), and not
    doubt: float
    variance: float
    log_median_own: float
    log_median_stray: float


class Alone:
    """Projects single precincts of an election."""

    def __init__(
        self, inputs: Inputs, k: Constants, zones: Zones, planned: tuple[Array, Array], log_expected: Array
    ) -> None:
        """`planned`: when polls open and close without any decision, epoch seconds."""
        self._inputs, self._k, self._zones = inputs, k, zones
        self._opens, self._closes = planned
        self._log_expected = log_expected
        self._sizes = inputs.features.shape[1], inputs.curves.factors.shape[1]

    def write(self, out: Projection, state: DayFit, seen: CountRow, clock: float) -> None:
        """Gates, projects and describes one precinct as it stands at `clock` (epoch seconds)."""
        k, p = self._k, seen.at
        measured = self._measure(state, seen)
        kept, left = self._judge(seen, measured)
        final = self._final(state, seen, measured, kept)
        p_lag = self._lagging(state, p, final)
        p_before = 0.0  # asked for only where hysteresis can speak
        if k.lag_release < p_lag <= k.lag_probability:
            before = self._final(state, seen, measured, kept[:-1])
            p_before = self._lagging(state, p, before) if before.gain > 0 else 0.0
        if not final.gain > 0:
            p_lag = 0.0
        floor = self._floor(seen, measured, kept)
        missing, gap = self._put(out, state, seen, final, (floor, p_lag, clock))
        self._count(out, seen, kept, left)
        last = kept[-1] if kept else -1
        votes = seen.votes[last] if kept else None
        minutes, people = seen.line_minutes, seen.line_people
        evidence = standing.Evidence(  # in place: names cost a hundredth of a report
            clock,
            seen.opens,
            seen.closes,
            self._zones[p],
            votes,
            seen.observed[last] if kept else None,
            standing.rhythm_of([seen.observed[i] for i in kept]) if len(kept) > 2 else 0.0,
            left.held,
            left.reason,
            _disagreement(seen, k),
            bool(kept) and seen.final[last],
            p_lag,
            p_before,
            missing if kept else 0.0,
            (math.exp(-gap) - 1.0) * votes if votes is not None else 0.0,
            minutes if minutes >= 0 else None,
            people if people >= 0 else None,
            seen.incidents,
        )
        name, out.columns["reason"][p] = standing.state_of(evidence, k)
        out.codes[p] = CODE[name]

    # ------------------------------------------------------------------ measuring and judging

    def _part(self, seen: CountRow, at: float) -> float:
        p = seen.at
        return part_of_day(at, seen.opens, seen.closes, self._opens.item(p), self._closes.item(p))

    def _measure(self, state: DayFit, seen: CountRow) -> _Measured:
        inputs, k, p = self._inputs, self._k, seen.at
        expected, level, tilt = inputs.expected.item(p), state.level.item(p), state.tilt.item(p)
        bend, curves = state.bend, inputs.curves
        found = _Measured([], [], [], [])
        if not seen.votes:
            return found
        opens, closes = seen.opens, seen.closes
        planned = self._opens.item(p), self._closes.item(p)
        for votes, observed, at_close in zip(seen.votes, seen.observed, seen.final, strict=True):
            part = share = 1.0
            if not at_close:
                part = part_of_day(observed, opens, closes, *planned)
                share = curves.share(p, part)
            residual = float(np.log((votes + 0.5) / (expected * max(share, 1e-4))))
            log_share = float(np.log(max(share, 0.01)))
            found.part.append(part)
            found.share.append(share)
            place = part * GRID
            low = min(int(place), GRID - 1)
            bent = bend.item(low)
            bent += (place - low) * (bend.item(low + 1) - bent)
            left = 1.0 - share
            counted = 0.5 * (votes + share * expected) + 1.0
            wobble = k.precinct_tilt_sd * left
            found.off.append(residual - level + log_share * tilt - bent)
            found.noise.append(wobble * wobble + k.thinning * left / counted + k.watcher_sd**2)
        return found

    def _judge(self, seen: CountRow, m: _Measured) -> tuple[list[int], Rejections]:
        """(indices of the accepted counts, why the others are not)."""
        if not seen.votes:
            return [], NOTHING_REJECTED
        k, cap = self._k, self._inputs.cap.item(seen.at)
        own = self._inputs.precinct_sd.item(seen.at)
        candidates = [
            gate.Candidate(votes, share, off, math.sqrt(own * own + noise + k.gate_shared_sd**2), asked, sure)
            for votes, share, off, noise, asked, sure in zip(
                seen.votes, m.share, m.off, m.noise, seen.asked, seen.sure, strict=True
            )
        ]
        kept = gate.chain(candidates, cap, k)
        if len(kept) == len(candidates):
            return kept, NOTHING_REJECTED
        return kept, rejections_of(candidates, kept, cap)

    # ------------------------------------------------------------------ projecting

    def _final(self, state: DayFit, seen: CountRow, m: _Measured, kept: Sequence[int]) -> _Final:
        """From the last of the counts `kept`."""
        inputs, k, p = self._inputs, self._k, seen.at
        sd = inputs.precinct_sd.item(p)
        own = sd * sd
        base = self._log_expected.item(p) + state.level.item(p)
        if not kept or m.share[kept[-1]] < k.earliest:
            shared, against = self._shared(state, p, (1.0, 1.0), 0.0)
            return _Final(base, 0.0, own, shared, against, 1.0, 1.0, 0.0, own, base, base)
        last = kept[-1]
        part, share, off, noise = m.part[last], m.share[last], m.off[last], m.noise[last]
        full = own / (own + noise)
        doubt, followed = self._doubt(off, own + noise, len(kept), state)
        gain = full * (1.0 - doubt)
        shared, against = self._shared(state, p, (part, share), gain)
        apart, astray = full * (off - followed), full * followed
        log_median = base + full * followed
        mixed = own * (1.0 - gain) + (1.0 - doubt) * (apart * apart) + doubt * (astray * astray)
        return _Final(log_median, gain, mixed, shared, against, part, share,
                      doubt, own * (1.0 - full), log_median + apart, log_median - astray)  # fmt: skip

    def _doubt(self, off: float, variance: float, support: int, state: DayFit) -> tuple[float, float]:
        """`doubt.doubts` of one count."""
        k = self._k
        rate = state.bad[min(max(support, 1), 3) - 1]
        q = 1.0 + off * off / (4.0 * variance)
        good = 0.375 / (q * q * math.sqrt(q * variance))
        z = off / k.bad_sd
        bad = 0.3989422804 / k.bad_sd * float(np.exp(-0.5 * z * z))
        doubt = rate * bad / (rate * bad + (1.0 - rate) * good)
        if doubt > TAME:  # seldom: a peak has to be sought
            columns = doubts(np.array([off]), np.array([variance]), np.array([support]), state.bad, k)
            return float(columns[0][0]), float(columns[1][0])
        return doubt, math.copysign(abs(off) * (1.0 - doubt), off)

    def _shared(
        self, state: DayFit, p: int, measured: tuple[float, float], gain: float
    ) -> tuple[float, float]:
        """Variance through `s`, county and group: of the final, and of its ratio to its peers'."""
        inputs, (part, share) = self._inputs, measured
        group = inputs.group.item(p)
        g, tilted = 1.0 - gain, -gain * _lateness(share) if gain else 0.0
        (a, b), (c, d) = state.places[group].tolist()
        places = g * (g * a + tilted * c) + tilted * (g * b + tilted * d)
        f, (q, r) = inputs.features[p], self._sizes
        j = np.dot(np.array((g, tilted)), state.load[group])  # less the precinct's own: all signs turned
        j[0] -= g
        among = j[1 : 1 + q]
        among -= f * g
        if gain:
            place = part * GRID
            low = min(int(place), GRID - 1)
            among = j[1 + q : 1 + q + r]
            among += inputs.curves.deviation(low, place - low) * gain
            among = j[1 + q + r :]
            among -= f[: inputs.tilts] * tilted
        shared = float(np.dot(j, np.dot(state.covariance, j)))
        if state.peer_shared is None:
            return places + shared, places + shared
        apart = shared + 2.0 * float(np.dot(j, state.peer_shared)) + state.peer_variance
        return places + shared, places + max(apart, 0.0)

    def _lagging(self, state: DayFit, p: int, final: _Final) -> float:
        """`model.lag_probability` of one."""
        k = self._k
        bar = self._log_expected.item(p) + state.peer_level + math.log(k.lag_ratio)
        widened = 1.0 + k.lag_widening * (1.0 - final.share)

        def below(log_median: float, own: float) -> float:
            sd = math.sqrt(own + final.relative_variance) * widened
            return 0.5 * math.erfc((log_median - bar) / max(sd, 1e-6) * _ROOT_HALF)

        sure = below(final.log_median_own, final.variance)
        own = self._inputs.precinct_sd.item(p)
        stray = below(final.log_median_stray, own * own)
        return _rounded(sure + final.doubt * (stray - sure), 10_000.0)

    # ------------------------------------------------------------------ writing

    def _floor(self, seen: CountRow, m: _Measured, kept: Sequence[int]) -> float:
        """No fewer than this: the last accepted count, the names struck off, who stood in line at close."""
        votes = 0
        if kept:
            last = kept[-1]
            votes = seen.votes[last]
            in_line = seen.line_people > 0 and seen.line_at >= seen.closes - 1800.0
            if in_line and not seen.final[last] and m.part[last] >= 1.0:
                votes += seen.line_people
        return float(max(votes, seen.struck_off))

    def _put(
        self, out: Projection, state: DayFit, seen: CountRow, final: _Final, said: tuple[float, float, float]
    ) -> tuple[float, float]:
        """Writes what is projected; returns (votes missing against peers by close, gap)."""
        inputs, k, p, c = self._inputs, self._k, seen.at, out.columns
        floor, p_lag, clock = said
        expected = inputs.expected.item(p)
        cap = max(inputs.cap.item(p), floor)
        sd = math.sqrt(final.own_variance + final.shared_variance)
        stretch80 = k.stretch80_open + (k.stretch80_close - k.stretch80_open) * final.share
        m, near, far = final.log_median, stretch80 * Z80 * sd, k.stretch95 * Z95 * sd
        bounds = [float(np.exp(x)) for x in (m, m - near, m + near, m - far, m + far)]
        cuts = [round(max(min(votes, cap), floor) * 10.0) / 10.0 for votes in bounds]
        centre = cuts[0]
        gap = _rounded(m - self._log_expected.item(p) - state.peer_level, 10_000.0)
        c["expected_final"][p] = _rounded(expected, 10.0)
        c["projected_final"][p] = centre
        c["lo80"][p], c["hi80"][p], c["lo95"][p], c["hi95"][p] = cuts[1:]
        c["p_lagging"][p], c["gap"][p] = p_lag, gap
        c["shortfall"][p] = _rounded(max(expected - centre, 0.0), 10.0)
        c["expected_now"][p] = _rounded(expected * inputs.curves.share(p, self._part(seen, clock)), 10.0)
        missing = expected * math.exp(state.peer_level) - centre
        mean = bounds[0] * float(np.power(state.smear, 1.0 - final.gain))
        out.mean[p] = max(min(mean, cap), floor)
        out.gain[p], out.part[p], out.share[p] = final.gain, final.part, final.share
        out.own_variance[p], out.log_median[p] = final.own_variance, m
        return missing, gap

    def _count(self, out: Projection, seen: CountRow, kept: Sequence[int], left: Rejections) -> None:
        """Writes what is counted and not projected."""
        c, p = out.columns, seen.at
        c["reports"][p], c["held"][p] = len(kept), left.held
        last = kept[-1] if kept else -1
        c["last_votes"][p] = seen.votes[last] if kept else MISSING
        c["last_observed_at"][p] = int(seen.observed[last]) if kept else MISSING
        c["last_received_at"][p] = int(seen.last_received)
        out.channel[p] = seen.channel[last] if kept else 0
        for name in ("line_minutes", "line_people", "incidents", "on_post", "struck_off"):
            c[name][p] = getattr(seen, name)


def _lateness(share: float) -> float:
    return -float(np.log(max(share, 0.01)))


def _rounded(value: float, steps: float) -> float:
    """To so many steps of one, half to even: as `numpy.round` does it."""
    return round(value * steps) / steps


def _disagreement(seen: CountRow, k: Constants) -> str:
    """Whether the newest counts come from watchers who disagree, and how."""
    if len(seen.sender) < 2 or len(set(seen.sender)) < 2:
        return ""
    counts = zip(seen.observed, map(str, seen.sender), seen.votes, strict=True)
    return standing.disagreement(list(counts), k)
