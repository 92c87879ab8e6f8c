"""Who asks: a caller, or a volunteer of another role, by the link; staff by a service token."""

from functools import lru_cache, partial
from uuid import UUID

from aiohttp import web

from callers.api.keys import ACCESS, ADMISSION, ENDED, TOKENS, service_of
from callers.queue.lease import CallerOnDuty, UnknownLeaseError
from election.access.identity import Identity, bearer
from election.access.links import Role
from election.access.telemetry import say_refused
from election.access.tokens import BadTokenError, Tokens

MAY_ORDER = frozenset({"lead", "staff", "admin", "service"})
_SERVICE_TOKEN_SECONDS = 300


@lru_cache(maxsize=20_000)
def _volunteer_id(tokens: Tokens, role: Role, token: str) -> tuple[str, int]:
    """Whose link this is, and its number. A link has no age, so one look at its signature is enough."""
    value = tokens.read(role, token)
    return str(value["c"]), int(value.get("n", 0))


async def caller_of(request: web.Request, token: str | None = None) -> CallerOnDuty:
    """Returns the caller who asks, by their link's token. Answers 401 where it is not one of ours."""
    return await volunteer_of(request, "caller", token)


async def volunteer_of(request: web.Request, role: Role, token: str | None = None) -> CallerOnDuty:
    """Returns who asks, by the token of a link of this role: it opens no other role's pages.

    Answers 401 where it is not one of ours.
    """
    if token is None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise web.HTTPUnauthorized(text=f"A {role}'s token is needed.")
    try:
        volunteer_id, number = _volunteer_id(request.app[TOKENS], role, token)
    except (BadTokenError, KeyError, TypeError, ValueError, AttributeError):
        raise web.HTTPUnauthorized(text="This link is not one of ours.") from None
    if not request.app[ACCESS].volunteer_stands(role, volunteer_id, number):
        request.app[ENDED].link(role, volunteer_id)
        raise web.HTTPUnauthorized(text="This link is no longer good.")
    request["stands"] = partial(request.app[ACCESS].volunteer_stands, role, volunteer_id, number)
    volunteer = await service_of(request).links.volunteer(volunteer_id)
    if volunteer is None or volunteer.role != role:
        raise web.HTTPUnauthorized(text="This link is no longer good.")
    return volunteer


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
