"""The day as a figure: votes so far beside what was expected of the same precincts. Pure: points in.

Both bands are of all precincts, watched or not; the thin line is what was counted. Held against the expected
band it would say how many precincts are watched, and nothing about turnout: what belongs beside it is told in
words (`like_with_like`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
from dash import Patch

from dashboard.components.figure import BLUE, INK, ORANGE, board_figure
from dashboard.day.day_record import DayPoint
from dashboard.languages import tr

SEEN_BAND, EXPECTED_BAND = "rgba(42,135,191,.28)", "rgba(213,94,0,.14)"
# Traces in the order in which they are drawn: a patch names them by it.
(EXPECTED_LOW, EXPECTED_HIGH, EXPECTED, SEEN_LOW, SEEN_HIGH, SEEN, COUNTED, EXPECTED_END, AHEAD) = range(9)
EDGE = 900  # seconds drawn beyond the close
Values = list[float | None]
Columns = dict[int, tuple[list[str], Values]]


def day_columns(points: Sequence[DayPoint], zone: ZoneInfo, closes: int) -> Columns:
    """x and y of each trace. What is to come stands at the close alone: a line to it would claim a course."""
    times = [_local(p.at, zone) for p in points]
    last = points[-1] if points and points[-1].at < closes else None
    end = [_local(closes, zone)]
    return {
        EXPECTED_LOW: (times, [p.expected_lo80 for p in points]),
        EXPECTED_HIGH: (times, [p.expected_hi80 for p in points]),
        EXPECTED: (times, [p.expected for p in points]),
        SEEN_LOW: (times, [p.estimated_lo80 for p in points]),
        SEEN_HIGH: (times, [p.estimated_hi80 for p in points]),
        SEEN: (times, [p.estimated for p in points]),
        COUNTED: (times, [float(p.counted) for p in points]),
        EXPECTED_END: (end, [last.expected_final]) if last else ([], []),
        AHEAD: (end, [last.projected]) if last and last.projected is not None else ([], []),
    }


def _local(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")


def _reach(points: Sequence[DayPoint], columns: Columns) -> dict[str, list[float]]:
    """How far the projection's 80 % reach above and below it."""
    if not columns[AHEAD][1]:
        return {"array": [], "arrayminus": []}
    last = points[-1]
    middle = last.projected or 0.0
    return {"array": [(last.hi80 or middle) - middle], "arrayminus": [middle - (last.lo80 or middle)]}


def day_figure(points: Sequence[DayPoint], zone: ZoneInfo, opens: int, closes: int) -> go.Figure:
    """The whole figure, for a page that has none yet. Times on its axis are local to `zone`."""
    columns = day_columns(points, zone, closes)
    quiet: dict[str, Any] = {"line": {"width": 0}, "hoverinfo": "skip"}
    error = {"type": "data", "symmetric": False, "thickness": 2, "color": BLUE} | _reach(points, columns)
    dot: dict[str, Any] = {"mode": "markers", "cliponaxis": False}
    style: dict[int, dict[str, Any]] = {
        EXPECTED_LOW: {**quiet, "showlegend": False},
        EXPECTED_HIGH: {**quiet, "name": tr("expected, 80 %"), "fill": "tonexty", "fillcolor": EXPECTED_BAND},
        EXPECTED: {"name": tr("expected by then"), "line": {"color": ORANGE, "width": 2, "dash": "dot"}},
        SEEN_LOW: {**quiet, "showlegend": False},
        SEEN_HIGH: {**quiet, "name": tr("estimated, 80 %"), "fill": "tonexty", "fillcolor": SEEN_BAND},
        SEEN: {"name": tr("votes so far, estimated"), "line": {"color": BLUE, "width": 3}},
        COUNTED: {"name": tr("of these counted"), "line": {"color": INK, "width": 1.5}},
        EXPECTED_END: {**dot, "name": tr("expected by close"), "marker": {"color": ORANGE, "size": 9}},
        AHEAD: {**dot, "name": tr("projected, 80 %"), "marker": {"color": BLUE, "size": 9}, "error_y": error},
    }
    return board_figure(
        *(go.Scatter(x=x, y=y, **{"mode": "lines", **style[trace]}) for trace, (x, y) in columns.items()),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        hovermode="x unified",
        uirevision="day",
        xaxis={
            "type": "date", "tickformat": "%H:%M", "hoverformat": "%H:%M",
            "range": [_local(opens, zone), _local(closes + EDGE, zone)],
        },
        yaxis={"rangemode": "tozero", "tickformat": ",d", "hoverformat": ",.0f"},
    )  # fmt: skip


def day_patch(points: Sequence[DayPoint], zone: ZoneInfo, closes: int) -> Patch:
    """What changes in a figure that a page has: the traces' values, and nothing of how they look."""
    patch, columns = Patch(), day_columns(points, zone, closes)
    for trace, (x, y) in columns.items():
        patch["data"][trace]["x"] = x
        patch["data"][trace]["y"] = y
    for name, values in _reach(points, columns).items():
        patch["data"][AHEAD]["error_y"][name] = values
    return patch


def like_with_like(points: Sequence[DayPoint], zone: ZoneInfo) -> str:
    """The last point in a sentence: all precincts beside all, those counted beside the same ones."""
    if not points:
        return ""
    last = points[-1]
    at = f"{datetime.fromtimestamp(last.at, zone):%H:%M}"
    if last.estimated is None:
        whole = tr(
            "At {at} too few report to estimate all precincts; {expected} were expected.",
            at=at,
            expected=f"{last.expected:,.0f}",
        )
    else:
        band = f"80 %: {last.estimated_lo80 or 0:,.0f} – {last.estimated_hi80 or 0:,.0f}"
        whole = (
            tr(
                "At {at} about {estimated} had voted in all precincts ({band}),",
                at=at,
                estimated=f"{last.estimated:,.0f}",
                band=band,
            )
            + " "
        )
        whole += tr("{expected} were expected.", expected=f"{last.expected:,.0f}")
    if last.expected_counted is None:
        return tr("{whole} Counted: {counted}.", whole=whole, counted=f"{last.counted:,}")
    same = tr("of the same precincts at the times of their counts")
    return tr(
        "{whole} Counted: {counted}, where {expected_counted} were expected {same}.",
        whole=whole,
        counted=f"{last.counted:,}",
        expected_counted=f"{last.expected_counted:,.0f}",
        same=same,
    )
