"""Printed reports: columns parted by spaces alone, each line as wide as the last.

Read only where the lines agree: where most of them leave the same places empty. A line that writes across
such a place is a title, and one cell.
"""

import re
from collections import Counter
from collections.abc import Sequence

Spans = tuple[tuple[int, int | None], ...]

_GAP = re.compile(r" {2,}")
_RULED = frozenset("-=_+ ")
_FEWEST = 3  # lines that agree


def spans_of(lines: Sequence[str]) -> Spans:
    """(first, last) place of each column; empty where the lines are no such report."""
    told = [line.rstrip().expandtabs() for line in lines]
    told = [line for line in told if line and not _RULED.issuperset(line)]
    cells = [len(_GAP.split(line.strip())) for line in told]
    usual, many = Counter(cells).most_common(1)[0] if cells else (0, 0)
    if usual < 2 or many < _FEWEST or many * 2 < len(told):
        return ()
    agreed = [line for line, count in zip(told, cells, strict=True) if count == usual]
    width = max(map(len, agreed))
    empty = [all(place >= len(line) or line[place] == " " for line in agreed) for place in range(width)]
    starts = [n for n in range(width) if not empty[n] and (n == 0 or empty[n - 1])]
    if len(starts) < usual:
        return ()  # cells of different lines overlap: nobody can say which belong together
    wide = [n for n in starts if n < 2 or empty[n - 2] or n == starts[0]]
    if len(wide) != usual:
        return ()
    return tuple(zip(wide, [*wide[1:], None], strict=True))


def parted(line: str, spans: Spans) -> list[str]:
    """A line's cells; none of a ruled line, one where it writes across two columns."""
    text = line.rstrip().expandtabs()
    if _RULED.issuperset(text):
        return []
    if any(start and text[start - 1 : start].strip() for start, _ in spans):
        return [text.strip()]
    return [text[start:end].strip() for start, end in spans]
