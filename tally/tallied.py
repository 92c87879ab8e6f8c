"""Which check-ins the tally counts from, for whoever wants to prove that none is missing (laws L1 and L2)."""

from aiohttp import web

from election.access.identity import Admission, bearer
from election.tokens import BadTokenError
from tally.engine import Engine

TOKEN_SECONDS = 300  # real seconds a service token lasts


def add_tallied(app: web.Application, engine: Engine, admission: Admission) -> None:
    """Adds `GET /check-ins/ids`: every id, 16 bytes each, in ascending order. Needs a service token."""

    async def ids(request: web.Request) -> web.Response:
        try:
            admission.read("service", bearer(request.headers.get("Authorization", "")), TOKEN_SECONDS)
        except BadTokenError:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"}) from None
        found = await engine.ask(lambda tally, _, __: tally.ledger.filing.sorted_ids())
        if found is None:
            raise web.HTTPServiceUnavailable(text="no election yet")
        return web.Response(body=found, content_type="application/octet-stream")

    app.router.add_get("/check-ins/ids", ids)
