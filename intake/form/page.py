"""The watcher's form as HTML: pure functions from words and values to a page. One question a screen.

Everything works without JavaScript; `pages/form.js` takes the same form over and keeps reports on the phone.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from html import escape
from typing import Any
from uuid import UUID

import orjson

from election.domain.checkin import Kind
from election.domain.day import ElectionDay, Precinct
from intake.pages.files import address


@dataclass(frozen=True, slots=True)
class Question:
    """One screen: its word in the address, what it records, and how its field behaves."""

    name: str
    kind: Kind
    numeric: bool = False
    votes: bool = False  # the answer is a count of votes; else it goes as the words of a text
    asks: bool = True  # there is a field; else a tap says it all


QUESTIONS = {
    q.name: q
    for q in (
        Question("count", Kind.COUNT, numeric=True, votes=True),
        Question("line", Kind.LINE, numeric=True),
        Question("problem", Kind.INCIDENT),
        Question("voters", Kind.VOTERS),
        Question("fix", Kind.FIX, numeric=True, votes=True),
        Question("final", Kind.FINAL, numeric=True, votes=True),
        Question("ready", Kind.READY, asks=False),
    )
}

# The answer to "is it right?": no screen of its own, a button below the question.
CONFIRMATION = Question("yes", Kind.CONFIRM, asks=False)

Words = dict[str, str]


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page of one watcher shares. `watcher_id` is "" where the link is not good."""

    words: Words
    language: str
    token: str = ""
    watcher_id: str = ""
    precincts: tuple[Precinct, ...] = ()
    day: ElectionDay | None = None
    day_begins: datetime | None = None  # local midnight of election day
    now: datetime | None = None
    phone_clock: bool = True  # whether a phone's clock means anything to this stack
    sms_number: str = ""
    rehearsal: bool = False
    voters: bool = True  # whether there is a roll to strike off from

    @property
    def offered(self) -> list[str]:
        """The questions that a page links to; the others can still be asked for by their address."""
        return [q.name for q in QUESTIONS.values() if self.voters or q.kind is not Kind.VOTERS]


def ask_page(
    frame: Frame,
    precinct: Precinct | None,
    question: Question,
    *,
    key: UUID,
    notice: str = "",
    typed: str = "",
) -> str:
    """The screen of one question. `notice` says what was wrong with the last answer."""
    words = frame.words
    name = escape(precinct.name or precinct.precinct_id) if precinct else escape(words["your_place"])
    place = escape(precinct.precinct_id) if precinct else ""
    alert = f'<p class="alert" role="alert">{escape(notice)}</p>' if notice else ""
    asked = escape(words["ask_" + question.name])
    field = 'id="answer" name="answer" required autofocus autocomplete="off"'
    if not question.asks:
        entry = f'<p class="ask">{asked}</p><input type="hidden" name="answer" value="">'
    elif question.numeric:
        entry = (
            f'<label for="answer">{asked}</label>'
            f'<input {field} inputmode="numeric" maxlength="12" value="{escape(typed)}">'
        )
    else:
        entry = (
            f'<label for="answer">{asked}</label>'
            f'<textarea {field} maxlength="1500" rows="3">{escape(typed)}</textarea>'
            f'<p class="quiet">{escape(words["hint_" + question.name])}</p>'
        )
    others = "".join(
        f'<a href="?p={place}&amp;ask={other}">{escape(words["link_" + other])}</a>'
        for other in frame.offered
        if other != question.name
    )
    return _page(
        frame,
        f"""<h1>{name}</h1><p class="quiet">{place}</p>{alert}
<form method="post" accept-charset="utf-8">
<input type="hidden" name="id" value="{key}"><input type="hidden" name="p" value="{place}">
<input type="hidden" name="ask" value="{question.name}">{entry}
<button type="submit">{escape(words["send" if question.asks else "say_ready"])}</button></form>
<nav aria-label="{escape(words["more"])}">{others}</nav>""",
        take_over=not notice,
    )


def choose_page(frame: Frame) -> str:
    """Which of the watcher's precincts is meant."""
    choices = "".join(
        f'<a class="choice" href="?p={escape(p.precinct_id)}">{escape(p.name or p.precinct_id)}</a>'
        for p in frame.precincts
    )
    return _page(frame, f"<h1>{escape(frame.words['choose'])}</h1>{choices}", take_over=True)


def done_page(frame: Frame, reply: str, precinct_id: str, *, asks: bool, confirm: UUID | None = None) -> str:
    """What was understood, in the watcher's language, and the way to the next report.

    `confirm`: the key of a yes to a count that waits for it.
    """
    words = frame.words
    said = escape(reply or words["saved"])
    place = escape(precinct_id)
    head = escape(words["look_again"]) if asks else f"{escape(words['got_it'])} ✓"
    yes = (
        ""
        if confirm is None
        else f"""<form method="post" accept-charset="utf-8">
<input type="hidden" name="id" value="{confirm}"><input type="hidden" name="p" value="{place}">
<input type="hidden" name="ask" value="{CONFIRMATION.name}">
<button type="submit">{escape(words["yes_right"])}</button></form>"""
    )
    return _page(
        frame,
        f"""<h1>{head}</h1><p class="done" role="status">{said}</p>{yes}
<a class="choice" href="?p={place}">{escape(words["again"])}</a>
<a class="choice second" href="?p={place}&amp;ask=fix">{escape(words["link_fix"])}</a>""",
    )


def words_page(frame: Frame, message: str) -> str:
    """A page that only says something: why the link does not work, or to send again.

    Its script still shows what waits on the phone, with the way by text.
    """
    return _page(frame, f'<h1>Beluga</h1><p class="alert" role="alert">{escape(message)}</p>')


def manifest(frame: Frame) -> bytes:
    """What a phone needs to put the form on its home screen, under the watcher's own link."""
    return orjson.dumps(
        {
            "name": frame.words["title"],
            "short_name": "Beluga",
            "lang": frame.language,
            "start_url": f"/w/{frame.token}",
            "scope": "/w/",
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": "#00507f",
            "icons": [
                {"src": address("icon-192.png"), "sizes": "192x192", "type": "image/png"},
                {"src": address("icon-512.png"), "sizes": "512x512", "type": "image/png"},
                {"src": address("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            ],
        }
    )


def _data(frame: Frame, take_over: bool) -> str:
    """What the script needs to know, safe inside a script element."""
    zone = frame.day.timezone if frame.day else None
    data: dict[str, Any] = {
        "words": frame.words,
        "language": frame.language,
        "watcher": frame.watcher_id,
        "precincts": [
            {"id": p.precinct_id, "name": p.name, "registered": p.registered, "timezone": p.timezone or zone}
            for p in frame.precincts
        ],
        "timezone": zone,
        "questions": [asdict(q) for q in QUESTIONS.values()],
        "offered": frame.offered,
        "sms_number": frame.sms_number,
        "now": frame.now,
        "day_begins": frame.day_begins,
        "phone_clock": frame.phone_clock,
        "take_over": take_over and bool(frame.watcher_id),
    }
    return orjson.dumps(data).decode().replace("<", "\\u003c")


def _page(frame: Frame, content: str, *, take_over: bool = False) -> str:
    words = frame.words
    label = f'<p class="label">{escape(words["rehearsal"])}</p>' if frame.rehearsal else ""
    home = f'<link rel="manifest" href="/w/{escape(frame.token)}/manifest.json">' if frame.watcher_id else ""
    return f"""<!doctype html><html lang="{escape(frame.language)}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="theme-color" content="#00507f">
<title>{escape(words["title"])}</title>{home}<link rel="stylesheet" href="{address("form.css")}">
<link rel="icon" href="{address("icon.svg")}"><link rel="apple-touch-icon" href="{address("icon-192.png")}">
<script type="application/json" id="form-data">{_data(frame, take_over)}</script>
<script type="module" src="{address("form.js")}"></script></head>
<body><header>{label}<section id="waiting" aria-live="polite" hidden></section></header>
<main>{content}</main></body></html>"""
