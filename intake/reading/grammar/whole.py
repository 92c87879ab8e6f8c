"""What a text means as a whole: opting out, help, yes and no, thanks, leaving. Nothing else is in it."""

from functools import cache
from itertools import pairwise

from election.domain.checkin import Kind, Reading
from intake.reading.grammar.items import Item, codes_of
from intake.reading.grammar.parse import NUMERIC
from intake.reading.grammar.tokens import FoldedText
from intake.reading.grammar.words import Code, Vocabulary, vocabulary, vocabulary_of

_ALONE = {Code.STOP: Kind.STOP, Code.START: Kind.START, Code.HELP: Kind.HELP, Code.READY: Kind.READY}
_TALK = frozenset({Code.POLITE, Code.FILLER, Code.OTHERS})
_ASKED = frozenset({Code.ASKING})
_COURTESY = frozenset({Code.THANKS, Code.OKAY})
_TEXTING = frozenset({Code.TEXTING})
_STRANGE = frozenset({Code.UNKNOWN})
_YES = frozenset({Code.YES})
_NO = frozenset({Code.NO, Code.NONE})
_REFUSE = frozenset({Code.REFUSE, Code.STOP, Code.NONE, Code.NO, Code.TEXTING})
_BEFORE_NO = (Code.POLITE, Code.THANKS, Code.OKAY)
_FEW = 3  # items of a plain no; in longer texts it comes first
_LONG = 7  # letters of a word that is known by its spelling but for one: "unsubscibe"
_WITHDRAW, _LATEST = "withdraw", "latest"
_LONGEST_RETRACTION = 14  # words, or signs of Chinese
_LONGEST_OPT_OUT = 20  # items, of a text that says more
_BESIDE_RETRACTIONS = frozenset(
    {
        Code.POLITE,
        Code.FILLER,
        Code.NO,
        Code.WAIT,
        Code.THANKS,
        Code.OKAY,
        Code.ASKING,
        Code.TEXTING,
        Code.VOTES,
    }
)
_LEAVING = frozenset({Code.AWAY, Code.GONE, Code.PLACE, Code.CLOCK, Code.AT, Code.PRECINCT})


def whole_message(folded: str, items: list[Item]) -> Reading | None:
    """The one thing that all of the text says; None where it says more, or none of these."""
    shape = codes_of(items)
    if not shape:
        return Reading(Kind.HELP) if "?" in folded and not folded.strip(" \n?!.") else None
    if not NUMERIC.isdisjoint(shape):  # a number is nothing of these
        return None
    codes = set(shape) - _TALK
    if not codes:
        polite = Code.POLITE in shape and "?" not in folded
        return Reading(Kind.NOTED) if polite else None
    asks = "?" in folded
    spoken = codes - _COURTESY
    if not spoken:
        return Reading(Kind.CONFIRM if Code.OKAY in codes else Kind.NOTED) if not asks else None
    said = spoken - _TEXTING - _ASKED
    if len(said) == 1:
        (code,) = said
        kind = _ALONE.get(code)
        if kind is Kind.STOP:
            return Reading(kind) if _sure(items, asks) else None
        if kind is not None and not (kind is Kind.READY and asks):
            return Reading(kind)
    if asks:
        return None
    if spoken == _STRANGE and _nearly_stop([item.text for item in items if item.code == Code.UNKNOWN]):
        return Reading(Kind.STOP)
    if spoken - _ASKED <= _REFUSE and _refuses(folded, items, spoken):
        return Reading(Kind.STOP)
    if spoken <= _YES:
        return Reading(Kind.CONFIRM)
    if spoken <= _NO and (len(shape) <= _FEW or shape.lstrip("".join(_BEFORE_NO))[:1] in _NO):
        return Reading(Kind.DENY)
    if spoken <= _LEAVING and Code.OTHERS not in shape and (Code.AWAY in spoken or Code.GONE in spoken):
        return Reading(Kind.AWAY)
    if spoken in ({Code.VOTES}, {Code.VOTERS}):
        return Reading(Kind.CONFIRM, detail={"choice": "count" if Code.VOTES in spoken else "roll"})
    return None


def opts_out(folded: str, part: list[Item]) -> bool:
    """Whether a part of a text is an opt-out and nothing else; what another part asks does not matter."""
    meant = whole_message(folded.replace("?", "."), part)
    return meant is not None and meant.kind is Kind.STOP


def opts_out_beside(folded: str, items: list[Item]) -> bool:
    """Whether a stranger's text begins or ends with an opt-out: "wrong person, dont text me again"."""
    for size in range(1, min(len(items), _LONGEST_OPT_OUT + 1)):
        refused = items[-size - 1].code in _REFUSE
        if opts_out(folded, items[:size]) or (not refused and opts_out(folded, items[-size:])):
            return True
    return False


@cache
def retractions() -> Vocabulary:
    """Words that take back (`ignore`), and what they may take back (`that`, `my last text`)."""
    names = (_WITHDRAW, _LATEST)
    return vocabulary_of({name: name for name in names}, lambda catalogue: catalogue.retractions)


def takes_back(text: FoldedText) -> bool:
    """Whether a text asks to forget what was texted before: "cancel that", "ignore my last text"."""
    words, marked = text.plain_words, text.marked
    if len(words) > _LONGEST_RETRACTION or "?" in text.folded or not retractions().may_be_in(words, marked):
        return False
    found, at = set[str](), 0
    while at < len(words):
        known = retractions().find(words, at, marked)
        if known and known[0] != Code.UNKNOWN:
            found.add(known[0])
            at += known[1]
            continue
        beside = vocabulary().find(words, at, marked)
        if beside is None or beside[0] not in _BESIDE_RETRACTIONS:
            return False
        at += beside[1]
    return len(found) > 1


@cache
def near_stop() -> frozenset[str]:
    """Long words of opting out, and what is left of each without one letter."""
    words = {word for word, code in vocabulary().plain.items() if code == Code.STOP}
    long = {word for word in words if word.isalpha() and len(word) >= _LONG}
    return frozenset(long.union(*map(_without_one, long)))


def _without_one(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def _nearly_stop(words: list[str]) -> bool:
    """Whether the only strange word is one of opting out, but for a letter more, less, or another."""
    word = words[0]
    if len(words) != 1 or not _LONG <= len(word) <= 2 * _LONG:
        return False
    near = near_stop()
    return word in near or not near.isdisjoint(_without_one(word))


def _sure(items: list[Item], asks: bool) -> bool:
    """Whether a word of opting out is one: "cancel that" is about something else."""
    said = [item for item in items if item.code == Code.STOP]
    explicit = any(item.end - item.start > len(item.text) for item in said)
    if asks:  # "can you stop texting me?", not "stop now?"
        return explicit and any(item.code == Code.ASKING for item in items)
    return explicit or all(item.code != Code.FILLER for item in items)


def _refuses(folded: str, items: list[Item], spoken: set[str]) -> bool:
    """Whether the sender wants no more texts: "no more texts", "No. Stop."; not "don't stop"."""
    if Code.STOP not in spoken:
        return Code.REFUSE in spoken and Code.TEXTING in spoken
    for before, item in pairwise(items):
        if item.code == Code.STOP and before.code in (Code.REFUSE, Code.NONE, Code.NO):
            return not folded[before.end : item.start].isspace() and bool(folded[before.end : item.start])
    return True
