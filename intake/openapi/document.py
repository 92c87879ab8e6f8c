"""`GET /openapi.json`: what intake takes and answers, for other tools and for tests."""

from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel

from election.wire.intake import Decision, FormReport, Receipt
from intake.hotline.operators import COOKIE
from intake.openapi import desks as openapi_desks
from intake.openapi import pages as openapi_pages
from intake.openapi.pages import BUSY
from intake.outbox.receipts import RECEIPT_ROUTES
from intake.providers import BY_GET

_REFERENCE = "#/components/schemas/{model}"
_UUID = {"name": "key", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_URLENCODED, _JSON = "application/x-www-form-urlencoded", "application/json"


def _text(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


# provider: (what it is, its body's type and schema, the headers that sign it, the type of the answer)
_WEBHOOKS: dict[str, tuple[str, str, dict[str, Any], tuple[str, ...], str]] = {
    "twilio": ("Twilio", _URLENCODED, _text("MessageSid", "From", "To", "Body"),
               ("X-Twilio-Signature",), "text/xml"),
    "telnyx": ("Telnyx", _JSON, {"type": "object"}, ("telnyx-signature-ed25519", "telnyx-timestamp"), _JSON),
    "vonage": ("Vonage, signed by `sig` or by a JWT in `Authorization`", _URLENCODED,
               _text("msisdn", "to", "text", "messageId", "message-timestamp", "sig"), (), "text/plain"),
    "plivo": ("Plivo", _URLENCODED, _text("MessageUUID", "From", "To", "Text"),
              ("X-Plivo-Signature-V3", "X-Plivo-Signature-V3-Nonce"), "text/xml"),
    "bandwidth": ("Bandwidth, with a login in `Authorization`", _JSON,
                  {"type": "array", "items": {"type": "object"}}, (), _JSON),
    "generic": ("a modem, a hotline tool or a replay", _JSON,
                _text("id", "from", "text", "sent_at") | {"required": ["id", "from", "text"]},
                ("X-Beluga-Timestamp", "X-Beluga-Signature"), _JSON),
}  # fmt: skip
_UNSIGNED = {
    400: "Signed, but not readable; the answer says why.",
    403: "The signature is missing, wrong or too old, or no secret is configured.",
    413: "The body is too large.",
    503: "It cannot be made durable now; send it again.",
}


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
            "content": {_JSON: {"schema": {"$ref": _REFERENCE.format(model=model)}}},
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
            _JSON,
        )
        | {"429": BUSY},
    }


def _put_photo() -> dict[str, Any]:
    picture = {"schema": {"type": "string", "format": "binary"}}
    put = _put("A photo with a report from the form", "Receipt", "watcher")
    named = {"name": "photo", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    place = {"name": "precinct", "in": "query", "schema": {"type": "string", "maxLength": 64}}
    kinds = {f"image/{kind}": picture for kind in ("jpeg", "png", "gif", "webp")}
    return put | {"parameters": [_UUID, named, place], "requestBody": {"required": True, "content": kinds}}


def _webhook(name: str, good: dict[int, str], kind: str = "") -> dict[str, Any]:
    who, body, schema, headers, _ = _WEBHOOKS[name]
    if not kind:
        schema = {"type": "object"}
    return {
        "summary": f"{'A text' if kind else 'What became of a text of ours'}, from {who}",
        "parameters": [
            {"name": h, "in": "header", "required": True, "schema": {"type": "string"}} for h in headers
        ],
        "requestBody": {"required": True, "content": {body: {"schema": schema}}},
        "responses": _answers(good | _UNSIGNED, {"type": "object"} if kind == _JSON else None, kind),
    }


def _webhooks() -> dict[str, Any]:
    taken = {200: "Durable (or it already was); the body holds the reply where the provider takes one."}
    texts = {f"/sms/{name}": {"post": _webhook(name, taken, answer[4])} for name, answer in _WEBHOOKS.items()}
    noted = {204: "Noted, or not about a text of ours."}
    for name in BY_GET:  # the same fields in the query
        by_query = _webhook(name, taken, _WEBHOOKS[name][4])
        del by_query["requestBody"]
        texts[f"/sms/{name}"]["get"] = by_query
    receipts: dict[str, Any] = {}
    for method, name in RECEIPT_ROUTES:
        told = _webhook(name, noted)
        if method == "GET":
            del told["requestBody"]
        receipts.setdefault(f"/sms/{name}/status", {})[method.lower()] = told
    return texts | receipts


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    shown: tuple[type[BaseModel], ...] = (
        Decision, FormReport, Receipt, *openapi_desks.MODELS, *openapi_pages.MODELS
    )  # fmt: skip
    models = {m.__name__: m.model_json_schema(ref_template=_REFERENCE) for m in shown}
    schemas: dict[str, Any] = {}
    for name, schema in models.items():
        schemas |= schema.pop("$defs", {})
        schemas[name] = schema
    return {
        "openapi": "3.1.0",
        "info": {"title": "Beluga intake", "version": "1"},
        "paths": _webhooks()
        | {
            "/checkins/{key}": {"put": _put("A report from the form", "FormReport", "watcher")},
            "/checkins/{key}/photos/{photo}": {"put": _put_photo()},
            "/decisions/{key}": {"put": _put("A staff decision", "Decision", "service")},
        }
        | openapi_pages.paths()
        | openapi_desks.paths(),
        "components": {"schemas": schemas, "securitySchemes": _SCHEMES},
    }


_SCHEMES = {
    "watcher": {"type": "http", "scheme": "bearer", "description": "The token of a watcher's link."},
    "service": {"type": "http", "scheme": "bearer", "description": "Signed by a service of ours."},
    "hotline": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "Set by `/hotline?token=`, the war room's link to the hotline.",
    },
}


def add_openapi(app: web.Application) -> None:
    """The route of the document."""
    content = orjson.dumps(document())

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type="application/json")

    app.router.add_get("/openapi.json", show)
