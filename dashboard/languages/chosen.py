"""Words in the language of who asks: as they chose, else as their browser says, else English.

What is said to nobody in particular (a log, a page kept on disk, an alert's text) is English.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import flask
import jinja2
from babel.dates import format_datetime
from markupsafe import Markup, escape

from dashboard.languages.catalogue import ENGLISH, LanguageCatalogue, filled, read_words

Languages = Mapping[str, LanguageCatalogue]

CHOICE = "language"  # in the session
_FOLDER = Path(__file__).parent
_CONFIG = "WORDS"  # of the server: its languages


def languages(more: Path | None = None) -> Languages:
    """English and every language of the files beside this one, and of a folder of an operator's own."""
    found = {ENGLISH.language: ENGLISH}
    for folder in (_FOLDER, more):
        for file in sorted(folder.glob("*.po")) if folder else ():
            found[file.stem] = read_words(file)
    return found


def add_languages(server: flask.Flask, found: Languages) -> None:
    """Has the server speak these languages, and its templates find `tr`, `trn` and `spoken`."""
    server.config[_CONFIG] = found
    add_words(server.jinja_env)


def add_words(templates: jinja2.Environment) -> None:
    """Has these templates find `tr`, `trn`, `coded`, `dated` and `spoken`."""
    templates.globals.update(tr=_marked, trn=_marked_count, coded=coded, dated=dated, spoken=spoken)


def _marked(english: str, **fields: Any) -> Markup:
    """`tr` for a template: text in, markup out, in which an apostrophe stays one."""
    return _markup(spoken().text(english, {}), fields)


def _marked_count(one: str, more: str, number: float, **fields: Any) -> Markup:
    """`trn` for a template."""
    return _markup(spoken().counted(one, more, number, {"n": "{n}"}), {"n": number, **fields})


def _markup(sentence: str, fields: Mapping[str, Any]) -> Markup:
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;")):
        sentence = sentence.replace(sign, written)
    return Markup(filled(sentence, {name: escape(value) for name, value in fields.items()}))  # noqa: S704


def languages_known() -> Languages:
    """Those that this server speaks."""
    known: Languages = flask.current_app.config.get(_CONFIG, {})
    return known


def spoken() -> LanguageCatalogue:
    """The words of who asks; English where nobody does."""
    if not flask.has_request_context():
        return ENGLISH
    found: LanguageCatalogue | None = flask.g.get("words")
    if found is None:
        found = flask.g.words = _asked_for(languages_known())
    return found


def _asked_for(known: Languages) -> LanguageCatalogue:
    chosen = str(flask.session.get(CHOICE, ""))
    if chosen not in known:
        chosen = flask.request.accept_languages.best_match(list(known)) or ENGLISH.language
    return known.get(chosen, ENGLISH)


def tr(english: str, /, **fields: Any) -> str:
    """The sentence in the language of who asks, its `{places}` filled in."""
    return spoken().text(english, fields)


def trn(one: str, more: str, number: float, /, **fields: Any) -> str:
    """A sentence that counts: `{n}` is the number, unless a field says how it is written."""
    return spoken().counted(one, more, number, fields)


def dated(at: datetime, english: str, pattern: str) -> str:
    """A day, by `strftime` in English and by CLDR's pattern in any other language."""
    words = spoken()
    if words is ENGLISH:
        return at.strftime(english)
    return format_datetime(at, pattern, locale=words.locale.replace("-", "_"))


def noted(english: str) -> str:
    """A sentence of a table that `tr` says later: the catalogue must have it."""
    return english


def noted_all(*english: str) -> tuple[str, ...]:
    """Several such sentences: the heads of a table."""
    return english


# Codes that other services write, as they are said.
_CODES = frozenset(
    noted_all(
        "open", "acknowledged", "assigned", "resolved", "cancelled",
        "will vote", "already voted", "no answer", "call back", "wrong number", "do not call", "refused",
        "moved", "other language", "abusive", "voted", "at door", "not home",
        "count", "incident", "unread", "final", "voters", "here", "away", "ready", "line", "undo", "fix",
        "superseded", "withdrawn", "accepted", "held", "quarantined", "rejected",
        "lead", "staff", "admin", "form", "hotline", "sms",
    )
)  # fmt: skip


def coded(code: str) -> str:
    """A code of the feed's or another service's, in words; one that is not known as it came."""
    words = code.replace("_", " ")
    return tr(words) if words in _CODES else words
