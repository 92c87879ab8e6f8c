"""Words in the language of who asks: as they chose, else as their browser says, else English.

What is said to nobody in particular (a log, a page kept on disk, an alert's text) is English.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flask

from dashboard.languages.catalogue import ENGLISH, WordCatalogue, read_words

Languages = Mapping[str, WordCatalogue]

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
    server.jinja_env.globals.update(tr=tr, trn=trn, spoken=spoken, languages=found)


def languages_known() -> Languages:
    """Those that this server speaks."""
    known: Languages = flask.current_app.config.get(_CONFIG, {})
    return known


def spoken() -> WordCatalogue:
    """The words of who asks; English where nobody does."""
    if not flask.has_request_context():
        return ENGLISH
    found: WordCatalogue | None = flask.g.get("words")
    if found is None:
        found = flask.g.words = _asked_for(languages_known())
    return found


def _asked_for(known: Languages) -> WordCatalogue:
    chosen = str(flask.session.get(CHOICE, ""))
    if chosen not in known:
        chosen = flask.request.accept_languages.best_match(list(known), ENGLISH.language) if known else "en"
    return known.get(chosen, ENGLISH)


def tr(english: str, /, **fields: Any) -> str:
    """The sentence in the language of who asks, its `{places}` filled in."""
    return spoken().text(english, fields)


def trn(one: str, more: str, number: float, /, **fields: Any) -> str:
    """A sentence that counts: `{n}` is the number, unless a field says how it is written."""
    return spoken().counted(one, more, number, fields)


def noted(english: str) -> str:
    """A sentence of a table that `tr` says later: the catalogue must have it."""
    return english
