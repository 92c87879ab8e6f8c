"""Dates in file names, titles, headings and cells: which election a table is about."""

import re
from datetime import date, datetime

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
         "august aug", "september sept sep", "october oct", "november nov", "december dec"), 1)
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_./]?(0[1-9]|1[0-2])[-_./]?(0[1-9]|[12]\d|3[01])(?!\d)")
_AMERICAN = re.compile(r"(?<!\d)(\d{1,2})[-_/.](\d{1,2})[-_/.]((?:19|20)\d\d|\d\d)(?!\d)")
_PACKED = re.compile(r"(?<!\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])((?:19|20)\d\d)(?!\d)")
_WORDS = re.compile(rf"\b({_MONTH})[a-z]*\.?[\s_-]+(\d{{1,2}})(?:st|nd|rd|th)?,?[\s_-]+((?:19|20)\d\d)", re.I)
_DAY_FIRST = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?[\s_-]+({_MONTH})[a-z]*\.?,?[\s_-]+((?:19|20)\d\d)", re.I
)
YEAR = re.compile(r"(?<!\d)((?:19[89]|20[0-4])\d)(?!\d)")
_SHORT_NAME = re.compile(r"([gps])([0-4]\d)", re.I)  # as California and Texas abridge them
_SHORT_NAMES = {"g": "general", "p": "primary", "s": "special"}
_COMING = re.compile(r"as of|through|updated|printed|run date|report date|generated", re.I)


def date_in(text: str, *, day_first: bool = False) -> date | None:
    """The first whole date that a text names. `day_first`: 3/11/2026 is in November."""
    if found := _ISO.search(text):
        return _date(found[1], found[2], found[3])
    if found := _PACKED.search(text):
        return _date(found[3], found[1], found[2])
    if found := _AMERICAN.search(text):
        month, day = (found[2], found[1]) if day_first else (found[1], found[2])
        if int(month) > 12:
            month, day = day, month
        year = found[3] if len(found[3]) == 4 else f"20{found[3]}"
        return _date(year, month, day)
    if found := _WORDS.search(text):
        return _date(found[3], _MONTHS[found[1].lower()], found[2])
    if found := _DAY_FIRST.search(text):
        return _date(found[3], _MONTHS[found[2].lower()], found[1])
    return None


def _date(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def election_in(text: str) -> str:
    """How an election is called in a text: `2022-11-08`, `2022`, or nothing. A printing date is none."""
    for part in re.split(r"[\n;]", text):
        if _COMING.search(part):
            continue
        if at := date_in(part):
            return at.isoformat()
    for part in re.split(r"[\n;]", text):
        if not _COMING.search(part) and (found := YEAR.search(part)):
            return found[1]
    return ""


def election_name(text: str, *, day_first: bool = False) -> str:
    """A cell that names an election, with its date or year first, so that names sort by time."""
    if at := date_in(text, day_first=day_first):
        return at.isoformat()
    if found := _SHORT_NAME.fullmatch(text.strip()):
        return f"20{found[2]} {_SHORT_NAMES[found[1].lower()]}"
    if (found := YEAR.search(text)) and not text.startswith(found[1]):
        rest = " ".join((text[: found.start()] + text[found.end() :]).split()).strip(" -,")
        return f"{found[1]} {rest}".strip()
    return text


def age_year(age: str, today: date) -> int | None:
    """The likelier birth year of somebody of this age."""
    return today.year - int(age) if age.isdecimal() and 15 < int(age) < 120 else None


def when(text: str, *, day_first: bool = False) -> date | None:
    """A cell's date, with or without a time."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return date_in(text, day_first=day_first)
