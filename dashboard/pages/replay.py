"""The day so far, and from there the board of any of its hours."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.accounts.sign_in import WarRoomUser, person
from dashboard.clients.feed import WarRoomView
from dashboard.components import MinuteClock, Value
from dashboard.components.part import marks
from dashboard.day.day_figure import day_figure, day_patch, like_with_like
from dashboard.day.day_record import ALL, DayRecord
from dashboard.languages import noted, noted_all, tr
from dashboard.map.places import Gazetteer
from dashboard.pages.frame import WarRoomPage
from dashboard.pages.plain import plain_page, table
from dashboard.precinct.panel import GRAPH

HOUR = 3600
WAITING = noted("Nothing is known of the day yet: the tally has not told anything.")


class ReplayPage:
    """The page `/replay`: votes so far against what was expected, of everybody or one county, and hours."""

    def __init__(self, gazetteer: Gazetteer, feed: WarRoomView, record: DayRecord) -> None:
        self._gazetteer, self._feed, self._record = gazetteer, feed, record

    def page(self) -> WarRoomPage:
        """The page, for Dash's registry."""
        return WarRoomPage("replay", noted("The day so far"), self.layout, path="/replay")

    def layout(self, county: str = "", **_: Any) -> Component:
        """The chart, the counties to choose from, and a link to the board as it was at each hour."""
        who, hours = person(), self._hours()
        if who is None or hours is None:
            return plain_page(
                "/replay", html.H1(tr("The day so far")), html.P(tr(WAITING), className="empty")
            )
        counties = self._counties(who)
        scope = self.scope(who, county)
        chosen = (
            [html.A(tr("All counties"), href="/replay", **_current(scope == ALL))]
            if who.counties is None
            else []
        )
        chosen += [
            html.A(
                c or tr("No county"),
                href=f"/replay?{urlencode({'county': c})}",
                **_current(scope == f"county:{c}"),
            )
            for c in counties
        ]
        opens, closes, zone = hours
        title = tr("The day so far of all counties")
        if scope != ALL:
            county = scope.removeprefix("county:") or tr("no county")
            title = tr("The day so far of {county}", county=county)
        chart = dcc.Graph(id="day-chart", config=GRAPH, responsive=True)
        words = tr(
            "Estimated and expected: all precincts, watched or not. Counted: those that somebody counts, "
            "each at its last count. Where too few report, nothing is estimated."
        )
        return plain_page(
            "/replay",
            html.H1(title),
            html.Nav(chosen, className="pages", **marks(aria_label=tr("Counties")))
            if len(chosen) > 1
            else None,
            html.Div(chart, className="chart"),
            html.P(like_with_like(self._record.points(scope), zone), id="day-words"),
            html.P(words, className="about"),
            html.H2(tr("The board as it was")),
            table(
                tr("The board as it was"),
                noted_all("Hour", "As known then"),
                self._links(opens, closes, zone),
            ),
            Value("day-scope", data=scope),
            Value("day-drawn"),
            MinuteClock(),
        )

    def add_to(self, app: Dash) -> None:
        """Adds the callback that draws the chart and later moves it."""

        @app.callback(
            Output("day-chart", "figure"),
            Output("day-drawn", "data"),
            Output("day-words", "children"),
            Input("minute", "minute"),
            State("day-scope", "data"),
            State("day-drawn", "data"),
        )
        def draw(_: int | None, asked: Any, drawn: Any) -> tuple[Any, Any, Any]:
            who, hours = person(), self._hours()
            if who is None or hours is None:
                return no_update, no_update, no_update
            opens, closes, zone = hours
            scope = self.scope(who, str(asked or "").removeprefix("county:"))
            points = self._record.points(scope)
            mark = [scope, points[-1].at if points else 0]
            if drawn == mark:
                return no_update, no_update, no_update
            words = like_with_like(points, zone)
            if isinstance(drawn, list) and drawn[:1] == [scope]:
                return day_patch(points, zone, closes), mark, words
            return day_figure(points, zone, opens, closes), mark, words

    def scope(self, who: WarRoomUser, county: str) -> str:
        """What a person may see of what they asked for: everybody's, or a county of theirs."""
        if who.counties is None and county in ("", ALL):
            return ALL
        counties = self._counties(who)
        return f"county:{county if county in counties else (counties or [''])[0]}"

    def _counties(self, who: WarRoomUser) -> list[str]:
        places = self._gazetteer.places
        return [] if places is None else sorted({p.county for p in places.seen_by(who.counties)})

    def _hours(self) -> tuple[int, int, ZoneInfo] | None:
        """When the first polls open and the last close (epoch seconds), in the election's zone."""
        infos, places = self._feed.precincts.values(), self._gazetteer.places
        if places is None or not infos:
            return None
        opens, closes = min(i["opens_at"] for i in infos), max(i["closes_at"] for i in infos)
        return int(opens), int(closes), ZoneInfo(places.day.timezone)

    def _links(self, opens: int, closes: int, zone: ZoneInfo) -> list[list[Any]]:
        now = int(self._feed.at)
        hours = range(opens, min(now, closes + 2 * HOUR) + 1, HOUR)
        return [
            [
                f"{datetime.fromtimestamp(at, zone):%H:%M}",
                html.A(
                    tr("Board"),
                    href=f"/?{urlencode({'at': f'{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%MZ}'})}",
                ),
            ]
            for at in hours
        ] or [["–", tr("The polls have not opened.")]]


def _current(here: bool) -> Any:
    return marks(aria_current="page") if here else {}
