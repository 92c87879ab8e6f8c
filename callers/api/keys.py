"""What the application holds for its handlers."""

import structlog
from aiohttp import web

from callers.api.addresses import Addresses
from callers.service.calling_service import CallingService
from callers.service.door_service import DoorService
from callers.service.ride_service import RideService
from election.access.access_list import AccessList
from election.access.identity import Admission
from election.access.telemetry import AccessTelemetry
from election.access.tokens import Tokens

SERVICE: web.AppKey["ServiceHolder"] = web.AppKey("floor")
TOKENS: web.AppKey[Tokens] = web.AppKey("tokens")
ADMISSION: web.AppKey[Admission] = web.AppKey("admission")
ACCESS: web.AppKey[AccessList] = web.AppKey("access")
ENDED: web.AppKey[AccessTelemetry] = web.AppKey("ended")
ADDRESSES: web.AppKey[Addresses] = web.AppKey("addresses")
LOG: web.AppKey[structlog.stdlib.BoundLogger] = web.AppKey("log")


class ServiceHolder:
    """The calling service once the database has been reached; None before."""

    service: CallingService | None = None
    rides: RideService | None = None


def rides_of(request: web.Request) -> RideService:
    """Returns what answers drivers and the rides' desk. Raises as `service_of` does."""
    holder, service = request.app[SERVICE], service_of(request)
    if holder.rides is None:
        holder.rides = RideService(service)
    return holder.rides


def doors_of(request: web.Request) -> DoorService:
    """Returns what answers canvassers. Raises as `service_of` does."""
    return DoorService(service_of(request))


def service_of(request: web.Request) -> CallingService:
    """Returns the calling service. Raises one of `UNREACHABLE` before the database has been reached."""
    service = request.app[SERVICE].service
    if service is None:
        raise ConnectionError("not yet connected")
    return service
