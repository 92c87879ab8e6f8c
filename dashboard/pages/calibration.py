"""How sure we were: the finals against the bands of earlier hours. The debrief has the same as a table."""

from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.accounts.sign_in import person
from dashboard.components import MinuteClock, Value
from dashboard.debrief.calibration import calibration_figure, calibration_patch
from dashboard.debrief.page import DebriefPage
from dashboard.languages import noted, tr
from dashboard.pages.frame import WarRoomPage
from dashboard.pages.plain import plain_page
from dashboard.precinct.panel import GRAPH

WORDS = noted(
    "Of a hundred finals 80 should lie in an earlier hour's 80 % band, and 95 in its 95 % band (dotted)."
)


class CalibrationPage:
    """The page `/debrief/calibration`."""

    def __init__(self, debrief: DebriefPage) -> None:
        self._debrief = debrief

    def page(self) -> WarRoomPage:
        """The page, for Dash's registry."""
        return WarRoomPage("calibration", noted("How sure we were"), self.layout, path="/debrief/calibration")

    def layout(self, **_: Any) -> Component:
        """The figure, and what it should look like."""
        return plain_page(
            "/debrief/calibration",
            html.H1(tr("How sure we were")),
            html.Div(dcc.Graph(id="calibration", config=GRAPH, responsive=True), className="chart"),
            html.P(tr(WORDS) + " ", className="about", id="calibration-words"),
            html.P(html.A(tr("The debrief"), href="/debrief")),
            Value("calibration-drawn"),
            MinuteClock(),
        )

    def add_to(self, app: Dash) -> None:
        """Adds the callback that draws it, and later moves it."""

        @app.callback(
            Output("calibration", "figure"),
            Output("calibration-words", "children"),
            Output("calibration-drawn", "data"),
            Input("minute", "minute"),
            State("calibration-drawn", "data"),
        )
        def draw(_: int | None, drawn: Any) -> tuple[Any, Any, Any]:
            who = person()
            finals = 0 if who is None else self._debrief.finals(who)
            if who is None or drawn == finals:
                return no_update, no_update, no_update
            found = self._debrief.moments(who)
            if found is None:
                return no_update, no_update, no_update
            moments, zone = found
            of = max((m.of for m in moments), default=0)
            said = tr("{n} finals are in.", n=f"{of:,}") if of else tr("No final is in yet.")
            draws = calibration_figure if drawn is None else calibration_patch
            return draws(moments, lambda at: f"{at.astimezone(zone):%H:%M}"), f"{tr(WORDS)} {said}", finals
