"""The watcher's form: `GET`/`POST /w/{token}` as plain pages, `PUT /checkins/{uuid}` as JSON.

The link is personal, signed, and good while the watcher is on the roster. A page carries a key of its own, so
that the same answer sent twice is one report; the same page sent back with another answer is another report.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl
from uuid import UUID, uuid4, uuid5

from aiohttp import web
from pydantic import ValidationError

from election.checkin import Channel
from election.day import Precinct, Watcher
from election.tokens import BadTokenError, Tokens
from election.wire.intake import FormReport
from intake.answers import bearer, body_of, canonical, kept, receipt, refuse, what_is_wrong
from intake.catalogues import read_catalogue
from intake.form_page import QUESTIONS, STYLE, Question, Words, ask_page, choose_page, done_page, words_page
from intake.reception import Reception

PROVIDER = "form"
MOST_FIELDS = 20
MOST_VOTES = 1_000_000
ENGLISH = "en"

_STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address is the key
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
}


class _LinkError(Exception):
    """The link is no (longer) good."""


def add_form(app: web.Application, tokens: Tokens, reception: Reception) -> None:
    """The routes of the watcher's form."""
    form = _Form(tokens, reception)
    app.router.add_get("/w/{token}", form.show)
    app.router.add_post("/w/{token}", form.send)
    app.router.add_put("/checkins/{key}", form.put)


class _Form:
    def __init__(self, tokens: Tokens, reception: Reception) -> None:
        self._tokens = tokens
        self._reception = reception

    async def show(self, request: web.Request) -> web.Response:
        try:
            _, watcher = self._watcher(request.match_info["token"])
        except _LinkError:
            return self._bad_link(request)
        language, words = _words_of(watcher)
        precincts = self._precincts(watcher)
        wanted = request.query.get("p", "")
        chosen = next((p for p in precincts if p.precinct_id == wanted), None)
        if chosen is None and len(precincts) > 1:
            return _html(choose_page(words, language, precincts))
        question = QUESTIONS.get(request.query.get("ask", ""), QUESTIONS["count"])
        precinct = chosen or (precincts[0] if precincts else None)
        return _html(ask_page(words, language, precinct, question, key=uuid4()))

    async def send(self, request: web.Request) -> web.Response:
        try:
            watcher_id, watcher = self._watcher(request.match_info["token"])
        except _LinkError:
            return self._bad_link(request)
        language, words = _words_of(watcher)
        raw = await body_of(request, self._reception, PROVIDER)
        if isinstance(raw, web.Response):
            return raw
        try:
            fields = dict(
                parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
            )
            page_key = UUID(fields["id"])
            question = QUESTIONS[fields["ask"]]
        except (ValueError, KeyError):
            self._reception.telemetry.refuse(PROVIDER, "malformed")
            return _html(words_page(words, language, words["open_again"]), 400)
        precincts = self._precincts(watcher)
        precinct_id = fields.get("p", "")[:64] or (precincts[0].precinct_id if len(precincts) == 1 else "")
        answer = fields.get("answer", "")
        report = _report(question, precinct_id, answer)
        if report is None:
            precinct = next((p for p in precincts if p.precinct_id == precinct_id), None)
            return _html(
                ask_page(
                    words,
                    language,
                    precinct,
                    question,
                    key=uuid4(),
                    notice=words["digits_only"],
                    typed=answer,
                ),
                422,
            )
        body = canonical(report.model_dump(mode="json", exclude_none=True))
        key = uuid5(page_key, body)
        outcome = await kept(
            self._reception, PROVIDER, str(key), Channel.FORM, sender=f"form:{watcher_id}", body=body, raw=raw
        )
        if isinstance(outcome, web.Response):
            return _html(words_page(words, language, words["send_again"]), 503)
        return _html(done_page(words, language, outcome.reply, precinct_id))

    async def put(self, request: web.Request) -> web.Response:
        reception = self._reception
        try:
            watcher_id, _ = self._watcher(bearer(request))
        except _LinkError:
            return refuse(
                reception, PROVIDER, 401, "bad_token", "The link is no longer good; ask for a new one."
            )
        raw = await body_of(request, reception, PROVIDER)
        if isinstance(raw, web.Response):
            return raw
        try:
            key = UUID(request.match_info["key"])
            report = FormReport.model_validate_json(raw)
        except ValidationError as error:
            return refuse(reception, PROVIDER, 422, "malformed", what_is_wrong(error))
        except ValueError:
            return refuse(reception, PROVIDER, 404, "malformed", "The path must end in a UUID.")
        if report.observed_at is not None and report.observed_at.tzinfo is None:
            return refuse(reception, PROVIDER, 422, "malformed", "observed_at: add the offset from UTC.")
        body = canonical(report.model_dump(mode="json", exclude_none=True))
        outcome = await kept(
            reception, PROVIDER, str(key), Channel.FORM, sender=f"form:{watcher_id}", body=body, raw=raw
        )
        return outcome if isinstance(outcome, web.Response) else receipt(reception, PROVIDER, outcome, body)

    def _watcher(self, token: str) -> tuple[str, Watcher | None]:
        """Whose link it is. Before any roster is known everybody with a signed link may report."""
        try:
            watcher_id = str(self._tokens.read("watcher", token)["w"])
        except (BadTokenError, KeyError, TypeError):
            raise _LinkError from None
        roster = self._reception.rosters.current
        watcher = roster.watchers.get(watcher_id) if roster else None
        if roster is not None and watcher is None:
            raise _LinkError
        return watcher_id, watcher

    def _precincts(self, watcher: Watcher | None) -> list[Precinct]:
        roster = self._reception.rosters.current
        if roster is None or watcher is None:
            return []
        return [roster.precincts[p] for p in watcher.precinct_ids if p in roster.precincts]

    def _bad_link(self, request: web.Request) -> web.Response:
        self._reception.telemetry.refuse(PROVIDER, "bad_token")
        accepted = request.headers.get("Accept-Language", ENGLISH)[:2].lower()
        language = accepted if accepted in _catalogues() else ENGLISH
        words = _catalogues()[language]
        return _html(words_page(words, language, words["bad_link"]), 403)


def _report(question: Question, precinct_id: str, answer: str) -> FormReport | None:
    """The answer as a report; None where it is not the number that was asked for."""
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


def _words_of(watcher: Watcher | None) -> tuple[str, Words]:
    language = watcher.language if watcher and watcher.language in _catalogues() else ENGLISH
    return language, _catalogues()[language]


@cache
def _catalogues() -> dict[str, Words]:
    """The form's words by language; what a language lacks is said in English."""
    folder = Path(__file__).parent / "form_words"
    found = {path.stem: dict(read_catalogue(path).replies) for path in folder.glob("*.po")}
    return {language: found[ENGLISH] | words for language, words in found.items()}


def _html(page: str, status: int = 200) -> web.Response:
    return web.Response(text=page, status=status, content_type="text/html", headers=HEADERS)
