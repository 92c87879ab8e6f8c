"""Rides' JSON API: a driver's one ride, and the war room's desk. Types: `election/wire/rides.py`."""

from uuid import UUID

from aiohttp import web

from callers.api.answers import answer, body, problem
from callers.api.identity import staff_of, volunteer_of
from callers.api.keys import rides_of, service_of
from callers.api.openapi import Route
from callers.api.permission import deciding, of_precinct, sees
from callers.rides.ride import RideRefusedError
from callers.rides.ride_rows import UnknownRideError
from callers.rides.rides import NoRideError
from callers.service.ride_service import refused
from election.wire import rides as wire

_WHY_NOT = {
    "unknown_voter": "There is no such voter on the roll.",
    "voted": "They have voted already.",
    "opted_out": "They asked to be left alone.",
    "has_ride": "They have a ride that is not over.",
    "busy": "That driver has another ride.",
    "taken": "The voter sits in a car, or waits at the polls for its driver: take it from the driver first.",
    "ended": "This ride is over.",
}
_UNKNOWN = "There is no such ride."


def _id(request: web.Request, name: str) -> UUID:
    """An id that a path names. Raises `UnknownRideError`."""
    try:
        return UUID(request.match_info[name])
    except ValueError:
        raise UnknownRideError from None


async def next_ride(request: web.Request) -> web.Response:
    """The ride you have, else one offered to you alone for three minutes, else why there is none.

    Name, address and phone come once you have taken it.
    """
    driver = await volunteer_of(request, "driver")
    return answer(await rides_of(request).next(driver))


async def put_act(request: web.Request) -> web.Response:
    """Takes, picks up, brings, returns, gives back; send it again until you have an answer. 409: why not."""
    driver = await volunteer_of(request, "driver")
    report = await body(request, wire.RideActReport)
    if report.act not in wire.DRIVERS_ACTS:
        return problem(400, "malformed", "A driver takes, picks up, brings, returns or gives back.")
    try:
        act = _id(request, "ride_id"), _id(request, "act_id")
        return answer(await rides_of(request).act(driver, *act, report))
    except UnknownRideError:
        return problem(404, "unknown_ride", _UNKNOWN)
    except RideRefusedError as error:
        return answer(refused(driver, error), 409)


async def get_rides(request: web.Request) -> web.Response:
    """Rides that are not over, in the account's counties: the most urgent without a driver first.

    `?rider=`: the day's rides, over or not, of riders whose name has words that begin so.
    """
    who, service = deciding(staff_of(request)), service_of(request)
    if rider := request.query.get("rider", "").strip()[:100]:
        looked = rides_of(request).of_rider(rider, who.account, lambda place: sees(who, service, place))
        return answer(await looked)
    return answer(await rides_of(request).desk(who.account, lambda place: sees(who, service, place)))


async def post_ride(request: web.Request) -> web.Response:
    """Staff ask for a ride for a voter of the roll; the same id again is the same ride."""
    who, service = deciding(staff_of(request)), service_of(request)
    order = await body(request, wire.RideOrder)
    account = of_precinct(who, service, await service.rides.rows.precinct_of(order.voter_id) or "").account
    now = service.time.now()
    try:
        found = await service.rides.order(order, account, now)
    except NoRideError as error:
        return problem(409, error.reason, _WHY_NOT[error.reason])
    return answer(rides_of(request).line(found, now), 201)


async def decide(request: web.Request) -> web.Response:
    """Staff give a ride to a driver, take it from them, or cancel it. Audited."""
    who, service = deciding(staff_of(request)), service_of(request)
    order = await body(request, wire.RideDecision)
    now = service.time.now()
    if order.act not in wire.STAFFS_ACTS or (order.act is wire.RideAct.ASSIGN) != bool(order.driver_id):
        return problem(400, "malformed", "Assign it to a driver, release it from one, or cancel it.")
    try:
        found = await service.rides.heard(_id(request, "ride_id"), now)
        if not sees(who, service, found.precinct_id):
            raise UnknownRideError
        if order.driver_id and await service.rides.rows.driver(order.driver_id) is None:
            return problem(404, "unknown_driver", "There is no such driver, or their link was taken away.")
        done = await service.rides.decide(found.ride_id, order, who.account, now)
    except UnknownRideError:
        return problem(404, "unknown_ride", _UNKNOWN)
    except RideRefusedError as error:
        return problem(409, error.reason, _WHY_NOT.get(error.reason, _WHY_NOT["ended"]))
    return answer(rides_of(request).line(done, now))


ROUTES: list[Route] = [
    ("POST", "/api/rides/next", next_ride, None, wire.RideAnswer),
    ("PUT", "/api/rides/{ride_id}/acts/{act_id}", put_act, wire.RideActReport, wire.RideAnswer),
    ("GET", "/rides", get_rides, None, wire.RideList),
    ("POST", "/rides", post_ride, wire.RideOrder, wire.RideLine),
    ("POST", "/rides/{ride_id}", decide, wire.RideDecision, wire.RideLine),
]
