"""The watcher's form as HTML: pure functions from words and values to a page. One question a screen.

Everything works without JavaScript; a later script may take the same form over.
"""

from dataclasses import dataclass
from html import escape
from uuid import UUID

from election.checkin import Kind
from election.day import Precinct


@dataclass(frozen=True, slots=True)
class Question:
    """One screen: its word in the address, what it records, and how its field behaves."""

    name: str
    kind: Kind
    numeric: bool
    votes: bool = False  # the answer is a count of votes; else it goes as the words of a text


QUESTIONS = {
    q.name: q
    for q in (
        Question("count", Kind.COUNT, numeric=True, votes=True),
        Question("line", Kind.LINE, numeric=True),
        Question("problem", Kind.INCIDENT, numeric=False),
        Question("voters", Kind.VOTERS, numeric=False),
        Question("fix", Kind.FIX, numeric=True, votes=True),
        Question("final", Kind.FINAL, numeric=True, votes=True),
    )
}

Words = dict[str, str]

STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #14171c; --quiet: #4a4f57; --line: #7a7f87;
  --act: #00568a; --on-act: #fff; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171c; --ink: #fff; --quiet: #c6cad1;
  --act: #7cc4f2; --on-act: #14171c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 480px; padding: 16px; background: var(--ground); color: var(--ink);
  font: 18px/1.4 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 36px; line-height: 1.15; margin: 8px 0 4px; overflow-wrap: anywhere; }
p { margin: 8px 0; }
.quiet { color: var(--quiet); font-size: 15px; }
label { display: block; margin: 24px 0 8px; font-size: 24px; }
input, textarea { width: 100%; min-height: 64px; padding: 8px 12px; font: inherit; font-size: 36px;
  color: inherit; background: transparent; border: 2px solid var(--line); border-radius: 6px; }
textarea { font-size: 18px; min-height: 96px; }
button, a.choice { display: block; width: 100%; min-height: 56px; margin: 16px 0; padding: 12px;
  font: inherit; font-size: 24px; text-align: center; text-decoration: none;
  color: var(--on-act); background: var(--act); border: 0; border-radius: 6px; }
nav { display: flex; flex-wrap: wrap; gap: 8px 16px; margin-top: 32px; border-top: 1px solid var(--line); }
nav a { min-height: 48px; padding: 12px 0; color: var(--act); }
:focus-visible { outline: 3px solid var(--act); outline-offset: 3px; }
.alert { border-left: 6px solid #c24e00; padding: 4px 12px; }
.done { font-size: 24px; }
"""


def ask_page(
    words: Words,
    language: str,
    precinct: Precinct | None,
    question: Question,
    *,
    key: UUID,
    notice: str = "",
    typed: str = "",
) -> str:
    """The screen of one question. `notice` says what was wrong with the last answer."""
    name = escape(precinct.name or precinct.precinct_id) if precinct else escape(words["your_place"])
    place = escape(precinct.precinct_id) if precinct else ""
    alert = f'<p class="alert" role="alert">{escape(notice)}</p>' if notice else ""
    field = 'id="answer" name="answer" required autofocus autocomplete="off"'
    if question.numeric:
        entry = f'<input {field} inputmode="numeric" maxlength="12" value="{escape(typed)}">'
    else:
        entry = f'<textarea {field} maxlength="1600" rows="3">{escape(typed)}</textarea>'
    others = "".join(
        f'<a href="?p={place}&amp;ask={other}">{escape(words["link_" + other])}</a>'
        for other in QUESTIONS
        if other != question.name
    )
    return _page(
        words,
        language,
        f"""<main><h1>{name}</h1><p class="quiet">{place}</p>{alert}
<form method="post" accept-charset="utf-8">
<input type="hidden" name="id" value="{key}"><input type="hidden" name="p" value="{place}">
<input type="hidden" name="ask" value="{question.name}">
<label for="answer">{escape(words["ask_" + question.name])}</label>{entry}
<button type="submit">{escape(words["send"])}</button></form>
<nav aria-label="{escape(words["more"])}">{others}</nav></main>""",
    )


def choose_page(words: Words, language: str, precincts: list[Precinct]) -> str:
    """Which of the watcher's precincts is meant."""
    choices = "".join(
        f'<a class="choice" href="?p={escape(p.precinct_id)}">{escape(p.name or p.precinct_id)}</a>'
        for p in precincts
    )
    return _page(words, language, f"<main><h1>{escape(words['choose'])}</h1>{choices}</main>")


def done_page(words: Words, language: str, reply: str, precinct_id: str) -> str:
    """What was understood, in the watcher's language, and the way to the next report."""
    said = escape(reply or words["saved"])
    place = escape(precinct_id)
    return _page(
        words,
        language,
        f"""<main><h1>{escape(words["got_it"])} ✓</h1><p class="done" role="status">{said}</p>
<a class="choice" href="?p={place}">{escape(words["again"])}</a>
<nav aria-label="{escape(words["more"])}">
<a href="?p={place}&amp;ask=fix">{escape(words["link_fix"])}</a></nav></main>""",
    )


def words_page(words: Words, language: str, message: str) -> str:
    """A page that only says something: why the link does not work, or to send again."""
    return _page(
        words, language, f'<main><h1>Beluga</h1><p class="alert" role="alert">{escape(message)}</p></main>'
    )


def _page(words: Words, language: str, content: str) -> str:
    return f"""<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(words["title"])}</title><style>{STYLE}</style></head><body>{content}</body></html>"""
