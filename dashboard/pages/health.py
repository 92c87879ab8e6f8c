"""How well everything is that the war room rests on, and what to do where it is not; readable at 3 am."""

from typing import Any

from dash import Dash, Input, Output, html, no_update
from dash.development.base_component import Component

from dashboard.accounts.sign_in import person
from dashboard.components import MinuteClock
from dashboard.languages import noted, tr
from dashboard.office.health.health import Health, HealthLine, worst
from dashboard.office.health.health_answers import HealthAnswers, steps_for
from dashboard.pages.frame import WarRoomPage
from dashboard.pages.plain import plain_page

_TITLES = {
    Health.WELL: noted("all is well"),
    Health.LOOK: noted("something to look at"),
    Health.BAD: noted("something is wrong"),
    Health.UNKNOWN: noted("something cannot be asked"),
}
_MARKS = {
    Health.WELL: noted("✓ well"),
    Health.LOOK: noted("! look"),
    Health.BAD: noted("✕ wrong"),
    Health.UNKNOWN: noted("? unknown"),
}


class HealthPage:
    """The page `/health`, asked anew each minute. What machines ask is `/readyz` and `/metrics`."""

    def __init__(self, answers: HealthAnswers) -> None:
        self._answers = answers

    def page(self) -> WarRoomPage:
        """The page, for Dash's registry."""
        return WarRoomPage("health", noted("Health"), self.layout, path="/health")

    def layout(self, **_: Any) -> Component:
        """A line for each part, with its runbook's steps where it is not well."""
        return plain_page(
            "/health", html.Div(self.drawn(), id="health", disable_n_clicks=True), MinuteClock()
        )

    def add_to(self, app: Dash) -> None:
        """Adds the callback that draws it anew."""

        @app.callback(Output("health", "children"), Input("minute", "minute"), prevent_initial_call=True)
        def draw(_: int | None) -> Any:
            return no_update if person() is None else self.drawn()

    def drawn(self) -> list[Component]:
        """All parts as they answer now."""
        lines = self._answers.now()
        return [
            html.H1(tr("Health: {state}", state=tr(_TITLES[worst(lines)]))),
            html.P(
                [
                    tr("On one machine") + " ",
                    html.Code("beluga status"),
                    f" {tr('and')} ",
                    html.Code("beluga preflight"),
                    " " + tr("say more."),
                ],
                className="about",
            ),
            html.Ul([html.Li(_said(line)) for line in lines], className="checks card"),
        ]


def _said(line: HealthLine) -> list[Any]:
    well = line.health is Health.WELL
    said: list[Any] = [
        html.Span(tr(_MARKS[line.health]), className="mark done" if well else "mark todo"),
        " ", html.Strong(tr(line.part)), f": {line.said}",
    ]  # fmt: skip
    if not well and line.runbook:
        steps = steps_for(line.runbook) or tr("See runbooks/{runbook}", runbook=line.runbook)
        summary = html.Summary(tr("What to do ({runbook})", runbook=line.runbook))
        said.append(html.Details([summary, html.Pre(steps, className="said")], disable_n_clicks=True))
    return said
