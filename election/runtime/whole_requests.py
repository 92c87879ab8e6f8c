"""Budgets of a request, for every aiohttp service: half of one is not waited for, none is worked at for ever.

A head that is half sent ends with the server's `keepalive_timeout`, which counts from the connection's
beginning or its last answer: give every server `HALF_SENT_SECONDS` for it. A body that is half sent is ended
by the middleware. What one request may cost in processor time is bounded by what may be sent (each service's
largest body, the longest text); tests hold that it grows no faster than that.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Middleware
from aiohttp.web_protocol import RequestPayloadError

HALF_SENT_SECONDS = 30.0  # for a head, and for a body from its head on
LONGEST_SECONDS = 60.0  # that a request is worked at; whoever sent it has gone
SAY_AGAIN_SECONDS = 1.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def whole_requests(half_sent: float = HALF_SENT_SECONDS, longest: float = LONGEST_SECONDS) -> Middleware:
    """Ends the connection of a body that is not there in time; a garbled one is a 400, endless work a 503."""

    @web.middleware
    async def whole(request: web.Request, handler: Handler) -> web.StreamResponse:
        timer = None
        if not request.content.is_eof():
            timer = asyncio.get_running_loop().call_later(half_sent, _end, request)
        try:
            async with asyncio.timeout(longest) as budget:
                return await handler(request)
        except TimeoutError:
            if not budget.expired():
                raise
            raise web.HTTPServiceUnavailable(text="This took too long.\n") from None
        except RequestPayloadError:
            raise web.HTTPBadRequest(text="The body is not what its head says.\n") from None
        finally:
            if timer is not None:
                timer.cancel()

    return whole


def _end(request: web.Request) -> None:
    if not request.content.is_eof() and request.transport is not None:
        request.transport.close()


class MalformedRequests(logging.Filter):
    """Of what anybody can send aiohttp would log a trace each time; here a line a second, without the bytes.

    A flood must not fill the disk, and what was sent may hold a token or a phone number.
    """

    def __init__(self) -> None:
        super().__init__()
        self._unsaid = 0
        self._say_at = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if not isinstance(error, HttpProcessingError | RequestPayloadError | ConnectionError):
            return True
        self._unsaid += 1
        if monotonic() < self._say_at:
            return False
        self._say_at = monotonic() + SAY_AGAIN_SECONDS
        record.msg, record.args = "%d odd requests, the last: %s", (self._unsaid, type(error).__name__)
        record.exc_info = record.exc_text = None
        self._unsaid = 0
        return True
