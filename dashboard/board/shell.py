"""The board's page: a frame that needs nothing but our own script, and in it the panel, which Dash draws.

`frame.html` is the whole frame. Our modules (`dashboard/browser`, `election/browser`) fill it from the feed
and draw the map; the frame names all of them, so that they come at once and not one after the other. Dash and
plotly (5 MB to parse) come in when the list is there, or earlier where somebody opens a precinct
(`browser/panel_scripts.js`): their tags wait in a template until then.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flask
from dash import dcc, html

from election.browser import modules

HERE = Path(__file__).parent
MODULES = HERE.parent / "browser"
ENTRY = "begin.js"
KEPT_SECONDS = 31_536_000  # a year: the modules' address changes with their content

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


class Scripts:
    """The pages' modules, below an address of all their content."""

    def __init__(self, content: Mapping[str, bytes]) -> None:
        self.content = content
        total = hashlib.sha256()
        for name, text in sorted(content.items()):
            total.update(name.encode() + b"\0" + text)
        self.version = total.hexdigest()[:16]

    @classmethod
    def read(cls) -> "Scripts":
        ours = {file.name: file.read_bytes() for file in MODULES.glob("*.js")}
        return cls({**modules(), **ours})

    def address(self, name: str) -> str:
        """Where a page finds the module. Raises `KeyError` where there is none."""
        self.content[name]
        return f"/script/{self.version}/{name}"

    def needed_by(self, name: str) -> list[str]:
        """Addresses of all modules that this one imports, directly or not, in a fixed order."""
        found: dict[str, None] = {}
        ahead = [name]
        while ahead:
            for other in _IMPORTED.findall(self.content[ahead.pop()].decode()):
                if other not in found:
                    found[other] = None
                    ahead.append(other)
        return sorted(self.address(other) for other in found)


_IMPORTED = re.compile(r"""^(?:import|export) (?:[^;]*? from )?"\./([^"]+)";""", re.MULTILINE)


def page(scripts: Scripts) -> str:
    """The index page, with Dash's own marks still in it."""
    early = "\n".join(f'<link rel="modulepreload" href="{each}">' for each in scripts.needed_by(ENTRY))
    frame = (HERE / "frame.html").read_text("utf-8")
    return frame.replace("{script}", scripts.address(ENTRY)).replace("{modules}", early)


def add_scripts(server: flask.Flask, scripts: Scripts) -> None:
    """Serves the modules. Asked for another version (during an update) it gives its own, kept by nobody."""

    @server.get("/script/<version>/<name>")
    def module(version: str, name: str) -> Any:
        content = scripts.content.get(name)
        if content is None:
            flask.abort(404)
        response = flask.make_response(content)
        response.mimetype = "text/javascript"
        kept = version == scripts.version
        response.headers["Cache-Control"] = (
            f"private, max-age={KEPT_SECONDS}, immutable" if kept else "no-store"
        )
        return response
