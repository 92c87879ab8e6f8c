"""The call floor: where callers work, what came of it, and where the call desk would send more."""

from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output, html, no_update
from dash.development.base_component import Component

from dashboard.accounts.sign_in import WarRoomUser, person
from dashboard.clients.feed import Row, WarRoomView
from dashboard.components import MinuteClock
from dashboard.map.places import Gazetteer, MapPlaces
from dashboard.pages.frame import WarRoomPage
from dashboard.pages.plain import plain_page, table

HEADS = (
    "Precinct",
    "Calling",
    "Wanted",
    "Calls",
    "Missing at start",
    "Missing now",
    "Since",
    "By",
    "Rests because",
)
NUMBERS = (1, 2, 3, 4, 5, 6)


class CallFloorPage:
    """The page `/floor`, drawn anew each minute."""

    def __init__(self, gazetteer: Gazetteer, feed: WarRoomView) -> None:
        self._gazetteer, self._feed = gazetteer, feed

    def page(self) -> WarRoomPage:
        """The page, for Dash's registry."""
        return WarRoomPage("call-floor", "Call floor", self.layout, path="/floor")

    def layout(self, **_: Any) -> Component:
        """Totals, the precincts being called, and what the call desk proposes."""
        floor = html.Div(self.floor(), id="floor", disable_n_clicks=True)
        return plain_page("/floor", html.H1("Call floor"), floor, MinuteClock())

    def add_to(self, app: Dash) -> None:
        """Adds the callback that draws it anew."""

        @app.callback(Output("floor", "children"), Input("minute", "minute"), prevent_initial_call=True)
        def draw(_: int | None) -> Any:
            return no_update if person() is None else self.floor()

    def floor(self) -> list[Any]:
        """What the page says now, to whoever asks."""
        who, places, calls = person(), self._gazetteer.places, self._feed.calls
        if who is None or places is None or calls is None:
            return [html.P("The call desk has not answered yet.", className="empty")]
        sent = [d for d in calls["dispatches"] if _seen(who, places, d)]
        offers = [p for p in calls["proposals"] if _seen(who, places, p)]
        calling, done = (sum(int(d.get(name) or 0) for d in sent) for name in ("callers_now", "calls"))
        at = datetime.fromtimestamp(self._feed.at, ZoneInfo(places.day.timezone))
        told = f"{calling:,} calling in {len(sent):,} precincts · {done:,} calls there · as of {at:%H:%M}"
        parts: list[Any] = [html.P(told)]
        if calls.get("silent_since"):
            since = datetime.fromtimestamp(calls["silent_since"], ZoneInfo(places.day.timezone))
            parts.append(
                html.P(
                    f"The call desk does not answer since {since:%H:%M}: all this is old.",
                    className="problem",
                )
            )
        sent.sort(key=lambda d: (-int(d.get("callers_now") or 0), d["precinct_id"]))
        rows = [self._row(places, d) for d in sent]
        parts.append(
            table("Precincts being called", HEADS, rows, NUMBERS)
            if rows
            else html.P("Nobody is sent anywhere.")
        )
        parts.append(html.H2("Proposed"))
        proposed = [[_place(places, p["precinct_id"]), p["sentence"]] for p in offers]
        parts.append(
            table("Proposed", ("Precinct", "What it would bring"), proposed)
            if proposed
            else html.P("Nothing is proposed.")
        )
        return parts

    def _row(self, places: MapPlaces, sent: Row) -> list[Any]:
        standing = self._feed.standings.get(sent["precinct_id"]) or {}
        began = datetime.fromtimestamp(sent["started_at"], ZoneInfo(places.day.timezone))
        numbers = (
            sent.get("callers_now") or 0,
            sent.get("callers_wanted") or sent.get("callers_allocated") or 0,
            sent.get("calls") or 0,
            sent.get("missing_at_start") or 0,
            round(standing.get("shortfall") or 0),
        )
        by = sent.get("started_by") or "call desk"
        told = [f"{number:,}" for number in numbers]
        return [_place(places, sent["precinct_id"]), *told, f"{began:%H:%M}", by, sent.get("hold") or ""]


def _seen(who: WarRoomUser, places: MapPlaces, row: Row) -> bool:
    precinct = places.precincts.get(row["precinct_id"])
    return precinct is not None and who.may_see(precinct.county)


def _place(places: MapPlaces, precinct_id: str) -> Any:
    precinct = places.precincts.get(precinct_id)
    name = precinct.name if precinct else precinct_id
    return html.A(name, href=f"/precinct/{quote(precinct_id, safe='')}", className="name")
