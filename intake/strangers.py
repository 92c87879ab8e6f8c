"""The limit on single addresses, for everything but webhooks (whose senders share a few addresses)."""

from collections.abc import Awaitable, Callable
from math import ceil
from time import monotonic

import orjson
from aiohttp import web
from aiohttp.typedefs import Middleware

from election.addresses import Proxies
from intake.limits import Allowance
from intake.settings import IntakeSettings
from intake.telemetry import Telemetry

_FREE = ("/sms/", "/healthz", "/readyz", "/metrics")  # providers; and whoever watches over us
_BUSY = "Too many requests from this network; nothing is lost, it is sent again by itself."


def limit_addresses(settings: IntakeSettings, telemetry: Telemetry) -> Middleware:
    """Asks an address that sends too many requests to come back later (429 with `Retry-After`)."""
    allowance = Allowance(settings.address_requests_per_second, settings.address_requests_at_once)
    proxies = Proxies(settings.trusted_proxies)

    @web.middleware
    async def limited(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if not request.path.startswith(_FREE):
            address = proxies.client(request.remote or "", request.headers.get("X-Forwarded-For", ""))
            # a service of ours comes straight from a trusted address: nobody stands behind it
            seconds = 0.0 if proxies.trusted(address) else allowance.take(address, monotonic())
            if seconds:
                telemetry.refuse("http", "too_many")
                return web.Response(
                    status=429,
                    headers={"Retry-After": str(ceil(seconds))},
                    body=orjson.dumps({"error": _BUSY}),
                    content_type="application/json",
                )
        return await handler(request)

    return limited
