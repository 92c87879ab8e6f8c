"""The hotline: an operator reports what a watcher says on the telephone, by keyboard alone, or a file.

`GET /hotline` is the desk, `PUT /hotline/reports/{uuid}` takes one report, `/hotline/upload` a file of them,
`/hotline/grid` a paper sheet (see `hotline/paper.py`). A report counts as the watcher's own, so that a later
FIX by text finds it; the operator's account stays in the message.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from uuid import UUID

import orjson
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import Field, ValidationError

from election.access.identity import Identity
from election.domain.checkin import STAFF, Channel
from election.domain.day import Watcher
from election.domain.roster import Roster
from election.wire.intake import FormReport, Receipt
from intake.door.door import Spoken, WriteDoor
from intake.door.permission import owns
from intake.hotline.bulk import LARGEST_FILE, Line, lines_of, take_lines
from intake.hotline.operators import Operators
from intake.hotline.page import desk_page, sign_in_page, upload_page
from intake.pages.files import PAGE_HEADERS
from intake.providers import IngestResult
from intake.receive.http_answers import body_of, canonical, kept, refuse, what_is_wrong
from intake.receive.pipeline import IngestPipeline

PROVIDER = "hotline"
SIGN_IN = "The hotline's session is over. Open it again from the war room; what is not sent is kept."

Page = Callable[[web.Request, Identity], Awaitable[web.StreamResponse]]


class HotlineReport(FormReport):
    """`PUT /hotline/reports/{uuid}`: a report on behalf of a watcher, or of nobody in particular."""

    watcher_id: str = Field(default="", max_length=100)


def add_hotline(
    app: web.Application, operators: Operators, pipeline: IngestPipeline, door: WriteDoor, rehearsal: bool
) -> None:
    """The routes of the hotline."""
    hotline = _Hotline(operators, pipeline, door, rehearsal)
    staff = only_staff(operators)
    app.router.add_get("/hotline", hotline.desk)
    app.router.add_get("/hotline/places", staff(hotline.places))
    app.router.add_put("/hotline/reports/{key}", hotline.put)
    app.router.add_get("/hotline/upload", staff(hotline.show_upload))
    app.router.add_post("/hotline/upload", staff(hotline.upload))


def only_staff(
    operators: Operators,
) -> Callable[[Page], Callable[[web.Request], Awaitable[web.StreamResponse]]]:
    """Shows a page to staff only; anybody else learns how to get in."""

    def guarded(page: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        @wraps(page)
        async def show(request: web.Request) -> web.StreamResponse:
            operator = operators.at(request)
            return await page(request, operator) if operator else html(sign_in_page(), 401)

        return show

    return guarded


def by_likelihood(watchers: Iterable[Watcher]) -> list[Watcher]:
    """Whoever has fewest precincts first: the report is more likely theirs than a roving watcher's."""
    return sorted(watchers, key=lambda w: (len(w.precinct_ids), w.watcher_id))


def sender_for(operator: Identity, watcher_id: str, roster: Roster | None) -> str:
    """As whom a report counts: the watcher, or the operator's account where no watcher is known."""
    if watcher_id and (roster is None or watcher_id in roster.watchers):
        return f"form:{watcher_id}"
    return f"staff:{operator.account}"


def read_back(outcome: IngestResult, pipeline: IngestPipeline) -> tuple[str, bool]:
    """What was understood, in the election's first language, and whether it is a question."""
    message = outcome.message._replace(sender="staff:")  # the operator reads it, not the watcher
    return pipeline.words_for(message), pipeline.asks(message)


class _Hotline:
    def __init__(
        self, operators: Operators, pipeline: IngestPipeline, door: WriteDoor, rehearsal: bool
    ) -> None:
        self._operators = operators
        self._pipeline = pipeline
        self._door = door
        self._rehearsal = rehearsal

    async def desk(self, request: web.Request) -> web.StreamResponse:
        if "token" in request.query:
            return self._operators.enter(request.query["token"]) or html(sign_in_page(), 401)
        operator = self._operators.at(request)
        if operator is None:
            return html(sign_in_page(), 401)
        return html(desk_page(operator.account, self._rehearsal))

    async def places(self, _: web.Request, operator: Identity) -> web.StreamResponse:
        """The operator's precincts with their watchers: [id, name, county, aliases, registered, watchers];
        behind them the polling sites that several share, each with the watchers of all. A site is the
        operator's where all its precincts are: its number is theirs all.
        """
        roster = self._pipeline.rosters.current
        if roster is None:
            return web.json_response({"places": []}, status=503, headers={"Retry-After": "2"})
        watchers: dict[str, list[tuple[str, str]]] = {}
        for watcher in by_likelihood(roster.watchers.values()):
            for precinct_id in watcher.precinct_ids:
                watchers.setdefault(precinct_id, []).append((watcher.watcher_id, watcher.name))
        for site_id, site in roster.sites.items():
            watchers[site_id] = list(dict.fromkeys(w for p in site.members for w in watchers.get(p, ())))
        found = [
            (p.precinct_id, p.name, p.county, p.aliases, p.registered, watchers.get(p.precinct_id, ()))
            for p in (*roster.precincts.values(), *(site.place for site in roster.sites.values()))
            if owns(operator, p.precinct_id, roster)
        ]
        return web.Response(
            body=orjson.dumps({"places": found}),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    async def put(self, request: web.Request) -> web.StreamResponse:
        pipeline, operator = self._pipeline, self._operators.at(request)
        if operator is None:
            return refuse(pipeline, PROVIDER, 401, "bad_token", SIGN_IN)
        raw = await body_of(request, pipeline, PROVIDER)
        if isinstance(raw, web.Response):
            return raw
        try:
            key = UUID(request.match_info["key"])
            report = HotlineReport.model_validate_json(raw)
        except ValidationError as error:
            return refuse(pipeline, PROVIDER, 422, "malformed", what_is_wrong(error))
        except ValueError:
            return refuse(pipeline, PROVIDER, 404, "malformed", "The path must end in a UUID.")
        if report.kind in STAFF:
            return refuse(pipeline, PROVIDER, 422, "malformed", f"{report.kind} is not a watcher's report.")
        sender = sender_for(operator, report.watcher_id, pipeline.rosters.current)
        body = canonical(report.model_dump(mode="json", exclude_none=True) | {"by": operator.account})
        now = pipeline.clock.now()
        if no := self._door.report(operator, Spoken(str(key), Channel.HOTLINE, sender, body, now)):
            status = 422 if no.status == 403 else no.status  # the page keeps and sends again on a 403
            return refuse(pipeline, PROVIDER, status, no.reason, no.words)
        outcome = await kept(
            pipeline, PROVIDER, str(key), Channel.HOTLINE, sender=sender, body=body, raw=raw, sent_at=now
        )
        if isinstance(outcome, web.Response):
            return outcome
        if outcome.duplicate and outcome.message.body != body:
            return refuse(pipeline, PROVIDER, 409, "key_reused", "This id was used for another report.")
        reply, asks = read_back(outcome, pipeline)
        receipt = Receipt(id=outcome.message.message_id, duplicate=outcome.duplicate, reply=reply, asks=asks)
        return web.Response(body=receipt.model_dump_json().encode(), content_type="application/json")

    async def show_upload(self, _: web.Request, operator: Identity) -> web.StreamResponse:
        return html(upload_page(self._operators.form_token(operator), self._rehearsal))

    async def upload(self, request: web.Request, operator: Identity) -> web.StreamResponse:
        fields = await _parts(request)
        token = self._operators.form_token(operator)
        if fields is None:
            words = f"The file is too large: at most {LARGEST_FILE >> 20} MiB. Send it in pieces."
            return html(upload_page(token, self._rehearsal, problem=words), 413)
        if not self._operators.brought_back(operator, fields.get("form", b"").decode("latin-1")):
            return html(sign_in_page(), 403)
        content = fields.get("file", b"")
        roster = self._pipeline.rosters.current
        if not content or roster is None:
            words = "Choose a file first." if roster else "The precincts are not known yet. Try again soon."
            return html(upload_page(token, self._rehearsal, problem=words), 422 if roster else 503)
        lines = await asyncio.to_thread(lines_of, content, roster)
        file_key = hashlib.sha256(content).hexdigest()[:32]

        def key_of(line: Line) -> str:
            return f"{file_key}:{line.number}"

        results = await take_lines(lines, key_of, operator, self._pipeline, self._door)
        # a hundred thousand lines make a page of seconds: beside the texts, not before them
        return html(await asyncio.to_thread(upload_page, token, self._rehearsal, results=results))


async def _parts(request: web.Request) -> dict[str, bytes] | None:
    """The parts of a form by name; None where they are too large together."""
    found: dict[str, bytes] = {}
    room = LARGEST_FILE
    if not request.content_type.startswith("multipart/"):
        return found
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or len(found) > 10:
                break
            content = bytearray()
            while chunk := await part.read_chunk():
                content += chunk
                room -= len(chunk)
                if room < 0:
                    return None
            found[part.name or ""] = bytes(content)
    except (ValueError, HttpProcessingError):  # not the parts it should be
        return {}
    return found


def html(page: str, status: int = 200) -> web.Response:
    """A page for staff, with the policy of all our pages."""
    return web.Response(text=page, status=status, content_type="text/html", headers=PAGE_HEADERS)
