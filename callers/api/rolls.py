"""Rolls for watchers' phones: `GET /roll`, `GET /roll/state`. Intake asks, with the watcher's own link."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from callers.api.answers import answer, problem
from callers.api.keys import TOKENS, service_of
from callers.api.openapi import Route
from callers.lists.rolls import (
    ClosedRollError,
    EndedLinkError,
    NoRollError,
    RollBudgetError,
    RollLink,
)
from election.access.identity import bearer
from election.access.tokens import BadTokenError
from election.access.watcher_links import PURPOSE
from election.wire import callers as wire

_Handler = Callable[[web.Request], Awaitable[web.Response]]


def _link(request: web.Request) -> RollLink:
    """Whose link the request carries. Raises `EndedLinkError`."""
    try:
        value = request.app[TOKENS].read(PURPOSE, bearer(request.headers.get("Authorization", "")))
        return RollLink(str(value["w"]), int(value.get("n", 0)))
    except (BadTokenError, KeyError, TypeError, ValueError, AttributeError):
        raise EndedLinkError from None


def _refusing(handler: _Handler) -> _Handler:
    async def refusing(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except EndedLinkError:
            return problem(401, "bad_token", "The link is no longer good; ask for a new one.")
        except NoRollError:
            return problem(404, "no_roll", "There is no roll of that precinct for this link.")
        except ClosedRollError:
            return problem(410, "closed", "The polls have been closed for an hour: the roll is gone.")
        except RollBudgetError:
            service_of(request).metrics.held_back.labels("rolls").inc()
            return problem(403, "too_many", "This link has fetched the names there as often as it may.")

    refusing.__doc__ = handler.__doc__
    return refusing


@_refusing
async def get_roll(request: web.Request) -> web.Response:
    """A precinct's roll for its watcher: sealed with names where they are allowed, else numbers as JSON."""
    link, rolls = _link(request), service_of(request).rolls
    precinct = request.query.get("precinct", "")
    sealed = None
    if request.query.get("names") != "0":
        sealed = await rolls.sealed(link, precinct)
    body = await rolls.numbers(link, precinct) if sealed is None else sealed
    kind = "application/json" if sealed is None else "application/octet-stream"
    return web.Response(body=body, content_type=kind, headers={"Cache-Control": "no-store"})


@_refusing
async def get_state(request: web.Request) -> web.Response:
    """What is struck off there, which roll is in force, and the key that opens it."""
    return answer(await service_of(request).rolls.state(_link(request), request.query.get("precinct", "")))


ROUTES: list[Route] = [
    ("GET", "/roll", get_roll, None, None),
    ("GET", "/roll/state", get_state, None, wire.RollState),
]
