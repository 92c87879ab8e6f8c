"""The vocabulary: which words and phrases mean what, in every language at once (from the catalogues).

A watcher who was signed up in English may text `fila 45`; so all languages are read for everybody.
"""

from dataclasses import dataclass
from functools import cache

from intake.languages.catalogues import load_catalogues
from intake.reading.grammar.fold import fold
from intake.reading.grammar.tokens import plain_words


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
    TO = "-"
    # words that change nothing
    POLITE = "+"
    FILLER = "."
    TEXTING = "s"  # "me", "messages": fine beside STOP or HELP, unknown elsewhere
    # numbers and places
    NUMBER = "N"
    GROUPED = "G"  # 1,204
    ODD = "O"  # a sign, a decimal, a fraction, a phone number
    RANGE = "R"  # 45-48, and no precinct
    CLOCK = "T"
    PLACE = "P"
    UNKNOWN = "U"


# The catalogue's name of a class of words. Where two classes claim a word the earlier one has it.
CLASSES = {
    "stop": Code.STOP,
    "start": Code.START,
    "help": Code.HELP,
    "fix": Code.FIX,
    "undo": Code.UNDO,
    "final": Code.FINAL,
    "voters": Code.VOTERS,
    "queue": Code.QUEUE,
    "line": Code.LINE,
    "incident": Code.INCIDENT,
    "here": Code.HERE,
    "away": Code.AWAY,
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
    "about": Code.ABOUT,
    "same": Code.SAME,
    "none": Code.NONE,
    "and": Code.AND,
    "to": Code.TO,
    "polite": Code.POLITE,
    "filler": Code.FILLER,
    "texting": Code.TEXTING,
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`codes` by phrase (words joined by a space); `lengths` by a phrase's first word, longest first."""

    codes: dict[str, str]
    lengths: dict[str, tuple[int, ...]]

    def find(self, words: list[str], start: int) -> tuple[str, int] | None:
        """The longest known phrase that begins at `start`, and how many words it takes."""
        for length in self.lengths.get(words[start], ()):
            code = self.codes.get(" ".join(words[start : start + length]))
            if code is not None and start + length <= len(words):
                return code, length
        return None


def lengths_by_first_word(phrases: list[list[str]]) -> dict[str, tuple[int, ...]]:
    """For each first word, how long the phrases are that begin with it (longest first)."""
    lengths: dict[str, set[int]] = {}
    for phrase in phrases:
        lengths.setdefault(phrase[0], set()).add(len(phrase))
    return {word: tuple(sorted(found, reverse=True)) for word, found in lengths.items()}


@cache
def vocabulary() -> Vocabulary:
    """All catalogues' words."""
    codes: dict[str, str] = {}
    phrases: list[list[str]] = []
    for name, code in CLASSES.items():
        for catalogue in load_catalogues().values():
            for term in catalogue.words.get(name, ()):
                words = plain_words(fold(term))
                if words and " ".join(words) not in codes:
                    codes[" ".join(words)] = code
                    phrases.append(words)
    return Vocabulary(codes, lengths_by_first_word(phrases))
