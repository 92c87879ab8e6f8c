"""What a caller says, and the words on their page, by language (`words/*.toml`). Plain text; escaping is the
page's."""

import tomllib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

LANGUAGES = ("en", "es", "zh", "vi")
_FIELDS = ("name", "caller", "place", "closes")


@cache
def catalogue_of(folder: str, language: str) -> dict[str, Any]:
    """All words of a folder (`callers.rides`: its `words/*.toml`) in a language that has them."""
    file = resources.files(folder) / "words" / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _catalogue(language: str) -> dict[str, Any]:
    return catalogue_of("callers.scripts", language)


def known(language: str) -> str:
    """The language we have words in that is nearest to this one."""
    return language if language in LANGUAGES else "en"


def words(language: str) -> dict[str, str]:
    """The words of the page, by key."""
    found: dict[str, str] = _catalogue(known(language))["page"]
    return found


def tongue(language: str) -> str:
    """A language's own name; its code where we do not know it."""
    return str(_catalogue(language)["language"]) if language in LANGUAGES else language


def local(at: datetime, zone: str) -> str:
    """A time of day as people there say it, e.g. 20:00."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def script(  # noqa: PLR0917
    language: str, name: str, caller: str, place: str, closes: str, lines: Sequence[str] = ()
) -> list[str]:
    """The script's lines with the fields filled in; `lines` instead of our own where a trial has others.

    Whatever stands in a field stays as it is: a voter called {caller} is not filled in again.
    """
    fields = dict(zip(_FIELDS, (name, caller, place, closes), strict=True))
    return [line.format_map(fields) for line in lines or _catalogue(known(language))["script"]]


def own_lines(language: str) -> list[str]:
    """Our own script in a language, with its fields not filled in."""
    return list(_catalogue(known(language))["script"])


def check_lines(lines: Sequence[str]) -> None:
    """Raises `ValueError` where a line holds a field that we cannot fill in, or more than a field's name.

    A width would make a line of any length, an attribute show what is none of the caller's.
    """
    names = ", ".join("{" + name + "}" for name in _FIELDS)
    for line in lines:
        try:
            parts = list(Formatter().parse(line))
        except ValueError as error:
            raise ValueError(f"{line!r}: use the fields {names} only") from error
        if any(field is not None and (field not in _FIELDS or spec or how) for _, field, spec, how in parts):
            raise ValueError(f"{line!r}: use the fields {names} only")


def reason(language: str, key: str, until: str = "") -> str:
    """Why there is no voter, or why not to call this one."""
    sentences: dict[str, str] = _catalogue(known(language))["reasons"]
    return sentences.get(key, sentences["ended"]).format(until=until)
