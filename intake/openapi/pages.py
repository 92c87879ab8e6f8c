"""The OpenAPI document's pages: the watcher's form, the hotline, paper, and the files they load."""

from typing import Any

from election.wire.intake import Receipt
from intake.hotline.endpoint import HotlineReport

MODELS = (HotlineReport,)

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
}
BUSY = {
    "description": "Too many requests from this address; come back after `Retry-After` seconds.",
    "headers": {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}},
    "content": {"application/json": {"schema": _ERROR}},
}
_TOKEN = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
_NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
_VERSION = {"name": "version", "in": "path", "required": True, "schema": {"type": "string"}}
_KEY = {"name": "key", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_HOTLINE: list[dict[str, list[str]]] = [{"hotline": []}]
_NO_ACCESS = {401: "Nobody is signed in: how to get in."}
_NO_ROLL = {
    401: "The link is no longer good: remove the roll from the phone.",
    404: "No roll of that precinct for this link: remove it from the phone.",
    410: "The polls have been closed for an hour: remove it from the phone.",
    503: "The callers' service does not answer; the phone goes on with what it has.",
}
_FORM = {
    "type": "object",
    "required": ["id", "ask"],
    "properties": {
        "id": {"type": "string", "format": "uuid", "description": "The page's: sent twice it is one report."},
        "ask": {"type": "string", "description": "What the page asked."},
        "p": {"type": "string", "description": "The precinct, where the watcher has several."},
        "answer": {"type": "string"},
    },
}  # fmt: skip
_GRID = {
    "type": "object",
    "required": ["form", "precinct"],
    "properties": {
        "form": {"type": "string", "description": "The page's token against forged posts."},
        "precinct": {"type": "string"},
        "id": {"type": "string", "format": "uuid"},
        "watcher": {"type": "string"},
        "box-1": {"type": "string", "description": "Votes in the sheet's first box, and so on."},
    },
}
_FILE = {
    "type": "object",
    "required": ["form", "file"],
    "properties": {"form": {"type": "string"}, "file": {"type": "string", "format": "binary"}},
}


def paths() -> dict[str, Any]:
    """Paths of everything that a person opens in a browser."""
    link = {403: "The link is no longer good."}
    return {
        "/w/{token}": {
            "get": _page("The watcher's form", link, _TOKEN, _query("p"), _query("ask")),
            "post": _page(
                "An answer on the form, without JavaScript",
                link | {
                    400: "It did not arrive whole: open the page again.",
                    413: "The body is too large.",
                    422: "Not what was asked for (digits only): the question again.",
                    503: "It cannot be made durable now; send it again.",
                },
                _TOKEN,
            ) | _body("application/x-www-form-urlencoded", _FORM),
        },
        "/w/{token}/manifest.json": {
            "get": _page("What a phone's home screen needs", link, _TOKEN, kind="application/manifest+json")
        },
        "/w/{token}/roll": {
            "get": _page(
                "The roll of the watcher's own precinct: numbers as JSON, or sealed with names", _NO_ROLL
                | {403: "This link has fetched the names there as often as it may."},
                _TOKEN, _query("precinct"), _query("names"), kind="*/*",
            )
        },
        "/w/{token}/roll/state": {
            "get": _page("What is struck off there, and the key that opens the roll", _NO_ROLL,
                         _TOKEN, _query("precinct"), kind="application/json")
        },
        "/w/worker.js": {"get": _page("The form's service worker", {}, kind="text/javascript")},
        "/w/-/{version}/{name}": {
            "get": _page("A file of a page", {404: "There is no such file."}, _VERSION, _NAME, kind="*/*")
        },
        "/hotline": {
            "get": _page("The operator's desk, or with `token` the way in", _NO_ACCESS, _query("token"))
            | {"security": [{}, *_HOTLINE]}
        },
        "/hotline/places": {
            "get": _page(
                "The operator's precincts with their watchers",
                _NO_ACCESS | {503: "The precincts are not known yet."},
                kind="application/json",
            ) | {"security": _HOTLINE}
        },
        "/hotline/reports/{key}": {
            "put": _page(
                "A report on behalf of a watcher",
                {
                    401: "Nobody is signed in.",
                    404: "The path does not end in a UUID.",
                    409: "This id was used for another report.",
                    413: "The body is too large.",
                    422: "Not as described, or not this operator's county; the answer says which.",
                    503: "It cannot be made durable now; send it again.",
                },
                _KEY,
                kind="application/json",
                schema={"$ref": f"#/components/schemas/{Receipt.__name__}"},
            )
            | _body("application/json", {"$ref": f"#/components/schemas/{HotlineReport.__name__}"})
            | {"security": _HOTLINE}
        },
        "/hotline/upload": {
            "get": _page("A page to send a file of reports", _NO_ACCESS) | {"security": _HOTLINE},
            "post": _page(
                "A file of reports (reports.csv), answered line by line",
                _NO_ACCESS | {
                    403: "The form is not from a page of this operator.",
                    413: "The file is too large.",
                    422: "There is no file in it.",
                    503: "The precincts are not known yet.",
                },
            ) | _body("multipart/form-data", _FILE) | {"security": _HOTLINE},
        },
        "/hotline/grid": {
            "get": _page("A page to key a paper sheet", _NO_ACCESS, _query("precinct"))
            | {"security": _HOTLINE},
            "post": _page(
                "A paper sheet, answered box by box",
                _NO_ACCESS | {
                    403: "The form is not from a page of this operator.",
                    404: "There is no such precinct at this operator's desk.",
                    413: "The body is too large.",
                },
            ) | _body("application/x-www-form-urlencoded", _GRID) | {"security": _HOTLINE},
        },
        "/paper/sheet": {
            "get": _page(
                "Tally sheets to print", _NO_ACCESS | {404: "No such precinct or county."},
                _query("precinct"), _query("county"),
            ) | {"security": _HOTLINE}
        },
    }  # fmt: skip


def _query(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string"}}


def _body(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema}}}}


def _page(
    summary: str,
    otherwise: dict[int, str],
    *parameters: dict[str, Any],
    kind: str = "text/html",
    schema: dict[str, Any] | None = None,
) -> dict[str, Any]:
    good = {"description": "As asked.", "content": {kind: {"schema": schema or {}}}}
    return {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {"200": good}
        | {str(status): {"description": words} for status, words in otherwise.items()}
        | {"429": BUSY},
    }
