"""Telephone numbers as people and spreadsheets write them."""

import re

from beluga.adopt.taking.damage import formula_text, without_point
from election.domain.phones import e164
from election.folder.headings import folded

_JUNK = frozenset(
    [
        "na",
        "none",
        "null",
        "nil",
        "unknown",
        "no",
        "nophone",
        "noneprovided",
        "notgiven",
        "notprovided",
        "refused",
        "x",
        "xx",
        "xxx",
        "unlisted",
        "private",
    ]
)

POWER = re.compile(r"(\d)\.(\d+)[eE]\+?(\d{1,2})")

_SEVERAL = re.compile(r"[;/|,]|\bor\b|\band\b", re.IGNORECASE)  # phones in one cell


class PhoneReader:
    """Phones to E.164. What is no phone is empty, and counted; nothing stops for it."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.junk = 0

    def read(self, *cells: str) -> str:
        """The first cell that holds a whole number."""
        bad = False
        for cell in cells:
            if not cell:
                continue
            if phone := self._one(cell) or self._first_of(cell):
                return phone
            bad = True
        self.junk += bad
        return ""

    def _first_of(self, cell: str) -> str:
        """The first of several phones in one cell."""
        parts = _SEVERAL.split(cell)
        return next((p for p in map(self._one, parts) if p), "") if len(parts) > 1 else ""

    def _one(self, cell: str) -> str:
        text = _whole(without_point(formula_text(cell).strip("'\" ")))
        digits = "".join(c for c in text if c.isdigit())
        if len(digits) < 7 or len(set(digits[-7:])) == 1 or folded(text) in _JUNK:
            return ""
        if digits[-10:] in ("1234567890", "0123456789"):
            return ""
        return e164(text, self.region) or ""


def _whole(text: str) -> str:
    """A number that a spreadsheet has written with `.0`, or as a power of ten that holds every digit."""
    if found := POWER.fullmatch(text):
        digits = found[1] + found[2]
        return digits if len(digits) == int(found[3]) + 1 else text
    head, point, tail = text.rpartition(".")
    return head if point and tail and not tail.strip("0") and sum(c.isdigit() for c in head) > 9 else text
