"""Times of day and spans of them, as offices and volunteers write them."""

import re
from datetime import time

from election.folder.cells import time_of

_HOUR = re.compile(r"(\d{1,2})(?:[:.](\d\d))?\s*(?:([ap])\.?\s?m\.?)?", re.IGNORECASE)
_WORDS = {"noon": "12:00", "midday": "12:00", "midnight": "0:00"}
_BETWEEN = re.compile(r"[-–—]|\bto\b|\buntil\b|\btill\b", re.IGNORECASE)


def clock(text: str) -> time | None:
    """`07:00`, `7am`, `7 p.m.`, `6.45 AM`, `noon`. None where it is none; a bare `7` may be either."""
    text = _WORDS.get(text.strip().casefold(), text.strip())
    if (whole := time_of(text)) is not None:
        return whole
    found = _HOUR.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        return None
    half = f" {found[3]}m" if found[3] else ""
    return time_of(f"{found[1]}:{found[2] or '00'}{half}")


def span(text: str) -> tuple[time, time] | None:
    """`7:00 AM - 1:00 PM` as its two ends. None where either is none, or the first is not the earlier."""
    first, _, last = _BETWEEN.sub("|", text, count=1).partition("|")
    start, end = clock(first), clock(last)
    return (start, end) if start is not None and end is not None and start < end else None
