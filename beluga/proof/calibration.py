"""Calibration over past days: how far projections missed and how often bands held, by hour and kind.

Pure. A day alone says little of a band for the whole; many do. Precincts' bands are pooled over days by how
many report. Hours are those of the clock where each day was; moments between whole hours are left out.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from beluga.proof.backtest import Backtest, Moment

EVERY_KIND = "all"


@dataclass(frozen=True, slots=True)
class BacktestHour:
    """Days of one kind at one hour. Shares are 0..1, NaN where no day tells."""

    kind: str
    hour: int
    days: int
    bias: float  # mean of projected / final - 1
    ape: float  # mean of its absolute value
    total80: float  # days whose total lay in its band
    total95: float
    within80: float  # reporting precincts whose finals lay in theirs
    within95: float
    mape: float  # of reporting precincts
    auc: float  # of chances of lagging


def calibration(days: Sequence[Backtest]) -> list[BacktestHour]:
    """A row for each kind of election and hour, every kind together last."""
    by: dict[tuple[str, int], list[tuple[Backtest, Moment]]] = defaultdict(list)
    for day in days:
        for hour, moment in _whole_hours(day):
            by[day.kind, hour].append((day, moment))
            by[EVERY_KIND, hour].append((day, moment))
    order = sorted(by, key=lambda key: (key[0] == EVERY_KIND, key))
    return [_row(kind, hour, by[kind, hour]) for kind, hour in order]


def table(rows: Sequence[BacktestHour]) -> str:
    """The rows as lines of text."""
    lines = [
        ("kind", "hour", "days", "total off", "bias", "in its 80 %", "95 %",
         "precincts off", "in 80 %", "95 %", "AUC")
    ]  # fmt: skip
    for r in rows:
        lines.append((
            r.kind or "unknown", f"{r.hour:02}:00", f"{r.days}", _percent(r.ape), _percent(r.bias),
            _share(r.total80), _share(r.total95), _percent(r.mape), _share(r.within80), _share(r.within95),
            _share(r.auc),
        ))  # fmt: skip
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        f"{line[0]:<{widths[0]}}  "
        + "  ".join(f"{cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        for line in lines
    )


def _whole_hours(day: Backtest) -> Iterator[tuple[int, Moment]]:
    """Moments at whole hours of the day's clock while polls are open and somebody has reported."""
    zone = ZoneInfo(day.timezone)
    for moment in day.moments:
        at = datetime.fromtimestamp(moment.at, zone)
        if at.minute == 0 and moment.reporting and moment.at <= day.closes:
            yield at.hour, moment


def _row(kind: str, hour: int, told: Sequence[tuple[Backtest, Moment]]) -> BacktestHour:
    off = [m.projected / max(day.final, 1.0) - 1.0 for day, m in told]

    def pooled(name: str) -> float:
        pairs = [(getattr(m, name), m.reporting) for _, m in told if not math.isnan(getattr(m, name))]
        whole = sum(n for _, n in pairs)
        return sum(value * n for value, n in pairs) / whole if whole else math.nan

    return BacktestHour(
        kind, hour, len(told), sum(off) / len(off), sum(map(abs, off)) / len(off),
        sum(m.lo80 <= day.final <= m.hi80 for day, m in told) / len(told),
        sum(m.lo95 <= day.final <= m.hi95 for day, m in told) / len(told),
        pooled("within80"), pooled("within95"), pooled("mape"), pooled("auc"),
    )  # fmt: skip


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"
