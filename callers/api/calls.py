"""The callers' JSON API: leases, dialling, outcomes. Types: `election/wire/callers.py`."""

import math
import re
import time
from collections.abc import Callable

from aiohttp import HttpVersion11, web

from callers.api.answers import answer, body, problem
from callers.api.identity import caller_of, lease_of
from callers.api.keys import ADDRESSES, service_of
from callers.api.openapi import Route
from callers.queue.lease import CallerOnDuty
from callers.service.calling_service import CallingService
from election.wire import callers as wire

LONGEST_WAIT = 300.0  # real seconds a request for a voter may wait for work
_BLANK_CHUNK = b"1\r\n\n\r\n"  # HTTP/1.1: a chunk of one byte, a line's end


async def lease(request: web.Request) -> web.StreamResponse:
    """The voter you hold, else the next one, else why there is none.

    With `Prefer: wait=SECONDS` the answer may come as late as that, when there is work. Until then it is
    blanks, which keep the way open and are nothing to JSON.
    """
    caller = await caller_of(request)
    found = await service_of(request).next_voter(caller)
    patience = _patience(request)
    chunks = request.version >= HttpVersion11
    if found.voter is None and found.reason not in ("too_fast", "unreported") and patience and chunks:
        return await _wait(request, caller, found, patience)
    return _paced(request, found)


def _paced(request: web.Request, found: wire.LeaseAnswer | wire.LeaseStatus) -> web.Response:
    """The answer; 429 with a time where it was too fast."""
    if found.reason != "too_fast":
        return answer(found)
    response = answer(found, 429)
    speed = max(1.0, service_of(request).time.speed)
    response.headers["Retry-After"] = str(max(1, round(found.ask_again_seconds / speed)))
    return response


def _patience(request: web.Request) -> float:
    """Real seconds a caller is willing to wait (RFC 7240)."""
    said = re.search(r"\bwait=(\d{1,4})\b", request.headers.get("Prefer", ""))
    return min(float(said[1]), LONGEST_WAIT) if said else 0.0


async def _wait(
    request: web.Request, caller: CallerOnDuty, found: wire.LeaseAnswer, patience: float
) -> web.StreamResponse:
    service, transport = service_of(request), request.transport
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-store"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write(b"\n")  # the head goes out; from here on every blank is a chunk of its own

    def blank() -> bool:
        if transport is None or transport.is_closing():
            return False
        transport.write(_BLANK_CHUNK)
        return True

    deadline = time.monotonic() + patience
    due = _due(found, service)
    while found.voter is None and (now := time.monotonic()) < deadline:
        stands: Callable[[], bool] = request["stands"]
        await service.long_poll.wait(min(deadline - now, max(1.0, due - now)), blank, stands)
        if service.long_poll.closed or transport is None or transport.is_closing() or not stands():
            break  # a voter granted now would be granted to nobody
        found = await service.next_voter(caller)
        due = _due(found, service)
    await response.write_eof(found.model_dump_json().encode())
    return response


def _due(found: wire.LeaseAnswer, service: CallingService) -> float:
    """When somebody's rest ends (monotonic); otherwise only a wake-up says that there is work."""
    if found.reason != "resting":
        return math.inf
    return time.monotonic() + found.ask_again_seconds / max(1.0, service.time.speed)


async def dial(request: web.Request) -> web.Response:
    """Ask right before dialling: consent is looked up again, and you are told whom to call.

    429 with `Retry-After`: too many voters were shown just now, to you, your phone bank or your address.
    """
    caller = await caller_of(request)
    lease_id = (await body(request, wire.LeaseId)).lease_id
    return _paced(
        request, await service_of(request).dial(caller, lease_id, request.app[ADDRESSES].of(request))
    )


async def heartbeat(request: web.Request) -> web.Response:
    """You are still there: the lease is extended if it still stands."""
    caller = await caller_of(request)
    return answer(await service_of(request).heartbeat(caller, (await body(request, wire.LeaseId)).lease_id))


async def release(request: web.Request) -> web.Response:
    """Gives the voter back without an outcome."""
    caller = await caller_of(request)
    await service_of(request).release(caller, (await body(request, wire.LeaseId)).lease_id)
    return web.Response(status=204)


async def put_outcome(request: web.Request) -> web.Response:
    """Records what came of the call; send it again until you have an answer."""
    caller = await caller_of(request)
    report = await body(request, wire.OutcomeReport)
    try:
        return answer(await service_of(request).record(caller, lease_of(request), report))
    except ValueError as error:
        return problem(400, "malformed", str(error))


async def delete_outcome(request: web.Request) -> web.Response:
    """Undoes it within ten seconds."""
    caller = await caller_of(request)
    voter = await service_of(request).undo(caller, lease_of(request))
    return answer(wire.LeaseAnswer(voter=voter))


ROUTES: list[Route] = [
    ("POST", "/api/lease", lease, None, wire.LeaseAnswer),
    ("POST", "/api/dial", dial, wire.LeaseId, wire.LeaseStatus),
    ("POST", "/api/heartbeat", heartbeat, wire.LeaseId, wire.LeaseStatus),
    ("POST", "/api/release", release, wire.LeaseId, None),
    ("PUT", "/api/outcomes/{lease_id}", put_outcome, wire.OutcomeReport, wire.OutcomeReceipt),
    ("DELETE", "/api/outcomes/{lease_id}", delete_outcome, None, wire.LeaseAnswer),
]
