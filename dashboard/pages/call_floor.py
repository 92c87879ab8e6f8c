"""The call floor: who calls and why others idle, what each hour brought, how far lists will be reached, and
what staff do about it. The call desk is asked anew each time the page is drawn; what is done there is
`browser/floor_deeds.js`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.accounts.sign_in import WarRoomUser, csrf_token, person
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.feed import Row, WarRoomView
from dashboard.clients.service_clients import FloorAnswers, ServiceClientError, ServiceClients
from dashboard.components import FloorDeeds, MinuteClock, Value
from dashboard.components.part import marks
from dashboard.languages import noted, noted_all, retold, tr
from dashboard.map.places import Gazetteer, MapPlaces
from dashboard.pages import floor_tables as shown
from dashboard.pages.frame import PageStyle, WarRoomPage, page_marks
from dashboard.pages.plain import plain_page, table
from dashboard.precinct.panel import GRAPH
from election.access.accounts import Role

_PLACES = (1, 2, 3, 4, 5, 6, 8, 9)  # of the columns of numbers
AWAY = noted("The call desk has not answered yet.")
_EMPTY: dict[str, Any] = {"data": [], "layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}}}


class CallFloorPage:
    """The page `/floor`, drawn anew each minute and after each deed."""

    def __init__(
        self, gazetteer: Gazetteer, feed: WarRoomView, bridge: AsyncBridge, service_clients: ServiceClients
    ) -> None:
        self._gazetteer, self._feed = gazetteer, feed
        self._bridge, self._services = bridge, service_clients

    def page(self) -> WarRoomPage:
        """The page, for Dash's registry."""
        style = PageStyle("floor.js")
        return WarRoomPage("call-floor", noted("Call floor"), self.layout, path="/floor", style=style)

    def layout(self, **_: Any) -> Component:
        """Totals, the hours, the precincts being called, callers, promises, and what the desk proposes."""
        page_marks().update({"data-csrf": csrf_token()})
        found = self._ask()
        told = html.Div(self.floor(found), id="floor", disable_n_clicks=True)
        chart = dcc.Graph(id="floor-chart", figure=_EMPTY, config=GRAPH, responsive=True)
        return plain_page(
            "/floor",
            html.H1(tr("Call floor")),
            html.P(id="floor-notice", role="status", **marks(aria_live="polite")),
            FloorDeeds(may_script=_of_all(person())),
            html.H2(tr("Calls and promises an hour")),
            html.Div(chart, className="chart low"),
            told,
            html.Div(id="floor-waiting", disable_n_clicks=True),
            Value("floor-asked"),
            Value("floor-drawn"),
            MinuteClock(),
        )

    def add_to(self, app: Dash) -> None:
        """Adds the callbacks that draw it anew, and that show who waits for a next move."""

        @app.callback(
            Output("floor", "children"),
            Output("floor-chart", "figure"),
            Output("floor-drawn", "data"),
            Input("minute", "minute"),
            State("floor-drawn", "data"),
        )
        def draw(_: int | None, drawn: Any) -> tuple[Any, Any, Any]:
            if person() is None:
                return no_update, no_update, no_update
            found = self._ask()
            zone = self._zone()
            if found is None or zone is None:
                return self.floor(found), no_update, no_update
            draws = shown.hours_patch if drawn else shown.hours_figure
            return self.floor(found), draws(found.floor, zone), True

        @app.callback(
            Output("floor-waiting", "children"), Input("floor-asked", "data"), prevent_initial_call=True
        )
        def waiting(asked: Any) -> Any:
            who, zone = person(), self._zone()
            move = str(asked.get("move")) if isinstance(asked, dict) else ""
            if who is None or zone is None or move not in shown.MOVES:
                return None
            try:
                moves = self._bridge.run(self._services.call_desk.next_moves(who, move))
            except (ServiceClientError, TimeoutError) as error:
                return html.P(
                    getattr(error, "words", tr("The call desk did not answer in time.")), className="problem"
                )
            title = html.H2(tr("Wait for: {move}", move=tr(shown.MOVES[move])))
            return [title, shown.waiting_table(moves, self._name, zone)]

    def _ask(self) -> FloorAnswers | None:
        """The call desk's answers; None where it gives none."""
        who = person()
        if who is None:
            return None
        try:
            return self._bridge.run(self._services.call_desk.floor(who, script=_of_all(who)))
        except (ServiceClientError, TimeoutError):
            return None

    def _zone(self) -> ZoneInfo | None:
        places = self._gazetteer.places
        return ZoneInfo(places.day.timezone) if places is not None else None

    def _name(self, precinct_id: str) -> str:
        places = self._gazetteer.places
        precinct = places.precincts.get(precinct_id) if places else None
        return precinct.name if precinct else precinct_id

    def _missing(self, precinct_id: str) -> int:
        return round((self._feed.standings.get(precinct_id) or {}).get("shortfall") or 0)

    def floor(self, found: FloorAnswers | None) -> list[Any]:
        """What the page says to whoever asks; of an older moment where the call desk does not answer."""
        who, places, zone = person(), self._gazetteer.places, self._zone()
        if who is None or places is None or zone is None:
            return [html.P(tr(AWAY), className="empty")]
        if found is None:
            return self._old(who, places, zone)
        floor, dispatches = found.floor, found.dispatches["dispatches"]
        at = datetime.fromtimestamp(self._feed.at, zone) if self._feed.at else None
        told = shown.summary(floor, dispatches) + (f" · {at:%H:%M}" if at else "")
        rows = shown.precinct_rows(dispatches, floor, self._missing, zone)
        paces = [(p["precinct"], p["pace"]) for p in floor["precincts"] if p["pace"]["by_close"] is not None]
        told_paces = [html.Li(shown.pace_words(name, pace)) for name, pace in paces]
        callers, offers = floor["callers"], found.dispatches["proposals"]
        people, hours = shown.caller_rows(callers, self._name), shown.hour_rows(floor, zone)
        moves = shown.move_rows(floor)
        proposed = [
            [shown.link(p["precinct_id"], self._name(p["precinct_id"])), retold(p["sentence"])]
            for p in offers
        ]
        return [
            html.P(told, id="floor-told"),
            html.H2(tr("Precincts being called")),
            table(tr("Precincts being called"), shown.PRECINCT_HEADS, rows, _PLACES, typed=True)
            if rows
            else html.P(tr("Nobody is sent anywhere.")),
            html.Ul(told_paces, className="paces") if told_paces else None,
            html.H2(tr("Callers today ({n})", n=f"{len(callers):,}")),
            _table_or(
                tr("Nobody has called yet."), tr("Callers"), shown.CALLER_HEADS, people, (3, 4, 6, 7, 8)
            ),
            _more(len(callers)),
            *_volunteers(
                tr("Canvassers ({n})", n=f"{len(floor.get('canvassers') or ()):,}"),
                tr("Canvassers"),
                shown.CANVASSER_HEADS,
                shown.canvasser_rows(floor.get("canvassers") or []),
                range(2, 8),
            ),
            *_volunteers(
                tr("Drivers ({n})", n=f"{len(floor.get('drivers') or ()):,}"),
                tr("Drivers"),
                shown.DRIVER_HEADS,
                shown.driver_rows(floor.get("drivers") or []),
                (1, 4, 5, 6),
            ),
            html.H2(tr("By precinct and hour")),
            _table_or(
                tr("Nobody was called yet."), tr("By precinct and hour"), shown.HOUR_HEADS, hours, range(2, 8)
            ),
            html.H2(tr("What voters said, and what follows")),
            _table_or(tr("Nobody said anything yet."), tr("Next moves"), shown.MOVE_HEADS, moves, (2, 3, 4)),
            html.H2(tr("Proposed")),
            _table_or(
                tr("Nothing is proposed."),
                tr("Proposed"),
                noted_all("Precinct", "What it would bring"),
                proposed,
            ),
            _options(dispatches, offers, self._name),
            _script(found.script),
        ]

    def _old(self, who: WarRoomUser, places: MapPlaces, zone: ZoneInfo) -> list[Any]:
        """What the feed told last of the call desk, and since when that is old."""
        calls = self._feed.calls
        if calls is None:
            return [html.P(tr(AWAY), className="empty")]

        def seen(row: Row) -> bool:
            precinct = places.precincts.get(row["precinct_id"])
            return precinct is not None and who.may_see(precinct.county)

        since = shown.hhmm(calls.get("silent_since"), zone)
        words = tr("The call desk does not answer: all this is old.")
        if since:
            words = tr("The call desk does not answer since {at}: all this is old.", at=since)
        sent = [d for d in calls["dispatches"] if seen(d)]
        rows = [
            [shown.link(d["precinct_id"], self._name(d["precinct_id"])), f"{d.get('calls') or 0:,}"]
            for d in sent
        ]
        title, heads = tr("Precincts being called"), noted_all("Precinct", "Calls")
        return [
            html.P(words, className="problem"),
            _table_or(tr("Nobody was sent anywhere."), title, heads, rows, (1,)),
        ]


def _of_all(who: WarRoomUser | None) -> bool:
    """Whether no county limits them: scripts are everybody's."""
    return who is not None and who.counties is None and who.role is not Role.LEAD


def _table_or(empty: str, label: str, heads: Any, rows: list[list[Any]], numbers: Any = ()) -> Any:
    return table(label, heads, rows, numbers) if rows else html.P(empty)


def _volunteers(title: str, label: str, heads: Any, rows: list[list[Any]], numbers: Any) -> list[Any]:
    """Canvassers or drivers, where there are any."""
    return [html.H2(title), table(label, heads, rows, numbers)] if rows else []


def _more(callers: int) -> Any:
    over = callers - shown.FLOOR_LISTED
    return (
        html.P(tr("{n} more, who have been idle for less long or are on a call.", n=f"{over:,}"))
        if over > 0
        else None
    )


def _options(dispatches: list[Row], offers: list[Row], name: Callable[[str], str]) -> Any:
    """What may be chosen in the form that moves callers (`browser/floor_deeds.js`)."""
    live = [
        [d["precinct_id"], d["precinct"], d["callers_wanted"] or d["callers_allocated"]] for d in dispatches
    ]
    more = [[p["precinct_id"], name(p["precinct_id"]), 0] for p in offers]
    kept = {"data-open": orjson.dumps(live).decode(), "data-offered": orjson.dumps(more).decode()}
    options: Any = kept
    return html.Div(id="floor-options", hidden=True, disable_n_clicks=True, **options)


def _script(script: Row | None) -> Any:
    """What callers say now, for the form that changes it."""
    if script is None:
        return None
    kept: Any = {"data-script": orjson.dumps(script).decode()}
    return html.Div(id="floor-script", hidden=True, disable_n_clicks=True, **kept)
