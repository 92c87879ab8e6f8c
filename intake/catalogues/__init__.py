"""The languages: one gettext `.po` file each, read at start-up. Adding a language is adding a file.

Each file has two contexts. `word` entries list, separated by `;`, the words and phrases a watcher may text
(accents and case do not matter). `reply` entries word the answers.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language: what its speakers text (`words`, by class) and what they are answered (`replies`)."""

    language: str
    words: dict[str, tuple[str, ...]]
    replies: dict[str, str]


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in a `.po` file named after its language. Fuzzy and empty entries are left out."""
    with path.open("rb") as file:
        po = read_po(file, locale=path.stem)
    words: dict[str, tuple[str, ...]] = {}
    replies: dict[str, str] = {}
    for entry in po:
        if not entry.id or not entry.string or entry.fuzzy:
            continue
        key, value = str(entry.id), str(entry.string)
        if entry.context == "word":
            words[key] = tuple(term.strip() for term in value.split(";") if term.strip())
        elif entry.context == "reply":
            replies[key] = value
    return Catalogue(path.stem, words, replies)


@cache
def load_catalogues() -> dict[str, Catalogue]:
    """All languages beside this file, by code."""
    return {path.stem: read_catalogue(path) for path in sorted(Path(__file__).parent.glob("*.po"))}
