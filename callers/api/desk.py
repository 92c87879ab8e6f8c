"""The JSON API: callers' leases and outcomes, and staff's dispatches. Types: `election/wire/callers.py`."""

import math
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache, partial
from typing import Any, TypeVar
from uuid import UUID

import orjson
import structlog
from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema

from callers.api.addresses import Addresses
from callers.api.permission import deciding, for_all, of_precinct, sees
from callers.dispatch.dispatcher import PollsClosedError, UnknownPrecinctError
from callers.queue.leases import AlreadyRecordedError, CallerOnDuty, TooLateError, UnknownLeaseError
from callers.service.calling_service import CallingService
from callers.voters.encryption import SealedError
from election.access.access_list import AccessList
from election.access.identity import Admission, Identity, bearer
from election.access.telemetry import AccessTelemetry, say_refused
from election.access.tokens import BadTokenError, Tokens
from election.postgres.database import UNREACHABLE
from election.wire import callers as wire

M = TypeVar("M", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAY_ORDER = frozenset({"lead", "staff", "admin", "service"})
LONGEST_WAIT = 300.0  # real seconds a request for a voter may wait for work
_FORMS = frozenset({"", "application/x-www-form-urlencoded", "multipart/form-data"})
_BLANK_CHUNK = b"1\r\n\n\r\n"  # HTTP/1.1: a chunk of one byte, a line's end
_SERVICE_TOKEN_SECONDS = 300
SERVICE: web.AppKey["ServiceHolder"] = web.AppKey("floor")
TOKENS: web.AppKey[Tokens] = web.AppKey("tokens")
ADMISSION: web.AppKey[Admission] = web.AppKey("admission")
ACCESS: web.AppKey[AccessList] = web.AppKey("access")
ENDED: web.AppKey[AccessTelemetry] = web.AppKey("ended")
ADDRESSES: web.AppKey[Addresses] = web.AppKey("addresses")
LOG: web.AppKey[structlog.stdlib.BoundLogger] = web.AppKey("log")


class ServiceHolder:
    """The floor once the database has been reached; None before."""

    service: CallingService | None = None


def problem(status: int, reason: str, message: str, **headers: str) -> web.Response:
    """An error as JSON: a key and a sentence that says what to do."""
    return web.json_response({"reason": reason, "message": message}, status=status, headers=headers)


def answer(model: BaseModel, status: int = 200) -> web.Response:
    """A wire type as JSON that no cache keeps."""
    return web.Response(
        text=model.model_dump_json(), status=status, content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns what may happen into answers; never puts a voter into a log."""
    if request.method == "POST" and request.content_type in _FORMS:
        try:
            await request.post()  # and keeps it for whoever asks next
        except (ValueError, LookupError, HttpProcessingError):
            return problem(400, "malformed", "That form cannot be read.")
    try:
        return await handler(request)
    except UNREACHABLE as error:
        request.app[LOG].warning("database_away", work="request", error=type(error).__name__)
        return problem(
            503, "unreachable_database", "Our records cannot be reached; try again.", **{"Retry-After": "2"}
        )
    except SealedError:
        return problem(
            503, "wrong_key", "The voters' records cannot be opened; tell your organiser.",
            **{"Retry-After": "30"},
        )  # fmt: skip
    except UnknownLeaseError:
        return problem(404, "unknown_lease", "There is no such lease of yours; ask for the next voter.")
    except AlreadyRecordedError:
        return problem(409, "already_recorded", "This call has another outcome; undo it first.")
    except TooLateError:
        return problem(409, "too_late", "It can no longer be undone.")


def service_of(request: web.Request) -> CallingService:
    """The floor. Raises one of `UNREACHABLE` before the database has been reached."""
    service = request.app[SERVICE].service
    if service is None:
        raise ConnectionError("not yet connected")
    return service


async def body(request: web.Request, model: type[M]) -> M:
    """The request's JSON, checked. Answers 400 where it is not what it should be."""
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        places = ", ".join(".".join(map(str, e["loc"])) or "body" for e in error.errors())
        said = orjson.dumps({"reason": "malformed", "message": f"Check: {places}"}).decode()
        raise web.HTTPBadRequest(text=said, content_type="application/json") from None


@lru_cache(maxsize=20_000)
def _caller_id(tokens: Tokens, token: str) -> tuple[str, int]:
    """Whose link this is, and its number. A link has no age, so one look at its signature is enough."""
    value = tokens.read("caller", token)
    return str(value["c"]), int(value.get("n", 0))


async def caller_of(request: web.Request, token: str | None = None) -> CallerOnDuty:
    """Who asks, by their link's token. Answers 401 where it is not one of ours."""
    if token is None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise web.HTTPUnauthorized(text="A caller's token is needed.")
    try:
        caller_id, number = _caller_id(request.app[TOKENS], token)
    except (BadTokenError, KeyError, TypeError, ValueError, AttributeError):
        raise web.HTTPUnauthorized(text="This link is not one of ours.") from None
    if not request.app[ACCESS].caller_stands(caller_id, number):
        request.app[ENDED].link("caller", caller_id)
        raise web.HTTPUnauthorized(text="This link is no longer good.")
    request["stands"] = partial(request.app[ACCESS].caller_stands, caller_id, number)
    caller = await service_of(request).caller(caller_id)
    if caller is None:
        raise web.HTTPUnauthorized(text="This link is no longer good.")
    return caller


def staff_of(request: web.Request) -> Identity:
    """The member of staff, or the service, who asks. Answers 401 or 403."""
    token = bearer(request.headers.get("Authorization", ""))
    try:
        identity = request.app[ADMISSION].read("service", token, _SERVICE_TOKEN_SECONDS)
    except BadTokenError:
        raise web.HTTPUnauthorized(text="A service token is needed.") from None
    if identity.role not in MAY_ORDER:
        say_refused(identity.account, "callers", "role")
        raise web.HTTPForbidden(text="This role may not send callers.")
    return identity


def lease_of(request: web.Request) -> UUID:
    """The lease a path names. Raises `UnknownLeaseError`."""
    try:
        return UUID(request.match_info["lease_id"])
    except ValueError:
        raise UnknownLeaseError from None


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


def _paced(request: web.Request, found: wire.LeaseAnswer | wire.StillYours) -> web.Response:
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


async def get_dispatches(request: web.Request) -> web.Response:
    """Precincts open for calling, and where callers would help, in the account's counties."""
    who, service = staff_of(request), service_of(request)
    found = await service.dispatcher.list()
    found.dispatches = [d for d in found.dispatches if sees(who, service, d.precinct_id)]
    found.proposals = [p for p in found.proposals if sees(who, service, p.precinct_id)]
    return answer(found)


async def post_dispatch(request: web.Request) -> web.Response:
    """Sends callers to a precinct, or changes how many."""
    who = deciding(staff_of(request))
    order = await body(request, wire.DispatchOrder)
    service = service_of(request)
    account = of_precinct(who, service, order.precinct_id).account
    try:
        return answer(await service.dispatcher.order(order, account, service.time.now()), 201)
    except UnknownPrecinctError:
        return problem(404, "unknown_precinct", "There is no such precinct in this election.")
    except PollsClosedError:
        return problem(409, "closed", "The polls there have closed.")


async def delete_dispatch(request: web.Request) -> web.Response:
    """Stops calling in a precinct; it will not start by itself again."""
    who, service = deciding(staff_of(request)), service_of(request)
    precinct_id = request.match_info["precinct_id"]
    account = of_precinct(who, service, precinct_id).account
    if not await service.dispatcher.stop(precinct_id, account, service.time.now()):
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
    await service.dispatcher.set_limits(await body(request, wire.DispatchLimits), account, service.time.now())
    return answer(_limits(service))


def _limits(service: CallingService) -> wire.LimitsView:
    limits = service.dispatcher.limits
    values = {name: getattr(limits, name) for name in wire.DispatchLimits.model_fields}
    return wire.LimitsView(**values, set_by=service.dispatcher.limits_by)


# method, path, handler, body, answer
Route = tuple[str, str, Handler, type[BaseModel] | None, type[BaseModel] | None]
ROUTES: list[Route] = [
    ("POST", "/api/lease", lease, None, wire.LeaseAnswer),
    ("POST", "/api/dial", dial, wire.LeaseId, wire.StillYours),
    ("POST", "/api/heartbeat", heartbeat, wire.LeaseId, wire.StillYours),
    ("POST", "/api/release", release, wire.LeaseId, None),
    ("PUT", "/api/outcomes/{lease_id}", put_outcome, wire.OutcomeReport, wire.OutcomeReceipt),
    ("DELETE", "/api/outcomes/{lease_id}", delete_outcome, None, wire.LeaseAnswer),
    ("GET", "/dispatches", get_dispatches, None, wire.DispatchList),
    ("POST", "/dispatches", post_dispatch, wire.DispatchOrder, wire.DispatchView),
    ("GET", "/dispatch-limits", get_limits, None, wire.LimitsView),
    ("PUT", "/dispatch-limits", put_limits, wire.DispatchLimits, wire.LimitsView),
    ("DELETE", "/dispatches/{precinct_id}", delete_dispatch, None, None),
]


def openapi(routes: Sequence[Route]) -> dict[str, Any]:
    """The API's description, from the very types that check it."""
    models = {m for route in routes for m in route[3:] if m is not None}
    ordered = sorted(models, key=lambda m: m.__name__)
    _, schemas = models_json_schema(
        [(m, "serialization") for m in ordered], ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for method, path, handler, takes, gives in routes:
        operation: dict[str, Any] = {
            "summary": (handler.__doc__ or "").strip(),
            "security": [{"caller" if path.startswith("/api") else "service": []}],
            "responses": {
                "200" if gives else "204": {"description": "Done."},
                "401": {"description": "Token."},
            },
        }
        if "{" in path:
            name = path[path.index("{") + 1 : path.index("}")]
            operation["parameters"] = [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            ]
        if takes:
            operation["requestBody"] = {"required": True, "content": _json(takes)}
        if gives:
            operation["responses"]["200"]["content"] = _json(gives)
        paths.setdefault(path, {})[method.lower()] = operation
    bearer = {"type": "http", "scheme": "bearer"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Beluga callers", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {"caller": bearer, "service": bearer},
        },
    }


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


def add_api(app: web.Application, routes: Sequence[Route]) -> None:
    """Adds these routes and their description."""
    for method, path, handler, _, _ in routes:
        app.router.add_route(method, path, handler)
    description = openapi(routes)

    async def described(_: web.Request) -> web.Response:
        return web.json_response(description)

    app.router.add_get("/openapi.json", described)
