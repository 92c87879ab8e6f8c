"""The board of a past minute: the tally's answer passed on, compressed, to those signed in."""

import gzip
from typing import Any

import flask

from dashboard.background import Background
from dashboard.neighbours import PAST_SECONDS, NeighbourError, Neighbours
from dashboard.sign_in import person


def add_replay(server: flask.Flask, background: Background, neighbours: Neighbours) -> None:
    """Adds `GET /replay?at=` (ISO 8601 with an offset)."""

    @server.get("/replay")
    def replay() -> Any:
        who = person()
        if who is None:
            flask.abort(401)
        at = flask.request.args.get("at", "")[:40]
        try:
            body = background.run(neighbours.past(who, at), PAST_SECONDS + 1)
        except NeighbourError as error:
            words = error.words.replace("Nothing was changed; try again", "Try again")
            return flask.jsonify(message=words), error.status
        except TimeoutError:
            return flask.jsonify(message="The tally did not answer in time. Try again."), 504
        response = flask.make_response(gzip.compress(body, 1))
        response.mimetype = "application/json"
        response.headers["Content-Encoding"] = "gzip"
        return response
