"""What staff do from the board: decisions into the log, callers to a precinct. Done or refused, all audited.

Every request carries a key made by the page, so that pressing a button again after a lost answer is one deed.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import flask

from dashboard.background import Background
from dashboard.neighbours import NeighbourError, Neighbours
from dashboard.places import Gazetteer
from dashboard.sign_in import Person, csrf_right, person
from dashboard.trail import Trail
from election.checkin import Kind
from election.wire.callers import DispatchOrder
from election.wire.intake import Decision

LONGEST_NOTE = 500  # characters
MOST_CALLERS = 50


class RefusedError(Exception):
    """The request cannot be done as asked; the message says why."""


def _text(asked: dict[str, Any], name: str, longest: int = LONGEST_NOTE) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value.strip():
        raise RefusedError(f"Please fill in the {name}.")
    if len(value) > longest:
        raise RefusedError(f"At most {longest} characters, please.")
    return value.strip()


def _target(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"target": str(UUID(str(asked.get("target"))))}
    except ValueError:
        raise RefusedError("That report is not known.") from None


# What each decision needs beside the precinct.
_DECISIONS: dict[str, tuple[Kind, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "accept": (Kind.ACCEPT, _target),
    "reject": (Kind.REJECT, _target),
    "note": (Kind.NOTE, lambda asked: {"text": _text(asked, "text")}),
}


def add_actions(
    server: flask.Flask, background: Background, neighbours: Neighbours, gazetteer: Gazetteer, trail: Trail
) -> None:
    """Adds `POST /actions`."""

    @server.post("/actions")
    def act() -> Any:
        who = person()
        asked = flask.request.get_json(silent=True)
        if who is None or not csrf_right(flask.request.headers.get("X-CSRF")):
            return _told("This page was open too long. Reload it and try again.", 403)
        try:
            if not isinstance(asked, dict):
                raise RefusedError("That request cannot be read.")
            key = UUID(str(asked.get("key")))
            action, precinct_id = str(asked.get("action")), str(asked.get("precinct_id"))
            _check_scope(who, precinct_id, gazetteer)
            work = _work(who, key, action, precinct_id, asked, neighbours)
        except ValueError:
            return _told("That request cannot be read.", 400)
        except RefusedError as error:
            return _told(str(error), 400)
        except PermissionError as error:
            return _told(str(error), 403)
        detail = {name: asked[name] for name in ("target", "text", "callers_wanted") if name in asked}
        try:
            answer = background.run(work())
        except NeighbourError as error:
            _record(background, trail, who, f"{action} refused", precinct_id, detail | {"why": error.words})
            return _told(error.words, error.status)
        except TimeoutError:
            _record(background, trail, who, f"{action} unanswered", precinct_id, detail)
            return _told(
                "No answer in time. It may or may not have been done; look before trying again.", 504
            )
        _record(background, trail, who, action, precinct_id, detail)
        return flask.jsonify(done=True, answer=answer)


def _check_scope(who: Person, precinct_id: str, gazetteer: Gazetteer) -> None:
    precinct = gazetteer.places.precincts.get(precinct_id) if gazetteer.places else None
    if precinct is None:
        raise RefusedError("That precinct is not known.")
    if not who.may_see(precinct.county):
        raise PermissionError("That precinct is outside your counties.")


def _work(  # noqa: PLR0917
    who: Person, key: UUID, action: str, precinct_id: str, asked: dict[str, Any], neighbours: Neighbours
) -> Callable[[], Any]:
    if action == "dispatch":
        wanted = asked.get("callers_wanted")
        if not isinstance(wanted, int) or not 1 <= wanted <= MOST_CALLERS:
            raise RefusedError(f"Between 1 and {MOST_CALLERS} callers, please.")
        order = DispatchOrder(precinct_id=precinct_id, callers_wanted=wanted)
        return lambda: neighbours.dispatch(who, order)
    if action not in _DECISIONS:
        raise RefusedError("That action is not known.")
    kind, detail_of = _DECISIONS[action]
    decision = Decision(kind=kind, account=who.login, precinct_id=precinct_id, detail=detail_of(asked))
    work: Callable[[], Awaitable[Any]] = lambda: neighbours.decide(who, key, decision)  # noqa: E731
    return work


def _record(  # noqa: PLR0917
    background: Background, trail: Trail, who: Person, action: str, precinct_id: str, detail: dict[str, Any]
) -> None:
    background.run(trail.record(who.login, action, f"precinct:{precinct_id}", detail))


def _told(words: str, status: int) -> Any:
    return flask.jsonify(done=False, message=words), status
