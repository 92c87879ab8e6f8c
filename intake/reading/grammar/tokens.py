"""The tokeniser: a folded text becomes runs of letters and digits, clock times, and the marks that matter.

A text is folded and parted once, into a `FoldedText`, which all who read it share.
"""

import re
from functools import partial
from typing import NamedTuple

from intake.reading.grammar.fold import bare, composed, fold_marked

# Linear by construction: every alternative eats what it looked at, or fails at its first few characters.
_LINK = r"(?P<link>(?:https?://|www\.)\S+|[\w-]{1,40}\.(?:jpe?g|png|heic|gif|webp|mp4|mov|3gp|m4a|amr|pdf|vcf)\b)|"
_NO_LINK = (
    r"(?P<clock>\d{1,2}:\d{2}(?::\d{2})?(?![\d:]))"
    r"|(?P<grouped>\d{1,3}(?:,\d{3})+(?!\d|[,./:]\d))"
    r"|(?P<odd>\d+(?:[./:'*^]\d+)+)"
    r"|(?P<run>[^\W_]+(?:[-'][^\W_]+)*)"
    r"|(?P<mark>[@~#&%$^<>]|(?<!\S)-(?!\S))"
)
_TOKEN = re.compile(_LINK + _NO_LINK)
_PLAIN_TOKEN = re.compile(_NO_LINK)  # where no link can be, which is dear to look for
# All of it is runs that need no parting, a blank between them: 412, 412 votes, 12-01 412, v 17 23 45-48.
_ORDINARY = re.compile(r"(?:[0-9]+-[0-9]+|[a-z0-9]+)(?: (?:[0-9]+-[0-9]+|[a-z0-9]+))*+")
_MERIDIEM = re.compile(r"\b([ap])\.\s?m\b\.?")


class Token(NamedTuple):
    """`kind` is the name of the alternative that matched; `start` and `end` are places in the folded text."""

    kind: str
    text: str
    start: int
    end: int


_token = partial(tuple.__new__, Token)


def tokenise(folded: str) -> list[Token]:
    """The tokens of a folded text, in order. Other punctuation only parts them."""
    if ".m" in folded or ". m" in folded:
        folded = _MERIDIEM.sub(lambda m: f"{m[1]}m".ljust(len(m[0])), folded)
    pattern = _TOKEN if "." in folded or "://" in folded else _PLAIN_TOKEN
    return [_token((match.lastgroup, match[0], *match.span())) for match in pattern.finditer(folded)]


class FoldedText:
    """A text, folded and parted into words once, for all who read it. Nothing of it is ever changed.

    `tokens`: with runs such as `turned-away` or `we've` as the words that names and phrases are made of.
    `words`: each token's. `plain_words`: without marks such as `@`, as names and phrases are looked up.
    """

    __slots__ = ("_bare", "folded", "plain_words", "tokens", "words")

    def __init__(self, folded: str) -> None:
        """`folded`: as `fold_marked` gives it."""
        self.folded = folded
        self._bare = self if folded.isascii() else None
        if _ORDINARY.fullmatch(folded):
            self.words = self.plain_words = words = folded.split(" ")
            self.tokens = _runs(words)
            return
        self.tokens = tokens = _parted(tokenise(folded))
        self.words = words = [token[1] for token in tokens]
        self.plain_words = (
            words if _MARKS.isdisjoint(words) else [token[1] for token in tokens if token[0] != "mark"]
        )

    @property
    def bare(self) -> "FoldedText":
        """The same without the marks of its letters; itself where none has any."""
        if self._bare is None:
            without = bare(self.folded)
            self._bare = self if without == self.folded else FoldedText(without)
        return self._bare

    @property
    def marked(self) -> bool:
        """Whether letters have marks anywhere: then those without mean it."""
        return self.bare is not self


_MARKS = frozenset("@~#&%$^<>-")


def folded_text(text: str) -> FoldedText:
    """A text as it was typed, folded."""
    return FoldedText(fold_marked(composed(text)))


def plain_words(folded: str) -> list[str]:
    """The words of a name or a phrase as a text's are."""
    return FoldedText(folded).plain_words


def _runs(words: list[str]) -> list[Token]:
    """The tokens of words with a blank between them, as `tokenise` would find them."""
    found: list[Token] = []
    at = 0
    for word in words:
        end = at + len(word)
        found.append(_token(("run", word, at, end)))
        at = end + 1
    return found


def _parted(tokens: list[Token]) -> list[Token]:
    for token in tokens:
        if not token[1].isalnum() and token[0] == "run":
            break
    else:
        return tokens
    out: list[Token] = []
    for token in tokens:
        if token.kind == "run" and not token.text.isalnum():
            words = parts(token.text)
            if len(words) > 1:
                at = token.start
                for word in words:
                    out.append(Token("run", word, at, at + len(word)))
                    at += len(word) + 1
                continue
            token = token._replace(text=words[0])
        out.append(token)
    return out


def parts(run: str) -> list[str]:
    """A run as words: without apostrophes, and parted at dashes unless it holds a digit (an id)."""
    if "'" in run:
        run = run.replace("'", "")
    if "-" in run and not any(map(str.isdigit, run)):
        return run.split("-")
    return [run]
