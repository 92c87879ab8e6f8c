"""Counts as counties write them."""

import re
from collections.abc import Iterable

from beluga.errors import BelugaError

MOST = 10_000_000
_GROUPED = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ \u00a0\u202f']\d{3})+|\d{1,9})(?:\.0{1,2})?")
# As much of the world writes them: points between thousands, a comma before decimals.
_POINTED = re.compile(r"(\d{1,3}(?:\.\d{3})+|\d{1,9})(?:,0{1,2})?")
_COMMA = re.compile(r"\d{1,3}(?:\.\d{3})*,\d{1,2}")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")
_NONE = frozenset({"", "-", "–", "—", "n/a", "na", "none", "null", "nil", "."})
_HIDDEN = re.compile(r"\*+|<\s*\d+|x+|suppressed|insufficient.*", re.I)


class NoCountError(BelugaError):
    """A cell that should hold a count. The message is what is wrong with it."""


def pointed(cells: Iterable[str], delimiter: str) -> bool:
    """Whether a table writes thousands with points: it has decimals after a comma, or parts cells by `;`."""
    if delimiter == ",":
        return False
    found = list(cells)
    comma = any(_COMMA.fullmatch(c) for c in found)
    return comma or (delimiter == ";" and any(_THOUSANDS.fullmatch(c) for c in found))


def count_of(text: str, *, points: bool = False) -> int | None:
    """A whole number; None for an empty cell or a dash. `points`: see `pointed`. Raises `NoCountError`."""
    if text.isdecimal() and text.isascii():
        if len(text) > 9 or int(text) > MOST:
            raise NoCountError("is out of range")
        return int(text)
    if text.casefold() in _NONE:
        return None
    plain = text.strip("()* ").removeprefix('="').removesuffix('"')
    if _HIDDEN.fullmatch(text):
        raise NoCountError("hides a small number, which nobody can restore")
    if found := (_POINTED if points else _GROUPED).fullmatch(plain):
        value = int(re.sub(r"\D", "", found[1]))
        if value <= MOST:
            return value
        raise NoCountError("is out of range")
    raise NoCountError("is not a whole number")
