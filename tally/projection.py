"""The tally itself: ledger, gate and model joined into standings as of a time.

The live engine and `beluga project` both call `Tally.project`. What is published is a pure function of the
set of check-ins and the time asked: the day's *state* is fitted at whole minutes from what was received by
then; a precinct with entries since that minute is gated and projected anew with the same state, at the
time its newest entry was received. An engine that updates precinct by precinct (`Tally.update`) therefore
ends at the same bytes as one that starts from nothing. Both take the same steps over columns of reports
(`counts.Look`); only sentences are made one by one.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from election.checkin import CheckIn
from election.day import Election
from election.wire.feed import Aggregate, Reach, Standing
from election.wire.feed import State as Name
from tally import gate, standing
from tally.constants import Constants
from tally.counts import Look, segments
from tally.coverage import Coverage, Guard
from tally.curve import parts_of_day
from tally.entries import PrecinctView, Report, Settled, Verdict
from tally.expectation import Inputs, inputs_of
from tally.fit import Rows, fit, rows_of
from tally.ledger import Ledger
from tally.model import (
    Finals,
    Latest,
    State,
    finals,
    lag_probability,
    noise,
    peers,
    residual_of,
    spread,
    unexplained,
)

Array = NDArray[np.float64]
MINUTE = 60.0
Z80, Z95 = 1.2816, 1.96
FLOATS = ("expected_now", "expected_final", "projected_final", "lo80", "hi80", "lo95", "hi95", "p_lagging",
          "shortfall", "gap")  # fmt: skip
INTEGERS = ("reports", "held", "last_votes", "last_observed_at", "last_received_at", "line_minutes",
            "line_people", "incidents", "on_post", "struck_off")  # fmt: skip
OPTIONAL = frozenset({"last_votes", "last_observed_at", "last_received_at", "line_minutes", "line_people"})
CODE = {state.value: code for code, state in enumerate(Name)}
MISSING = -1  # how the optional integers say None


@dataclass(frozen=True, slots=True)
class Judged:
    """A precinct's counts after the gate. `accepted` are in order of time."""

    view: PrecinctView
    accepted: tuple[Report, ...]
    settled: tuple[Settled, ...]  # everything else, with its verdict and reason


@dataclass(frozen=True, slots=True)
class Left:
    """What the gate left out of one precinct's counts."""

    reasons: dict[int, tuple[bool, str]]  # index of the report -> held (or rejected), in words
    held: int
    reason: str  # of the newest one held


NOTHING_LEFT = Left({}, 0, "")


@dataclass(frozen=True)
class Gated:
    """A look after the gate; arrays are as long as the look's reports."""

    look: Look
    part: Array
    share: Array  # F
    accepted: NDArray[np.bool_]
    left: dict[int, Left]  # by which of `look.at`: precincts where something was left out


class Projection:
    """Standings of every precinct, columnar, in the order of `Election.precincts`.

    `columns[name]` are numpy arrays named as the fields of `election.wire.feed.Standing` (optional integers
    hold -1 for None), except `state` and `reason`, which are lists of str.
    """

    def __init__(self, ids: Sequence[str], minute: float) -> None:
        n = len(ids)
        self.ids = ids
        self.minute = minute  # the state was fitted as of this
        self.as_of = minute
        self.columns: dict[str, Any] = {name: np.zeros(n) for name in FLOATS}
        for name in INTEGERS:
            self.columns[name] = np.full(n, MISSING if name in OPTIONAL else 0, dtype=np.int64)
        self.columns["state"] = [Name.SILENT.value] * n
        self.columns["reason"] = [""] * n
        # pieces that aggregates need
        self.mean = np.zeros(n)
        self.gain = np.zeros(n)
        self.part = np.ones(n)
        self.share = np.ones(n)
        self.own_variance = np.zeros(n)
        self.log_median = np.zeros(n)
        self.missing = np.zeros(n)  # votes missing against peers by close
        self.codes = np.full(n, CODE[Name.SILENT.value], dtype=np.int8)  # states, as indices of `State`
        self.channel = np.zeros(n, dtype=np.int8)  # of the newest accepted count
        self.updated: dict[int, float] = {}  # precincts projected anew since, and as of when

    def standing(self, position: int) -> Standing:
        """One precinct's row as the wire has it."""
        values: dict[str, Any] = {"precinct_id": self.ids[position]}
        for name in FLOATS:
            values[name] = float(self.columns[name][position])
        for name in INTEGERS:
            value = int(self.columns[name][position])
            values[name] = None if value == MISSING and name in OPTIONAL else value
        values["state"] = Name(self.columns["state"][position])
        values["reason"] = self.columns["reason"][position]
        return Standing.model_construct(**values)

    def wire_columns(self) -> dict[str, list[object]]:
        """All standings as a snapshot's `standings`."""
        found: dict[str, list[object]] = {}
        for name, column in self.columns.items():
            if isinstance(column, list):
                found[name] = list(column)
            elif name in OPTIONAL:
                found[name] = [None if v == MISSING else v for v in column.tolist()]
            else:
                found[name] = column.tolist()
        return found


class Tally:
    """An election's ledger and model. Not thread-safe: one thread adds and asks (or hold a lock)."""

    def __init__(self, election: Election, constants: Constants | None = None) -> None:
        self.constants = constants or Constants()
        self.election = election
        self.inputs: Inputs = inputs_of(election, self.constants)
        self.ledger = Ledger(election)
        self._zones = [p.zone(election.day) for p in election.precincts]
        planned = np.array(
            [self.ledger.hours(i, -math.inf) for i in range(len(self.inputs.ids))], dtype=np.float64
        ).reshape(-1, 2)
        self._planned_opens, self._planned_closes = planned[:, 0].copy(), planned[:, 1].copy()
        self._log_expected = np.log(self.inputs.expected)
        self.places = places_of(election)
        self._guard = Guard(election, self.inputs.expected, self.inputs.county, self.inputs.group)

    def add(self, check_ins: Iterable[CheckIn]) -> set[int]:
        """File check-ins; returns the positions whose standing may change."""
        return self.ledger.add(check_ins)

    # ------------------------------------------------------------------ slow: the state, every minute

    def fit(self, minute: float) -> State:
        """The day's state from everything received by `minute`."""
        return self._fit(self.ledger.look_everywhere(minute))[0]

    def _fit(self, look: Look) -> tuple[State, Gated]:
        k = self.constants
        part, share = self._measure(look)
        first = fit(self.inputs, self._ungated(look, part, share), k, rounds=3)
        gated = self._judge(look, first, words=False)
        state = fit(self.inputs, self._rows(gated), k, rounds=2)
        # a second look, now that slips no longer pull the state
        gated = self._judge(look, state)
        state = fit(self.inputs, self._rows(gated), k)
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

    def start(self, minute: float) -> tuple[Projection, State]:
        """Fit the state as of a whole minute and project every precinct with it."""
        return self.begin(minute, self.ledger.look_everywhere(minute))

    def begin(self, minute: float, look: Look) -> tuple[Projection, State]:
        """`start` from a look at every precinct taken before: does not read the ledger, so that another
        thread may go on filing and updating meanwhile."""
        state, gated = self._fit(look)
        projection = Projection(self.inputs.ids, minute)
        self._write(projection, state, gated, np.full(len(look.at), minute))
        return projection, state

    # ------------------------------------------------------------------ fast: the precincts touched

    def update(self, projection: Projection, state: State, positions: Iterable[int], as_of: float) -> None:
        """Project some precincts anew with the same state; each at the time of its newest word."""
        at = sorted(positions)
        if not at:
            return
        gated = self._judge(self.ledger.look(at, as_of), state)
        clocks = np.array([self.ledger.last_word(p, as_of, projection.minute) for p in at])
        self._write(projection, state, gated, clocks)
        projection.updated.update((p, as_of) for p in at)

    def judged(self, projection: Projection, state: State, position: int) -> Judged:
        """One precinct's counts as they were judged for its row in `projection`, with words."""
        as_of = projection.updated.get(position, projection.minute)
        view = self.ledger.view(position, as_of)
        gated = self._judge(self.ledger.look([position], as_of), state)
        left = gated.left.get(0, NOTHING_LEFT).reasons
        settled = list(view.settled)
        for i, (held, reason) in left.items():
            settled.append(Settled(view.live[i], Verdict.HELD if held else Verdict.REJECTED, reason))
        settled.sort(key=lambda s: s.report.sort_key)
        accepted = tuple(r for i, r in enumerate(view.live) if i not in left)
        return Judged(view, accepted, tuple(settled))

    # ------------------------------------------------------------------ measuring and judging

    def _measure(self, look: Look) -> tuple[Array, Array]:
        """(part of the day, share F) of each report."""
        owner = look.owner
        at = look.at[owner]
        part = parts_of_day(look.observed, look.opens[owner], look.closes[owner],
                            self._planned_opens[at], self._planned_closes[at])  # fmt: skip
        share = self.inputs.curves.shares(at, part)
        part[look.final], share[look.final] = 1.0, 1.0
        return part, share

    def _ungated(self, look: Look, part: Array, share: Array) -> Rows:
        """Level rows of the latest counts as they came: enough for a first, robust state."""
        last = look.last(share >= self.constants.earliest, slots=False)
        newest = np.zeros(len(share), dtype=bool)
        newest[last[last >= 0]] = True
        return rows_of(self.inputs, look, newest, (part, share), self.constants)

    def _rows(self, gated: Gated) -> Rows:
        return rows_of(self.inputs, gated.look, gated.accepted, (gated.part, gated.share), self.constants)

    def _residual(self, at: NDArray[np.intp], votes: Array, shares: Array) -> Array:
        return residual_of(self.inputs, at, votes, shares)

    def _judge(self, look: Look, state: State, words: bool = True) -> Gated:
        """The gate's verdicts; `words`: and why each count left out was."""
        k = self.constants
        part, share = self._measure(look)
        owner = look.owner
        at = look.at[owner]
        off = unexplained(state, at, self._residual(at, look.votes, share), part, share)
        variance = self.inputs.precinct_sd[at] ** 2 + noise(self.inputs, at, share, look.votes, k)
        sd = np.sqrt(variance + k.gate_shared_sd**2)
        cap = self.inputs.cap[at]
        candidates = gate.Candidates(look.votes, share, off, sd, look.asked, look.sure, cap)
        accepted = gate.chains(candidates, look.starts, k)
        left: dict[int, Left] = {}
        if words and not accepted.all():
            touched = np.unique(np.searchsorted(look.starts, np.flatnonzero(~accepted), side="right") - 1)
            for i in touched.tolist():
                here = slice(int(look.starts[i]), int(look.starts[i + 1]))
                left[int(look.slot[i])] = _left(candidates, here, accepted[here])
        return Gated(look, part, share, accepted, left)

    def _latest(
        self, gated: Gated, among: NDArray[np.intp] | None = None, last: NDArray[np.intp] | None = None
    ) -> Latest:
        """The latest accepted counts of a look's precincts, or reports `last` of those `among` them."""
        look = gated.look
        at = look.at if among is None else look.at[among]
        last = look.last(gated.accepted) if last is None else last
        has = last >= 0
        if len(gated.share):
            has &= gated.share[last] >= self.constants.earliest
            votes = np.where(has, look.votes[last], np.nan)
            part, share = np.where(has, gated.part[last], 1.0), np.where(has, gated.share[last], 1.0)
        else:
            votes, part, share = np.full(len(at), np.nan), np.ones(len(at)), np.ones(len(at))
        residual = self._residual(at, np.where(has, votes, 0.0), share)
        support = np.bincount(look.owner[gated.accepted], minlength=len(look.at)).astype(np.intp)
        if among is not None:  # the counts before the latest
            support = support[among] - 1
        return Latest(at, votes, part, share, residual, support)

    # ------------------------------------------------------------------ writing standings

    def _write(self, out: Projection, state: State, gated: Gated, clocks: Array) -> None:
        k, look = self.constants, gated.look
        at = look.at
        last = look.last(gated.accepted)
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
        out.missing[at] = expected * math.exp(state.peer_level) - centre
        mean = np.exp(known.log_median) * state.smear ** (1.0 - known.gain)
        out.mean[at] = np.maximum(np.minimum(mean, np.maximum(self.inputs.cap[at], floor)), floor)
        out.gain[at], out.part[at], out.share[at] = known.gain, known.part, known.share
        out.own_variance[at], out.log_median[at] = known.own_variance, known.log_median
        part = parts_of_day(
            clocks, look.opens, look.closes, self._planned_opens[at], self._planned_closes[at]
        )
        c["expected_now"][at] = np.round(expected * self.inputs.curves.shares(at, part), 1)
        self._count(out, gated, last)
        self._describe(out, gated, last, clocks=clocks, p=p_lag, p_before=p_before)

    def _before(self, gated: Gated, among: NDArray[np.intp], last: NDArray[np.intp]) -> Latest:
        """The accepted count before the latest one, of some of a look's precincts."""
        wanted = gated.accepted.copy()
        wanted[last[last >= 0]] = False
        return self._latest(gated, among, gated.look.last(wanted)[among])

    def _count(self, out: Projection, gated: Gated, last: NDArray[np.intp]) -> None:
        """What is counted and not projected."""
        c, look = out.columns, gated.look
        at, has = look.at, last >= 0
        c["reports"][at] = np.bincount(look.owner[gated.accepted], minlength=len(at))
        held = np.zeros(len(at), dtype=np.int64)
        for i, left in gated.left.items():
            held[i] = left.held
        c["held"][at] = held
        votes, observed = np.full(len(at), MISSING), np.full(len(at), MISSING)
        votes[has], observed[has] = look.votes[last[has]], look.observed[last[has]]
        c["last_votes"][at], c["last_observed_at"][at] = votes, observed
        c["last_received_at"][at] = look.last_received
        channel = np.zeros(len(at), dtype=np.int8)
        channel[has] = look.channel[last[has]]
        out.channel[at] = channel
        for name in ("line_minutes", "line_people", "incidents", "on_post", "struck_off"):
            c[name][at] = getattr(look, name)

    def _floor(self, gated: Gated, last: NDArray[np.intp]) -> Array:
        """No fewer than this: the last accepted count, the names struck off, who stood in line at close."""
        look, has = gated.look, last >= 0
        votes = np.zeros(len(look.at))
        votes[has] = look.votes[last[has]]
        in_line = has & (look.line_people > 0) & (look.line_at >= look.closes - 1800.0)
        if in_line.any():
            in_line[in_line] = ~look.final[last[in_line]] & (gated.part[last[in_line]] >= 1.0)
            votes[in_line] += look.line_people[in_line]
        return np.maximum(votes, look.struck_off)

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

    def _describe(
        self,
        out: Projection,
        gated: Gated,
        last: NDArray[np.intp],
        *,
        clocks: Array,
        p: Array,
        p_before: Array,
    ) -> None:
        """State and sentence of each precinct. Those without a count share a sentence by their hours."""
        k, c, look, at = self.constants, out.columns, gated.look, gated.look.at
        states, reasons, zones, codes = c["state"], c["reason"], self._zones, out.codes
        rhythm, disagree = self._rhythm(gated), self._disagreements(look)
        silent: dict[tuple[Any, ...], tuple[str, str]] = {}
        columns = zip(at.tolist(), last.tolist(), clocks.tolist(), look.opens.tolist(), look.closes.tolist(),
                      look.line_minutes.tolist(), look.line_people.tolist(), look.incidents.tolist(),
                      strict=True)  # fmt: skip
        votes, observed, final = look.votes.tolist(), look.observed.tolist(), look.final.tolist()
        received = look.last_received.tolist()
        behind = (np.exp(-c["gap"][at]) - 1.0).tolist()
        p_now, p_then, missing = p.tolist(), p_before.tolist(), out.missing[at].tolist()
        for i, (position, newest, clock, opens, closes, minutes, people, incidents) in enumerate(columns):
            left = gated.left.get(i, NOTHING_LEFT)
            zone = zones[position]
            plain = newest < 0 and not left.held and minutes < 0 and people < 0 and not incidents
            key = (clock, opens, closes, zone)
            if plain and key in silent:
                states[position], reasons[position] = silent[key]
                codes[position] = CODE[states[position]]
                continue
            counted = newest >= 0
            evidence = standing.Evidence(
                clock=clock,
                opens=opens,
                closes=closes,
                zone=zone,
                last_votes=int(votes[newest]) if counted else None,
                last_observed=observed[newest] if counted else None,
                last_received=received[i] if received[i] >= 0 else None,
                rhythm=rhythm.get(i, 0.0),
                held_after=left.held,
                held_reason=left.reason,
                disagree=disagree.get(i, ""),
                final=counted and final[newest],
                p=p_now[i],
                p_before=p_then[i],
                missing=missing[i] if counted else 0.0,
                behind_now=behind[i] * votes[newest] if counted else 0.0,
                line_minutes=minutes if minutes >= 0 else None,
                line_people=people if people >= 0 else None,
                incidents=incidents,
            )
            state, reason = standing.state_of(evidence, k)
            states[position], reasons[position] = state.value, reason
            codes[position] = CODE[state.value]
            if plain:
                silent[key] = (state.value, reason)

    def _rhythm(self, gated: Gated) -> dict[int, float]:
        """Usual seconds between accepted counts (`standing.rhythm_of`), of precincts with enough of them."""
        look = gated.look
        if len(look.votes) < 3:
            return {}
        owner, observed = look.owner[gated.accepted], look.observed[gated.accepted]
        gaps = np.diff(observed)
        same = owner[1:] == owner[:-1]
        gaps, owner = gaps[same], owner[1:][same]
        order = np.lexsort((gaps, owner))
        who, starts = segments(owner)
        sizes = np.diff(starts)
        median = gaps[order][starts[:-1] + sizes // 2] if len(who) else gaps
        enough = sizes >= 2
        return dict(zip(who[enough].tolist(), median[enough].tolist(), strict=True))

    def _disagreements(self, look: Look) -> dict[int, str]:
        """Precincts whose newest counts come from watchers who disagree, and how."""
        if len(look.votes) < 2:
            return {}
        owner, code = look.owner, look.sender
        if (code == code[0]).all():
            return {}
        mixed = np.unique(owner[1:][(owner[1:] == owner[:-1]) & (code[1:] != code[:-1])])
        found = {}
        for i, s in zip(mixed.tolist(), np.searchsorted(look.slot, mixed).tolist(), strict=True):
            here = slice(int(look.starts[s]), int(look.starts[s + 1]))
            counts = list(zip(look.observed[here].tolist(), map(str, code[here].tolist()),
                              look.votes[here].astype(int).tolist(), strict=True))  # fmt: skip
            if words := standing.disagreement(counts, self.constants):
                found[i] = words
        return found

    # ------------------------------------------------------------------ sums

    def aggregates(self, projection: Projection, state: State) -> list[Aggregate]:
        """The whole election first (scope "all"), then every county."""
        inputs, c = self.inputs, projection.columns
        everywhere = np.arange(len(inputs.ids), dtype=np.intp)
        known = Finals(everywhere, projection.log_median, projection.gain, projection.own_variance,
                       np.zeros(0), np.zeros(0), projection.part, projection.share)  # fmt: skip
        widths = spread(inputs, state, known, projection.mean)
        votes = np.maximum(c["last_votes"], 0)
        counted = c["last_votes"] >= 0
        silent = projection.codes == CODE[Name.SILENT.value]
        n = len(inputs.counties)

        def by_county(values: NDArray[Any]) -> Array:
            return np.bincount(inputs.county, values, n).astype(np.float64)

        sums = {
            "precincts": by_county(np.ones(len(silent))),
            "reporting": by_county(counted),
            "silent": by_county(silent),
            "lagging": by_county(projection.codes == CODE[Name.LAGGING.value]),
            "counted": by_county(votes),
            "expected": by_county(inputs.expected),
            "projected": by_county(projection.mean),
        }
        guard = self._guard.look(counted, counted & ~silent, projection.channel, projection.mean)
        whole = {name: float(v.sum()) for name, v in sums.items()}
        found = [_aggregate("all", whole, widths.total, guard[0])]
        for i, county in enumerate(inputs.counties):
            one = {name: float(v[i]) for name, v in sums.items()}
            found.append(_aggregate(f"county:{county}", one, float(widths.counties[i]), guard[i + 1]))
        return found


def _aggregate(scope: str, sums: dict[str, float], variance: float, coverage: Coverage) -> Aggregate:
    total = max(sums["projected"], 1e-9)
    sd = math.sqrt(max(variance, 0.0)) / total
    least = sums["counted"]
    return Aggregate(
        scope=scope,
        precincts=int(sums["precincts"]),
        reporting=int(sums["reporting"]),
        silent=int(sums["silent"]),
        lagging=int(sums["lagging"]),
        coverage=coverage.share,
        counted=int(sums["counted"]),
        expected_final=round(sums["expected"], 1),
        projected_final=round(max(total, least), 1),
        lo80=round(max(total * math.exp(-Z80 * sd), least), 1),
        hi80=round(max(total * math.exp(Z80 * sd), least), 1),
        lo95=round(max(total * math.exp(-Z95 * sd), least), 1),
        hi95=round(max(total * math.exp(Z95 * sd), least), 1),
        caveat=coverage.caveat,
        instead=coverage.instead,
        channels=coverage.channels,
        thin=[Reach.model_construct(**asdict(reach)) for reach in coverage.thin],
    )


def places_of(election: Election) -> dict[str, list[Any]]:
    """What of the feed's `PrecinctInfo` no decision changes, in columns."""
    precincts, home = election.precincts, election.day.timezone
    names = ("precinct_id", "name", "county", "group", "site_id", "registered", "already_voted", "lat", "lon")
    return {name: [getattr(p, name) for p in precincts] for name in names} | {
        "timezone": [p.timezone or home for p in precincts]
    }


def _left(c: gate.Candidates, here: slice, accepted: NDArray[np.bool_]) -> Left:
    """Why each count of one precinct that was left out was."""
    columns = (c.votes[here].astype(int), c.share[here], c.off[here], c.level_sd[here], c.asked[here],
               c.sure[here])  # fmt: skip
    candidates = [gate.Candidate(*row) for row in zip(*(v.tolist() for v in columns), strict=True)]
    kept = np.flatnonzero(accepted).tolist()
    reasons: dict[int, tuple[bool, str]] = {}
    held, newest = 0, ""
    for i in np.flatnonzero(~accepted).tolist():
        contradicted, words = gate.why(candidates, kept, i, float(c.cap[here][i]))
        reasons[i] = (not contradicted, words)
        if not contradicted:
            held += 1
            newest = f"{candidates[i].votes} is {words}"
    return Left(reasons, held, newest)
