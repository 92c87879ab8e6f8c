"""A language's file (gettext `.po`, named after the language): what may be said, and what its head tells."""

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from gettext import c2py
from pathlib import Path

from babel.messages.pofile import read_po

_HEAD = 4_096  # bytes of a file in which its head stands
_FIELD = re.compile(rb'^"(X-Locale|X-Name|X-Plurals): ([^"\\]{2,80})', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LanguageEntry:
    """One sentence: its key (English where the file is by sentences), and its forms: one, or by number."""

    context: str
    key: str
    forms: tuple[str, ...]
    counts: bool = False  # whether the number decides which form is said


@dataclass(frozen=True, slots=True)
class LanguageFile:
    """`locale`: how numbers and days are written (`es-US`). `plural`: which of its forms a number takes.

    `name` is what its speakers call it, `categories` the form of each of CLDR's plural categories; both are
    empty where the head does not say them: CLDR's own tables cost 4 MB for good.
    """

    language: str
    locale: str
    entries: tuple[LanguageEntry, ...]
    plural: Callable[[int], int]
    name: str = ""
    categories: Mapping[str, int] = field(default_factory=dict)


def read_language_file(path: Path) -> LanguageFile:
    """What a file says. Fuzzy entries, and those without all their forms, are left out."""
    content = path.read_bytes()
    po = read_po(io.BytesIO(content), locale=path.stem)
    found = []
    for entry in po:
        if not entry.id or entry.fuzzy:
            continue
        counts = not isinstance(entry.id, str)
        key = entry.id[0] if counts else str(entry.id)
        given = entry.string or ""
        forms = (given,) if isinstance(given, str) else tuple(map(str, given))
        if forms and all(forms):
            found.append(LanguageEntry(entry.context or "", key, forms, counts))
    # Babel keeps of a file's head only the fields it knows.
    said = {name: value.decode() for name, value in _FIELD.findall(content[:_HEAD])}
    categories = {
        category: int(form) for category, form in re.findall(r"([a-z]{3,5})=(\d)", said.get(b"X-Plurals", ""))
    }
    locale, name = said.get(b"X-Locale", path.stem), said.get(b"X-Name", "")
    return LanguageFile(path.stem, locale, tuple(found), c2py(po.plural_expr), name, categories)
