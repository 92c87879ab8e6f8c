"""`PUT /checkins/{key}/photos/{photo}`: a photo that joins a report of the watcher's form.

The photo is on disk, by its SHA-256, before a message that names it is journalled; both before the phone is
told so and forgets it. Sent twice it is kept once. The report itself came before, or will come: neither waits
for the other.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from uuid import UUID

from aiohttp import web

from election.domain.checkin import Channel, Kind
from election.domain.ids import PrecinctId, message_id
from election.wire.intake import FormPhoto, Receipt
from intake.photos.shelf import PhotoShelf
from intake.photos.thumbnail import NoPictureError
from intake.receive.http_answers import bearer, canonical, kept, refuse
from intake.receive.pipeline import IngestPipeline
from intake.receive.rate_limits import Phones

PROVIDER = "form"
MOST_BYTES = 1_000_000  # the form sends some 200 KB; the cluster's proxy lets 1 MiB through
CHUNK = 1 << 16
PHOTOS_A_MINUTE, PHOTOS_AT_ONCE = 2.0, 40.0  # of one watcher; more wait on the phone


def add_form_photos(
    app: web.Application, pipeline: IngestPipeline, shelf: PhotoShelf, watcher_of: Callable[[str], str | None]
) -> None:
    """The route. `watcher_of`: whose link a token is; None where it is no longer good."""

    watchers = Phones(PHOTOS_A_MINUTE, PHOTOS_AT_ONCE)

    async def put(request: web.Request) -> web.Response:
        watcher_id = watcher_of(bearer(request))
        if watcher_id is None:
            return refuse(
                pipeline, PROVIDER, 401, "bad_token", "The link is no longer good; ask for a new one."
            )
        try:
            report, photo = UUID(request.match_info["key"]), UUID(request.match_info["photo"])
        except ValueError:
            return refuse(pipeline, PROVIDER, 404, "malformed", "The path must name a report and a photo.")
        if watchers.excess(watcher_id, monotonic()):
            return refuse(pipeline, PROVIDER, 429, "too_many", "Many photos came: the rest is taken later.")
        place = PrecinctId(request.query.get("precinct", "")[:64])
        content = await _content(request)
        if content is None:
            return refuse(pipeline, PROVIDER, 413, "too_large", "The photo is too large.")
        its_id = message_id(PROVIDER, str(photo))
        try:
            record = await asyncio.to_thread(shelf.keep, str(its_id), 0, content)
        except NoPictureError as error:
            return refuse(pipeline, PROVIDER, 422, "no_picture", f"The photo cannot be taken: {error}.")
        except OSError:
            return refuse(pipeline, PROVIDER, 503, "not_durable", "Not taken: it cannot be stored now.")
        said = FormPhoto(
            kind=Kind.NOTED, precinct_id=place, photo=record.sha256, of=message_id(PROVIDER, str(report))
        )
        body = canonical(said.model_dump(mode="json", exclude_none=True))
        outcome = await kept(
            pipeline, PROVIDER, str(photo), Channel.FORM, sender=f"form:{watcher_id}", body=body,
            raw=body.encode(),
        )  # fmt: skip
        if isinstance(outcome, web.Response):
            return outcome
        answer = Receipt(id=outcome.message.message_id, duplicate=outcome.duplicate)
        return web.Response(body=answer.model_dump_json().encode(), content_type="application/json")

    app.router.add_put("/checkins/{key}/photos/{photo}", put)


async def _content(request: web.Request) -> bytes | None:
    """The body, up to a photo's size; None of more. Other requests have a smaller limit."""
    if (request.content_length or 0) > MOST_BYTES:
        return None
    content = bytearray()
    async for chunk in request.content.iter_chunked(CHUNK):
        content += chunk
        if len(content) > MOST_BYTES:
            return None
    return bytes(content)
