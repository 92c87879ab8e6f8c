"""What of a text its sender did not write: reactions, automatic replies, quoted lines, our own words.

Phones send a tapped heart as words (`Liked “Got it: 412 at 12-01.”`) and networks word what failed. None of
that reports anything, and no number in it is anybody's guess.
"""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from intake.languages.catalogues import load_catalogues
from intake.reading.grammar.fold import fold, fold_marked
from intake.reading.grammar.tokens import FoldedText, plain_words
from intake.reading.grammar.words import Code, Vocabulary, vocabulary_of

REACTION, ATTACHMENT, AUTOMATIC, BUSY, STRANGER = "reaction", "attachment", "automatic", "busy", "stranger"
UNDELIVERED = "undelivered"  # how networks word what failed, and people what never came
_OPENING = '“"«„「『‟〝'
_CLOSING = '”"»“」』〞'
_LEAD = 8  # words before the quoted text of a reaction, at most
_SHORT, _SHORT_TEXT = 14, 120  # words, and characters, of a reaction to a picture, at most (a sign is a word)
_ASIDE, _BARE = 5, 2  # "wrong number" of two words or fewer is a stranger's in a text of five at most
_SIGNS_A_WORD = 2
_FRAGMENT = 4  # words that are looked for together
_ALIKE, _SIGNS_ALIKE = 4, 8  # such windows in a row that are ours, not chance; signs of Chinese say less
_FEWEST = _FRAGMENT + _ALIKE - 1  # words that so many windows are made of
_OPENS = re.compile(f"[{_OPENING}]")
_QUOTED = re.compile(r"“[^”“]*”|«[^»«]*»|「[^」「]*」|\"[^\"]*\"")
_PHONE = re.compile(r"(?<!\d)(?:\+?\d{1,3}[ .-]?)?\(?\d{3}\)?[ .-]{0,2}\d{3}[ .-]\d{4}(?!\d)")
_PHONE_ENDS = re.compile(r"\d\d\d[ .-]\d\d\d\d")  # in each of them
_CUT = re.compile(
    r"^\s{0,4}(?:--+|__+|—+|-{2,5}\s?original message\s?-{2,5}"
    r"|[^\n]{0,80}(?:wrote|escribió|写道|đã viết) ?[:：])\s*$"
)
_YES, _NO, _ALARM = "👍👌✅✔☑💯🆗🙆👏", "👎❌🚫🙅✖❎", "🆘🚨🔫🔪🗡🚑🔥🚒🚓🚔💣🧨"


class SenderText(NamedTuple):
    """`text`: what the sender wrote. `noted`: nothing at all; a machine worded it."""

    text: str
    noted: bool = False


@cache
def machine_words() -> Vocabulary:
    """What phones and networks word, and what strangers ask."""
    names = (REACTION, ATTACHMENT, AUTOMATIC, UNDELIVERED, BUSY, STRANGER)
    return vocabulary_of({name: name for name in names}, lambda catalogue: catalogue.machine)


@cache
def misdialed_words(name: str = "misdialed") -> frozenset[tuple[str, ...]]:
    """Words that say no, or of a phone nobody knows that its number is wrong; without accents."""
    terms = (term for c in load_catalogues().values() for term in c.machine.get(name, ()))
    return frozenset(tuple(plain_words(fold(term))) for term in terms)


def is_misdialed(folded: str) -> bool:
    """Whether a text says, from a phone nobody knows, that we have the wrong number."""
    return tuple(plain_words(fold(folded))) in misdialed_words()


def is_either_number(text: FoldedText) -> bool:
    """Whether a watcher's text may say that the count is wrong, or that the phone is not the watcher's."""
    return tuple(text.bare.plain_words) in misdialed_words("either_number")


@cache
def our_words() -> frozenset[tuple[str, ...]]:
    """Every few words in a row of what we text, its fields left out."""
    found: set[tuple[str, ...]] = set()
    for catalogue in load_catalogues().values():
        for template in (*catalogue.replies.values(), *catalogue.outbound.values()):
            without_fields = FoldedText(fold_marked(re.sub(r"\{[^{}]*\}", " ", template)))
            words = _without_numbers(without_fields.bare.plain_words)
            found.update(tuple(words[i : i + _FRAGMENT]) for i in range(len(words) - _FRAGMENT + 1))
    return frozenset(found)


def _without_numbers(words: list[str]) -> list[str]:
    return [word for word in words if not any(map(str.isdigit, word))]


def is_ours(text: FoldedText) -> bool:
    """Whether the words are from one of our own texts: more of them in a row than chance has alike."""
    words = text.bare.plain_words
    if len(words) < _FEWEST:
        return False
    words, ours, run = _without_numbers(words), our_words(), 0
    for i in range(len(words) - _FRAGMENT + 1):
        run = run + 1 if tuple(words[i : i + _FRAGMENT]) in ours else 0
        if run >= (_SIGNS_ALIKE if words[i] > "\u2e80" else _ALIKE):
            return True
    return False


def written(text: str, folded: FoldedText) -> SenderText | None:
    """What of `text` its sender wrote; `folded` is all of it. None: the sender wrote all of it."""
    quotes = _OPENS.search(text)
    if _is_reaction(text, folded, quotes.start() if quotes else -1):
        return SenderText("", True)
    lines = text.splitlines()
    if len(lines) > 1:
        kept: list[str] = []
        for number, line in enumerate(lines):
            if _CUT.match(line) and (kept or number == 0):
                if any(later.lstrip().startswith(">") for later in lines[number + 1 :]):
                    continue  # "… wrote:" over quoted lines: the answer may stand below them
                break
            quoted = line.lstrip().startswith((">", "|")) or is_ours(FoldedText(fold_marked(line)))
            if not quoted and not (kept and _PHONE.search(line)):
                kept.append(line)
        if not any(line.strip() for line in kept):
            return SenderText("", True)
        text = "\n".join(kept)
        folded = FoldedText(fold_marked(text))
    if is_ours(folded):
        return SenderText("", True)
    if quotes and any(mark in text for mark in '“«「"'):
        outside = _QUOTED.sub(" ", text)
        if any(map(str.isalnum, outside)):
            inside = any(map(str.isdigit, "".join(_QUOTED.findall(text))))
            return SenderText(outside if inside else text)
    return SenderText(text) if len(lines) > 1 else None


def without_phones(text: str) -> str:
    """The text with phone numbers blanked, each by a sign that is no number."""
    if not _PHONE_ENDS.search(text):  # most texts hold none, and this is soon said
        return text
    return _PHONE.sub(lambda found: " ^ ".ljust(len(found[0])), text)


def _is_reaction(text: str, folded: FoldedText, at: int) -> bool:
    """`at`: where the first quotation opens, or -1."""
    if at >= 0:
        lead, rest = text[:at], text[at + 1 :].rstrip(" .。\u200b\u200c\u200d\ufeff\u200a\u2009\xa0")
        end = max((rest.rfind(mark) for mark in _CLOSING), default=-1)
        tail = rest[end + 1 :] if end >= 0 else ""
        if len(lead) > 80 or any(map(str.isdigit, lead)) or any(map(str.isdigit, tail)) or len(tail) > 16:
            return False
        before = FoldedText(fold_marked(lead))
        words, marked = before.plain_words, before.marked
        emoji = any(_is_emoji(char) for char in lead + tail)
        if emoji and len(words) <= 3:
            return True
        return (
            bool(words)
            and len(words) <= _LEAD
            and any(
                (found := machine_words().find(words, start, marked)) and found[0] == REACTION
                for start in range(min(3, len(words)))
            )
        )
    if len(text) > _SHORT_TEXT:
        return False
    words, marked = folded.plain_words, folded.marked
    if not 2 <= len(words) <= _SHORT:
        return False
    find = machine_words().find
    first = find(words, 0, marked)
    if not first or first[0] != REACTION:
        return False
    for start in range(first[1], len(words)):
        found = find(words, start, marked)
        if found and found[0] == ATTACHMENT and start + found[1] >= len(words) - 1:
            return True
    return False


def said_by_machine(text: FoldedText) -> str | None:
    """Which kind of machine's or stranger's text it is: the first found in order of weight."""
    words, marked = text.words, text.marked
    if not machine_words().may_be_in(words, marked):
        return None
    find, found = machine_words().find, set[str]()
    for start in range(len(words)):
        known = find(words, start, marked)
        if not known or known[0] in (REACTION, ATTACHMENT, Code.UNKNOWN):
            continue
        if known[0] != STRANGER or not _of_something_else(words, start, known[1]):
            found.add(known[0])
    return next((kind for kind in (AUTOMATIC, UNDELIVERED, STRANGER, BUSY) if kind in found), None)


def _of_something_else(words: list[str], start: int, length: int) -> bool:
    """Whether a stranger's few words stand in a longer text: "the scanner shows a wrong number again"."""
    size = _SIGNS_A_WORD if words[start] > "\u2e80" else 1
    return length <= _BARE * size and len(words) > _ASIDE * size


def _is_emoji(char: str) -> bool:
    return (char > "\u2000" and unicodedata.category(char) in ("So", "Sk")) or char in "‼⁉❗❓"


def sign_of(text: str) -> str | None:
    """What a text of nothing but signs says: `yes`, `no`, `alarm`, `noted`; None where it has words."""
    if any(map(str.isalnum, text)):
        return None
    for signs, meaning in ((_ALARM, "alarm"), (_NO, "no"), (_YES, "yes")):
        if any(char in signs for char in text):
            return meaning
    return "noted" if any(_is_emoji(char) for char in text) else None
