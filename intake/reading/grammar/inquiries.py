"""What a watcher asks that the election folder knows: hours, their precinct, where it is, whom to call.

Phrases are the catalogues' (context `inquiry`), of every language at once; `*` in one stands for some words.
Nothing with a number in it, a word that acts or an alarm is an inquiry: those are read first.
"""

from functools import cache

from election.domain.checkin import Kind, Reading
from intake.languages.catalogues import load_catalogues
from intake.reading.grammar.fold import bare, composed, fold_marked
from intake.reading.grammar.items import Item, codes_of
from intake.reading.grammar.parse import NUMERIC
from intake.reading.grammar.sender import TextSource
from intake.reading.grammar.tokens import plain_words
from intake.reading.grammar.words import Code

CONTACT, LAST, HOURS, PRECINCT, PLACE = "contact", "last", "hours", "precinct", "place"
WHERE = "where"  # words that ask for a place, or for anything else that is lost
ABOUT = (CONTACT, LAST, HOURS, PRECINCT, PLACE, WHERE)  # where a text asks for two, the first is answered
_OF_A_PLACE = frozenset({HOURS, LAST, PLACE})
_LONGEST = 24  # words; a longer text tells a story that somebody should read
_SIGNS = 2  # beside the words that ask where, in a question that can only be about one's own place
_BESIDE = 3  # words beside the phrase in a text without a question mark
_ACTS = frozenset({Code.STOP, Code.AWAY, Code.INCIDENT, Code.FIX, Code.UNDO, Code.VOTERS})

_IDEOGRAPHS = "\u2e80"  # words from here on stand without spaces

Phrase = tuple[str, ...]  # its parts in order, each padded with spaces where words are parted by them


@cache
def inquiry_phrases() -> tuple[tuple[str, tuple[Phrase, ...]], ...]:
    """What may be asked, with the phrases that ask for it, longest first."""
    found = []
    for about in ABOUT:
        terms = {t for catalogue in load_catalogues().values() for t in catalogue.inquiries.get(about, ())}
        found.append((about, tuple(_phrase(term) for term in sorted(terms, key=lambda t: (-len(t), t)))))
    return tuple(found)


def _phrase(term: str) -> Phrase:
    parts = (" ".join(_words(part)) for part in term.split("*"))
    return tuple(part if part > _IDEOGRAPHS else f" {part} " for part in parts)


def _words(text: str) -> list[str]:
    return plain_words(bare(fold_marked(composed(text))))


def inquiry_about(folded: str, *, named: bool = False) -> str | None:
    """What a text asks for; None where it asks for nothing that we know. `named`: it names a precinct."""
    words = plain_words(bare(folded))
    if not words or len(words) > _LONGEST:
        return None
    sentence = f" {' '.join(words)} "
    for about, phrases in inquiry_phrases():
        for parts in phrases:
            if _holds(sentence, parts):
                beside = len(sentence.split()) - sum(len(part.split()) for part in parts)
                if about == WHERE:  # "where is it", "where is 12-03"; not "where is my relief"
                    alone = len(sentence.strip()) <= len(parts[0].strip()) + _SIGNS
                    return PLACE if named or alone else None
                return about if "?" in folded or beside <= _BESIDE else None
    return None


def _holds(sentence: str, parts: Phrase) -> bool:
    at = 0
    for part in parts:
        at = sentence.find(part, at)
        if at < 0:
            return False
        at += len(part.rstrip())
    return True


def inquiry_of(folded: str, items: list[Item], sender: TextSource) -> Reading | None:
    """The inquiry that a watcher's text is, where it can be answered; else a person must read it."""
    codes = set(codes_of(items))
    if sender.watcher is None or codes & NUMERIC or codes & _ACTS:
        return None
    named = [item.ids for item in items if item.code == Code.PLACE]
    about = inquiry_about(folded, named=bool(named))
    if about is None or (about == CONTACT and not sender.watcher.coordinator):
        return None
    where = named[0] if len(named) == 1 and len(named[0]) == 1 else ()
    known = where or sender.own
    if about in _OF_A_PLACE and (len(named) > 1 or not any(sender.roster.place(p) for p in known)):
        return None
    if about == PRECINCT and not sender.own:
        return None
    place = where[0] if where else sender.own[0] if len(sender.own) == 1 else None
    return Reading(Kind.HELP, place, detail={"about": about})
