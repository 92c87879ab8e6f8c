"""The plain routes beside Dash: what a page begins with, shapes, feed tokens, people, health."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import flask
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest

from dashboard.accounts.sign_in import WarRoomUser, csrf_token, needs_role, person
from dashboard.bridge.security_headers import feed_url, intake_url
from dashboard.map.places import Gazetteer, MapPlaces
from dashboard.settings import DashboardSettings
from election.access.accounts import WAR_ROOM
from election.access.telemetry import say_refused
from election.access.tokens import Tokens
from election.runtime.telemetry import count_hung_restarts

MOST_PEOPLE = 100  # precincts whose watchers may be asked for at once
SHAPES_SECONDS = 86_400  # a browser keeps shapes this long; their address carries the version
NO_COUNTY = "_"  # how a county without a name is written in an address


def _of_roster(response: flask.Response, here: MapPlaces) -> flask.Response:
    """The answer with its roster's version: a page that knows of a newer one asks until it comes."""
    response.headers["X-Roster"] = here.roster
    return response


def _who() -> WarRoomUser:
    who = person()
    if who is None:
        flask.abort(401)
    return who


def add_pages(
    server: flask.Flask,
    settings: DashboardSettings,
    gazetteer: Gazetteer,
    tokens: Tokens,
) -> None:
    """Adds `/boot`, `/feed-token`, `/shapes/…`, `/people`, `/watched`, `/hotline`."""

    def places() -> MapPlaces:
        if gazetteer.places is None:
            flask.abort(flask.make_response(flask.jsonify(message="No election has been imported yet."), 503))
        return gazetteer.places

    @server.get("/boot")
    def boot() -> Any:
        who, here = _who(), places()
        by_county = here.drawn_by_county(who.counties)
        seen = here.seen_by(who.counties)
        counties = sorted({p.county for p in seen})
        return flask.jsonify(
            login=who.login,
            role=who.role.value,
            counties=who.counties,
            csrf=csrf_token(),
            election=here.day.name,
            date=here.day.date.isoformat(),
            timezone=here.day.timezone,
            rehearsal=settings.rehearsal,
            version=here.version,
            roster=here.roster,
            by_county=by_county,
            county_names=counties,
            precincts=len(seen),
            feed=_feed(who),
        )

    @server.get("/feed-token")
    def feed_token() -> Any:
        return flask.jsonify(_feed(_who()))

    def _feed(who: WarRoomUser) -> dict[str, str]:
        """Where the feed is, and a token to open it."""
        url = feed_url(settings, flask.request.host, flask.request.is_secure)
        return {"token": tokens.sign("feed", who.identity.claims()), "url": url}

    @server.get("/shapes/counties")
    def counties() -> Any:
        places()
        return _shapes("counties", _who().counties)

    @server.get("/shapes/precincts")
    def precincts() -> Any:
        places()
        return _shapes("precincts", _who().counties)

    @server.get("/shapes/precincts/<path:county>")
    def county_precincts(county: str) -> Any:
        county = "" if county == NO_COUNTY else county
        if not _who().may_see(county):
            say_refused(_who().login, "shapes", "county")
            flask.abort(403)
        if county not in places().counties:
            flask.abort(404)
        return _shapes("precincts", (county,))

    def _shapes(kind: str, counties: tuple[str, ...] | None) -> Any:
        response = flask.make_response(gazetteer.shapes(kind, counties))
        response.mimetype = "application/json"
        response.headers["Cache-Control"] = f"private, max-age={SHAPES_SECONDS}"
        response.headers["Vary"] = "Cookie"
        response.headers["Content-Encoding"] = "gzip"
        return response

    @server.get("/people")
    def people() -> Any:
        who, here = _who(), places()
        asked = flask.request.args.getlist("precinct")[:MOST_PEOPLE]
        found = {}
        for precinct_id in asked:
            precinct = here.precincts.get(precinct_id)
            if precinct and who.may_see(precinct.county):
                watchers = here.watchers_of.get(precinct_id, [])
                found[precinct_id] = [{"name": w.name, "phone": w.phone} for w in watchers]
        return _of_roster(flask.jsonify(found), here)

    @server.get("/watched")
    def watched() -> Any:
        """Precincts with a watcher, in the viewer's counties."""
        who, here = _who(), places()
        response = _of_roster(
            flask.jsonify(
                [p.precinct_id for p in here.seen_by(who.counties) if p.precinct_id in here.watchers_of]
            ),
            here,
        )
        response.headers["Cache-Control"] = "private, max-age=3600"
        response.headers["Vary"] = "Cookie"
        return response

    @server.get("/hotline")
    @needs_role(*WAR_ROOM)
    def hotline() -> Any:
        """On to intake's hotline, signed in there as the same person."""
        token = tokens.sign("staff", _who().identity.claims())
        there = intake_url(settings, flask.request.host)
        return flask.redirect(f"{there}/hotline?{urlencode({'token': token})}", 303)


def add_health(
    server: flask.Flask,
    registry: CollectorRegistry,
    ready: Callable[[], dict[str, bool]],
    well: Callable[[], bool] = lambda: True,
) -> None:
    """Adds `/healthz`, `/readyz`, `/metrics`, open to machines without a session."""
    count_hung_restarts(registry)
    answers = Counter("dashboard_requests", "Answers by status.", ["status"], registry=registry)
    loaded = Gauge("dashboard_election_loaded", "1 once an election is known.", registry=registry)
    loaded.set_function(lambda: float(ready()["election"]))

    @server.after_request
    def count(response: flask.Response) -> flask.Response:
        answers.labels(str(response.status_code)).inc()
        return response

    @server.get("/healthz")
    def healthz() -> Any:
        return flask.jsonify(ok=well()), 200 if well() else 503

    @server.get("/readyz")
    def readyz() -> Any:
        parts = ready()
        return flask.jsonify(parts), 200 if all(parts.values()) else 503

    @server.get("/metrics")
    def metrics() -> Any:
        return flask.Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
