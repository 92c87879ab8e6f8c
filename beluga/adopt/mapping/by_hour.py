"""Counts through the day: of several columns of one count by the hour, the last holds the whole day."""

import re
from collections.abc import Sequence

_AT = frozenset({"ore", "alle", "um", "at", "until", "by", "bis", "las", "à", "a"})
_UNITS = frozenset({"uhr", "h", "hr", "hrs", "o'clock", "am", "pm", "a.m.", "p.m."})
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d\d))?(h|[ap]\.?m\.?)?", re.I)
_MARKS = str.maketrans("_(),-", "     ")


def _hour(heading: str) -> tuple[int, int] | None:
    """(minutes since midnight, how many words say it) at a heading's end."""
    words = heading.translate(_MARKS).casefold().split()
    unit = words[-1] if words and words[-1] in _UNITS else ""
    place = len(words) - 1 - bool(unit)
    if place < 1 or (found := _CLOCK.fullmatch(words[place])) is None:
        return None
    said = words[place - 1] in _AT
    if not (said or unit or found[2] or found[3]):
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if hour > 24 or minute > 59:
        return None
    if (unit or found[3] or "").startswith("p") and hour < 12:
        hour += 12
    return hour * 60 + minute, len(words) - place + said


def without_hour(heading: str) -> str:
    """A heading without the hour that ends it: `Votanti ore 23`, `Turnout 4 PM`."""
    if (found := _hour(heading)) is None:
        return heading
    return " ".join(heading.translate(_MARKS).split()[: -found[1]])


def last_of_day(headings: Sequence[str]) -> list[str]:
    """Headings, where of one count by the hour all but the latest are empty."""
    told = [(h, found[0]) if (found := _hour(h)) else None for h in headings]
    latest: dict[str, int] = {}
    for one in told:
        if one is not None:
            key = without_hour(one[0]).casefold()
            latest[key] = max(one[1], latest.get(key, 0))
    return [
        h if one is None or one[1] == latest[without_hour(h).casefold()] else ""
        for h, one in zip(headings, told, strict=True)
    ]
