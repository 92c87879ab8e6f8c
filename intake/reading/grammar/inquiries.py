"""What a watcher asks that the election folder knows: hours, their precinct, where it is, whom to call.

Phrases are the catalogues' (context `inquiry`), of every language at once; `*` in one stands for some words.
Nothing with a number in it, a word that acts or an alarm is an inquiry: those are read first.
"""

from functools import cache

from election.domain.checkin import Kind, Reading
from intake.languages.catalogues import load_catalogues
from intake.reading.grammar.items import Item, codes_of
from intake.reading.grammar.parse import NUMERIC
from intake.reading.grammar.sender import TextSource
from intake.reading.grammar.tokens import FoldedText, folded_text
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
Phrases = dict[str, tuple[tuple[int, str, Phrase], ...]]  # by first word: (rank, what is asked, phrase)


@cache
def inquiry_phrases() -> Phrases:
    """What may be asked, with the phrases that ask for it, by their first word.

    Each has its rank: of what is asked, and among its phrases the longest first.
    """
    found: dict[str, list[tuple[int, str, Phrase]]] = {}
    rank = 0
    for about in ABOUT:
        terms = {t for catalogue in load_catalogues().values() for t in catalogue.inquiries.get(about, ())}
        for term in sorted(terms, key=lambda t: (-len(t), t)):
            phrase = _phrase(term)
            found.setdefault(phrase[0].split()[0], []).append((rank, about, phrase))
            rank += 1
    return {word: tuple(ranked) for word, ranked in found.items()}


def _phrase(term: str) -> Phrase:
    parts = (" ".join(folded_text(part).bare.plain_words) for part in term.split("*"))
    return tuple(part if part > _IDEOGRAPHS else f" {part} " for part in parts)


def inquiry_about(text: FoldedText, *, named: bool = False) -> str | None:
    """What a text asks for; None where it asks for nothing that we know. `named`: it names a precinct."""
    words, known = text.bare.plain_words, inquiry_phrases()
    if len(words) > _LONGEST or known.keys().isdisjoint(words):
        return None
    sentence = f" {' '.join(words)} "
    for _, about, parts in sorted({ranked for word in words for ranked in known.get(word, ())}):
        if _holds(sentence, parts):
            beside = len(sentence.split()) - sum(len(part.split()) for part in parts)
            if about == WHERE:  # "where is it", "where is 12-03"; not "where is my relief"
                alone = len(sentence.strip()) <= len(parts[0].strip()) + _SIGNS
                return PLACE if named or alone else None
            return about if "?" in text.folded or beside <= _BESIDE else None
    return None


def _holds(sentence: str, parts: Phrase) -> bool:
    at = 0
    for part in parts:
        at = sentence.find(part, at)
        if at < 0:
            return False
        at += len(part.rstrip())
    return True


def inquiry_of(text: FoldedText, items: list[Item], sender: TextSource) -> Reading | None:
    """The inquiry that a watcher's text is, where it can be answered; else a person must read it."""
    codes = set(codes_of(items))
    if sender.watcher is None or codes & NUMERIC or codes & _ACTS:
        return None
    named = [item.ids for item in items if item.code == Code.PLACE]
    about = inquiry_about(text, named=bool(named))
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
