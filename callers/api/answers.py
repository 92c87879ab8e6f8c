"""Requests read and answers written as JSON; errors as sentences."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ValidationError

from callers.api.keys import LOG
from callers.queue.lease import AlreadyRecordedError, TooLateError, UnknownLeaseError
from callers.voters.encryption import SealedError
from election.postgres.database import UNREACHABLE

M = TypeVar("M", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_FORMS = frozenset({"", "application/x-www-form-urlencoded", "multipart/form-data"})


def problem(status: int, reason: str, message: str, **headers: str) -> web.Response:
    """An error as JSON: a key and a sentence that says what to do."""
    return web.json_response({"reason": reason, "message": message}, status=status, headers=headers)


def answer(model: BaseModel, status: int = 200) -> web.Response:
    """A wire type as JSON that no cache keeps."""
    return web.Response(
        text=model.model_dump_json(), status=status, content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns what may happen into answers; never puts a voter into a log."""
    if request.method == "POST" and request.content_type in _FORMS:
        try:
            await request.post()  # and keeps it for whoever asks next
        except (ValueError, LookupError, HttpProcessingError):
            return problem(400, "malformed", "That form cannot be read.")
    try:
        return await handler(request)
    except UNREACHABLE as error:
        request.app[LOG].warning("database_away", work="request", error=type(error).__name__)
        return problem(
            503, "unreachable_database", "Our records cannot be reached; try again.", **{"Retry-After": "2"}
        )
    except asyncpg.CharacterNotInRepertoireError:  # NUL, which no text of PostgreSQL can hold
        return problem(400, "malformed", "What was sent holds a character that cannot be stored.")
    except SealedError:
        return problem(
            503, "wrong_key", "The voters' records cannot be opened; tell your organiser.",
            **{"Retry-After": "30"},
        )  # fmt: skip
    except UnknownLeaseError:
        return problem(404, "unknown_lease", "There is no such lease of yours; ask for the next voter.")
    except AlreadyRecordedError:
        return problem(409, "already_recorded", "This call has another outcome; undo it first.")
    except TooLateError:
        return problem(409, "too_late", "It can no longer be undone.")


async def body(request: web.Request, model: type[M]) -> M:
    """The request's JSON, checked. Answers 400 where it is not what it should be."""
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        places = ", ".join(".".join(map(str, e["loc"])) or "body" for e in error.errors())
        said = orjson.dumps({"reason": "malformed", "message": f"Check: {places}"}).decode()
        raise web.HTTPBadRequest(text=said, content_type="application/json") from None
