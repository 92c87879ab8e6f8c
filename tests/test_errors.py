"""Each room's exceptions are one tree under one root, drawn in full in the room's `errors.py`."""

import ast
import importlib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOTS = {
    "election": "ElectionError", "intake": "IntakeError", "callers": "CallersError",
    "dashboard": "DashboardError", "beluga": "BelugaError", "chaos": "ChaosError", "tally": "TallyError",
}  # fmt: skip


@cache
def exceptions_of(room: str) -> dict[str, type[BaseException]]:
    """Every exception class that a module of this room defines, at whatever depth, by its name."""
    found: dict[str, type[BaseException]] = {}
    for path in sorted((ROOT / room).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        if not any(node.bases for node in classes) or path.name == "__main__.py" or "deployed" in path.parts:
            continue
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for node in classes:
            one = getattr(module, node.name, None)
            if isinstance(one, type) and issubclass(one, BaseException):
                assert node.name not in found, f"{room}: {node.name} twice"
                found[node.name] = one
            elif one is None:
                words = " ".join(ast.unparse(base) for base in node.bases)
                assert "Error" not in words and "Exception" not in words, (
                    f"{path}: {node.name} inside a function"
                )
    return found


def drawn(room: str) -> dict[str, str]:
    """name -> the name it stands under, as the docstring draws it."""
    lines = importlib.import_module(f"{room}.errors").__doc__.splitlines()
    above: list[str] = []
    tree = {}
    for line in lines:
        if line.startswith("    ") and line.strip():
            depth, name = (len(line) - len(line.lstrip())) // 4 - 1, line.split()[0]
            above[depth:] = [name]
            assert name not in tree, f"{room}: {name} drawn twice"
            tree[name] = above[depth - 1] if depth else ""
    return tree


@pytest.mark.parametrize("room", ROOTS)
def test_every_exception_of_a_room_derives_from_its_root(room: str) -> None:
    found = dict(exceptions_of(room))
    root = found.pop(ROOTS[room], None)
    if room == "tally":
        assert not found and root is None, "it has none: give it tally/errors.py with the first"
        return
    assert root is not None
    assert [name for name, one in found.items() if not issubclass(one, root)] == []


@pytest.mark.parametrize("room", [room for room in ROOTS if room != "tally"])
def test_the_tree_is_drawn_as_it_is(room: str) -> None:
    found = exceptions_of(room)
    parents = {
        name: next((base.__name__ for base in one.__mro__[1:] if base.__name__ in found), "")
        for name, one in found.items()
    }
    assert drawn(room) == parents


def test_no_two_exceptions_share_a_name() -> None:
    names = Counter(name for room in ROOTS for name in exceptions_of(room))
    assert [name for name, times in names.items() if times > 1] == []
