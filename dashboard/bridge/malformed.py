"""What no page of ours sends is answered with 400, before it reaches code that believes its own pages.

Dash takes the shape of an update for granted and fails where it is another (500); so it is looked at first.
"""

from collections.abc import Callable, Mapping
from typing import Any

import flask
from dash.exceptions import DependencyException

from dashboard.languages import noted, tr

UPDATE = "/_dash-update-component"
_WORDS = noted("That request cannot be read. Reload the page and try again.")


def add_malformed(server: flask.Flask, known: Callable[[], Mapping[str, Any]]) -> None:
    """Looks at what is sent to Dash's callbacks, which are `known` by their outputs."""

    @server.before_request
    def readable() -> Any:
        if _holds_nul(flask.request):
            return _unreadable()
        if flask.request.path != UPDATE or flask.request.method != "POST":
            return None
        asked = flask.request.get_json(silent=True)
        return None if is_update(asked, known()) else _unreadable()

    @server.errorhandler(RecursionError)
    def nested(_: RecursionError) -> Any:
        return _unreadable()  # JSON of a thousand brackets; nothing of ours calls itself

    @server.errorhandler(DependencyException)
    def unknown(_: DependencyException) -> Any:
        return flask.jsonify(message=tr("There is no such file.")), 404


def _holds_nul(request: flask.Request) -> bool:
    """Whether a path, query or form holds what no text of PostgreSQL can."""
    if "\0" in request.path:
        return True
    given = [*request.args.items(multi=True), *request.form.items(multi=True)]
    return any("\0" in name or "\0" in value for name, value in given)


def _unreadable() -> Any:
    return flask.jsonify(done=False, message=tr(_WORDS)), 400


def is_update(asked: object, known: Mapping[str, Any]) -> bool:
    """Whether this is what Dash's page sends: a callback of ours, with just its inputs, state and outputs."""
    if not isinstance(asked, dict) or not isinstance(asked.get("output"), str):
        return False
    callback = known.get(asked["output"])
    if callback is None:
        return False
    changed = asked.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(each, str) for each in changed):
        return False
    outputs = _places(asked.get("outputs"))
    named = [part for part in asked["output"].strip(".").split("...") if part]
    return (
        _places(asked.get("inputs", [])) == _declared(callback["inputs"])
        and _places(asked.get("state", [])) == _declared(callback["state"])
        and outputs is not None
        and [f"{its_id}.{name}" for its_id, name in outputs] == named
    )


def _places(given: object) -> list[tuple[str, str]] | None:
    """Components' ids with the names of their properties; None where it is anything else."""
    each = [given] if isinstance(given, dict) else given  # one output comes alone
    if not isinstance(each, list):
        return None
    found = [(one.get("id"), one.get("property")) for one in each if isinstance(one, dict)]
    good = [(i, p) for i, p in found if isinstance(i, str) and isinstance(p, str)]
    return good if len(good) == len(each) else None


def _declared(places: list[Mapping[str, str]]) -> list[tuple[str, str]]:
    return [(place["id"], place["property"]) for place in places]
