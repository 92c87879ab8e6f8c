"""The words of the house: exported classes and folders of a tree, and what the glossary defines. Pure.

Used by `tests/test_glossary.py` and `python -m tests.shape`.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

ROOMS = ("election", "intake", "tally", "callers", "dashboard", "beluga", "chaos")
_ITEM = re.compile(r"^- (.+?)(?=^- |^#|\Z)", re.MULTILINE | re.DOTALL)
_TERM = re.compile(r"\*\*(.+?)\*\*")
_ASIDE = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)")
_PLAIN = re.compile(r"^## Plain words$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

Tree = Mapping[str, str]  # path to text, of the Python files of the rooms


@dataclass(frozen=True)
class ExportedClass:
    """A public class at a module's top."""

    name: str
    path: str
    methods: int  # every function of its body
    arguments: int  # of __init__, beside self


@dataclass(frozen=True)
class Glossary:
    """`terms` in the order of the page; `asides`: those explained within another's definition, in italics;
    `plain`: words that need no definition.
    """

    terms: tuple[str, ...]
    asides: tuple[str, ...]
    plain: tuple[str, ...]

    @property
    def words(self) -> frozenset[str]:
        """Every word that a name may be made of, each in its simple form."""
        return frozenset(map(simple, words_of(" ".join((*self.terms, *self.asides, *self.plain)))))


def read_glossary(page: str) -> Glossary:
    """Parses `docs/glossary.md`: an item defines its words in bold. Raises `ValueError`."""
    plain = _PLAIN.search(page)
    if plain is None:
        raise ValueError("the glossary has no section `Plain words`")
    items = "\n".join(_ITEM.findall(page[: plain.start()]))
    words = plain[1].strip().rpartition("\n\n")[2]
    return Glossary(
        tuple(_TERM.findall(items)), tuple(_ASIDE.findall(items)), tuple(re.findall(r"\w+", words))
    )


def words_of(name: str) -> list[str]:
    """The words of a name or phrase, in small letters: `WarRoomUser`, `feed_client`, `check-in`."""
    return [word.lower() for word in _PARTS.findall(name)]


def simple(word: str) -> str:
    """A noun without its plural ending; the same rule on both sides, so that it need not be grammar."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def unexplained(name: str, words: Iterable[str]) -> list[str]:
    """Words of a name that are not among `words`."""
    known = frozenset(words)
    return [word for word in words_of(name) if simple(word) not in known]


@cache
def parsed(text: str) -> ast.Module:
    """A module's syntax tree; the same text is parsed once."""
    return ast.parse(text)


def exported_classes(tree: Tree) -> Iterator[ExportedClass]:
    """Public classes at the top of every module of the rooms."""
    for path, text in sorted(tree.items()):
        for node in parsed(text).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield _exported(node, path)


def _exported(node: ast.ClassDef, path: str) -> ExportedClass:
    functions = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    arguments = [
        len([*each.args.posonlyargs, *each.args.args, *each.args.kwonlyargs]) - 1
        for each in functions
        if each.name == "__init__"
    ]
    return ExportedClass(node.name, path, len(functions), max(arguments, default=0))


def folders(tree: Tree) -> frozenset[str]:
    """Names of the rooms and of their folders that hold Python."""
    return frozenset(part for path in tree for part in path.split("/")[:-1])


def two_meanings(tree: Tree) -> dict[str, tuple[str, ...]]:
    """Class names that are exported by more than one module, with those modules."""
    found: dict[str, list[str]] = {}
    for each in exported_classes(tree):
        found.setdefault(each.name, []).append(each.path)
    return {name: tuple(paths) for name, paths in sorted(found.items()) if len(paths) > 1}
