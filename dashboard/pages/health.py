"""How well the war room itself is: what it hears, from whom, and how old that is."""

from typing import Any

from dash import Dash, Input, Output, html, no_update
from dash.development.base_component import Component

from dashboard.accounts.sign_in import person
from dashboard.clients.feed import FRESH_SECONDS, WarRoomView
from dashboard.components import MinuteClock
from dashboard.map.places import Gazetteer
from dashboard.pages.frame import WarRoomPage
from dashboard.pages.plain import plain_page, table

BEHIND = 15  # seconds of the tally behind its database that are said to be too many
WELL, NOT_WELL = "● well", "▼ not well"


class HealthPage:
    """The page `/health`, drawn anew each minute. What machines ask is `/readyz` and `/metrics`."""

    def __init__(self, gazetteer: Gazetteer, feed: WarRoomView) -> None:
        self._gazetteer, self._feed = gazetteer, feed

    def page(self) -> WarRoomPage:
        """The page, for Dash's registry."""
        return WarRoomPage("health", "Health", self.layout, path="/health")

    def layout(self, **_: Any) -> Component:
        """A line for each thing that the board rests on."""
        lines = html.Div(self.lines(), id="health", disable_n_clicks=True)
        return plain_page("/health", html.H1("Health"), lines, MinuteClock())

    def add_to(self, app: Dash) -> None:
        """Adds the callback that draws it anew."""

        @app.callback(Output("health", "children"), Input("minute", "minute"), prevent_initial_call=True)
        def draw(_: int | None) -> Any:
            return no_update if person() is None else self.lines()

    def lines(self) -> list[Any]:
        """What is known now, the worst first."""
        places, feed = self._gazetteer.places, self._feed
        age, behind, calls = feed.age(), feed.stored_behind, feed.calls or {}
        election = (
            f"{places.day.name}, {len(places.precincts):,} precincts" if places else "none was imported yet"
        )
        heard = "never heard" if age is None else f"heard {age:.0f} s ago"
        deaf = bool(calls.get("silent_since"))
        found = [
            (places is not None, "Election", election),
            (feed.fresh(FRESH_SECONDS), "Tally’s feed", heard),
            (behind <= BEHIND, "The tally’s database", f"{behind:.0f} s behind"),
            (not deaf, "Call desk", "does not answer" if deaf else "answers"),
        ]
        found.sort(key=lambda line: line[0])
        rows = [[WELL if well else NOT_WELL, what, words] for well, what, words in found]
        advice = "Where something is not well, the runbooks say what to do. Texts are taken all the while."
        return [table("Health", ("How", "What", "As known"), rows), html.P(advice, className="about")]
