"""Routes and their description, from the very types that check what comes and goes."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from callers.api.answers import Handler

# method, path, handler, body, answer
Route = tuple[str, str, Handler, type[BaseModel] | None, type[BaseModel] | None]


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
            operation["parameters"] = [
                {"name": part[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}
                for part in path.split("/")
                if part.startswith("{")
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
