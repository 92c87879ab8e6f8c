"""`GET /openapi.json`: what the tally's API answers, for other tools and for tests."""

from typing import Any

import orjson
from aiohttp import web
from pydantic.json_schema import models_json_schema

from election.wire.feed import Incident, Snapshot

_AT = "ISO 8601 with an offset, or epoch seconds"
_REFUSED = {
    "400": {"description": "A time that cannot be read, or is still to come."},
    "401": {"description": "No bearer token, or one that is wrong or too old."},
    "503": {"description": "No election yet, or the log is still being read; try again soon.",
            "headers": {"Retry-After": {"schema": {"type": "integer"}}}},
}  # fmt: skip
_ROW = {"type": "object", "additionalProperties": True}
_INCIDENT = {"$ref": "#/components/schemas/Incident"}
_SHEET = {
    "type": "object",
    "properties": {
        "as_of": {"type": "integer", "description": "The whole minute, epoch seconds."},
        "election": {"type": "string"},
        "date": {"type": "string", "format": "date"},
        **{name: {"$ref": f"#/components/schemas/Snapshot/properties/{name}"}
           for name in ("precincts", "standings", "aggregates", "incidents")},
    },
}  # fmt: skip


def _get(
    summary: str, schema: dict[str, Any], *query: str, kind: str = "application/json", missing: str = ""
) -> dict[str, Any]:
    answers: dict[str, Any] = {"200": {"description": summary, "content": {kind: {"schema": schema}}}}
    if missing:
        answers["404"] = {"description": missing}
    parameters = [
        {"name": name, "in": "query", "required": name == "at", "description": _AT,
         "schema": {"type": "string"}}
        for name in query
    ]  # fmt: skip
    return {"get": {"summary": summary, "parameters": parameters, "responses": answers | _REFUSED}}


def _list(name: str, items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "array", "items": items}}}


def document() -> dict[str, Any]:
    """The whole document. Figures are as of a whole minute; a lead's token limits them to own counties."""
    _, schemas = models_json_schema(
        [(Snapshot, "serialization"), (Incident, "serialization")],
        ref_template="#/components/schemas/{model}",
    )
    precinct = _get(
        "One precinct: its standing, curve, every report with its verdict and words, notes",
        _ROW, missing="No such precinct among those this token may see.",
    )  # fmt: skip
    precinct["get"]["parameters"] = [
        {"name": "at", "in": "query", "description": f"As known at that minute. {_AT}.",
         "schema": {"type": "string"}}
    ]  # fmt: skip
    precinct["parameters"] = [
        {"name": "precinct_id", "in": "path", "required": True, "schema": {"type": "string"}}
    ]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Beluga: tally", "version": "1"},
        "security": [{"bearer": []}],
        "paths": {
            "/standings": _get("Standings as of a whole minute, by column", _SHEET, "as_of"),
            "/standings.csv": _get("The same as CSV", {"type": "string"}, "as_of", kind="text/csv"),
            "/as-of": _get(
                "The whole board as it was at a minute: a snapshot of the feed",
                {"$ref": "#/components/schemas/Snapshot"}, "at",
            ),
            "/precincts/{precinct_id}": precinct,
            "/incidents": _get("Every incident, closed ones too", _list("incidents", _INCIDENT)),
            "/silent": _get("Silent precincts and their watchers", _list("precincts", _ROW)),
            "/check-ins/ids": _get(
                "Ids of all check-ins counted from, 16 bytes each, ascending (service tokens alone)",
                {"type": "string", "format": "binary"}, kind="application/octet-stream",
            ),
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer",
                    "description": "A service token (5 minutes old at most) or a feed token (a day).",
                }
            },
        },
    }  # fmt: skip


def add_openapi(app: web.Application) -> None:
    """Adds `GET /openapi.json`; needs no token."""
    body = orjson.dumps(document())

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    app.router.add_get("/openapi.json", answer)
