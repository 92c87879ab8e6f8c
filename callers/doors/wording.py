"""Words of a canvasser's page by language (`words/*.toml`). Plain text."""

import tomllib
from functools import cache
from importlib import resources

from callers.scripts.wording import known


@cache
def catalogue(language: str) -> dict[str, dict[str, str]]:
    """All words of a language that has them."""
    file = resources.files("callers.doors") / "words" / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def words(language: str) -> dict[str, str]:
    """The words of a canvasser's page, by key."""
    return catalogue(known(language))["page"]


def reason(language: str, key: str) -> str:
    """Why there is no door."""
    return catalogue(known(language))["reasons"][key]
