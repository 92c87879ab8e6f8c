"""Calibration as a figure: of the finals, how many lay in the bands of earlier hours. Pure."""

from collections.abc import Callable, Sequence
from datetime import datetime

import plotly.graph_objects as go
from dash import Patch

from dashboard.components.figure import BLUE, ORANGE, board_figure
from dashboard.debrief.figures import PastProjection
from dashboard.languages import tr

BANDS = ((80, BLUE), (95, ORANGE))  # of a hundred finals so many should lie in each
Columns = list[tuple[list[str], list[float]]]


def calibration_columns(moments: Sequence[PastProjection], local: Callable[[datetime], str]) -> Columns:
    """x and y of each band's bars: the hour, and % of the finals inside."""
    known = [m for m in moments if m.of]
    hours = [local(m.at) for m in known]
    return [
        (hours, [round(100 * m.inside / m.of, 1) for m in known]),
        (hours, [round(100 * m.wide / m.of, 1) for m in known]),
    ]


def calibration_figure(moments: Sequence[PastProjection], local: Callable[[datetime], str]) -> go.Figure:
    """Bars, and a line for each band where they should end."""
    columns = calibration_columns(moments, local)
    bars = [
        go.Bar(x=x, y=y, name=tr("inside their {share} % band", share=share), marker_color=colour)
        for (share, colour), (x, y) in zip(BANDS, columns, strict=True)
    ]
    lines = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": share, "y1": share,
         "line": {"color": colour, "dash": "dot", "width": 1.5}}
        for share, colour in BANDS
    ]  # fmt: skip
    return board_figure(
        *bars, barmode="group", shapes=lines, xaxis={"type": "category"},
        yaxis={"range": [0, 100], "title": tr("% of finals")},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )  # fmt: skip


def calibration_patch(moments: Sequence[PastProjection], local: Callable[[datetime], str]) -> Patch:
    """What changes in the figure that a page has."""
    patch = Patch()
    for trace, (x, y) in enumerate(calibration_columns(moments, local)):
        patch["data"][trace]["x"], patch["data"][trace]["y"] = x, y
    return patch
