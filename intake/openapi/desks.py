"""The desks' part of the OpenAPI document."""

from typing import Any

from pydantic import BaseModel

from election.wire.desks import (
    ClaimedItem,
    Desk,
    DeskCounts,
    DeskPage,
    ErrorAnswer,
    Finish,
    ReminderAnswer,
    ReminderOrder,
    RollCall,
)
from election.wire.intake import Receipt
from election.wire.threads import PrecinctPhotos, WatcherThread
from intake.openapi.pages import BUSY

MODELS: tuple[type[BaseModel], ...] = (
    DeskCounts, DeskPage, Finish, ErrorAnswer, RollCall, ClaimedItem, WatcherThread, PrecinctPhotos,
    ReminderOrder, ReminderAnswer,
)  # fmt: skip

_DESKS = [desk.value for desk in Desk]
_DESK = {"name": "desk", "in": "path", "required": True, "schema": {"type": "string", "enum": _DESKS}}
_ITEM = {"name": "item", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 64}}
_WATCHER = {"name": "watcher", "in": "path", "required": True, "schema": {"type": "string"}}
_PRECINCT = {"name": "precinct", "in": "path", "required": True, "schema": {"type": "string"}}
_MESSAGE = {"name": "message", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_NUMBER = {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}
_AFTER = {"name": "after", "in": "query", "schema": {"type": "string"}}
_LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200}}
_ERRORS = {
    401: "The token is missing, wrong or too old.",
    403: "The role does not allow it.",
    404: "There is no such desk or item, or not at this person's desk.",
    409: "Somebody else works on it, it is done, the key was used for another thing, or not as things stand.",
    413: "The body is too large.",
    422: "The request is not as described; the answer says where.",
    503: "The database or the journal cannot be reached; try again.",
}


def paths() -> dict[str, Any]:
    """Paths of the desks and the roll call."""
    made = {"type": "object", "properties": {name: {"type": "integer"} for name in ("made", "wanted")}}
    return {
        "/desks": {"get": _call("How much waits where", DeskCounts)},
        "/desks/{desk}": {"get": _call("A page of a desk, oldest first", DeskPage, _DESK, _AFTER, _LIMIT)},
        "/desks/{desk}/{item}/take": {
            "post": _call("Take an item for two minutes", ClaimedItem, _DESK, _ITEM)
        },
        "/desks/{desk}/{item}/release": {"post": _call("Give an item back", None, _DESK, _ITEM)},
        "/desks/{desk}/{item}/finish": {
            "post": _call("Say what an item was", Receipt, _DESK, _ITEM)
            | {"requestBody": {"required": True, "content": _content(_reference(Finish))}}
        },
        "/desks/{desk}/{item}/thread": {
            "get": _call("Everything said with whom an item is about", WatcherThread, _DESK, _ITEM)
        },
        "/threads/{watcher}": {"get": _call("Everything said with a watcher", WatcherThread, _WATCHER)},
        "/precincts/{precinct}/photos": {
            "get": _call("Which photos came from a precinct", PrecinctPhotos, _PRECINCT)
        },
        "/photos/{message}/{number}": {"get": _picture("A photo as it was sent")},
        "/photos/{message}/{number}/small": {"get": _picture("A photo's thumbnail")},
        "/silent/remind": {
            "post": _call("Text the next step of silent precincts now, no step twice", ReminderAnswer)
            | {"requestBody": {"required": True, "content": _content(_reference(ReminderOrder))}}
        },
        "/rollcall": {"get": _call("Whose phone has been proven", RollCall)},
        "/rollcall/invite": {"post": _call("Invite who is not proven, once", made)},
        "/rollcall/remind": {"post": _call("Remind who has not answered, once a day", made)},
    }


def _call(summary: str, answer: type[BaseModel] | dict[str, Any] | None, *parameters: Any) -> dict[str, Any]:
    schema = _reference(answer) if isinstance(answer, type) else answer
    good = {"204": {"description": "Done."}} if schema is None else {
        "200": {"description": "Done.", "content": _content(schema)}
    }  # fmt: skip
    wrong = {
        str(status): {"description": words, "content": _content(_reference(ErrorAnswer))}
        for status, words in _ERRORS.items()
    }
    return {
        "summary": summary,
        "security": [{"service": []}],
        "parameters": list(parameters),
        "responses": good | wrong | {"429": BUSY},
    }


def _picture(summary: str) -> dict[str, Any]:
    call = _call(summary, {"type": "string", "format": "binary"}, _MESSAGE, _NUMBER)
    picture = {"schema": {"type": "string", "format": "binary"}}
    kinds = {f"image/{kind}": picture for kind in ("jpeg", "png", "gif", "webp")}
    call["responses"]["200"]["content"] = kinds
    return call


def _reference(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
