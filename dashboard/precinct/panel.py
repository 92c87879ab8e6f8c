"""The precinct panel: one sentence, the day's chart, the raw check-ins. Dash draws what the tally answers."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output, State, dcc, html

from dashboard.accounts.sign_in import WarRoomUser, person
from dashboard.alerts.conditions import OPEN
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.service_clients import PAST_SECONDS, ServiceClientError, ServiceClients
from dashboard.components import Value
from dashboard.languages import tr
from dashboard.map.places import Gazetteer, MapPlaces
from dashboard.precinct.chart import day_chart, day_patch, moment, verdict
from dashboard.precinct.check_in_list import check_in_list, marked
from election.domain.day import Precinct, Watcher
from election.runtime.clock import Clock

NEIGHBOURS = 5
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
LATEST = 2**33  # epoch seconds, in 2242; no day is later
_NOTHING: dict[str, Any] = {"data": [], "layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}}}


def panel_parts() -> list[Any]:
    """What the panel holds: words, the day's chart, actions, neighbours, check-ins."""
    key = tr("● counted  ○ held  ✕ rejected · shaded: 80 % of precincts like it, dotted: 95 %")
    chart = dcc.Graph(id="panel-chart", figure=_NOTHING, responsive=True, config=GRAPH)
    parts = [
        html.Div(id="panel-words"),
        html.Div([chart, html.P(key, className="key")], id="panel-day"),
        html.Div(id="panel-actions"),
        html.Div(id="panel-around"),
        html.Div(id="panel-log"),
        Value("panel-request"),
        Value("panel-drawn"),
    ]
    return [html.Div(parts, id="panel-parts")]


def add_panel(
    app: Dash, bridge: AsyncBridge, service_clients: ServiceClients, gazetteer: Gazetteer, clock: Clock
) -> None:
    """Adds the callback behind the panel. Its input names a precinct, with a number that grows."""

    @app.callback(
        Output("panel-words", "children"),
        Output("panel-chart", "figure"),
        Output("panel-around", "children"),
        Output("panel-log", "children"),
        Output("panel-drawn", "data"),
        Input("panel-request", "data"),
        State("panel-drawn", "data"),
        prevent_initial_call=True,
    )
    def draw(asked: dict[str, Any] | None, drawn: Any) -> tuple[Any, Any, Any, Any, Any]:
        request = asked if isinstance(asked, dict) else {}
        who, precinct_id = person(), str(request.get("precinct_id") or "")
        places = gazetteer.places
        precinct = places.precincts.get(precinct_id) if places else None
        if who is None or places is None or precinct is None or not who.may_see(precinct.county):
            unknown = html.P(tr("This precinct is not known, or is outside your counties."))
            return unknown, _NOTHING, None, None, None
        heading = _heading(precinct)
        around = _around(places, precinct_id, who)
        at = request.get("at")
        # a replay's minute
        past = int(at) if isinstance(at, int | float) and 0 < at < LATEST else None
        try:
            page = bridge.run(service_clients.tally.precinct(who, precinct_id, past), PAST_SECONDS)
        except (ServiceClientError, TimeoutError) as error:
            words = getattr(error, "words", tr("The tally did not answer in time."))
            said = html.P(
                tr("{words} The list and the map go on without it.", words=words),
                className="problem",
                role="alert",
            )
            return [heading, said], _NOTHING, around, None, None
        zone = precinct.zone(places.day)
        now = clock.now() if past is None else datetime.fromtimestamp(past, UTC)
        dark = bool(request.get("dark"))
        mark = [precinct_id, dark]
        draws = day_patch if drawn == mark else day_chart
        watchers = places.watchers_of.get(precinct_id, [])
        sentence = html.P(_sentence(page, zone, watched=bool(watchers)), className="sentence")
        people = _people(precinct_id, watchers)
        return (
            [heading, sentence, *_open(page), people],
            draws(page, zone, now, dark),
            around,
            check_in_list(page, places.watchers, zone),
            mark,
        )


def _around(places: MapPlaces, precinct_id: str, who: WarRoomUser) -> Any:
    """Who votes in the same building and who lives next door; the page colours them by their state."""
    near = [p for p in places.nearest(precinct_id, NEIGHBOURS) if who.may_see(p.county)]
    same = [p for p in places.same_site(precinct_id) if who.may_see(p.county)][:NEIGHBOURS]
    lines = []
    for title, found in ((tr("Same building"), same), (tr("Next to it"), near)):
        if found:
            links = [
                html.A(
                    [p.name, html.Span(p.precinct_id, className="id")],
                    href=f"/precinct/{quote(p.precinct_id, safe='')}",
                    className="near",
                    **marked("precinct", p.precinct_id),
                )
                for p in found
            ]
            lines.append(html.P([html.Span(title, className="what"), *links]))
    return lines


def _heading(precinct: Precinct) -> Any:
    where = " · ".join(part for part in (precinct.precinct_id, precinct.county) if part)
    return html.Header(
        [
            html.H2(precinct.name, id="panel-name"),
            html.P(
                tr("{where} · {registered} registered", where=where, registered=f"{precinct.registered:,}")
            ),
        ]
    )


def _sentence(page: dict[str, Any], zone: ZoneInfo, watched: bool = True) -> list[Any]:
    """What a person must know first, in one sentence; its ages go on by the page's own clock."""
    standing = page.get("standing") or {}
    state = standing.get("state")
    seen, votes = moment(standing.get("last_observed_at")), standing.get("last_votes")
    last: list[Any] = [tr("no count yet")]
    if seen and votes is not None:
        shared = _whole_site(page, standing)
        share = tr(", its share of {shared} for the whole building,", shared=f"{shared:,}") if shared else ""
        last = [
            tr(
                "last count {votes}{share} at {at}",
                votes=f"{votes:,}",
                share=share,
                at=f"{seen.astimezone(zone):%H:%M}",
            )
            + " (",
            _age(seen),
            ")",
        ]
    missing, sure = round(standing.get("shortfall") or 0), round(100 * (standing.get("p_lagging") or 0))
    if state == "silent":
        then = tr("Silence says nothing about turnout; reach the watcher.")
        if not watched:
            then = tr("Silence says nothing about turnout; nobody watches here: send somebody.")
        return [tr("Silent:") + " ", *last, ". " + then]
    if state == "doubtful":
        return [(tr("Doubtful: reports here disagree or wait for a decision;") + " "), *last, "."]
    if state == "closed":
        return _closed(standing, last)
    if state in ("lagging", "watch"):
        return [
            (
                tr("{missing} behind its peers by close, {sure} % sure;", missing=f"{missing:,}", sure=sure)
                + " "
            ),
            *last,
            ".",
        ]
    return [
        (
            tr(
                "On pace, heading for {votes};",
                votes=f"{round(standing.get('projected_final') or 0):,}",
            )
            + " "
        ),
        *last,
        ".",
    ]


def _closed(standing: dict[str, Any], last: list[Any]) -> list[Any]:
    votes, expected = standing.get("last_votes"), round(standing.get("expected_final") or 0)
    if votes is None:
        return [tr("Closed, and never counted; its final is missing.")]
    missing = "" if standing.get("final_in") else tr("; its final is missing")
    return [
        (
            tr(
                "Closed with {votes} counted of {expected} expected{missing};",
                votes=f"{votes:,}",
                expected=f"{expected:,}",
                missing=missing,
            )
            + " "
        ),
        *last,
        ".",
    ]


def _whole_site(page: dict[str, Any], standing: dict[str, Any]) -> int | None:
    """The building's count that the last one is a share of; None where it is the precinct's own."""
    for report in page.get("reports") or []:
        newest = report.get("observed_at") == standing.get("last_observed_at")
        if newest and report.get("whole_site") and verdict(report) == "accepted":
            return int(report["votes"])
    return None


def _open(page: dict[str, Any]) -> list[Any]:
    """Open incidents, and the line: they explain a shortfall that callers cannot mend."""
    line = page.get("line") or {}
    found = [tr("A line of {minutes} min.", minutes=line["minutes"]) if line.get("minutes") else ""]
    found.append(tr("{people} people in line.", people=line["people"]) if line.get("people") else "")
    parts: list[Any] = [" ".join(part for part in found if part)]
    for incident in page.get("incidents") or []:
        if incident.get("status") in OPEN:
            words = f"#{incident['number']} {incident['text']}"
            parts.append(html.A(words, href="/desk/incidents", className="incident"))
    return [html.P(part, className="open") for part in parts if part]


def _age(then: datetime) -> Any:
    """A place the page fills with the age of `then`, every second."""
    return html.Span(**marked("ago", f"{then.timestamp():.0f}"))


def _people(precinct_id: str, watchers: list[Watcher]) -> Any:
    """Who watches here. Numbers come when they are asked for (`browser/phones.js`), which is audited."""
    if not watchers:
        return html.P(tr("Nobody watches here."), className="people")
    parts: list[Any] = [html.Span(watcher.name) for watcher in watchers]
    parts.append(html.Button(tr("phone"), type="button", className="act", **marked("phones", precinct_id)))
    return html.P(parts, className="people")
