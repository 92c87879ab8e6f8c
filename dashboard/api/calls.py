"""The API's calls, each with an example in `docs/reference/api.md`. A key opens them, a session none."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from uuid import UUID

import flask
import orjson

from dashboard.accounts.sign_in import WarRoomUser
from dashboard.api.keys import ApiKeys
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.feed import FRESH_SECONDS, WarRoomView
from dashboard.clients.service_clients import ServiceClientError, ServiceClients
from election.access.accounts import Role
from election.access.api_keys import ApiKey, ApiScope
from election.access.identity import bearer
from election.access.telemetry import say_refused

PREFIX = "/api/v1"
_BAD_KEY = "A key is needed: Authorization: Bearer beluga_…; an admin makes one at /office/keys."
_NO_LIST = "The path names a list by its id."


class ApiCalls:
    """The routes; each asks for one scope."""

    def __init__(
        self,
        bridge: AsyncBridge,
        ring: ApiKeys,
        feed: WarRoomView,
        services: ServiceClients,
        seen: Callable[[str, str, str, dict[str, Any]], None],
    ) -> None:
        """`seen` audits: account, action, subject, detail."""
        self._bridge, self._ring, self._feed = bridge, ring, feed
        self._services, self._seen = services, seen

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes."""
        server.get(f"{PREFIX}/standings")(self._opened(ApiScope.STANDINGS, self.standings))
        server.get(f"{PREFIX}/calls")(self._opened(ApiScope.CALLS, self.calls))
        server.put(f"{PREFIX}/check-ins/<report_id>")(self._opened(ApiScope.CHECK_INS, self.put_check_in))
        server.post(f"{PREFIX}/lists/<list_id>/outcomes")(self._opened(ApiScope.OUTCOMES, self.post_outcomes))

    def _opened(self, scope: ApiScope, call: Callable[..., Any]) -> Callable[..., Any]:
        """Only with an open key of this scope, at the key's rate."""

        @wraps(call)
        def guarded(**parts: str) -> Any:
            if not self._ring.known:
                return _told("Keys cannot be judged until the database has been reached. Try again.", 503)
            key = self._ring.find(bearer(flask.request.headers.get("Authorization", "")))
            if key is None:
                return _told(_BAD_KEY, 401)
            if scope not in key.scopes:
                say_refused(key.account, "api", "scope")
                return _told(f"This key does not open {scope}: an admin can make one that does.", 403)
            if (wait := self._ring.wait(key)) > 0:
                answer = flask.make_response(_told(f"This key has {key.a_minute} requests a minute.", 429))
                answer.headers["Retry-After"] = str(max(1, round(wait)))
                return answer
            try:
                return call(key, **parts)
            except ServiceClientError as error:
                return _told(error.words, error.status)
            except TimeoutError:
                return _told("That took too long; whether it was done is not known. Ask again.", 504)

        return guarded

    def standings(self, key: ApiKey) -> Any:
        """How precincts stand, with the age of that knowledge; `?county=` for one county."""
        wanted = flask.request.args.get("county")
        if wanted is not None and key.counties and wanted not in key.counties:
            return _told("This key does not open that county.", 403)
        feed = self._feed

        async def taken() -> tuple[dict[str, Any], dict[str, Any], float | None, float, bool]:
            return dict(feed.standings), dict(feed.precincts), feed.age(), feed.at, feed.fresh(FRESH_SECONDS)

        standings, precincts, age, at, fresh = self._bridge.run(taken())
        if age is None:
            return _told("The tally has not been heard yet. Try again in a moment.", 503)
        self._read(key, ApiScope.STANDINGS)
        rows = [
            {**row, "precinct_id": precinct_id, "name": place.get("name", ""), "county": county}
            for precinct_id, row in standings.items()
            if (place := precincts.get(precinct_id)) is not None
            and ((county := str(place.get("county", ""))) in key.counties or not key.counties)
            and wanted in (None, county)
        ]
        return _json(
            {
                "at": datetime.fromtimestamp(at, UTC).isoformat(),
                "age_seconds": round(age, 1),
                "fresh": fresh,
                "rehearsal": feed.rehearsal,
                "standings": rows,
            }
        )

    def calls(self, key: ApiKey) -> Any:
        """The day's dispatches of callers, and what came of each: numbers, no voter."""
        found = self._bridge.run(self._services.call_desk.dispatch_history(_user(key)))
        self._read(key, ApiScope.CALLS)
        return _json({"dispatches": found})

    def put_check_in(self, key: ApiKey, **parts: str) -> Any:
        """A count, or a text as a watcher would send it; the same id twice is one report."""
        try:
            report_id = UUID(parts["report_id"])
        except ValueError:
            return _told("The path ends in a UUID, which you make up once for each report.", 404)
        body = flask.request.get_json(silent=True)
        if not isinstance(body, dict):
            return _told("Send a JSON object: precinct_id, and votes or text.", 422)
        receipt = self._bridge.run(self._services.intake.report(_user(key), report_id, body))
        subject = f"precinct:{str(body.get('precinct_id', ''))[:64]}"
        self._seen(key.account, "api check-in", subject, {"id": str(report_id)})
        return _json(receipt)

    def post_outcomes(self, key: ApiKey, **parts: str) -> Any:
        """What came of the calls of a list, as CSV."""
        try:
            list_id = UUID(parts["list_id"])
        except ValueError:
            return _told(_NO_LIST, 404)
        content = flask.request.get_data().decode("utf-8-sig", "replace")
        taken = self._bridge.run(self._services.call_desk.list_outcomes(_user(key), list_id, content))
        detail = {"recorded": taken.get("recorded"), "repeated": taken.get("repeated")}
        self._seen(key.account, "api outcomes", f"list:{list_id}", detail)
        return _json(taken)

    def _read(self, key: ApiKey, what: ApiScope) -> None:
        if self._ring.first_read(key, what):
            self._seen(key.account, "api read", str(what), {"key": key.key_id})


def _user(key: ApiKey) -> WarRoomUser:
    return WarRoomUser(
        key.account, Role.LEAD if key.counties else Role.STAFF, key.counties or None, machine=True
    )


def _json(value: Any) -> flask.Response:
    return flask.Response(orjson.dumps(value), content_type="application/json")


def _told(words: str, status: int) -> Any:
    return flask.Response(orjson.dumps({"message": words}), status, content_type="application/json")
