"""The plain routes beside Dash: what a page begins with, shapes, feed tokens, people, health."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import flask
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest

from dashboard.accounts.sign_in import WarRoomUser, csrf_checked, csrf_token, needs_role, person
from dashboard.bridge.security_headers import feed_url, intake_url
from dashboard.languages import languages_known, spoken, tr
from dashboard.map.people import to_call
from dashboard.map.places import Gazetteer, MapPlaces
from dashboard.settings import DashboardSettings
from election.access.accounts import WAR_ROOM, Role
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


class BoardData:
    """`/boot`, `/feed-token`, `/shapes/…`, `/people`, `/watched`, `/hotline`."""

    def __init__(
        self,
        settings: DashboardSettings,
        gazetteer: Gazetteer,
        tokens: Tokens,
        seen: Callable[[str, str, str, dict[str, Any]], None],
    ) -> None:
        """`seen` audits: account, action, subject, detail."""
        self._settings = settings
        self._gazetteer = gazetteer
        self._tokens = tokens
        self._seen = seen

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes."""
        server.get("/boot")(self.boot)
        server.get("/feed-token")(self.feed_token)
        server.get("/shapes/counties")(self.counties)
        server.get("/shapes/precincts")(self.precincts)
        server.get("/shapes/precincts/<path:county>")(self.county_precincts)
        server.get("/people")(self.people)
        server.post("/phones")(needs_role(*WAR_ROOM)(csrf_checked(self.phones)))
        server.get("/watched")(self.watched)
        server.get("/hotline")(needs_role(*WAR_ROOM)(self.hotline))

    def _places(self) -> MapPlaces:
        """Returns the precincts. Answers 503 before the first import."""
        if self._gazetteer.places is None:
            who, words = person(), tr("No election has been imported yet.")
            where = "/office/setup" if who is not None and who.role is Role.ADMIN else ""
            flask.abort(flask.make_response(flask.jsonify(message=words, where=where), 503))
        return self._gazetteer.places

    def boot(self) -> Any:
        """What a page begins with."""
        who, here = _who(), self._places()
        by_county = here.drawn_by_county(who.counties)
        seen = here.seen_by(who.counties)
        counties = sorted({p.county for p in seen})
        return flask.jsonify(
            login=who.login,
            role=who.role.value,
            language=spoken().language,
            languages={code: each.name for code, each in languages_known().items()},
            counties=who.counties,
            csrf=csrf_token(),
            election=here.day.name,
            date=here.day.date.isoformat(),
            timezone=here.day.timezone,
            rehearsal=self._settings.rehearsal,
            version=here.version,
            roster=here.roster,
            by_county=by_county,
            county_names=counties,
            precincts=len(seen),
            feed=self._feed(who),
        )

    def feed_token(self) -> Any:
        """A fresh token for the feed."""
        return flask.jsonify(self._feed(_who()))

    def _feed(self, who: WarRoomUser) -> dict[str, str]:
        """Where the feed is, and a token to open it."""
        url = feed_url(self._settings, flask.request.host, flask.request.is_secure)
        return {"token": self._tokens.sign("feed", who.identity.claims()), "url": url}

    def counties(self) -> Any:
        """Outlines of the viewer's counties."""
        self._places()
        return self._shapes("counties", _who().counties)

    def precincts(self) -> Any:
        """Outlines of the precincts there."""
        self._places()
        return self._shapes("precincts", _who().counties)

    def county_precincts(self, county: str) -> Any:
        """Outlines of one county's precincts."""
        county = "" if county == NO_COUNTY else county
        if not _who().may_see(county):
            say_refused(_who().login, "shapes", "county")
            flask.abort(403)
        if county not in self._places().counties:
            flask.abort(404)
        return self._shapes("precincts", (county,))

    def _shapes(self, kind: str, counties: tuple[str, ...] | None) -> Any:
        response = flask.make_response(self._gazetteer.shapes(kind, counties))
        response.mimetype = "application/json"
        response.headers["Cache-Control"] = f"private, max-age={SHAPES_SECONDS}"
        response.headers["Vary"] = "Cookie"
        response.headers["Content-Encoding"] = "gzip"
        return response

    def people(self) -> Any:
        """Names of the watchers of the precincts asked for, and of the watchers asked for by their ids."""
        who, here = _who(), self._places()
        asked = flask.request.args.getlist("precinct")[:MOST_PEOPLE]
        found = {}
        for precinct_id in asked:
            precinct = here.precincts.get(precinct_id)
            if precinct and who.may_see(precinct.county):
                watchers = here.watchers_of.get(precinct_id, [])
                found[precinct_id] = [{"name": w.name} for w in watchers]
        for watcher_id in flask.request.args.getlist("watcher")[:MOST_PEOPLE]:
            watcher = here.watcher_of_id.get(watcher_id)
            if watcher and here.may_reach(watcher, who.counties):
                found[f"watcher:{watcher_id}"] = [{"name": watcher.name}]
        return _of_roster(flask.jsonify(found), here)

    def phones(self) -> Any:
        """Whom to call about a precinct, with their numbers. Who sees them is audited."""
        who, here = _who(), self._places()
        asked = flask.request.get_json(silent=True)
        precinct_id = str(asked.get("precinct_id")) if isinstance(asked, dict) else ""
        precinct = here.precincts.get(precinct_id)
        if precinct is None or not who.may_see(precinct.county):
            say_refused(who.login, "phones", "county")
            return flask.jsonify(
                done=False, message=tr("That precinct is not known, or is outside your counties.")
            ), 403
        people = to_call(precinct_id, here)
        self._seen(who.login, "phones seen", f"precinct:{precinct_id}", {"people": len(people)})
        response = flask.jsonify(done=True, people=people)
        response.headers["Cache-Control"] = "no-store"
        return response

    def watched(self) -> Any:
        """Precincts with a watcher, in the viewer's counties."""
        who, here = _who(), self._places()
        response = _of_roster(
            flask.jsonify(
                [p.precinct_id for p in here.seen_by(who.counties) if p.precinct_id in here.watchers_of]
            ),
            here,
        )
        response.headers["Cache-Control"] = "private, max-age=3600"
        response.headers["Vary"] = "Cookie"
        return response

    def hotline(self) -> Any:
        """On to intake's hotline, signed in there as the same person."""
        token = self._tokens.sign("staff", _who().identity.claims())
        there = intake_url(self._settings, flask.request.host)
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
