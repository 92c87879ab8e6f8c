"""Why each precinct is in its state: numbers until somebody reads them, then one sentence.

A refit says something anew of every precinct; few of 180,000 sentences are ever read. So what a sentence says
is kept as a row of numbers (26 bytes where the words take 110) and worded when it is told. Equal rows are
equal sentences, so that what changed is seen without a word.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Sort(IntEnum):
    """Subject of a sentence."""

    NO_COUNT = 0
    CLOSED_UNCOUNTED = 1
    CLOSED_FINAL = 2
    CLOSED = 3
    NOT_OPEN = 4
    SILENT = 5
    BEHIND = 6
    STILL_BEHIND = 7
    AHEAD = 8
    WITHIN = 9
    ONLY_HELD = 10  # these three have a text of their own
    HELD = 11
    VERBATIM = 12


PEOPLE, SHARED = 1, 2  # flags: the line is given in people; the count is a share of the whole site's

ROW = np.dtype([
    ("sort", "u1"), ("flags", "u1"), ("sure", "i1"), ("minute", "i2"), ("ago", "i4"), ("votes", "i4"),
    ("number", "i4"), ("line", "i4"), ("incidents", "i4"),
])  # fmt: skip


CLOCK = tuple(f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60))


def _words(row: tuple[int, ...], text: str) -> str:
    sort, flags, sure, minute, minutes, votes, number, line, incidents = row
    if sort == Sort.NO_COUNT:
        return "no count yet"
    at = CLOCK[minute]
    if sort >= Sort.BEHIND and sort <= Sort.WITHIN:
        last = f"last count {ago(minutes)} ago"
        beside = _beside(line, flags, incidents) if line or incidents or flags else ""
        if sort == Sort.WITHIN:
            return f"within its peers' range at {at}; {last}{beside}"
        if sort == Sort.AHEAD:
            return f"{number} ahead of its peers at {at}; {last}{beside}"
        again = "; no better than at the count before" if sort == Sort.STILL_BEHIND else ""
        return f"{number} behind its peers at {at}, {sure} % sure; {last}{again}{beside}"
    if sort == Sort.SILENT:
        return f"no count for {ago(minutes)}; last {votes} at {at}"
    if sort == Sort.CLOSED_FINAL:
        return f"polls closed at {at}; final count {votes}"
    if sort == Sort.CLOSED:
        waiting = f"; {line} were in line" if line else ""
        return f"polls closed at {at}; last count {votes}, no final yet{waiting}"
    if sort == Sort.CLOSED_UNCOUNTED:
        return f"polls closed at {at}; no count"
    if sort == Sort.NOT_OPEN:
        return f"polls open at {at}"
    if sort == Sort.ONLY_HELD:
        return f"its only count is held: {text}"
    if sort == Sort.HELD:
        return f"newest count is held: {text}; last good one {votes}"
    return text


def ago(minutes: int) -> str:
    """A length of time as people say it."""
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d}"


def _beside(line: int, flags: int, incidents: int) -> str:
    """Other causes that could hold throughput down: sending callers would not help there."""
    parts = []
    if line:
        parts.append(f"{line} people in line" if flags & PEOPLE else f"line of {line} min")
    if incidents:
        parts.append("1 open incident" if incidents == 1 else f"{incidents} open incidents")
    if flags & SHARED:
        parts.append("by its share of the site's count")
    return "; " + ", ".join(parts) if parts else ""


class Sentences(Sequence[str]):
    """A column of sentences."""

    __slots__ = ("rows", "texts")

    def __init__(self, rows: NDArray[Any], texts: dict[int, str] | None = None) -> None:
        self.rows = rows
        self.texts = texts or {}  # words of their own, by place

    @classmethod
    def none(cls, n: int) -> "Sentences":
        """`n` times that there is no count yet."""
        return cls(np.zeros(n, ROW))

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Sentences":
        """Sentences that somebody else worded."""
        rows = np.zeros(len(texts), ROW)
        rows["sort"] = Sort.VERBATIM
        return cls(rows, dict(enumerate(texts)))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: Any) -> Any:
        return _words(self.rows[i].item(), self.texts.get(int(i), ""))

    def __iter__(self) -> Iterator[str]:
        return iter(self.tolist())

    def tolist(self) -> list[str]:
        """All of them in words."""
        texts = self.texts
        return [_words(row, texts.get(i, "")) for i, row in enumerate(self.rows.tolist())]

    def copy(self) -> "Sentences":
        return Sentences(self.rows.copy(), dict(self.texts))

    def taken(self, chosen: NDArray[np.intp]) -> "Sentences":
        """Some of them, as a column."""
        texts = {}
        if self.texts:
            texts = {i: self.texts[p] for i, p in enumerate(chosen.tolist()) if p in self.texts}
        return Sentences(self.rows[chosen], texts)

    def put(self, places: NDArray[np.intp], others: "Sentences") -> None:
        """Others at some places."""
        self.rows[places] = others.rows
        if self.texts or others.texts:
            for i, p in enumerate(places.tolist()):
                if i in others.texts:
                    self.texts[p] = others.texts[i]
                else:
                    self.texts.pop(p, None)

    def differ(self, others: "Sentences") -> NDArray[np.bool_]:
        """Which are not the same as the others."""
        found = np.zeros(len(self.rows), dtype=np.bool_)
        for name in ROW.names or ():
            found |= self.rows[name] != others.rows[name]
        for i in self.texts.keys() | others.texts.keys():
            found[i] |= self.texts.get(i) != others.texts.get(i)
        return found
