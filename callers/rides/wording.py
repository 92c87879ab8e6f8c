"""Words of rides by language (`words/*.toml`): of the driver's page, refusals and texts. Plain text."""

from callers.scripts.wording import catalogue_of, known


def catalogue(language: str) -> dict[str, dict[str, str]]:
    """All words of a language that has them."""
    return catalogue_of("callers.rides", language)


def words(language: str) -> dict[str, str]:
    """The words of a driver's page, by key."""
    return catalogue(known(language))["page"]


def reason(language: str, key: str) -> str:
    """Why there is no ride, or why this cannot be done to it."""
    sentences = catalogue(known(language))["reasons"]
    return sentences.get(key, sentences["ended"])


def text(language: str, key: str, *, rehearsal: bool = False, **fields: str) -> str:
    """What a voter or driver is texted, labelled where it is a rehearsal's."""
    texts = catalogue(known(language))["texts"]
    return (texts["rehearsal"] if rehearsal else "") + texts[key].format_map(fields)
