"""Doors' JSON API: the walk list on a canvasser's phone. Types: `election/wire/doors.py`."""

from uuid import UUID

from aiohttp import web

from callers.api.answers import answer, body, problem
from callers.api.identity import lease_of, volunteer_of
from callers.api.keys import ADDRESSES, doors_of
from callers.api.openapi import Route
from election.wire import callers, doors


async def next_doors(request: web.Request) -> web.Response:
    """The doors you hold, and more up to twelve: of one precinct, in walking order, yours alone."""
    canvasser = await volunteer_of(request, "canvasser")
    order = await body(request, doors.DoorsOrder)
    address = request.app[ADDRESSES].of(request)
    return answer(await doors_of(request).next(canvasser, order.precinct_id, address))


async def held(request: web.Request) -> web.Response:
    """The doors you hold, with everybody behind them as they stand now."""
    return answer(await doors_of(request).held(await volunteer_of(request, "canvasser")))


async def knock(request: web.Request) -> web.Response:
    """Ask right before you knock: consent is looked up again, and your doors last longer."""
    return answer(await doors_of(request).knock(await volunteer_of(request, "canvasser")))


async def put_outcome(request: web.Request) -> web.Response:
    """Records what came of a visit; send it again until you have an answer."""
    canvasser = await volunteer_of(request, "canvasser")
    report = await body(request, callers.OutcomeReport)
    try:
        return answer(await doors_of(request).record(canvasser, lease_of(request), report))
    except ValueError as error:
        return problem(400, "malformed", str(error))


async def give_back(request: web.Request) -> web.Response:
    """Gives a door back; one that is not yours stays whose it is."""
    canvasser = await volunteer_of(request, "canvasser")
    try:
        await doors_of(request).give_back(canvasser, UUID(request.match_info["door_id"]))
    except ValueError:
        return problem(404, "unknown_door", "There is no such door.")
    return web.Response(status=204)


ROUTES: list[Route] = [
    ("POST", "/api/doors/next", next_doors, doors.DoorsOrder, doors.DoorsAnswer),
    ("POST", "/api/doors/held", held, None, doors.DoorsAnswer),
    ("POST", "/api/doors/knock", knock, None, doors.DoorsAnswer),
    ("PUT", "/api/doors/outcomes/{lease_id}", put_outcome, callers.OutcomeReport, callers.OutcomeReceipt),
    ("POST", "/api/doors/{door_id}/give_back", give_back, None, None),
]
