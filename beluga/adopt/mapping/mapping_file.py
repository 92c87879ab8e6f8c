"""`mapping.toml`: what was decided about files of each shape, so that tomorrow's goes through unasked."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from beluga.errors import BelugaError
from election.folder.headings import folded

FILE = "mapping.toml"
_ABOUT = """\
# How this election's files are read. Written by `beluga adopt`; you may change it: a field to its column's
# heading, kind to another kind, and under answers what a file does not say (election, counts, unknown,
# other_county).
"""


class MappingFileError(BelugaError):
    """mapping.toml cannot be read; mend the line, or take the file away to be asked again."""


@dataclass(frozen=True, slots=True)
class RememberedMapping:
    """One shape of file: its headings in order, its kind, field to heading, and answers."""

    name: str
    headings: tuple[str, ...]
    kind: str
    columns: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    def fits(self, headings: Sequence[str]) -> bool:
        """Whether a table has the same headings, however written."""
        return [folded(h) for h in self.headings] == [folded(h) for h in headings]

    def alike(self, headings: Sequence[str]) -> bool:
        """Whether it has most of them, so that it is the same file with a change."""
        old, new = {folded(h) for h in self.headings} - {""}, {folded(h) for h in headings} - {""}
        return len(old & new) * 3 >= len(old | new) * 2

    def changes(self, headings: Sequence[str]) -> str:
        """What changed in the headings, for people."""
        old, new = {folded(h): h for h in self.headings if h}, {folded(h): h for h in headings if h}
        gone = [h for k, h in old.items() if k not in new]
        come = [h for k, h in new.items() if k not in old]
        parts = [f"{', '.join(h)} {word}" for h, word in ((gone, "gone"), (come, "new")) if h]
        return "; ".join(parts) or "the columns stand in another order"


def read_mappings(folder: Path) -> list[RememberedMapping]:
    """What was decided before; nothing where there is no file. Raises `MappingFileError`."""
    try:
        data = tomllib.loads((folder / FILE).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise MappingFileError(
            f"{folder / FILE}: {error}; mend it, or take it away to be asked again"
        ) from error
    found = []
    for each in data.get("file", []):
        if isinstance(each, dict) and isinstance(each.get("headings"), list):
            found.append(
                RememberedMapping(
                    str(each.get("name", "")),
                    tuple(map(str, each["headings"])),
                    str(each.get("kind", "")),
                    {str(k): str(v) for k, v in dict(each.get("columns", {})).items()},
                    {str(k): str(v) for k, v in dict(each.get("answers", {})).items()},
                )
            )
    return found


def write_mappings(path: Path, mappings: Iterable[RememberedMapping]) -> None:
    """All of them, a table each."""
    parts = [_ABOUT]
    for each in mappings:
        lines = [
            "\n[[file]]",
            f"name = {_text(each.name)}",
            f"headings = [{', '.join(map(_text, each.headings))}]",
            f"kind = {_text(each.kind)}",
        ]
        for title, pairs in (("columns", each.columns), ("answers", each.answers)):
            if pairs:
                lines += [f"[file.{title}]", *(f"{_text(k)} = {_text(v)}" for k, v in pairs.items())]
        parts.append("\n".join(lines) + "\n")
    path.write_text("".join(parts), encoding="utf-8")


def merged(old: Iterable[RememberedMapping], new: Iterable[RememberedMapping]) -> list[RememberedMapping]:
    """New decisions in the place of old ones about the same shape."""
    old = list(old)
    new = [next((o for o in old if _renamed(o, n)), n) for n in new]
    kept = [o for o in old if not any(_same(n, o) and n.kind and o.kind for n in new)]
    unique: list[RememberedMapping] = []
    for each in new:
        if not any(_same(u, each) and u.kind == each.kind for u in unique):
            unique.append(each)
    return [*kept, *unique]


def _renamed(old: RememberedMapping, new: RememberedMapping) -> bool:
    """Whether nothing but the file's name differs, and nothing hangs on that."""
    same = bool(new.headings) and old.headings == new.headings and old.kind == new.kind
    return same and (old.columns, old.answers) == (new.columns, new.answers) and "election" not in new.answers


def _same(one: RememberedMapping, other: RememberedMapping) -> bool:
    """Whether both are of one shape. Maps have no headings: each is remembered by its name."""
    return one.fits(other.headings) and (bool(one.headings) or one.name == other.name)


def _text(value: str) -> str:
    return orjson.dumps(value).decode().replace("\x7f", "\\u007f")
