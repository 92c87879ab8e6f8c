"""Ids of the check-ins that the tally counts from, to prove that none is missing (laws L1 and L2)."""

from aiohttp import web

from election.access.identity import Admission, bearer
from election.access.telemetry import say_refused
from election.access.tokens import BadTokenError
from tally.engine.service import Engine

TOKEN_SECONDS = 300  # real seconds a service token lasts
OF_ALL = frozenset({"staff", "admin", "service"})  # ids are of every county


def add_counted_ids(app: web.Application, engine: Engine, admission: Admission) -> None:
    """Adds `GET /check-ins/ids`: every id, 16 bytes each, ascending. Of all counties, so not for leads."""

    async def ids(request: web.Request) -> web.Response:
        try:
            who = admission.read("service", bearer(request.headers.get("Authorization", "")), TOKEN_SECONDS)
        except BadTokenError:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"}) from None
        if who.role not in OF_ALL or who.counties is not None:
            say_refused(who.account, "check-ins", "role")
            raise web.HTTPForbidden(text="Staff, admins and our own services only: ids are of every county.")
        found = await engine.ask(lambda tally, _, __: tally.ledger.store.sorted_ids())
        if found is None:
            raise web.HTTPServiceUnavailable(text="no election yet")
        return web.Response(body=found, content_type="application/octet-stream")

    app.router.add_get("/check-ins/ids", ids)
