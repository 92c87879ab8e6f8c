"""Of several columns of one count, by the hour or by the date, the latest is the one that holds."""

import re
from collections.abc import Sequence

from beluga.adopt.mapping.dates import YEAR, date_in

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
    told = [(without_hour(h), found[0]) if (found := _hour(h)) else None for h in headings]
    return _latest(headings, told)


def last_dated(headings: Sequence[str]) -> list[str]:
    """Headings, where of one count by date or year all but the latest are empty: `Registered 10/01/2026`."""
    told = []
    for heading in headings:
        at, year = date_in(heading), YEAR.search(heading)
        when = at.toordinal() if at else int(year[1]) * 366 if year else 0
        told.append(("".join(c for c in heading if c.isalpha()), when) if when else None)
    return _latest(headings, told)


def _latest(headings: Sequence[str], told: Sequence[tuple[str, int] | None]) -> list[str]:
    """`told`: what a heading counts, and when; None where it does not say when."""
    latest: dict[str, int] = {}
    for one in filter(None, told):
        key = one[0].casefold()
        latest[key] = max(one[1], latest.get(key, 0))
    return [
        h if one is None or one[1] == latest[one[0].casefold()] else ""
        for h, one in zip(headings, told, strict=True)
    ]
