"""Links of volunteers and captains: made, and ended by staff (`POST /links`, `POST /links/end`)."""

from typing import cast

import asyncpg
from aiohttp import web

from callers.api.answers import answer, body, problem
from callers.api.captain_links import captain_path
from callers.api.identity import staff_of
from callers.api.keys import TOKENS, service_of
from callers.api.openapi import Route
from callers.api.volunteer_links import volunteer_path
from callers.queries.statements import statements
from election.access.audit import record
from election.access.identity import Identity
from election.access.links import end, numbers
from election.access.telemetry import say_refused
from election.wire import callers as wire

_SQL = statements("links")
_MAY_END = frozenset({"staff", "admin", "service"})  # banks and callers know no county: no lead's alone


def _staff(request: web.Request) -> Identity:
    """Who asks, for everybody's links. Answers 401 or 403."""
    staff = staff_of(request)
    if staff.role not in _MAY_END or staff.counties is not None:
        say_refused(staff.account, "links", "role")
        raise web.HTTPForbidden(text="Only staff may make and end links.")
    return staff


async def _known(connection: asyncpg.Connection, kind: str) -> set[str]:
    """Who may have links of this kind."""
    if kind == "captain":
        return {row["subject"] for row in await connection.fetch(_SQL["captains"])} | {""}
    return {row["subject"] for row in await connection.fetch(_SQL["volunteers"], kind)}


async def make(request: web.Request) -> web.Response:
    """The good link of a volunteer, or one of a captain, good for a day."""
    staff, order, service = _staff(request), await body(request, wire.LinkOrder), service_of(request)
    async with service.pool.acquire() as proxy:
        connection = cast(asyncpg.Connection, proxy)
        if order.subject not in await _known(connection, order.kind):
            return problem(404, "unknown_subject", f"There is no such {_whose(order.kind)}.")
        number = (await numbers(connection, order.kind, [order.subject]))[order.subject]
    tokens = request.app[TOKENS]
    if order.kind == "captain":
        return answer(wire.LinkView(path=captain_path(tokens, staff, order.subject, number)), 201)
    return answer(wire.LinkView(path=volunteer_path(tokens, order.kind, order.subject, number)), 201)


async def end_links(request: web.Request) -> web.Response:
    """Ends every link of these volunteers or phone banks within seconds. Audited."""
    staff, order, service = _staff(request), await body(request, wire.LinksOrder), service_of(request)
    async with service.pool.acquire() as proxy, proxy.transaction():
        connection = cast(asyncpg.Connection, proxy)
        known = await _known(connection, order.kind)
        subjects = sorted(known if order.everybody else set(order.subjects))
        if unknown := sorted(set(subjects) - known):
            words = f"There is no such {_whose(order.kind)}: {', '.join(unknown[:10])}. Nothing was changed."
            return problem(404, "unknown_subject", words)
        await end(connection, order.kind, subjects)
        detail = {"links": len(subjects), "first": subjects[:20]}
        await record(
            connection, service.time.now(), staff.account, f"{order.kind} links ended", "links", detail
        )
    return answer(wire.LinksEnded(subjects=len(subjects)))


def _whose(kind: str) -> str:
    return "phone bank" if kind == "captain" else kind


ROUTES: list[Route] = [
    ("POST", "/links", make, wire.LinkOrder, wire.LinkView),
    ("POST", "/links/end", end_links, wire.LinksOrder, wire.LinksEnded),
]
