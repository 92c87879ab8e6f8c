"""The languages: one gettext `.po` file each, read at start-up. Adding a language is adding a file.

Each file has several contexts. `word` entries list, separated by `;`, the words and phrases a watcher may
text (accents and case do not matter). `reply` entries word the answers, `form` entries the watcher's form,
`outbound` entries what we text on our own accord, `card` entries the printed card, `incident` entries list
words by what an incident is about, `matter` entries more words by what is fixed, `danger` entries the
words that make a sentence an alarm (`*` stands for some words) or take it back, `machine`
entries how phones and networks word what no person wrote, `number` entries the words of numbers, `short`
entries how a word is shortened in texts, the `everyday` entry words that no other language's are,
`retraction` entries how watchers take back what they texted,
`inquiry` entries how watchers ask what the election folder knows (`*` stands for some words), `answer`
entries what staff answer often.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from election.runtime.language_file import read_language_file

_LISTS = (
    "word",
    "incident",
    "danger",
    "machine",
    "number",
    "short",
    "everyday",
    "inquiry",
    "matter",
    "retraction",
)
_SENTENCES = ("reply", "form", "outbound", "card", "answer")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language: what its speakers text (`words`, by class), are answered (`replies`) and see (`form`)."""

    language: str
    words: dict[str, tuple[str, ...]]
    replies: dict[str, str]
    form: dict[str, str] = field(default_factory=dict)
    outbound: dict[str, str] = field(default_factory=dict)
    incidents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    danger: dict[str, tuple[str, ...]] = field(default_factory=dict)
    machine: dict[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    shorts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    card: dict[str, str] = field(default_factory=dict)
    everyday: tuple[str, ...] = ()
    inquiries: dict[str, tuple[str, ...]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)  # staff's, at hand
    matters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    retractions: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in a `.po` file named after its language."""
    lists: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in _LISTS}
    sentences: dict[str, dict[str, str]] = {name: {} for name in _SENTENCES}
    for entry in read_language_file(path).entries:
        key, value = entry.key, entry.forms[0]
        if entry.context in lists:
            lists[entry.context][key] = tuple(term.strip() for term in value.split(";") if term.strip())
        elif entry.context in sentences:
            sentences[entry.context][key] = value
    return Catalogue(
        path.stem, lists["word"], sentences["reply"], sentences["form"], sentences["outbound"],
        lists["incident"], lists["danger"], lists["machine"], lists["number"], lists["short"],
        sentences["card"], lists["everyday"].get("words", ()),
        lists["inquiry"], sentences["answer"], lists["matter"], lists["retraction"],
    )  # fmt: skip


@cache
def load_catalogues() -> dict[str, Catalogue]:
    """All languages beside this file, by code."""
    return {path.stem: read_catalogue(path) for path in sorted(Path(__file__).parent.glob("*.po"))}
