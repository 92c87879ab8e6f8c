"""The house in figures: `python -m tests.shape [REVISION]`, the tree as it is beside an older one.

Everything is read from files, of a revision out of git; nothing of the rooms is imported. import-linter
checks the current tree alone: an older one has contracts of its own.
"""

import argparse
import ast
import io
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

from tests.vocabulary import ROOMS, Tree, exported_classes, parsed, two_meanings

ROOT = Path(__file__).parents[1]
MOST_METHODS, MOST_ARGUMENTS = 15, 8


def working_tree() -> Tree:
    """Python files of the rooms as they lie here, those not yet committed among them."""
    return {
        str(path.relative_to(ROOT)): path.read_text()
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
    }


def tree_at(revision: str) -> Tree:
    """Python files of the rooms at a revision. Raises `CalledProcessError` where git does not know it."""
    archive = subprocess.run(
        ["git", "archive", revision, *ROOMS], cwd=ROOT, check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return {
            member.name: content.read().decode()
            for member in files
            if member.name.endswith(".py") and (content := files.extractfile(member))
        }


def circles(tree: Tree) -> list[tuple[str, ...]]:
    """Folders of a room (a module at its top counts as one) that import each other, directly or by others."""
    arrows: dict[str, set[str]] = {}
    for path, text in tree.items():
        here = _folder(path.removesuffix(".py").replace("/", "."))
        for name in _imported(text):
            there = _folder(name)
            if name.split(".")[0] in ROOMS and there != here:
                arrows.setdefault(here, set()).add(there)
    reach = {start: _reached(arrows, start) for start in arrows}
    knots = {tuple(sorted(end for end in reach[start] if start in reach.get(end, ()))) for start in arrows}
    return sorted(knot for knot in knots if knot)


def _folder(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _imported(text: str) -> set[str]:
    """Modules that are imported when this one is: not those of functions, nor for types alone."""
    found: set[str] = set()
    for node in parsed(text).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            # `from room import module` and `from room.folder import name` look alike
            parts = node.module.split(".")
            found |= (
                {f"{node.module}.{each.name}" for each in node.names} if len(parts) == 1 else {node.module}
            )
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return found


def _reached(arrows: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    todo = list(arrows.get(start, ()))
    while todo:
        if (each := todo.pop()) not in found:
            found.add(each)
            todo.extend(arrows.get(each, ()))
    return found


def figures(tree: Tree) -> dict[str, str]:
    """What is counted of a tree, in the words and the order of the table."""
    held = Counter(path.rpartition("/")[0] for path in tree if not path.endswith("__init__.py"))
    (fullest, most), lines = held.most_common(1)[0], {path: text.count("\n") for path, text in tree.items()}
    longest = max(lines, key=lambda path: (lines[path], path))
    classes = list(exported_classes(tree))
    large = [each for each in classes if each.methods > MOST_METHODS]
    wide = [each for each in classes if each.arguments > MOST_ARGUMENTS]
    shared, knots = two_meanings(tree), circles(tree)
    return {
        "modules": str(len(tree)),
        "folders": str(len(held)),
        "files in the largest folder": f"{most} ({fullest})",
        "circles among folders": str(len(knots)),
        "longest file, lines": f"{lines[longest]} ({longest})",
        f"classes over {MOST_METHODS} methods": str(len(large)),
        "methods of the largest": _largest([(each.methods, each.name) for each in classes]),
        f"constructors over {MOST_ARGUMENTS} arguments": str(len(wide)),
        "arguments of the widest": _largest([(each.arguments, each.name) for each in classes]),
        "words with two meanings": str(len(shared)),
    }


def _largest(found: list[tuple[int, str]]) -> str:
    count, name = max(found)
    return f"{count} ({name})"


def contracts() -> str:
    """import-linter's last line on the current tree, e.g. `Contracts: 11 kept, 0 broken.`"""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return next((line for line in done.stdout.splitlines() if line.startswith("Contracts:")), "not checked")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.shape", description=__doc__.splitlines()[0])
    parser.add_argument("revision", nargs="?", help="an older tree to stand beside this one, e.g. 191bfef")
    parser.add_argument("--names", action="store_true", help="also which classes and words are meant")
    asked = parser.parse_args()
    tree = working_tree()
    columns = {"now": figures(tree)}
    if asked.revision:
        columns = {asked.revision: figures(tree_at(asked.revision)), **columns}
    for heading, *row in (
        ("", *columns),
        *((key, *(column[key] for column in columns.values())) for key in columns["now"]),
    ):
        print(f"{heading:32}" + "".join(f"{cell:44}" for cell in row).rstrip())
    print(f"\n{contracts()}")
    if asked.names:
        classes = list(exported_classes(tree))
        print("\nclasses over methods or arguments:")
        for each in classes:
            if each.methods > MOST_METHODS or each.arguments > MOST_ARGUMENTS:
                print(f"  {each.name}: {each.methods} methods, {each.arguments} arguments ({each.path})")
        print("circles:", *("  " + " <-> ".join(knot) for knot in circles(tree)), sep="\n")
        print("words with two meanings:")
        for name, paths in two_meanings(tree).items():
            print(f"  {name}: {', '.join(paths)}")


if __name__ == "__main__":
    main()
