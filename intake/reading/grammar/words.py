"""The vocabulary: which words and phrases mean what, in every language at once (from the catalogues).

A watcher who was signed up in English may text `fila 45`; so all languages are read for everybody.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from intake.languages.catalogues import Catalogue, load_catalogues
from intake.reading.grammar.fold import bare, composed, fold_marked
from intake.reading.grammar.tokens import plain_words

WordLists = Mapping[str, tuple[str, ...]]


class Code:
    """What an item of a text is. One letter each, so that a text's shape is a short string.

    Plain strings: an enumeration's hash and equality cost a third of a reading.
    """

    # commands
    STOP = "X"
    START = "S"
    HELP = "?"
    FIX = "F"
    UNDO = "Z"
    FINAL = "E"
    VOTERS = "V"
    VOTED = "w"  # before several numbers they are of the roll; before one, it may be a count
    LINE = "L"
    QUEUE = "Q"  # "in line", "waiting": the number before it is people
    INCIDENT = "!"
    HERE = "H"
    AWAY = "A"
    READY = "Y"
    # words that say what a number is
    VOTES = "v"
    PEOPLE = "p"
    MINUTES = "m"
    HOURS = "h"
    OCLOCK = "c"
    AT = "@"
    AM = "a"
    PM = "b"
    PRECINCT = "#"
    ABOUT = "~"
    SAME = "="
    NONE = "n"
    AND = "&"
    BUT = "B"  # parts a sentence like "and"; beside a number it changes nothing
    TO = "-"
    # words that change nothing
    POLITE = "+"
    FILLER = "."
    TEXTING = "s"  # "me", "messages": fine beside STOP or HELP, unknown elsewhere
    # a conversation
    YES = "K"
    OKAY = "k"  # also said out of courtesy: answers an open question, and nothing else
    NO = "D"
    THANKS = "t"
    REFUSE = "r"  # "no more", "do not": an opt-out beside "texts", "text me"
    MORE = "M"  # "24 more": what came on top, never the whole
    GONE = "g"  # "left", "out", "going": of the sender only where it is all the text
    DEPARTED = "d"  # "se van", "剩": others leave, or something is left; never the sender
    OTHERS = "o"  # "they", "he", "everyone": what is said of them is not said of the sender
    MEASURE = "u"  # "degrees", "percent": the number before it counts no votes
    ASKING = "q"  # "can you", "I want to": before an opt-out they change nothing
    ALERT = "*"  # "alert": an incident where it opens the text, else a phone's own
    WAIT = "W"  # "wait" is a queue's, or the sender's who corrects himself
    EMPTY = "0"  # "no line"
    # numbers and places
    NUMBER = "N"
    GROUPED = "G"  # 1,204
    ODD = "O"  # a sign, a decimal, a fraction, a phone number
    RANGE = "R"  # 45-48, and no precinct
    CLOCK = "T"
    PLACE = "P"
    UNKNOWN = "U"  # also a word that without its marks could be several


# The catalogue's name of a class of words. Where two classes claim a word the earlier one has it.
CLASSES = {
    "yes": Code.YES,
    "okay": Code.OKAY,
    "no": Code.NO,
    "thanks": Code.THANKS,
    "stop": Code.STOP,
    "refuse": Code.REFUSE,
    "start": Code.START,
    "help": Code.HELP,
    "fix": Code.FIX,
    "undo": Code.UNDO,
    "final": Code.FINAL,
    "voters": Code.VOTERS,
    "voted": Code.VOTED,
    "empty": Code.EMPTY,
    "wait": Code.WAIT,
    "queue": Code.QUEUE,
    "line": Code.LINE,
    "incident": Code.INCIDENT,
    "here": Code.HERE,
    "away": Code.AWAY,
    "gone": Code.GONE,
    "departed": Code.DEPARTED,
    "others": Code.OTHERS,
    "measure": Code.MEASURE,
    "asking": Code.ASKING,
    "alert": Code.ALERT,
    "ready": Code.READY,
    "votes": Code.VOTES,
    "people": Code.PEOPLE,
    "minutes": Code.MINUTES,
    "hours": Code.HOURS,
    "oclock": Code.OCLOCK,
    "at": Code.AT,
    "am": Code.AM,
    "pm": Code.PM,
    "precinct": Code.PRECINCT,
    "more": Code.MORE,
    "about": Code.ABOUT,
    "same": Code.SAME,
    "none": Code.NONE,
    "and": Code.AND,
    "but": Code.BUT,
    "to": Code.TO,
    "polite": Code.POLITE,
    "filler": Code.FILLER,
    "texting": Code.TEXTING,
}


TONAL = frozenset({"vi"})  # languages whose words differ by their marks alone
_LOOSE = 64  # characters of a phrase that is looked up mark by mark; the longest of a catalogue has half


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Phrases (words joined by a space) and their codes; `lengths` by a phrase's first word, longest first.

    `plain`: for texts without any marks: what is written so, or what only one code's words are written so
    without their marks; UNKNOWN where several are. `marked`: for texts with marks: what is written so.
    `spellings`, by phrase without marks, for texts that have some marks and lack others: its spellings with
    their codes; "" where any marks will do.
    """

    plain: dict[str, str]
    marked: dict[str, str]
    spellings: dict[str, tuple[tuple[str, str], ...]]
    lengths: dict[str, tuple[int, ...]]

    def find(self, words: list[str], start: int, marked: bool) -> tuple[str, int] | None:
        """The longest known phrase that begins at `start`, and how many words it takes.

        `marked`: whether the text's letters have marks anywhere: then those without mean it.
        """
        first = words[start]
        lengths = self.lengths.get(first) or (self.lengths.get(bare(first)) if marked else None)
        if lengths is None:
            return None
        for length in lengths:
            if start + length > len(words):
                continue
            phrase = first if length == 1 else " ".join(words[start : start + length])
            code = self._marked(phrase) if marked else self.plain.get(phrase)
            if code is not None:
                return code, length
        return None

    def may_be_in(self, words: list[str], marked: bool) -> bool:
        """Whether any of the words begins a phrase; where none does, `find` finds nothing among them."""
        firsts = self.lengths.keys()
        return not firsts.isdisjoint(words) or (marked and not firsts.isdisjoint(map(bare, words)))

    def code(self, word: str) -> str | None:
        """What a single word means."""
        return self.plain.get(word) if word.isascii() else self._marked(word)

    def _marked(self, phrase: str) -> str | None:
        code = self.marked.get(phrase)
        if code is not None or len(phrase) > _LOOSE:
            return code
        found = {
            code
            for spelling, code in self.spellings.get(bare(phrase), ())
            if not spelling or _may_be(phrase, spelling)
        }
        return found.pop() if len(found) == 1 else Code.UNKNOWN if found else None


def _may_be(typed: str, spelling: str) -> bool:
    """Whether each word is the spelling's, or written without any marks."""
    pairs = zip(typed.split(" "), spelling.split(" "), strict=True)
    return all(word in (right, bare(right)) for word, right in pairs)


def lengths_by_first_word(phrases: Iterable[list[str]]) -> dict[str, tuple[int, ...]]:
    """For each first word, how long the phrases are that begin with it (longest first)."""
    lengths: dict[str, set[int]] = {}
    for phrase in phrases:
        lengths.setdefault(phrase[0], set()).add(len(phrase))
    return {word: tuple(sorted(found, reverse=True)) for word, found in lengths.items()}


def vocabulary_of(classes: Mapping[str, str], words_of: Callable[[Catalogue], WordLists]) -> Vocabulary:
    """The words of all catalogues that `words_of` names, as `classes` gives them codes.

    Where two classes claim the same words the earlier one has them.
    """
    marked: dict[str, str] = {}
    written: dict[str, str] = {}  # without marks by right
    ways_of: dict[str, dict[tuple[str, str], None]] = {}
    for phrase, code, language in _phrases(classes, words_of):
        mine = marked.setdefault(phrase, code)
        tonal = language in TONAL
        if phrase.isascii() and not tonal:
            written.setdefault(phrase, code)
        if mine == code:
            ways_of.setdefault(bare(phrase), {})[phrase if tonal else "", code] = None
    alike: dict[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]] = {}  # most are: 2 MB
    spellings = {phrase: alike.setdefault(each := tuple(ways), each) for phrase, ways in ways_of.items()}
    plain = dict(written)
    common = {word for catalogue in load_catalogues().values() for word in catalogue.everyday}
    for phrase, ways in spellings.items():
        if phrase in common:  # English `can` is no cạn that lacks its mark
            continue
        codes = {code for _, code in ways}
        plain.setdefault(phrase, codes.pop() if len(codes) == 1 else Code.UNKNOWN)
    return Vocabulary(
        plain, marked, spellings, lengths_by_first_word(p.split(" ") for p in (*marked, *plain))
    )


def _phrases(
    classes: Mapping[str, str], words_of: Callable[[Catalogue], WordLists]
) -> list[tuple[str, str, str]]:
    """(phrase, code, language) of all catalogues: as they are written first, then as texts shorten them."""
    full: list[tuple[str, str, str]] = []
    short: list[tuple[str, str, str]] = []
    for name, code in classes.items():
        for language, catalogue in load_catalogues().items():
            for term in words_of(catalogue).get(name, ()):
                words = plain_words(fold_marked(composed(term)))
                if words:
                    full.append((" ".join(words), code, language))
                    short += [(phrase, code, language) for phrase in _shortened(words, catalogue.shorts)]
    return full + short


def _shortened(words: list[str], ways: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The phrase as tired people type it: one of its words shortened, or all that can be.

    A single letter stands for a word only among others.
    """
    found: list[str] = []
    for at, word in enumerate(words):
        for way in ways.get(word, ()):
            if len(way) > 1 or len(words) > 1:
                found.append(" ".join([*words[:at], way, *words[at + 1 :]]))
    if len(found) > 1 and len(words) > 1:
        found.append(" ".join(ways.get(word, (word,))[0] for word in words))
    return found


@cache
def vocabulary() -> Vocabulary:
    """All catalogues' words."""
    return vocabulary_of(CLASSES, lambda catalogue: catalogue.words)
