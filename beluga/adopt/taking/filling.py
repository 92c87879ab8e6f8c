"""Rows as they are meant: written once a group, several precincts in a cell, a district in a number."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from beluga.adopt.taking.settling import is_total

_SEVERAL = re.compile(r"[,;/&|+]|\band\b", re.IGNORECASE)
# A register's number with its polling district before it: AA1-18/1, AA1 18, AA/18.
_REGISTER = re.compile(r"([A-Za-z]{1,4}\d{0,3}[A-Za-z]?)(?:\s*[-/.]\s*|\s+)(\d{1,5}(?:[/.]\d{1,2})?)")

Numbered = tuple[int, list[str]]


def written_once(sample: Sequence[Sequence[str]], place: int, beside: int) -> bool:
    """Whether a column is written in the first row of its group alone: no value comes twice, and below it
    stand empty cells beside others that are filled. Subtotals aside.
    """
    told = [(r[place], r[beside]) for r in sample if max(place, beside) < len(r)]
    values = [v for v, _ in told if v and not is_total(v)]
    bare = sum(not v and bool(other) and not is_total(other) for v, other in told)
    first = next((v for v, other in told if v or other), "")
    return bool(first) and bare > 0 and len(values) == len(set(values))


def filled(rows: Iterable[Numbered], places: Sequence[int], beside: int) -> Iterator[Numbered]:
    """Rows with the last value above in the empty cells of `places`, where `beside` (another) is filled."""
    last = dict.fromkeys(places, "")
    for line, row in rows:
        for place in places:
            if row[place]:
                if not is_total(row[place]):
                    last[place] = row[place]
            elif row[beside] and not is_total(row[beside]) and not is_total(next(filter(None, row), "")):
                row[place] = last[place]
        yield line, row


def parts_of(text: str) -> list[str]:
    """The precincts that a cell lists."""
    return [p for part in _SEVERAL.split(text) if (p := part.strip())]


def spread(rows: Iterable[Numbered], place: int, known: Callable[[str], object]) -> Iterator[Numbered]:
    """A row for every precinct that a cell lists, where none has the whole cell's name."""
    for line, row in rows:
        parts = parts_of(row[place]) if row[place] and not known(row[place]) else []
        if len(parts) < 2:
            yield line, row
            continue
        for part in parts:
            yield line, [*row[:place], part, *row[place + 1 :]]


def a_row_each(
    rows: Iterable[Numbered], people: Sequence[tuple[int, int]], name: int, phone: int
) -> Iterator[Numbered]:
    """A row for each person in it, their name and phone in the columns `name` and `phone`."""
    for line, row in rows:
        for who, at in people:
            if row[who] or row[at]:
                one = list(row)
                one[name], one[phone] = row[who], row[at]
                yield line, one


def holds_districts(sample: Sequence[Sequence[str]], place: int) -> bool:
    """Whether every number of a register begins with its polling district."""
    cells = [r[place] for r in sample if place < len(r) and r[place]]
    return bool(cells) and all(_REGISTER.fullmatch(c) for c in cells)


def parted_numbers(rows: Iterable[Numbered], place: int) -> Iterator[Numbered]:
    """Rows with two cells more at the end: the district and the number in it; both empty where it is none."""
    for line, row in rows:
        found = _REGISTER.fullmatch(row[place])
        row += [found[1], found[2].replace(".", "/")] if found else ["", ""]
        yield line, row
