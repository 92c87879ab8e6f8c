"""The tokeniser: a folded text becomes runs of letters and digits, clock times, and the marks that matter."""

import re
from typing import NamedTuple

# Linear by construction: every alternative eats what it looked at, or fails at its first few characters.
_TOKEN = re.compile(
    r"(?P<link>(?:https?://|www\.)\S+|[\w-]{1,40}\.(?:jpe?g|png|heic|gif|webp|mp4|mov|3gp|m4a|amr|pdf|vcf)\b)"
    r"|(?P<clock>\d{1,2}:\d{2}(?::\d{2})?(?![\d:]))"
    r"|(?P<grouped>\d{1,3}(?:,\d{3})+(?!\d|[,./:]\d))"
    r"|(?P<odd>\d+(?:[./:'*^]\d+)+)"
    r"|(?P<run>[^\W_]+(?:[-'][^\W_]+)*)"
    r"|(?P<mark>[@~#&%$^<>]|(?<!\S)-(?!\S))"
)
_MERIDIEM = re.compile(r"\b([ap])\.\s?m\b\.?")


class Token(NamedTuple):
    """`kind` is the name of the alternative that matched; `start` and `end` are places in the folded text."""

    kind: str
    text: str
    start: int
    end: int


def tokenise(folded: str) -> list[Token]:
    """The tokens of a folded text, in order. Other punctuation only parts them."""
    if ".m" in folded or ". m" in folded:
        folded = _MERIDIEM.sub(lambda m: f"{m[1]}m".ljust(len(m[0])), folded)
    return [
        Token(str(match.lastgroup), match[0], match.start(), match.end()) for match in _TOKEN.finditer(folded)
    ]


def plain_words(folded: str) -> list[str]:
    """The words of a name or a phrase as `tokenise` would see them in a text."""
    words: list[str] = []
    for token in tokenise(folded):
        if token.kind == "run":
            words += parts(token.text)
        elif token.kind != "mark":
            words.append(token.text)
    return words


def parts(run: str) -> list[str]:
    """A run as words: without apostrophes, and parted at dashes unless it holds a digit (an id)."""
    if "'" in run:
        run = run.replace("'", "")
    if "-" in run and not any(map(str.isdigit, run)):
        return run.split("-")
    return [run]
