"""Several tables in one sheet, one below the other: each is read as a table of its own. Pure.

Read as one, the second's headings would be taken for those of all, or its rows for rows of the first.
"""

from collections.abc import Sequence
from dataclasses import replace

from beluga.adopt.mapping.headings_row import is_headings
from beluga.adopt.sources.sheets import Row, Sheet
from election.folder.headings import folded

_END = 1 << 60


def stacked(sheet: Sheet, rows: Sequence[Row]) -> list[Sheet]:
    """The sheet's tables by its first rows; the sheet itself where it holds one.

    A table begins with headings unlike those before it, after an empty line or a line of words, where the
    headings above have rows with numbers or as many cells under them.
    """
    starts: list[int] = []
    names: set[str] = set()
    since, gap, title = 0, False, 0
    for line, cells in rows:
        filled = [c for c in cells if c]
        if len(filled) < 2:
            gap = True
            title = line if filled else title
            continue
        if is_headings(cells):
            fresh = {folded(c) for c in filled}
            if not starts:
                starts.append(0)
                names = fresh
            elif since and gap and len(fresh & names) * 2 < len(fresh) and not _titled(rows, line):
                starts.append(title if title and title == line - 1 else line)
                names = fresh
            since = 0
        else:
            since += bool(starts)
        gap = False
    if len(starts) < 2:
        return [sheet]
    ends = [start - 1 for start in starts[1:]] + [_END]
    note = (*sheet.notes, f"{len(starts)} tables stand in it one below the other: each is read by itself")
    return [
        replace(sheet, lines=(first, last), notes=note, part=_part(sheet, number))
        for number, (first, last) in enumerate(zip(starts, ends, strict=True), 1)
    ]


def _titled(rows: Sequence[Row], line: int) -> bool:
    """Whether nothing stands below it: a last line of words is no table."""
    return not any(n > line and sum(map(bool, cells)) > 1 for n, cells in rows)


def _part(sheet: Sheet, number: int) -> str:
    return f"{sheet.part}/table {number}" if sheet.part else f"table {number}"
