"""Figures as the board has them: no ground of their own, ink read on light and dark, the states' colours."""

from typing import Any

import plotly.graph_objects as go

INK, GRID = "#7A7F87", "rgba(122,127,135,.35)"
BLUE, ORANGE, AMBER, PINK = "#2A87BF", "#D55E00", "#A66F00", "#CC79A7"
_AXIS = {"gridcolor": GRID, "linecolor": GRID, "zeroline": False, "fixedrange": True, "automargin": True}


def board_figure(*traces: Any, **layout: Any) -> go.Figure:
    """A figure of these traces; `layout` adds to how the board's figures look, axes too."""
    axes = {name: _AXIS | layout.pop(name, {}) for name in ("xaxis", "yaxis")}
    figure = go.Figure(list(traces))
    figure.update_layout(
        template=None,
        colorway=[BLUE, ORANGE, AMBER, PINK],
        margin={"l": 48, "r": 12, "t": 12, "b": 32},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 13, "color": INK},
        **axes,
    )
    figure.update_layout(**layout)
    return figure
