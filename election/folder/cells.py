"""What one cell may say: numbers, shares, times of day, zones, yes or no, languages, lists.

`Cells` belongs to one file and one row at a time: a bad cell becomes a problem at that row, and None.
"""

import re
from collections.abc import Iterable
from datetime import time
from functools import cache
from math import isfinite
from zoneinfo import ZoneInfo, available_timezones

from election.folder.findings import Findings, shown

MOST = 10_000_000  # no precinct, roll or count is larger; a longer number is a phone in the wrong column

_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+|[0-9]{1,9}(\.0+)?")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?\s*(?:([AaPp])\.?[Mm]\.?)?")
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_YES = frozenset({"yes", "y", "true", "t", "1", "x"})
_NO = frozenset({"", "no", "n", "false", "f", "0"})

_NOT_ZONES = ("posix", "right/", "localtime")  # in the database's folder, but no names of places

ZONE_REMEDY = "write an IANA name such as America/New_York"
TIME_REMEDY = "write HH:MM, such as 07:00"


@cache
def known_zone(name: str) -> bool:
    """Whether the name is in the IANA time zone database."""
    if not _ZONE.fullmatch(name) or name.startswith(_NOT_ZONES):
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def near_zone(name: str) -> str:
    """What to do about an unknown zone, with the nearest name where one is near."""
    from difflib import get_close_matches

    near = get_close_matches(name.replace(" ", "_"), available_timezones(), 1, 0.8)
    return f"did you mean {near[0]}?" if near else ZONE_REMEDY


@cache
def time_of(text: str) -> time | None:
    """A local time of day: `07:00`, `7:00`, `07:00:30`, `7:00 pm`. None where it is none."""
    match = _TIME.fullmatch(text)
    if not match:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[4] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return time(hour, minute, second)


@cache
def language_of(text: str) -> str | None:
    """A language code (`es`, `zh-hant`), from a code or an English name. None where it is neither."""
    code = text.lower().replace("_", "-")
    if _LANGUAGE.fullmatch(code) and (len(code) < 4 or "-" in code):
        return code
    from babel import Locale  # slow to load, and seldom needed

    names = {name.lower(): key.replace("_", "-").lower() for key, name in Locale("en").languages.items()}
    return names.get(code)


def split_list(text: str) -> tuple[str, ...]:
    """The parts of a `;` list, each once."""
    if ";" not in text:
        return (text,) if text else ()
    return tuple(dict.fromkeys(part for part in (p.strip() for p in text.split(";")) if part))


class Cells:
    """Reads the cells of one file; set `line` for each row."""

    def __init__(self, file: str, findings: Findings) -> None:
        self.file = file
        self.findings = findings
        self.line = 1

    def problem(self, column: str, what: str, remedy: str = "") -> None:
        self.findings.problem(self.file, self.line, column, what, remedy)

    def need(self, column: str, text: str) -> str:
        if not text:
            self.problem(column, "is empty", "fill it in")
        return text

    def integer(self, column: str, text: str, least: int = 0, most: int = MOST) -> int | None:
        """A whole number; `1,204` and `1204.0` (a spreadsheet's ways) are taken, nothing else is guessed."""
        if text.isdecimal() and text.isascii() and len(text) < 10:
            value = int(text)
        elif _GROUPED.fullmatch(text):
            value = int(text.split(".", maxsplit=1)[0].replace(",", ""))
        elif not text:
            self.problem(column, "is empty", "write a whole number")
            return None
        else:
            self.problem(column, f"{shown(text)} is not a whole number", "write digits alone, such as 1204")
            return None
        if not least <= value <= most:
            self.problem(column, f"{value} is out of range", f"write a number from {least:,} to {most:,}")
            return None
        return value

    def number(self, column: str, text: str, least: float, most: float) -> float | None:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not isfinite(value) or "_" in text:
            self.problem(column, f"{shown(text)} is not a number", "write digits with a decimal point")
            return None
        if not least <= value <= most:
            self.problem(column, f"{text} is out of range", f"write a number from {least:g} to {most:,.0f}")
            return None
        return value

    def time(self, column: str, text: str) -> time | None:
        value = time_of(text)
        if value is None:
            self.problem(column, f"{shown(text)} is not a time of day", TIME_REMEDY)
        return value

    def zone(self, column: str, text: str) -> str | None:
        if known_zone(text):
            return text
        self.problem(column, f"there is no time zone {shown(text)}", near_zone(text[:60]))
        return None

    def boolean(self, column: str, text: str, also_yes: Iterable[str] = ()) -> bool:
        word = text.lower()
        if word in _NO:
            return False
        if word in _YES or word in also_yes:
            return True
        self.problem(column, f"{shown(text)} is neither yes nor no", "write yes or no")
        return False

    def language(self, column: str, text: str) -> str | None:
        value = language_of(text)
        if value is None:
            self.problem(column, f"{shown(text)} is no language", "write a code such as en or es")
        return value
