"""Folding: the same text however it was typed. Lower case, no accents, ASCII digits and punctuation.

A number is never altered here: only decimal digits (Unicode Nd) become digits, so that `²` or `½` cannot
slip into a count; they fold to `^`, which the next step refuses.
"""

import re
import unicodedata

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
    "đ": "d",
    "Đ": "d",
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
    bare = "".join(c for c in unicodedata.normalize("NFD", char) if unicodedata.category(c) != "Mn")
    # Scripts written without spaces: every sign is a word, and phrases are found among words.
    return f" {bare} " if ord(char) >= 0x2E80 and not 0xAC00 <= ord(char) <= 0xD7A3 else bare


class _Table(dict[str, str]):
    """Folded characters, worked out once each."""

    def __missing__(self, char: str) -> str:
        folded = _fold_character(char)
        if len(self) < 20_000:  # a flood of odd characters must not grow memory
            self[char] = folded
        return folded


_TABLE = _Table()
_SLIP_NEAR = re.compile(r"\d[OolI]|[OolI]\d")
_SLIP_TOKEN = re.compile(r"(?<![^\W_])[\dOolI]+(?![^\W_])")
_SLIPS = str.maketrans("OolI", "0011")


def _mend(match: re.Match[str]) -> str:
    token = match[0]
    return token.translate(_SLIPS) if any(map(str.isdigit, token)) else token


def fold(text: str) -> str:
    """The text in the form the tokeniser reads. Letters O, o become 0 and l, I become 1 inside numbers."""
    if not text.isascii():
        text = "".join([_TABLE[char] for char in text])
    if _SLIP_NEAR.search(text):
        text = _SLIP_TOKEN.sub(_mend, text)
    return text.lower()


def origin(text: str, position: int) -> int:
    """Where in `text` the character stands that folds to `position` of `fold(text)`."""
    if text.isascii():
        return position
    folded = 0
    for index, char in enumerate(text):
        if folded >= position and _TABLE[char].strip():
            return index
        folded += len(_TABLE[char].lower())
    return len(text)
