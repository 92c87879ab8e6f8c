"""The watcher's form: `GET`/`POST /w/{token}` as plain pages, `PUT /checkins/{uuid}` as JSON.

The link is personal, signed, revocable, and good while the watcher is on the roster. A page carries a key of
its own, so that the same answer sent twice is one report; the same page sent back with another answer is
another report. The page's script sends JSON instead, under a UUID of its own.
"""

from datetime import datetime, time
from functools import cache
from urllib.parse import parse_qsl
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import ValidationError

from election.access.tokens import BadTokenError
from election.domain.checkin import Channel
from election.domain.day import Precinct, Watcher
from election.wire.intake import FormReport, Receipt
from intake.errors import IntakeError
from intake.form.page import (
    CONFIRMATION,
    QUESTIONS,
    Frame,
    Question,
    Words,
    ask_page,
    choose_page,
    done_page,
    manifest,
    words_page,
)
from intake.form.photos import add_form_photos
from intake.form.rolls import RollClient
from intake.languages.catalogues import load_catalogues
from intake.pages.files import PAGE_HEADERS
from intake.photos.shelf import PhotoShelf
from intake.reading.reader import CLOCK_SLACK
from intake.receive.http_answers import bearer, body_of, canonical, kept, refuse, what_is_wrong
from intake.receive.pipeline import IngestPipeline
from intake.roster.links import Links, RevokedLinkError
from intake.roster.roll_numbers import RollNumbers
from intake.settings import IntakeSettings

PROVIDER = "form"
MOST_FIELDS = 20
MOST_VOTES = 1_000_000
ENGLISH = "en"


class _LinkError(IntakeError):
    """The link is no (longer) good."""


def add_form(
    app: web.Application,
    links: Links,
    pipeline: IngestPipeline,
    settings: IntakeSettings,
    shelf: PhotoShelf,
    *,
    rolls: RollNumbers,
) -> None:
    """The routes of the watcher's form."""
    form = _Form(links, pipeline, settings, rolls)
    app.router.add_get("/w/{token}", form.show)
    app.router.add_post("/w/{token}", form.send)
    app.router.add_get("/w/{token}/manifest.json", form.manifest)
    app.router.add_put("/checkins/{key}", form.put)
    add_form_photos(app, pipeline, shelf, form.watcher_id)
    RollClient(settings.callers_url, pipeline, form.own).add_to(app)


class _Form:
    def __init__(
        self, links: Links, pipeline: IngestPipeline, settings: IntakeSettings, rolls: RollNumbers
    ) -> None:
        self._links, self._rolls = links, rolls
        self._pipeline = pipeline
        self._settings = settings

    async def show(self, request: web.Request) -> web.Response:
        try:
            frame = self._frame(request.match_info["token"])
        except _LinkError:
            return self._bad_link(request)
        wanted = request.query.get("p", "")
        chosen = next((p for p in frame.precincts if p.precinct_id == wanted), None)
        if chosen is None and len(frame.precincts) > 1:
            return _html(choose_page(frame))
        early = frame.now is not None and frame.day_begins is not None and frame.now < frame.day_begins
        usual = QUESTIONS["ready" if early else "count"]
        question = QUESTIONS.get(request.query.get("ask", ""), usual)
        precinct = chosen or (frame.precincts[0] if frame.precincts else None)
        return _html(ask_page(frame, precinct, question, key=uuid4()))

    async def send(self, request: web.Request) -> web.Response:
        try:
            frame = self._frame(request.match_info["token"])
        except _LinkError:
            return self._bad_link(request)
        raw = await body_of(request, self._pipeline, PROVIDER)
        if isinstance(raw, web.Response):
            return raw
        try:
            fields = dict(
                parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
            )
            page_key = UUID(fields["id"])
            question = CONFIRMATION if fields["ask"] == CONFIRMATION.name else QUESTIONS[fields["ask"]]
        except (ValueError, KeyError):
            self._pipeline.telemetry.refuse(PROVIDER, "malformed")
            return _html(words_page(frame, frame.words["open_again"]), 400)
        only = frame.precincts[0].precinct_id if len(frame.precincts) == 1 else ""
        precinct_id = fields.get("p", "")[:64] or only
        answer = fields.get("answer", "")
        report = _report(question, precinct_id, answer)
        if report is None:
            precinct = next((p for p in frame.precincts if p.precinct_id == precinct_id), None)
            wrong = frame.words["digits_only" if question.numeric else "ask_" + question.name]
            page = ask_page(frame, precinct, question, key=uuid4(), notice=wrong, typed=answer)
            return _html(page, 422)
        body = canonical(report.model_dump(mode="json", exclude_none=True))
        key = uuid5(page_key, body)
        outcome = await kept(
            self._pipeline, PROVIDER, str(key), Channel.FORM, sender=f"form:{frame.watcher_id}",
            body=body, raw=raw,
        )  # fmt: skip
        if isinstance(outcome, web.Response):
            return _html(words_page(frame, frame.words["send_again"]), 503)
        message = outcome.message
        asks, held = self._pipeline.asks_and_holds(message)
        return _html(
            done_page(frame, outcome.reply, precinct_id, asks=asks, confirm=uuid4() if held else None)
        )

    async def manifest(self, request: web.Request) -> web.Response:
        try:
            frame = self._frame(request.match_info["token"])
        except _LinkError:
            return self._bad_link(request)
        return web.Response(
            body=manifest(frame), content_type="application/manifest+json", headers=PAGE_HEADERS
        )

    async def put(self, request: web.Request) -> web.Response:
        pipeline = self._pipeline
        try:
            watcher_id, _ = self._watcher(bearer(request))
        except _LinkError:
            return refuse(
                pipeline, PROVIDER, 401, "bad_token", "The link is no longer good; ask for a new one."
            )
        raw = await body_of(request, pipeline, PROVIDER)
        if isinstance(raw, web.Response):
            return raw
        try:
            key = UUID(request.match_info["key"])
            report = FormReport.model_validate_json(raw)
        except ValidationError as error:
            return refuse(pipeline, PROVIDER, 422, "malformed", what_is_wrong(error))
        except ValueError:
            return refuse(pipeline, PROVIDER, 404, "malformed", "The path must end in a UUID.")
        if report.observed_at is not None and report.observed_at.tzinfo is None:
            return refuse(pipeline, PROVIDER, 422, "malformed", "observed_at: add the offset from UTC.")
        if report.observed_at is not None and report.observed_at > pipeline.clock.now() + CLOCK_SLACK:
            # Nobody typed this time: the phone's clock runs fast, which must not cost the count.
            report = report.model_copy(update={"observed_at": None})
        body = canonical(report.model_dump(mode="json", exclude_none=True))
        outcome = await kept(
            pipeline, PROVIDER, str(key), Channel.FORM, sender=f"form:{watcher_id}", body=body, raw=raw
        )
        if isinstance(outcome, web.Response):
            return outcome
        if outcome.duplicate and not _same(outcome.message.body, report):
            return refuse(
                pipeline, PROVIDER, 409, "key_reused",
                "This id was used for another report; send it under a new one.",
            )  # fmt: skip
        asks, held = self._pipeline.asks_and_holds(outcome.message)
        answer = Receipt(
            id=outcome.message.message_id,
            duplicate=outcome.duplicate,
            reply=outcome.reply,
            asks=asks,
            held=held,
        )
        return web.Response(body=answer.model_dump_json().encode(), content_type="application/json")

    def watcher_id(self, token: str) -> str | None:
        """Whose link it is; None where it is no longer good."""
        try:
            return self._watcher(token)[0]
        except _LinkError:
            return None

    def own(self, token: str, precinct_id: str) -> bool:
        """Whether the precinct is the watcher's own. Raises `PermissionError` where the link is not good."""
        try:
            watcher = self._watcher(token)[1]
        except _LinkError:
            raise PermissionError from None
        return watcher is None or precinct_id in watcher.precinct_ids

    def _watcher(self, token: str) -> tuple[str, Watcher | None]:
        """Whose link it is. Before any roster is known everybody with a signed link may report."""
        try:
            watcher_id = self._links.watcher_of(token)
        except (BadTokenError, RevokedLinkError):
            raise _LinkError from None
        roster = self._pipeline.rosters.current
        watcher = roster.watchers.get(watcher_id) if roster else None
        if roster is not None and watcher is None:
            raise _LinkError
        return watcher_id, watcher

    def _frame(self, token: str) -> Frame:
        """What the pages of this link share. Raises `_LinkError`."""
        watcher_id, watcher = self._watcher(token)
        roster = self._pipeline.rosters.current
        language, words = _words_of(watcher)
        precincts: tuple[Precinct, ...] = ()
        if roster is not None and watcher is not None:
            precincts = tuple(roster.precincts[p] for p in watcher.precinct_ids if p in roster.precincts)
            mine = {p.precinct_id for p in precincts}
            # Who watches several precincts of a site may have one number for all of it.
            named = dict.fromkeys(p.site_id for p in precincts)
            shared = [roster.sites[site_id] for site_id in named if site_id in roster.sites]
            precincts += tuple(site.place for site in shared if len(mine.intersection(site.members)) > 1)
        day = roster.day if roster else None
        return Frame(
            words,
            language,
            token,
            watcher_id,
            precincts,
            day,
            datetime.combine(day.date, time(), ZoneInfo(day.timezone)) if day else None,
            self._pipeline.clock.now(),
            self._settings.clock_file is None,
            self._settings.watchers_number,
            self._settings.rehearsal,
            self._rolls.voters,
        )

    def _bad_link(self, request: web.Request) -> web.Response:
        self._pipeline.telemetry.refuse(PROVIDER, "bad_token")
        accepted = request.headers.get("Accept-Language", ENGLISH)[:2].lower()
        language = accepted if accepted in _catalogues() else ENGLISH
        words = _catalogues()[language]
        frame = Frame(
            words,
            language,
            now=self._pipeline.clock.now(),
            sms_number=self._settings.watchers_number,
            rehearsal=self._settings.rehearsal,
        )
        return _html(words_page(frame, words["bad_link"]), 403)


def _report(question: Question, precinct_id: str, answer: str) -> FormReport | None:
    """The answer as a report; None where it is not what was asked for."""
    if question is CONFIRMATION:
        return FormReport(kind=question.kind, precinct_id=precinct_id, text="YES")
    if not question.asks:
        return FormReport(kind=question.kind, precinct_id=precinct_id)
    answer = answer.strip()[:1600]
    if not question.numeric:
        return FormReport(kind=question.kind, precinct_id=precinct_id, text=answer) if answer else None
    digits = answer.replace(",", "").replace(" ", "").replace(".", "") if _grouped(answer) else answer
    if not digits.isdecimal() or len(digits) > 7 or int(digits) > MOST_VOTES:
        return None
    number = int(digits)
    if question.votes:
        return FormReport(kind=question.kind, precinct_id=precinct_id, votes=number)
    return FormReport(kind=question.kind, precinct_id=precinct_id, text=str(number))


def _grouped(answer: str) -> bool:
    """Whether `answer` is written in groups of three digits, as in 1,204."""
    for mark in ",. ":
        first, *rest = answer.split(mark)
        if rest and 1 <= len(first) <= 3 and all(len(group) == 3 for group in rest):
            return True
    return False


def _same(body: str, report: FormReport) -> bool:
    """Whether a redelivery says what was kept. (Its time may have been taken or left by our own clock.)"""
    try:
        before = FormReport.model_validate_json(body)
    except ValidationError:
        return False
    unclocked = {"observed_at": None}
    return before.model_copy(update=unclocked) == report.model_copy(update=unclocked)


def _words_of(watcher: Watcher | None) -> tuple[str, Words]:
    language = watcher.language if watcher and watcher.language in _catalogues() else ENGLISH
    return language, _catalogues()[language]


@cache
def _catalogues() -> dict[str, Words]:
    """The form's words by language; what a language lacks is said in English."""
    found = load_catalogues()
    return {language: found[ENGLISH].form | one.form for language, one in found.items()}


def _html(page: str, status: int = 200) -> web.Response:
    return web.Response(text=page, status=status, content_type="text/html", headers=PAGE_HEADERS)
