"""A day projected again from its reports, and compared with how it ended. Pure: values in, values out.

Truly lagging, as in the reference: final < .85 x expected x (all finals / all expected). The naive rule to
beat takes the share of the day that has passed: a precinct lags when its count is 15 % behind that, and the
whole ends at counted / expected-by-now of those who report.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beluga.proof.report_entries import check_in_of
from election.domain.day import Election
from election.domain.kinds import kind_of
from election.folder import ReportRow
from tally.entries.entries import Verdict
from tally.model.fit.day_fit import DayFit
from tally.projection.projection import Tally
from tally.standing.columns import Projection

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
LAG = 0.85  # of what a precinct's peers do
QUANTILES = (0.025, 0.10, 0.50, 0.90, 0.975)  # that lo95, lo80, the projection, hi80 and hi95 claim to be
BINS = np.linspace(0.0, 1.0, 11)  # of p_lagging
MISSES_EACH = 3  # looked at closely at each time
MISSES = 12
FEWEST = 20  # reporting precincts below which a share says nothing


@dataclass(frozen=True, slots=True)
class Moment:
    """The projection as known at one time, against the end. Shares are NaN where too few report."""

    at: float  # epoch seconds
    reporting: int
    counted: int
    projected: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float
    naive: float  # total by the naive rule
    mape: float  # of reporting precincts
    naive_mape: float
    within80: float
    within95: float
    below: tuple[float, ...]  # share of finals below each of `QUANTILES`
    flagged: int
    precision: float
    recall: float
    auc: float
    naive_precision: float
    naive_recall: float
    caveat: str


@dataclass(frozen=True, slots=True)
class JudgedReport:
    """A report as it came, and what the gate made of it at the time of the miss. Times are epoch seconds."""

    observed: float
    received: float
    votes: int
    kind: str
    source: str
    note: str
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Miss:
    """A final far outside the band that was shown."""

    precinct_id: str
    name: str
    at: float
    expected: float
    projected: float
    lo95: float
    hi95: float
    final: float
    state: str
    reason: str
    reports: tuple[JudgedReport, ...]

    @property
    def outside(self) -> float:
        """Votes outside the 95 % band."""
        return max(self.lo95 - self.final, self.final - self.hi95, 0.0)


@dataclass(frozen=True, slots=True)
class Backtest:
    """What came of it."""

    name: str
    date: str
    timezone: str
    precincts: int
    without_final: int
    reports: int
    expected: float  # of precincts with a final
    final: float
    truly_lagging: int
    moments: tuple[Moment, ...]
    reliability: tuple[tuple[float, float, int], ...]  # (mean p_lagging, share truly lagging, how many) a bin
    misses: tuple[Miss, ...]
    kind: str = ""  # of election: general, primary, …; empty where neither file nor name says it
    closes: float = math.inf  # of the last precinct, epoch seconds


def backtest(
    election: Election,
    reports: Sequence[ReportRow],
    finals: Mapping[str, int],
    every: float,
    progress: Callable[[float], None] = lambda _: None,
) -> Backtest:
    """Projects the day anew every `every` seconds. `finals`: in-person votes at close by precinct id."""
    tally = Tally(election)
    places = election.places()
    entries = [check_in_of(r, places[r.precinct_id]) for r in reports]
    tally.add(entries)
    said = {c.check_in_id.bytes: r for c, r in zip(entries, reports, strict=True)}
    rows: dict[int, list[bytes]] = defaultdict(list)
    for key, report in said.items():
        for p in tally.ledger.places.named(report.precinct_id):
            rows[p].append(key)
    truth = np.array([finals.get(p, -1) for p in tally.inputs.ids], dtype=np.float64)
    known = truth >= 0
    expected = tally.inputs.expected
    if not known.any():
        raise ValueError("no precinct of this election has a final")
    ratio = truth[known].sum() / max(expected[known].sum(), 1e-9)
    lagging = known & (truth < LAG * ratio * expected)
    judge = _Judge(tally, truth, known, lagging)
    moments, misses, chances = [], list[Miss](), list[tuple[Array, Flags]]()
    opens, closes = float(tally.ledger.hours.opens.min()), float(tally.ledger.hours.closes.max())
    for at in _times(opens, closes, every):
        progress((at - opens) / (closes - opens))
        projection, state = tally.start(at)
        moments.append(judge.moment(projection, state))
        seen = judge.reporting(projection)
        chances.append((projection.columns["p_lagging"][seen].copy(), lagging[seen]))
        misses += [
            _miss(tally, projection, state, p, float(truth[p]), [(k, said[k]) for k in rows[p]])
            for p in judge.worst(projection)
        ]
    day = election.day
    return Backtest(
        day.name, day.date.isoformat(), day.timezone, len(truth), int((~known).sum()), len(reports),
        float(expected[known].sum()), float(truth[known].sum()), int(lagging.sum()), tuple(moments),
        _reliability(chances), _worst(misses), kind_of(day.name, day.kind).value, closes,
    )  # fmt: skip


def _times(opens: float, closes: float, every: float) -> list[float]:
    """Whole minutes from the first step after opening to an hour after close."""
    last = closes + 3600.0
    steps = math.floor((last - opens) / every)
    return [(opens + step * every) // 60 * 60 for step in range(1, steps + 1)]


class _Judge:
    """Compares projections with the end of the day."""

    def __init__(self, tally: Tally, truth: Array, known: Flags, lagging: Flags) -> None:
        self._tally = tally
        self._truth = truth
        self._known = known
        self._lagging = lagging
        self._expected = tally.inputs.expected

    def reporting(self, projection: Projection) -> Flags:
        """Precincts with an accepted count and a final."""
        return np.asarray(self._known & (projection.columns["last_votes"] >= 0))

    def moment(self, projection: Projection, state: DayFit) -> Moment:
        c, truth, lagging = projection.columns, self._truth, self._lagging
        total = self._tally.aggregates(projection, state)[0]
        part = float(projection.mean[self._known].sum() / max(projection.mean.sum(), 1e-9))
        seen = self.reporting(projection)
        enough = int(seen.sum()) >= FEWEST
        end = truth[seen]
        votes, by_now = c["last_votes"][seen].astype(float), self._expected[seen] * projection.share[seen]
        pace = votes / np.maximum(by_now, 1e-9)
        level = float(votes.sum() / max(by_now.sum(), 1e-9)) if len(votes) else 1.0
        flagged = np.array(c["state"])[seen] == "lagging"
        behind = pace < LAG * level
        columns = ("lo95", "lo80", "projected_final", "hi80", "hi95")

        def share(flags: Flags) -> float:
            return float(flags.mean()) if enough else math.nan

        precision, recall = _found(flagged, lagging[seen])
        if (np.array(c["state"])[seen] == "closed").all():  # nobody is marked any more
            precision = recall = math.nan
        naive_precision, naive_recall = _found(behind, lagging[seen])
        return Moment(
            at=projection.minute,
            reporting=int(seen.sum()),
            counted=int(votes.sum()),
            projected=total.projected_final * part,
            lo80=total.lo80 * part,
            hi80=total.hi80 * part,
            lo95=total.lo95 * part,
            hi95=total.hi95 * part,
            naive=level * float(self._expected[self._known].sum()),
            mape=_mape(c["projected_final"][seen], end) if enough else math.nan,
            naive_mape=_mape(pace * self._expected[seen], end) if enough else math.nan,
            within80=share((end >= c["lo80"][seen]) & (end <= c["hi80"][seen])),
            within95=share((end >= c["lo95"][seen]) & (end <= c["hi95"][seen])),
            below=tuple(share(end < c[name][seen]) for name in columns),
            flagged=int(flagged.sum()),
            precision=precision,
            recall=recall,
            auc=_auc(c["p_lagging"][seen], lagging[seen]),
            naive_precision=naive_precision,
            naive_recall=naive_recall,
            caveat=total.caveat,
        )

    def worst(self, projection: Projection) -> list[int]:
        """Reporting precincts whose finals lie furthest outside their band."""
        c, truth = projection.columns, self._truth
        outside = np.maximum(np.maximum(c["lo95"] - truth, truth - c["hi95"]), 0.0)
        outside[~self.reporting(projection)] = 0.0
        furthest = np.argsort(-outside, kind="stable")[:MISSES_EACH]
        return [int(p) for p in furthest if outside[p] > 0]


def _found(flagged: Flags, lagging: Flags) -> tuple[float, float]:
    """(precision, recall); NaN where nothing was flagged, or nothing was there."""
    hits = float((flagged & lagging).sum())
    return (
        hits / float(flagged.sum()) if flagged.any() else math.nan,
        hits / float(lagging.sum()) if lagging.any() else math.nan,
    )


def _mape(projected: Array, end: Array) -> float:
    return float(np.mean(np.abs(projected - end) / np.maximum(end, 1.0)))


def _auc(score: Array, truth: Flags) -> float:
    """Chance that a truly lagging precinct is ranked above another; ties count half."""
    hit, miss = int(truth.sum()), int((~truth).sum())
    if not hit or not miss:
        return math.nan
    values, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place] if len(values) else score
    return float((ranks[truth].sum() - hit * (hit + 1) / 2) / (hit * miss))


def _reliability(chances: Sequence[tuple[Array, Flags]]) -> tuple[tuple[float, float, int], ...]:
    """Of precincts given some chance of lagging, how many did: all times together, a bin a tenth."""
    p = np.concatenate([c for c, _ in chances]) if chances else np.zeros(0)
    lagging = np.concatenate([t for _, t in chances]) if chances else np.zeros(0, dtype=np.bool_)
    bins = np.clip(np.digitize(p, BINS) - 1, 0, len(BINS) - 2)
    return tuple(
        (float(p[bins == b].mean()), float(lagging[bins == b].mean()), int((bins == b).sum()))
        for b in range(len(BINS) - 1)
        if (bins == b).sum() >= FEWEST
    )


def _miss(  # noqa: PLR0917
    tally: Tally, projection: Projection, state: DayFit, position: int, final: float,
    said: Sequence[tuple[bytes, ReportRow]],
) -> Miss:  # fmt: skip
    row = projection.standing(position)
    judged = tally.judged(projection, state, position)
    verdicts = {r.check_in_id: (Verdict.ACCEPTED.value, "") for r in judged.accepted}
    verdicts |= {s.report.check_in_id: (s.verdict.value, s.reason) for s in judged.decided}
    reports = [
        JudgedReport(
            r.observed_at.timestamp(), r.received_at.timestamp(), r.votes, r.kind.value, r.source, r.note,
            *verdicts.get(key, ("later", "not known yet at this time")),
        )
        for key, r in said
    ]  # fmt: skip
    reports.sort(key=lambda r: (r.received, r.observed, r.votes))
    return Miss(
        row.precinct_id, tally.places["name"][position], projection.minute, row.expected_final,
        row.projected_final, row.lo95, row.hi95, final, row.state.value, row.reason, tuple(reports),
    )  # fmt: skip


def _worst(misses: Sequence[Miss]) -> tuple[Miss, ...]:
    """Each precinct once, at its worst."""
    found: dict[str, Miss] = {}
    for miss in sorted(misses, key=lambda m: (-m.outside, m.precinct_id, m.at)):
        found.setdefault(miss.precinct_id, miss)
    return tuple(found.values())[:MISSES]
