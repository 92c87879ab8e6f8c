"""Folding: the same text however it was typed. Lower case, ASCII digits and punctuation.

`fold_marked` keeps the marks of Latin letters, because Vietnamese words differ by nothing else (dừng is to
stop, đúng is right); `bare` takes them off; `fold` does both, for names and ids.

A number is never altered here: only decimal digits (Unicode Nd) become digits, so that `²` or `½` cannot
slip into a count; they fold to `^`, which the next step refuses.
"""

import re
import unicodedata
from collections.abc import Callable

_PUNCTUATION = {
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),  # noqa: RUF100
    **dict.fromkeys("‘’‛ʼ`´′", "'"),
    **dict.fromkeys("≈∼～±", "~"),
    "،": ",",
    "٬": ",",
    "٫": ".",
    "。": ".",
    "、": ";",
    "؛": ";",
    "؟": "?",
    "¿": "?",
    "¡": " ",
    "№": "#",
    "°": "%",
    "℃": "%",
    "℉": "%",
    "…": " ",
}
_DROPPED = frozenset({"Mn", "Me", "Cf"})
_BLANK = frozenset({"Zs", "Zl", "Zp", "So", "Sk", "Cs", "Co", "Cn"})


def _fold_character(char: str) -> str:
    if char in _PUNCTUATION:
        return _PUNCTUATION[char]
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category in ("No", "Nl"):
        return "^"
    if category in _DROPPED:
        return ""
    if category in _BLANK:
        return " "
    if category == "Cc":
        return "\n" if char in "\n\r\x0b\x0c\x85" else " "
    if category == "Sc":
        return "$"
    plain = unicodedata.normalize("NFKC", char)
    if len(plain) == 1 and plain.isascii():  # full-width letters and marks
        return plain
    if category[0] != "L":
        return char
    if _is_latin(char):
        return char
    plain = "".join(c for c in unicodedata.normalize("NFD", char) if unicodedata.category(c) != "Mn")
    # Scripts written without spaces: every sign is a word, and phrases are found among words.
    return f" {plain} " if ord(char) >= 0x2E80 and not 0xAC00 <= ord(char) <= 0xD7A3 else plain


def _is_latin(char: str) -> bool:
    return char < "\u0250" or "\u1e00" <= char < "\u1f00"


def _bare_character(char: str) -> str:
    if char.isascii() or not _is_latin(char):
        return char
    if char in "đĐ":
        return "d"
    return "".join(c for c in unicodedata.normalize("NFD", char) if unicodedata.category(c) != "Mn")


class _Table(dict[str, str]):
    """Characters and what becomes of them, worked out once each."""

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, char: str) -> str:
        folded = self._of(char)
        if len(self) < 20_000:  # a flood of odd characters must not grow memory
            self[char] = folded
        return folded


_TABLE = _Table(_fold_character)
_BARE = _Table(_bare_character)
_SLIP_NEAR = re.compile(r"\d[OolI]|[OolI]\d")
_SLIP_TOKEN = re.compile(r"(?<![^\W_])[\dOolI]+(?![^\W_])")
_SLIPS = str.maketrans("OolI", "0011")


def _mend(match: re.Match[str]) -> str:
    token = match[0]
    return token.translate(_SLIPS) if any(map(str.isdigit, token)) else token


def composed(text: str) -> str:
    """The text with each letter and its marks as one character, as most phones send it."""
    return (
        text
        if text.isascii() or unicodedata.is_normalized("NFC", text)
        else unicodedata.normalize("NFC", text)
    )


def bare(folded: str) -> str:
    """Folded words without the marks of their letters."""
    return folded if folded.isascii() else "".join([_BARE[char] for char in folded])


def fold(text: str) -> str:
    """The text as names and ids are compared: folded, without marks."""
    return bare(fold_marked(composed(text)))


def fold_marked(text: str) -> str:
    """The text in the form the tokeniser reads. Letters O, o become 0 and l, I become 1 inside numbers."""
    if not text.isascii():
        text = "".join([_TABLE[char] for char in text])
    if _SLIP_NEAR.search(text):
        text = _SLIP_TOKEN.sub(_mend, text)
    return text.lower()


def origin(text: str, position: int) -> int:
    """Where in `text` the character stands that folds to `position` of `fold_marked(text)`."""
    if text.isascii():
        return position
    folded = 0
    for index, char in enumerate(text):
        if folded >= position and _TABLE[char].strip():
            return index
        folded += len(_TABLE[char].lower())
    return len(text)
