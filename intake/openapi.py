"""`GET /openapi.json`: what intake takes and answers, for other tools and for tests."""

from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel

from election.wire.intake import Decision, FormReport, Receipt
from intake import openapi_desks

_REFERENCE = "#/components/schemas/{model}"
_UUID = {"name": "key", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_TOKEN = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}


def _answers(
    described: dict[int, str], schema: dict[str, Any] | None = None, kind: str = ""
) -> dict[str, Any]:
    answers: dict[str, Any] = {str(status): {"description": words} for status, words in described.items()}
    if kind:
        answers["200"]["content"] = {kind: {"schema": schema or {"type": "string"}}}
    return answers


def _put(summary: str, model: str, purpose: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "security": [{purpose: []}],
        "parameters": [_UUID],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _REFERENCE.format(model=model)}}},
        },
        "responses": _answers(
            {
                200: "Durable (or it already was).",
                401: "The token is missing, wrong or too old.",
                403: "The token does not allow it.",
                404: "The path does not end in a UUID.",
                409: "This id was used for another report.",
                413: "The body is too large.",
                422: "The body is not as described; the answer says where.",
                503: "It cannot be made durable now; send it again.",
            },
            {"$ref": _REFERENCE.format(model="Receipt")},
            "application/json",
        ),
    }


def _webhook(
    summary: str, kind: str, schema: dict[str, Any], headers: list[str], answer: str
) -> dict[str, Any]:
    return {
        "summary": summary,
        "parameters": [
            {"name": h, "in": "header", "required": True, "schema": {"type": "string"}} for h in headers
        ],
        "requestBody": {"required": True, "content": {kind: {"schema": schema}}},
        "responses": _answers(
            {
                200: "Durable (or it already was); the body holds the reply.",
                400: "Signed, but not readable; the answer says why.",
                403: "The signature is missing, wrong or too old.",
                413: "The body is too large.",
                503: "It cannot be made durable now; send it again.",
            },
            None,
            answer,
        ),
    }


def _text(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    shown: tuple[type[BaseModel], ...] = (Decision, FormReport, Receipt, *openapi_desks.MODELS)
    models = {m.__name__: m.model_json_schema(ref_template=_REFERENCE) for m in shown}
    schemas: dict[str, Any] = {}
    for name, schema in models.items():
        schemas |= schema.pop("$defs", {})
        schemas[name] = schema
    page = _answers({200: "A page.", 403: "The link is no longer good."}, None, "text/html")
    sent = page | _answers(
        {
            400: "It did not arrive whole.",
            413: "The body is too large.",
            422: "Digits only.",
            503: "Send it again.",
        }
    )
    generic = _text("id", "from", "text", "sent_at") | {"required": ["id", "from", "text"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Beluga intake", "version": "1"},
        "paths": {
            "/sms/twilio": {
                "post": _webhook(
                    "A text from Twilio",
                    "application/x-www-form-urlencoded",
                    _text("MessageSid", "From", "Body"),
                    ["X-Twilio-Signature"],
                    "text/xml",
                )
            },
            "/sms/generic": {
                "post": _webhook(
                    "A text from a modem, a hotline tool or a replay",
                    "application/json",
                    generic,
                    ["X-Beluga-Timestamp", "X-Beluga-Signature"],
                    "application/json",
                )
            },
            "/w/{token}": {
                "get": {"summary": "The watcher's form", "parameters": [_TOKEN], "responses": page},
                "post": {"summary": "An answer on the form", "parameters": [_TOKEN], "responses": sent},
            },
            "/checkins/{key}": {"put": _put("A report from the form", "FormReport", "watcher")},
            "/decisions/{key}": {"put": _put("A staff decision", "Decision", "service")},
            **openapi_desks.paths(),
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "watcher": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of a watcher's link.",
                },
                "service": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Signed by a service of ours.",
                },
            },
        },
    }


def add_openapi(app: web.Application) -> None:
    """The route of the document."""
    content = orjson.dumps(document())

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type="application/json")

    app.router.add_get("/openapi.json", show)
