"""Staff's JSON API: dispatches and their limits. Types: `election/wire/callers.py`."""

from aiohttp import web

from callers.api.answers import answer, body, problem
from callers.api.identity import staff_of
from callers.api.keys import rides_of, service_of
from callers.api.openapi import Route
from callers.api.permission import deciding, for_all, of_precinct, sees
from callers.dispatch.orders import NobodyLeftError, PollsClosedError, UnknownPrecinctError
from callers.service.calling_service import CallingService
from election.wire import callers as wire


async def get_dispatches(request: web.Request) -> web.Response:
    """Precincts open for calling, and where callers would help, in the account's counties."""
    who, service = staff_of(request), service_of(request)
    found = await service.orders.list(service.time.now())
    found.dispatches = [d for d in found.dispatches if sees(who, service, d.precinct_id)]
    found.proposals = [p for p in found.proposals if sees(who, service, p.precinct_id)]
    found.ended = [e for e in found.ended if sees(who, service, e.precinct_id)]
    found.rides = await rides_of(request).alarms(lambda place: sees(who, service, place))
    found.obstacles = [o for o in found.obstacles if sees(who, service, o.precinct_id)]
    if request.query.get("reached") == "1":
        reached = await service.reached.read(service.time.now())
        found.reached = [r for r in reached if sees(who, service, r.precinct_id)]
    return answer(found)


async def get_history(request: web.Request) -> web.Response:
    """The day's dispatches with what came of each, in the account's counties."""
    who, service = staff_of(request), service_of(request)
    found = [d for d in await service.orders.history() if sees(who, service, d.precinct_id)]
    return answer(wire.DispatchHistory(dispatches=found))


async def post_dispatch(request: web.Request) -> web.Response:
    """Sends callers to a precinct, or changes how many."""
    who = deciding(staff_of(request))
    order = await body(request, wire.DispatchOrder)
    service = service_of(request)
    account = of_precinct(who, service, order.precinct_id).account
    try:
        return answer(await service.orders.order(order, account, service.time.now()), 201)
    except UnknownPrecinctError:
        return problem(404, "unknown_precinct", "There is no such precinct in this election.")
    except PollsClosedError:
        return problem(409, "closed", "The polls there have closed.")
    except NobodyLeftError as error:
        return problem(409, "nobody_left", str(error))


async def delete_dispatch(request: web.Request) -> web.Response:
    """Stops calling in a precinct; it will not start by itself again."""
    who, service = deciding(staff_of(request)), service_of(request)
    precinct_id = request.match_info["precinct_id"]
    account = of_precinct(who, service, precinct_id).account
    if not await service.orders.stop(precinct_id, account, service.time.now()):
        return problem(404, "not_open", "Nobody calls there.")
    return web.Response(status=204)


async def put_pause(request: web.Request) -> web.Response:
    """Lets a dispatch rest, or go on."""
    who, service = deciding(staff_of(request)), service_of(request)
    precinct_id = request.match_info["precinct_id"]
    account = of_precinct(who, service, precinct_id).account
    order = await body(request, wire.PauseOrder)
    if not await service.orders.pause(precinct_id, account, service.time.now(), pause=order.paused):
        return problem(404, "not_open", "Nobody calls there.")
    return web.Response(status=204)


async def get_limits(request: web.Request) -> web.Response:
    """What may start without staff."""
    for_all(staff_of(request))
    return answer(_limits(service_of(request)))


async def put_limits(request: web.Request) -> web.Response:
    """Sets what may start without staff."""
    account = for_all(staff_of(request)).account
    service = service_of(request)
    await service.orders.set_limits(await body(request, wire.DispatchLimits), account, service.time.now())
    return answer(_limits(service))


def _limits(service: CallingService) -> wire.LimitsView:
    limits, by = service.orders.limits
    values = {name: getattr(limits, name) for name in wire.DispatchLimits.model_fields}
    return wire.LimitsView(**values, set_by=by)


ROUTES: list[Route] = [
    ("GET", "/dispatches", get_dispatches, None, wire.DispatchList),
    ("GET", "/dispatches/history", get_history, None, wire.DispatchHistory),
    ("POST", "/dispatches", post_dispatch, wire.DispatchOrder, wire.DispatchView),
    ("GET", "/dispatch-limits", get_limits, None, wire.LimitsView),
    ("PUT", "/dispatch-limits", put_limits, wire.DispatchLimits, wire.LimitsView),
    ("DELETE", "/dispatches/{precinct_id}", delete_dispatch, None, None),
    ("PUT", "/dispatches/{precinct_id}/pause", put_pause, wire.PauseOrder, None),
]
