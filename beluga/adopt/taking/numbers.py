"""Counts as counties write them."""

import re

from beluga.errors import BelugaError

MOST = 10_000_000
_GROUPED = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ \u00a0\u202f']\d{3})+|\d{1,9})(?:\.0{1,2})?")
_NONE = frozenset({"", "-", "–", "—", "n/a", "na", "none", "null", "nil", "."})
_HIDDEN = re.compile(r"\*+|<\s*\d+|x+|suppressed|insufficient.*", re.I)


class NoCountError(BelugaError):
    """A cell that should hold a count. The message is what is wrong with it."""


def count_of(text: str) -> int | None:
    """A whole number; None for an empty cell or a dash. Raises `NoCountError`."""
    if text.isdecimal() and text.isascii():
        if len(text) > 9 or int(text) > MOST:
            raise NoCountError("is out of range")
        return int(text)
    if text.casefold() in _NONE:
        return None
    plain = text.strip("()* ").removeprefix('="').removesuffix('"')
    if _HIDDEN.fullmatch(text):
        raise NoCountError("hides a small number, which nobody can restore")
    if found := _GROUPED.fullmatch(plain):
        value = int(re.sub(r"\D", "", found[1]))
        if value <= MOST:
            return value
        raise NoCountError("is out of range")
    raise NoCountError("is not a whole number")
