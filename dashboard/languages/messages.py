"""Every sentence that the war room can say, as it stands in its code; language files kept level with it.

    python -m dashboard.languages.messages    adds what is new to each `.po` file, drops what nobody says

A sentence is the first argument of `tr` or `noted` (or the two of `trn`) in Python, in a template or in a
browser's module, written there as one literal: a variable is said elsewhere, by `noted`. What a setting is
for is a sentence, too.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import normalize, read_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

ROOM = Path(__file__).parents[1]
SHARED_SETTINGS = ROOM.parent / "election" / "runtime" / "settings.py"  # shown with the war room's own
_WIDTH = 110  # of a line
_SETTING = "Field"  # of a settings class
_TOLD = ("tr", "noted", "noted_all", "trn")
_STRING = r'"(?:[^"\\\n]|\\.)*"'
_CALL = re.compile(rf"\b(tr|noted|trn)\(\s*({_STRING})(?:,\s*({_STRING}))?")


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """An English sentence; `more` where it counts: the one of several. `file` says it first."""

    english: str
    more: str | None
    file: str


def messages(room: Path = ROOM) -> list[CatalogueEntry]:
    """All of them, each once, by file and place."""
    found: dict[str, CatalogueEntry] = {}
    for file in [*sorted(room.rglob("*")), SHARED_SETTINGS]:
        page = file.suffix == ".html" and file.parent.name == "templates"
        if (not page and file.suffix not in (".py", ".js")) or file == Path(__file__):
            continue
        name, text = file.relative_to(room.parent).as_posix(), file.read_text("utf-8")
        said = {".py": _in_python, ".js": _in_module, ".html": _in_template}[file.suffix](text)
        for one, more in said:
            known = found.get(one)
            if known is None or (known.more is None and more is not None):
                found[one] = CatalogueEntry(one, more, known.file if known else name)
    return [message for message in found.values() if message.english]


def _in_python(text: str) -> Iterator[tuple[str, str | None]]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id == _SETTING:
            told = (each.value for each in node.keywords if each.arg == "description")
            for value in told:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value, None
            continue
        if node.func.id not in _TOLD:
            continue
        given = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if node.func.id == "trn":
            yield given[0], given[1]
        elif node.func.id == "noted_all":
            yield from ((each, None) for each in given)
        elif given:
            yield given[0], None


def _in_module(text: str) -> Iterator[tuple[str, str | None]]:
    code = "\n".join("" if line.lstrip().startswith(("//", "*", "/*")) else line for line in text.split("\n"))
    for call in _CALL.finditer(code):
        more = json.loads(call[3]) if call[1] == "trn" and call[3] else None
        yield json.loads(call[2]), more


def _in_template(text: str) -> Iterator[tuple[str, str | None]]:
    for _, function, given in extract_from_ast(
        Environment(autoescape=True).parse(text), ("tr", "trn"), False
    ):
        words = [each for each in (given if isinstance(given, tuple) else (given,)) if each is not None]
        if words:
            yield words[0], words[1] if function == "trn" else None


def level(path: Path, said: list[CatalogueEntry]) -> None:
    """Writes the file anew with these sentences: its head, and what it has of them, stay as they are."""
    with path.open("rb") as file:
        old = read_po(file, locale=path.stem)
    lines = [path.read_text("utf-8").partition("\n\n")[0]]
    for message in sorted(said, key=lambda m: (m.file, m.english)):
        known = old.get(message.english)
        given = known.string if known else None
        lines.append(f"\n#: {message.file}\nmsgid {normalize(message.english, width=_WIDTH)}")
        if message.more is None:
            lines.append(f"msgstr {normalize(given if isinstance(given, str) else '', width=_WIDTH)}")
            continue
        lines.append(f"msgid_plural {normalize(message.more, width=_WIDTH)}")
        forms = given if isinstance(given, tuple) else ("",) * old.num_plurals
        lines += [f"msgstr[{n}] {normalize(form, width=_WIDTH)}" for n, form in enumerate(forms)]
    path.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    for language in sorted(Path(__file__).parent.glob("*.po")):
        level(language, messages())
        sys.stdout.write(f"{language.name}\n")
