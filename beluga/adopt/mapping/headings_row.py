"""Where a table's headings stand: not always in its first line, and sometimes over two."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from beluga.adopt.mapping.vocabulary import KNOWN, known_key
from beluga.adopt.sources.sheets import Row
from election.folder.headings import folded

# Words that alone leave open what is counted or named.
_SAYS_LITTLE = frozenset(
    {
        "number", "no", "num", "code", "id", "name", "total", "count", "address", "date", "active",
        "election", "day", "early", "mail", "absentee", "inperson", "cast",
    }
)  # fmt: skip
LOOKED_AT = 60  # rows; a preamble is shorter


@dataclass(frozen=True, slots=True)
class Headings:
    """`names` as written; `line` of the last row of headings; `title`, the lines above, one a line.

    `over`: what the row above says over each column, as over merged cells; empty where it is a title.
    """

    names: tuple[str, ...]
    line: int
    title: str = ""
    over: tuple[str, ...] = ()


def find_headings(rows: Sequence[Row]) -> Headings | None:
    """The row that names most columns we know, the first of equals; of two that follow each other the fuller.

    None where no row does.
    """
    best, hits, width = -1, 0, 0
    for place, (_, cells) in enumerate(rows[:LOOKED_AT]):
        filled = [c for c in cells if c]
        if not filled:
            continue
        here = len({known_key(_plain(c)) for c in filled} & KNOWN)
        worded = sum(not _is_number(c) for c in filled)
        if len(filled) - worded > len(filled) / 3 and not 1 < here == worded:
            continue  # a row of data; but `Watcher, Cell, 0101, 0102` may stand over a grid
        under = here == hits > 0 and place == best + 1 and len(filled) > width  # merged cells stand over it
        if (here > hits or under) and (here > 1 or len(filled) == 1 or len(rows) > 1):
            best, hits, width = place, here, len(filled)
    if best < 0:
        return None
    line, cells = rows[best]
    names = [" ".join(_plain(c).split()) for c in cells]
    title = [" ".join(c for c in row if c) for _, row in rows[:best]]
    over: tuple[str, ...] = ()
    if best and sum(map(bool, rows[best - 1][1])) > 1:
        over = _spread(rows[best - 1][1], len(names))
    if over and (joined := _joined(over, names)) != names:
        names, title = joined, title[:-1]
    if best and _repeats(names):
        names = _under(rows[best - 1][1], names)
        title = title[:-1]
    words = "\n".join(t for t in title if t and not t.lower().startswith("sep="))
    return Headings(tuple(names), line, words, over)


def is_headings(cells: Sequence[str]) -> bool:
    """Whether a row of itself is one of headings: it names two columns that we know, and no numbers."""
    filled = [c for c in cells if c]
    if sum(_is_number(c) for c in filled) > len(filled) / 3:
        return False
    known = {known_key(_plain(c)) for c in filled} & KNOWN
    return len(known) > 1 and 2 * len(known) >= len(filled)


def without_headings(rows: Sequence[Row]) -> bool:
    """Whether a table's first line is data already: it has numbers or dates, as the lines below it have."""
    full = [cells for _, cells in rows[:LOOKED_AT] if sum(map(bool, cells)) > 2]
    if not full:
        return False
    told = [sum(any(ch.isdigit() for ch in c) for c in cells) / sum(map(bool, cells)) for cells in full[:20]]
    return told[0] >= 0.25 and told[0] >= sum(told) / len(told) * 0.6


def named(names: Sequence[str], sample: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Headings, where a column that holds something has none called by its letter: `column B`."""
    some = sample[:100]
    held = (any(n < len(r) and r[n] for r in some) for n in range(len(names)))
    return tuple(
        name or (f"column {_letters(n)}" if full else "")
        for n, (name, full) in enumerate(zip(names, held, strict=True))
    )


def _letters(place: int) -> str:
    return (_letters(place // 26 - 1) if place > 25 else "") + chr(65 + place % 26)


def _plain(cell: str) -> str:
    return cell.strip().strip('"\u200b\ufeff')


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").replace("%", "").isdecimal() and not (
        len(cell) == 4 and cell[:2] in ("19", "20")
    )


def _repeats(names: Sequence[str]) -> bool:
    filled = [folded(n) for n in names if n]
    return len(filled) - len(set(filled)) > 0


def _under(above: Sequence[str], names: Sequence[str]) -> list[str]:
    """A row of headings under merged cells, each with the words above it: `Jane Doe Election Day`."""
    times = Counter(map(folded, names))
    pairs = zip(names, _spread(above, len(names)), strict=True)
    return [f"{over} {name}".strip() if times[folded(name)] > 1 and over else name for name, over in pairs]


def _joined(over: Sequence[str], names: Sequence[str]) -> list[str]:
    """Headings with the words above them, where a word alone says little and both together are known:
    `Precinct` over `Number` and `Name`, `Ballots Cast` over `Total`.
    """
    return [
        f"{above} {name}"
        if above and folded(name) in _SAYS_LITTLE and known_key(f"{above} {name}") in KNOWN
        else name
        for above, name in zip(over, names, strict=True)
    ]


def _spread(above: Sequence[str], width: int) -> tuple[str, ...]:
    """Each column's cell above it, or the last one before it: a merged cell is written once."""
    over, out = "", []
    for place in range(width):
        over = (above[place] if place < len(above) else "") or over
        out.append(over)
    return tuple(out)
