"""One language's words: what stands for an English sentence, in as many forms as the language counts with."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale

from election.runtime.language_file import read_language_file

NOTE = "##"  # parts a sentence from a word to translators, where one English word means two things
PLACE = re.compile(r"\{(\w+)\}")  # in a sentence: what is filled in
_PROBED = (*range(201), 1_000, 1_000_000)  # numbers by which a browser's plural categories are told apart


def filled(sentence: str, fields: Mapping[str, Any]) -> str:
    """The sentence with its places filled; a place without a value stays as it is written."""
    return PLACE.sub(lambda place: str(fields.get(place[1], place[0])), sentence) if fields else sentence


@cache
def _parted(template: str) -> list[str]:
    """Words, a place's name, words, …"""
    return PLACE.split(template)


def places_of(template: str, sentence: str) -> dict[str, str] | None:
    """What stands in a sentence's places; None where the template does not make this sentence."""
    parts = _parted(template)
    if not sentence.startswith(parts[0]):
        return None
    rest, found = sentence[len(parts[0]) :], {}
    for name, words in zip(parts[1::2], parts[2::2], strict=True):
        last = words == parts[-1] and name == parts[-2]
        end = len(rest) - len(words) if last else rest.find(words)
        if end < 0 or not rest[end:].startswith(words):
            return None
        found[name], rest = rest[:end], rest[end + len(words) :]
    return None if rest else found


def _one_or_more(number: int) -> int:
    return int(number != 1)


@dataclass(frozen=True, slots=True)
class LanguageCatalogue:
    """A language (`es`): its own name, how it writes numbers and days (`es-US`), its sentences by English.

    `forms`: sentences that count, by the English of one; `plural`: which of the forms a number takes.
    """

    language: str
    name: str
    locale: str
    texts: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plural: Callable[[int], int] = _one_or_more
    said_categories: Mapping[str, int] = field(default_factory=dict)  # what `categories` would find

    def text(self, english: str, fields: Mapping[str, Any]) -> str:
        """The sentence, filled in; the English one where this language has none."""
        return filled(self.texts.get(english) or english.partition(NOTE)[0], fields)

    def counted(self, one: str, more: str, number: float, fields: Mapping[str, Any]) -> str:
        """The sentence in the form of this number, which is `{n}` in it."""
        forms = self.forms.get(one) or (one, more)
        whole = int(number) if number == int(number) else 2  # "1.5 votes"
        form = forms[min(self.plural(abs(whole)), len(forms) - 1)]
        return filled(form, {"n": number, **fields})

    def categories(self) -> dict[str, int]:
        """The form of each of CLDR's plural categories, by which a browser chooses (`Intl.PluralRules`)."""
        if self.said_categories:
            return dict(self.said_categories)
        rule = Locale.parse(self.language).plural_form
        return {rule(number): self.plural(number) for number in reversed(_PROBED)}


ENGLISH = LanguageCatalogue("en", "English", "en", said_categories={"other": 1, "one": 0})


def read_words(path: Path) -> LanguageCatalogue:
    """The catalogue in a `.po` file named after its language."""
    file = read_language_file(path)
    texts = {entry.key: entry.forms[0] for entry in file.entries if not entry.counts}
    forms = {entry.key: entry.forms for entry in file.entries if entry.counts}
    name = file.name or _own_name(path.stem)
    return LanguageCatalogue(path.stem, name, file.locale, texts, forms, file.plural, file.categories)


def _own_name(language: str) -> str:
    """What its speakers call it, by CLDR."""
    own = str(Locale.parse(language).display_name or language)
    return own[:1].upper() + own[1:]
