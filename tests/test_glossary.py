"""docs/glossary.md explains the words that classes and folders are named with, each once."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.shape import circles, figures, working_tree
from tests.vocabulary import (
    Glossary,
    Tree,
    exported_classes,
    folders,
    read_glossary,
    simple,
    two_meanings,
    unexplained,
)

PAGE = Path(__file__).parents[1] / "docs/glossary.md"


@cache
def _tree() -> Tree:
    return working_tree()


@cache
def _glossary() -> Glossary:
    return read_glossary(PAGE.read_text())


def test_each_exported_class_is_named_with_words_of_the_glossary() -> None:
    words = _glossary().words
    strange = {each.name: unexplained(each.name, words) for each in exported_classes(_tree())}
    assert {name: left for name, left in strange.items() if left} == {}


def test_each_folder_is_named_with_words_of_the_glossary() -> None:
    words = _glossary().words
    assert {name: left for name in folders(_tree()) if (left := unexplained(name, words))} == {}


def test_a_term_is_defined_once_and_is_no_plain_word() -> None:
    glossary = _glossary()
    terms = Counter(term.lower() for term in glossary.terms)
    assert [term for term, times in terms.items() if times > 1] == []
    plain = Counter(map(simple, glossary.plain))
    assert [word for word, times in plain.items() if times > 1 or word in terms] == []


def test_a_class_name_means_one_thing_in_the_house() -> None:
    assert two_meanings(_tree()) == {}


@pytest.mark.parametrize(
    ("name", "left"), [("WarRoomUser", ["user"]), ("feed_clients", ["clients"]), ("HTTPFeeds", ["http"])]
)
def test_names_are_parted_into_words(name: str, left: list[str]) -> None:
    assert unexplained(name, {"war", "room", "feed"}) == left


def test_the_shape_counts_what_it_says() -> None:
    wide = ", ".join(f"a{n}" for n in range(9))
    tree = {
        "intake/a/one.py": f"from intake.b import two\nclass Same:\n def __init__(self, {wide}): ...",
        "intake/b/two.py": "import intake.a.one\nclass Same:\n"
        + "\n".join(f" def m{n}(self): ..." for n in range(16)),
        "intake/c/three.py": "def late():\n import intake.a.one\nclass _Same: ...",
    }
    assert circles(tree) == [("intake.a", "intake.b")]
    found = figures(tree)
    assert found["circles among folders"] == "1"
    assert found["classes over 15 methods"] == found["constructors over 8 arguments"] == "1"
    assert found["words with two meanings"] == "1"


def test_the_house_keeps_its_shape() -> None:
    found = figures(_tree())
    kept = (
        "circles among folders", "classes over 15 methods", "constructors over 8 arguments",
        "words with two meanings",
    )  # fmt: skip
    assert {name: found[name] for name in kept} == dict.fromkeys(kept, "0"), "`make shape` names them"
