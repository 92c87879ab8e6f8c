"""The board's page: a frame that needs nothing but our own script, and in it the panel, which Dash draws.

`frame.html` is the whole frame. The script fills it from the feed and draws the map; it is one file, so that
a page begins after two answers. Dash and plotly (5 MB to parse) come in when the list is there, or earlier
where somebody opens a precinct (`assets/drill.js`): their tags wait in a template until then.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask
from dash import dcc, html

HERE = Path(__file__).parent
ASSETS = HERE.parent / "assets"
FIRST = ("words.js", "feed.js", "board.js")  # what the other scripts build on
KEPT_SECONDS = 31_536_000  # a year: the script's address changes with its content

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


@dataclass(frozen=True)
class BoardScript:
    """The board's scripts as one file, at an address of its content."""

    content: bytes

    @property
    def path(self) -> str:
        return f"/script/{hashlib.sha256(self.content).hexdigest()[:16]}.js"

    @classmethod
    def read(cls) -> "BoardScript":
        names = {file.name for file in (ASSETS).glob("*.js")}
        ordered = [*FIRST, *sorted(names.difference(FIRST))]
        return cls(b"\n".join((ASSETS / name).read_bytes() for name in ordered))


def page(script: BoardScript) -> str:
    """The index page, with Dash's own marks still in it."""
    return (HERE / "frame.html").read_text("utf-8").replace("{script}", script.path)


def add_script(server: flask.Flask, script: BoardScript) -> None:
    """Serves the board's script."""

    @server.get(script.path)
    def board_script() -> Any:
        response = flask.make_response(script.content)
        response.mimetype = "text/javascript"
        response.headers["Cache-Control"] = f"private, max-age={KEPT_SECONDS}, immutable"
        return response
