"""The board's page: a frame that needs nothing but our own script, and in it the panel, which Dash draws.

`frame.html` is the whole frame. Our modules (`dashboard/browser`, `election/browser`) fill it from the feed
and draw the map; the frame names all of them, so that they come at once and not one after the other. Dash and
plotly (5 MB to parse) come in when the list is there, or earlier where somebody opens a precinct
(`browser/panel_scripts.js`): their tags wait in a template until then.
"""

from pathlib import Path
from typing import Any

from dash import dcc, html

from dashboard.browser import Scripts

HERE = Path(__file__).parent
ENTRY = "begin.js"
FIRST = "first_question.js"  # runs before the others are here

# No modebar and no way for a chart to leave the house: plotly would offer to upload it to its cloud.
GRAPH: Any = {
    "displayModeBar": False,
    "displaylogo": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "showLink": False,
    "responsive": True,
    "doubleClick": False,
}

_BLANK = {"data": [], "layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}}}


def layout() -> Any:
    """What Dash draws: one precinct's words, chart, neighbours and check-ins."""
    return html.Div(
        [
            html.Div(id="panel-words"),
            html.Div(
                [
                    dcc.Graph(id="panel-chart", figure=_BLANK, responsive=True, config=GRAPH),
                    html.P(
                        "● counted  ○ held  ✕ rejected · shaded: 80 % of precincts like it, dotted: 95 %",
                        className="key",
                    ),
                ],
                id="panel-day",
            ),
            html.Div(id="panel-actions"),
            html.Div(id="panel-around"),
            html.Div(id="panel-log"),
            dcc.Store(id="panel-request"),
        ],
        id="panel-parts",
    )


def page(scripts: Scripts) -> str:
    """The index page, with Dash's own marks still in it."""
    early = "\n".join(f'<link rel="modulepreload" href="{each}">' for each in scripts.needed_by(ENTRY))
    frame = (HERE / "frame.html").read_text("utf-8")
    return (
        frame.replace("{first}", scripts.address(FIRST))
        .replace("{script}", scripts.address(ENTRY))
        .replace("{modules}", early)
    )
