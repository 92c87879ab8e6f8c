"""The tally itself: ledger, gate and model joined into standings as of a time.

The live engine and `beluga project` both call `Tally.project`. What is published is a pure function of the
set of check-ins and the time asked: the day's *state* is fitted at whole minutes from what was received by
then; a precinct with entries since that minute is gated and projected anew with the same state, at the
time its newest entry was received. An engine that updates precinct by precinct (`Tally.update`) therefore
ends at the same bytes as one that starts from nothing.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from election.checkin import CheckIn, Kind
from election.day import Election
from election.wire.feed import Aggregate, Standing
from election.wire.feed import State as Name
from tally import gate, standing
from tally.constants import Constants
from tally.coverage import caveat_of
from tally.curve import part_of_day, share_at
from tally.expectation import Inputs, inputs_of
from tally.ledger import Ledger, PrecinctView, Report, Settled, Verdict
from tally.model import Finals, Latest, Rows, State, finals, fit, noise, peers, spread, unexplained

Array = NDArray[np.float64]
MINUTE = 60.0
Z80, Z95 = 1.2816, 1.96
FLOATS = ("expected_now", "expected_final", "projected_final", "lo80", "hi80", "lo95", "hi95", "p_lagging",
          "shortfall", "gap")  # fmt: skip
INTEGERS = ("reports", "held", "last_votes", "last_observed_at", "last_received_at", "line_minutes",
            "line_people", "incidents", "on_post", "struck_off")  # fmt: skip
OPTIONAL = frozenset({"last_votes", "last_observed_at", "last_received_at", "line_minutes", "line_people"})
MISSING = -1  # how the optional integers say None


@dataclass(frozen=True, slots=True)
class Judged:
    """A precinct's counts after the gate. `accepted` are in order of time."""

    view: PrecinctView
    accepted: tuple[Report, ...]
    parts: tuple[float, ...]
    shares: tuple[float, ...]
    settled: tuple[Settled, ...]  # everything else, with its verdict and reason
    held: int
    held_after: int
    held_reason: str


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
        self.judged: dict[int, Judged] = {}

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
        self._planned = [self.ledger.hours(i, -math.inf) for i in range(len(self.inputs.ids))]
        self._curves = [row.tolist() for row in self.inputs.curves.table]
        self._curve_of = self.inputs.curves.of.tolist()
        self._cap = self.inputs.cap.tolist()
        self._expected = self.inputs.expected.tolist()

    def add(self, check_ins: Iterable[CheckIn]) -> set[int]:
        """File check-ins; returns the positions whose standing may change."""
        return self.ledger.add(check_ins)

    # ------------------------------------------------------------------ slow: the state, every minute

    def fit(self, minute: float) -> State:
        """The day's state from everything received by `minute` (seconds to about 20 ms)."""
        return self._fit(self._views(minute))[0]

    def _views(self, as_of: float) -> dict[int, PrecinctView]:
        return {p: self.ledger.view(p, as_of) for p in self.ledger.positions()}

    def _fit(self, views: dict[int, PrecinctView]) -> tuple[State, dict[int, Judged]]:
        k = self.constants
        first = fit(self.inputs, self._ungated(views), k, rounds=3)
        judged = self._judge(views, first)
        state = fit(self.inputs, self._rows(judged), k, rounds=2)
        # a second look, now that slips no longer pull the state
        judged = self._judge(views, state)
        state = fit(self.inputs, self._rows(judged), k)
        latest = self._latest(np.arange(len(self.inputs.ids)), judged)
        return peers(self.inputs, state, latest, k), judged

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
        views = self._views(minute)
        state, judged = self._fit(views)
        projection = Projection(self.inputs.ids, minute)
        everywhere = np.arange(len(self.inputs.ids), dtype=np.intp)
        for p in everywhere.tolist():
            if p not in views:
                views[p] = self.ledger.view(p, minute)
        clocks = [minute] * len(everywhere)
        self._write(projection, state, at=everywhere, views=views, judged=judged, clocks=clocks)
        return projection, state

    # ------------------------------------------------------------------ fast: the precincts touched

    def update(self, projection: Projection, state: State, positions: Iterable[int], as_of: float) -> None:
        """Project some precincts anew with the same state; each at the time of its newest word."""
        at = sorted(positions)
        if not at:
            return
        views = {p: self.ledger.view(p, as_of) for p in at}
        judged = self._judge(views, state)
        clocks = [self.ledger.last_word(p, as_of, projection.minute) for p in at]
        where = np.array(at, dtype=np.intp)
        self._write(projection, state, at=where, views=views, judged=judged, clocks=clocks)

    # ------------------------------------------------------------------ measuring and judging

    def _measure(self, position: int, view: PrecinctView, report: Report) -> tuple[float, float]:
        """(part of the day, share F) of a count."""
        if report.kind is Kind.FINAL:
            return 1.0, 1.0
        opens, closes = self._planned[position]
        part = part_of_day(report.observed, view.opens, view.closes, opens, closes)
        return part, share_at(self._curves[self._curve_of[position]], part)

    def _ungated(self, views: dict[int, PrecinctView]) -> Rows:
        """Level rows of the latest counts as they came: enough for a first, robust state."""
        at, votes, parts, shares = [], [], [], []
        for p in sorted(views):
            for report in reversed(views[p].live):
                part, share = self._measure(p, views[p], report)
                if share >= self.constants.earliest:
                    at.append(p)
                    votes.append(report.votes)
                    parts.append(part)
                    shares.append(share)
                    break
        return self._rows_of(at, votes, parts, shares)

    def _rows_of(self, at: list[int], votes: list[int], parts: list[float], shares: list[float]) -> Rows:
        codes, n, f = np.array(at, dtype=np.intp), np.array(votes, dtype=float), np.array(shares, dtype=float)
        return Rows(codes, self._residual(codes, n, f), np.array(parts, dtype=float), f, n)

    def _residual(self, at: NDArray[np.intp], votes: Array, shares: Array) -> Array:
        return np.asarray(np.log((votes + 0.5) / (self.inputs.expected[at] * np.maximum(shares, 1e-4))))

    def _judge(self, views: dict[int, PrecinctView], state: State) -> dict[int, Judged]:
        k = self.constants
        order = [p for p in sorted(views) if views[p].live]
        measured = [[self._measure(p, views[p], r) for r in views[p].live] for p in order]
        at = np.array([p for p, m in zip(order, measured, strict=True) for _ in m], dtype=np.intp)
        votes = np.array([float(r.votes) for p in order for r in views[p].live])
        part = np.array([m[0] for ms in measured for m in ms])
        share = np.array([m[1] for ms in measured for m in ms])
        off = unexplained(state, at, self._residual(at, votes, share), part, share).tolist()
        variance = self.inputs.precinct_sd[at] ** 2 + noise(self.inputs, at, share, votes, k)
        sds = np.sqrt(variance + k.gate_shared_sd**2).tolist()
        judged: dict[int, Judged] = {}
        start = 0
        for p, ms in zip(order, measured, strict=True):
            view = views[p]
            candidates = [
                gate.Candidate(
                    r.votes, ms[i][1], off[start + i], sds[start + i], r.asked, r.accepted_by_staff
                )
                for i, r in enumerate(view.live)
            ]
            start += len(ms)
            judged[p] = _verdicts(view, candidates, ms, self._cap[p], k)
        return judged

    def _rows(self, judged: dict[int, Judged]) -> Rows:
        found = [(p, j.accepted[-1].votes, j.parts[-1], j.shares[-1]) for p, j in sorted(judged.items())
                 if j.accepted and j.shares[-1] >= self.constants.earliest]  # fmt: skip
        at, votes, parts, shares = (
            (list(column) for column in zip(*found, strict=True)) if found else ([],) * 4
        )
        return self._rows_of(at, votes, parts, shares)

    def _latest(self, at: NDArray[np.intp], judged: dict[int, Judged], back: int = 0) -> Latest:
        """The latest accepted counts (or the ones `back` before, where there are so many)."""
        n = len(at)
        votes, part, share = np.full(n, np.nan), np.ones(n), np.ones(n)
        for i, p in enumerate(at.tolist()):
            j = judged.get(p)
            if j is not None and len(j.accepted) > back and j.shares[-1 - back] >= self.constants.earliest:
                votes[i] = j.accepted[-1 - back].votes
                part[i], share[i] = j.parts[-1 - back], j.shares[-1 - back]
        residual = self._residual(at, np.where(np.isnan(votes), 0.0, votes), share)
        return Latest(at, votes, part, share, residual)

    # ------------------------------------------------------------------ writing standings

    def _write(
        self,
        out: Projection,
        state: State,
        *,
        at: NDArray[np.intp],
        views: dict[int, PrecinctView],
        judged: dict[int, Judged],
        clocks: Sequence[float],
    ) -> None:
        k = self.constants
        known = finals(self.inputs, state, self._latest(at, judged), k)
        floor = np.array([self._floor(views[p], judged.get(p)) for p in at.tolist()])
        centre, low_high = self._bands(at, known, floor)
        p_lag = self._lag(state, known)
        p_before = np.zeros(len(at))  # asked for only where hysteresis can speak
        unsure = np.flatnonzero((p_lag > k.lag_release) & (p_lag <= k.lag_probability))
        if len(unsure):
            before = finals(self.inputs, state, self._latest(at[unsure], judged, back=1), k)
            p_before[unsure] = np.where(before.gain > 0, self._lag(state, before), 0.0)
        gap = np.round(known.log_median - np.log(self.inputs.expected[at]) - state.peer_level, 4)
        peers_final = self.inputs.expected[at] * math.exp(state.peer_level)
        c = out.columns
        c["expected_final"][at] = np.round(self.inputs.expected[at], 1)
        c["projected_final"][at] = centre
        for name, band in low_high.items():
            c[name][at] = band
        has = known.gain > 0
        c["p_lagging"][at] = np.where(has, p_lag, 0.0)
        c["gap"][at] = gap
        c["shortfall"][at] = np.round(np.maximum(self.inputs.expected[at] - centre, 0.0), 1)
        out.missing[at] = peers_final - centre
        mean = np.exp(known.log_median) * state.smear ** (1.0 - known.gain)
        out.mean[at] = np.maximum(np.minimum(mean, np.maximum(self.inputs.cap[at], floor)), floor)
        out.gain[at], out.part[at], out.share[at] = known.gain, known.part, known.share
        out.own_variance[at], out.log_median[at] = known.own_variance, known.log_median
        rows = zip(at.tolist(), clocks, p_lag.tolist(), p_before.tolist(), gap.tolist(), has.tolist(),
                   strict=True)  # fmt: skip
        for p, clock, now, then, relative, counted in rows:
            self._describe(
                out, p, views[p], judged.get(p), clock=clock, p_lag=now if counted else 0.0,
                p_before=then, gap=relative,
            )  # fmt: skip

    def _floor(self, view: PrecinctView, judged: Judged | None) -> float:
        """No fewer than this: the last accepted count, the names struck off, who stood in line at close."""
        floor = float(len(view.struck_off))
        if judged is not None and judged.accepted:
            last = judged.accepted[-1]
            votes = float(last.votes)
            in_line = view.line_at is not None and view.line_at >= view.closes - 1800.0
            if in_line and view.line_people and last.kind is not Kind.FINAL and judged.parts[-1] >= 1.0:
                votes += view.line_people
            floor = max(floor, votes)
        return floor

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

    def _lag(self, state: State, known: Finals) -> Array:
        k = self.constants
        relative = known.log_median - np.log(self.inputs.expected[known.at]) - state.peer_level
        sd = np.sqrt(known.own_variance + known.relative_variance) * (
            1.0 + k.lag_widening * (1.0 - known.share)
        )
        z = (math.log(k.lag_ratio) - relative) / np.maximum(sd, 1e-6)
        return np.round(_normal(z), 4)

    def _describe(
        self,
        out: Projection,
        p: int,
        view: PrecinctView,
        judged: Judged | None,
        *,
        clock: float,
        p_lag: float,
        p_before: float,
        gap: float,
    ) -> None:
        k, c = self.constants, out.columns
        accepted = judged.accepted if judged is not None else ()
        last = accepted[-1] if accepted else None
        opens, closes = self._planned[p]
        part = part_of_day(clock, view.opens, view.closes, opens, closes)
        c["expected_now"][p] = round(self._expected[p] * share_at(self._curves[self._curve_of[p]], part), 1)
        c["reports"][p] = len(accepted)
        c["held"][p] = judged.held if judged is not None else 0
        c["last_votes"][p] = last.votes if last is not None else MISSING
        c["last_observed_at"][p] = int(last.observed) if last is not None else MISSING
        c["last_received_at"][p] = int(view.last_received) if view.last_received is not None else MISSING
        c["line_minutes"][p] = view.line_minutes if view.line_minutes is not None else MISSING
        c["line_people"][p] = view.line_people if view.line_people is not None else MISSING
        c["incidents"][p] = len(view.incidents)
        c["on_post"][p] = view.on_post
        c["struck_off"][p] = len(view.struck_off)
        evidence = standing.Evidence(
            clock=clock,
            opens=view.opens,
            closes=view.closes,
            zone=self._zones[p],
            last_votes=last.votes if last is not None else None,
            last_observed=last.observed if last is not None else None,
            last_received=view.last_count_received,
            rhythm=standing.rhythm_of([r.observed for r in accepted]),
            held_after=judged.held_after if judged is not None else 0,
            held_reason=judged.held_reason if judged is not None else "",
            disagree=standing.disagreement([(r.observed, r.sender, r.votes) for r in view.live], k)
            if len(view.live) > 1
            else "",
            final=last is not None and last.kind is Kind.FINAL,
            p=p_lag,
            p_before=p_before,
            missing=float(out.missing[p]),
            behind_now=(math.exp(-gap) - 1.0) * last.votes if last is not None else 0.0,
            line_minutes=view.line_minutes,
            line_people=view.line_people,
            incidents=len(view.incidents),
        )
        state, c["reason"][p] = standing.state_of(evidence, k)
        c["state"][p] = state.value
        if judged is not None:
            out.judged[p] = judged

    # ------------------------------------------------------------------ sums

    def aggregates(self, projection: Projection, state: State) -> list[Aggregate]:
        """The whole election first (scope "all"), then every county."""
        inputs, c = self.inputs, projection.columns
        everywhere = np.arange(len(inputs.ids), dtype=np.intp)
        known = Finals(everywhere, projection.log_median, projection.gain, projection.own_variance,
                       np.zeros(0), np.zeros(0), projection.part, projection.share)  # fmt: skip
        widths = spread(inputs, state, known, projection.mean)
        names = np.array(c["state"])
        votes = np.maximum(c["last_votes"], 0)
        counted = c["last_votes"] >= 0
        fresh = counted & (names != Name.SILENT.value)
        n = len(inputs.counties)

        def by_county(values: Array) -> Array:
            return np.bincount(inputs.county, values, n).astype(np.float64)

        sums = {
            "precincts": by_county(np.ones(len(names))),
            "reporting": by_county(counted.astype(float)),
            "silent": by_county((names == Name.SILENT.value).astype(float)),
            "lagging": by_county((names == Name.LAGGING.value).astype(float)),
            "covered": by_county(inputs.expected * fresh),
            "counted": by_county(votes.astype(float)),
            "expected": by_county(inputs.expected),
            "projected": by_county(projection.mean),
        }
        found = [self._aggregate("all", {name: float(v.sum()) for name, v in sums.items()}, widths.total)]
        found[0] = found[0].model_copy(update={"caveat": caveat_of(sums, inputs.counties)})
        for i, county in enumerate(inputs.counties):
            one = {name: float(v[i]) for name, v in sums.items()}
            found.append(self._aggregate(f"county:{county}", one, float(widths.counties[i])))
        return found

    def _aggregate(self, scope: str, sums: dict[str, float], variance: float) -> Aggregate:
        total = max(sums["projected"], 1e-9)
        sd = math.sqrt(max(variance, 0.0)) / total
        least = sums["counted"]
        return Aggregate(
            scope=scope,
            precincts=int(sums["precincts"]),
            reporting=int(sums["reporting"]),
            silent=int(sums["silent"]),
            lagging=int(sums["lagging"]),
            coverage=round(sums["covered"] / max(sums["expected"], 1e-9), 4),
            counted=int(sums["counted"]),
            expected_final=round(sums["expected"], 1),
            projected_final=round(max(total, least), 1),
            lo80=round(max(total * math.exp(-Z80 * sd), least), 1),
            hi80=round(max(total * math.exp(Z80 * sd), least), 1),
            lo95=round(max(total * math.exp(-Z95 * sd), least), 1),
            hi95=round(max(total * math.exp(Z95 * sd), least), 1),
        )


def _verdicts(
    view: PrecinctView,
    candidates: list[gate.Candidate],
    measured: list[tuple[float, float]],
    cap: float,
    k: Constants,
) -> Judged:
    kept = gate.chain(candidates, cap, k)
    settled = list(view.settled)
    held, held_after, held_reason = 0, 0, ""
    if len(kept) < len(candidates):
        accepted = set(kept)
        for i, report in enumerate(view.live):
            if i in accepted:
                continue
            contradicted, reason = gate.why(candidates, kept, i, cap)
            verdict = Verdict.REJECTED if contradicted else Verdict.HELD
            settled.append(Settled(report, verdict, reason))
            if not contradicted:
                held += 1
                held_after += 1
                held_reason = f"{report.votes} is {reason}"
        settled.sort(key=lambda s: s.report.sort_key)
    return Judged(
        view=view,
        accepted=tuple(view.live[i] for i in kept),
        parts=tuple(measured[i][0] for i in kept),
        shares=tuple(measured[i][1] for i in kept),
        settled=tuple(settled),
        held=held,
        held_after=held_after,
        held_reason=held_reason,
    )


def _normal(z: Array) -> Array:
    """The standard normal distribution function."""
    erf = math.erf
    return np.array([0.5 * (1.0 + erf(v * 0.7071067811865476)) for v in z.tolist()])
