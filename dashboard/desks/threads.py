"""Watcher threads and their photos, for the desks and a precinct's panel: intake's answers, passed on.

A photo is shown as what its first bytes say it is, under a policy that lets it do nothing.
"""

from typing import Any
from urllib.parse import quote
from uuid import UUID

import flask

from dashboard.accounts.sign_in import WarRoomUser, needs_role, person
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.service_clients import ServiceClients
from dashboard.desks.asking import asked
from dashboard.map.places import Gazetteer
from election.access.accounts import WAR_ROOM
from election.domain.pictures import picture_type
from election.wire.desks import Desk

PHOTO_POLICY = "default-src 'none'; sandbox"


class ThreadPages:
    """`/threads/…`, `/desks/…/thread` and `/photos/…`."""

    def __init__(self, bridge: AsyncBridge, service_clients: ServiceClients, gazetteer: Gazetteer) -> None:
        self._bridge = bridge
        self._services = service_clients
        self._gazetteer = gazetteer

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes, for people of the war room only."""
        staff = needs_role(*WAR_ROOM)
        server.get("/threads/<path:watcher>")(staff(self.of_watcher))
        server.get("/desks/<name>/<path:item>/thread")(staff(self.of_item))
        server.get("/photos/precinct/<path:precinct>")(staff(self.of_precinct))
        server.get("/photos/<message>/<int:number>")(staff(self.photo))
        server.get("/photos/<message>/<int:number>/small")(staff(self.small_photo))

    def of_watcher(self, watcher: str) -> Any:
        """Everything said with a watcher."""
        return self._passed_on(f"/threads/{quote(watcher, safe='')}")

    def of_item(self, name: str, item: str) -> Any:
        """Everything said with whom a desk's item is about."""
        if name not in {desk.value for desk in Desk}:
            flask.abort(404)
        return self._passed_on(f"/desks/{name}/{quote(item, safe='')}/thread")

    def of_precinct(self, precinct: str) -> Any:
        """Which photos came from a precinct, and who watches there."""
        path = f"/precincts/{quote(precinct, safe='')}/photos"
        answer = asked(self._bridge, self._services.intake.ask(_who(), "GET", path))
        here = self._gazetteer.places
        watchers = here.watchers_of.get(precinct, ()) if here else ()
        return flask.jsonify(answer | {"watchers": [{"id": w.watcher_id, "name": w.name} for w in watchers]})

    def photo(self, message: str, number: int) -> flask.Response:
        """A photo as it was sent."""
        return self._picture(message, number, "")

    def small_photo(self, message: str, number: int) -> flask.Response:
        """A photo's thumbnail."""
        return self._picture(message, number, "/small")

    def _passed_on(self, path: str) -> Any:
        return flask.jsonify(asked(self._bridge, self._services.intake.ask(_who(), "GET", path)))

    def _picture(self, message: str, number: int, size: str) -> flask.Response:
        try:
            its_id = UUID(message)
        except ValueError:
            flask.abort(404)
        content = asked(self._bridge, self._services.intake.photo(_who(), f"/photos/{its_id}/{number}{size}"))
        kind = picture_type(content)
        if kind is None:
            flask.abort(404)
        answer = flask.make_response(content)
        answer.mimetype = kind
        answer.headers["Content-Disposition"] = "inline"
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        flask.g.content_policy = PHOTO_POLICY
        return answer


def _who() -> WarRoomUser:
    who = person()
    if who is None:
        flask.abort(401)
    return who
