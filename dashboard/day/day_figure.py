"""The day as a figure: votes so far, expected by then, and where it heads. Pure: points in, figure out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
from dash import Patch

from dashboard.components.figure import BLUE, ORANGE, board_figure
from dashboard.day.day_record import DayPoint

SEEN, EXPECTED, BAND = BLUE, ORANGE, "rgba(42,135,191,.22)"
# Traces in the order in which they are drawn: a patch names them by it.
COUNTED_TRACE, EXPECTED_TRACE, LOW_TRACE, HIGH_TRACE, MIDDLE_TRACE = range(5)
Columns = dict[int, tuple[list[str], list[float | None]]]


def day_columns(points: Sequence[DayPoint], zone: ZoneInfo, closes: int) -> Columns:
    """x and y of each trace. The band leads from the last count to what is projected by close (80 %)."""

    def local(at: int) -> str:
        return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")

    times = [local(p.at) for p in points]
    last = points[-1] if points else None
    ahead = (
        [] if last is None or last.projected is None or last.at >= closes else [local(last.at), local(closes)]
    )

    def to(bound: float | None) -> list[float | None]:
        return [float(last.counted), bound] if last is not None and ahead else []

    return {
        COUNTED_TRACE: (times, [float(p.counted) for p in points]),
        EXPECTED_TRACE: (times, [p.expected for p in points]),
        LOW_TRACE: (ahead, to(last.lo80 if last else None)),
        HIGH_TRACE: (ahead, to(last.hi80 if last else None)),
        MIDDLE_TRACE: (ahead, to(last.projected if last else None)),
    }


def day_figure(points: Sequence[DayPoint], zone: ZoneInfo, opens: int, closes: int) -> go.Figure:
    """The whole figure, for a page that has none yet. Times on its axis are local to `zone`."""
    columns = day_columns(points, zone, closes)
    style: dict[int, dict[str, Any]] = {
        COUNTED_TRACE: {"name": "votes counted", "line": {"color": SEEN, "width": 3}},
        EXPECTED_TRACE: {"name": "expected by then", "line": {"color": EXPECTED, "width": 2, "dash": "dot"}},
        LOW_TRACE: {"line": {"width": 0}, "hoverinfo": "skip", "showlegend": False},
        HIGH_TRACE: {"name": "projected, 80 %", "line": {"width": 0}, "fill": "tonexty", "fillcolor": BAND,
                     "hoverinfo": "skip"},
        MIDDLE_TRACE: {"name": "projected", "line": {"color": SEEN, "width": 2, "dash": "dash"}},
    }  # fmt: skip
    ends = [datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S") for at in (opens, closes)]
    return board_figure(
        *(go.Scatter(x=x, y=y, mode="lines", **style[trace]) for trace, (x, y) in columns.items()),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        hovermode="x unified",
        uirevision="day",
        xaxis={"type": "date", "tickformat": "%H:%M", "range": ends},
        yaxis={"rangemode": "tozero", "tickformat": ",d"},
    )


def day_patch(points: Sequence[DayPoint], zone: ZoneInfo, closes: int) -> Patch:
    """What changes in a figure that a page has: the traces' values, and nothing of how they look."""
    patch = Patch()
    for trace, (x, y) in day_columns(points, zone, closes).items():
        patch["data"][trace]["x"] = x
        patch["data"][trace]["y"] = y
    return patch
