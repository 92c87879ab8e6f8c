"""Words of a canvasser's page by language (`words/*.toml`). Plain text."""

from callers.scripts.wording import catalogue_of, known


def catalogue(language: str) -> dict[str, dict[str, str]]:
    """All words of a language that has them."""
    return catalogue_of("callers.doors", language)


def words(language: str) -> dict[str, str]:
    """The words of a canvasser's page, by key."""
    return catalogue(known(language))["page"]


def reason(language: str, key: str) -> str:
    """Why there is no door."""
    return catalogue(known(language))["reasons"][key]
