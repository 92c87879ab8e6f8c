"""The board of a past minute: the tally's answer passed on, compressed, to those signed in."""

import gzip
from collections.abc import Callable
from typing import Any

import flask

from dashboard.accounts.sign_in import person
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.service_clients import PAST_SECONDS, ServiceClientError, ServiceClients
from dashboard.languages import tr


def add_replay(
    server: flask.Flask, bridge: AsyncBridge, service_clients: ServiceClients, page: Callable[[], Any]
) -> None:
    """Adds `GET /replay?at=` (ISO 8601 with an offset); without `at` it is the page of the day so far."""

    @server.get("/replay")
    def replay() -> Any:
        who = person()
        if who is None:
            flask.abort(401)
        at = flask.request.args.get("at", "")[:40]
        if not at:
            return page()
        try:
            body = bridge.run(service_clients.tally.past(who, at), PAST_SECONDS + 1)
        except ServiceClientError as error:
            words = error.words.replace("Nothing was changed; try again", "Try again")
            return flask.jsonify(message=words), error.status
        except TimeoutError:
            return flask.jsonify(message=tr("The tally did not answer in time. Try again.")), 504
        response = flask.make_response(gzip.compress(body, 1))
        response.mimetype = "application/json"
        response.headers["Content-Encoding"] = "gzip"
        return response
