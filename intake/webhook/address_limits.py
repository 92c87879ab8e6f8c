"""The limits on single addresses: of connections; and of requests, for everything but webhooks (whose senders
share a few addresses).
"""

from collections.abc import Awaitable, Callable
from math import ceil
from time import monotonic

import orjson
from aiohttp import web
from aiohttp.typedefs import Middleware

from election.access.addresses import Proxies, network_of
from intake.metrics.intake import Telemetry
from intake.providers import PROVIDERS
from intake.receive.rate_limits import TURNED_AWAY, Sources, TokenBuckets
from intake.settings import IntakeSettings

_WATCHING = frozenset(("/healthz", "/readyz", "/metrics"))
_TEXTS = frozenset(
    f"/sms/{name}" for name in PROVIDERS
)  # limited by what is refused: intake/webhook/endpoint.py
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_BUSY = "Too many requests from this network; nothing is lost, it is sent again by itself."


def doorman(proxies: Proxies, sources: Sources, telemetry: Telemetry) -> Callable[[str], bool]:
    """Whether a connection from an address is served: else it is closed before anything is read.

    A proxy of ours brings everybody's; it limits them itself, and their requests are limited here.
    """

    def lets_in(peer: str) -> bool:
        if proxies.trusted(peer) or sources.lets_in(network_of(peer), monotonic()):
            return True
        telemetry.refuse("http", TURNED_AWAY)
        return False

    return lets_in


def limit_addresses(settings: IntakeSettings, sources: Sources, telemetry: Telemetry) -> Middleware:
    """Asks an address that sends too many requests to come back later (429 with `Retry-After`).

    Delivery reports come from few addresses, like texts: theirs may send as much as they sign.
    """
    bucket = TokenBuckets(settings.address_requests_per_second, settings.address_requests_at_once)
    proxies = Proxies(settings.trusted_proxies)

    @web.middleware
    async def limited(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path
        if path in _WATCHING or path in _TEXTS:
            return await handler(request)
        address = proxies.client(request.remote or "", request.headers.get("X-Forwarded-For", ""))
        source, now = network_of(address), monotonic()
        if path.startswith("/sms/"):
            if seconds := sources.put_off(source, now):
                return refused(503, seconds, TURNED_AWAY)  # a provider tries again after that
            return await _judged(request, handler, source)
        # a service of ours comes straight from a trusted address: nobody stands behind it
        seconds = 0.0 if proxies.trusted(address) else bucket.take(source, now)
        return refused(429, seconds, "too_many") if seconds else await handler(request)

    def refused(status: int, seconds: float, reason: str) -> web.Response:
        telemetry.refuse("http", reason)
        return web.Response(
            status=status,
            headers={"Retry-After": str(ceil(seconds))},
            body=orjson.dumps({"error": _BUSY}),
            content_type="application/json",
        )

    async def _judged(request: web.Request, handler: Handler, source: str) -> web.StreamResponse:
        status = 0
        try:
            response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            if 200 <= status < 300:
                sources.signed(source, monotonic())
            elif status in (403, 404, 405):
                sources.refused(source, monotonic())

    return limited
