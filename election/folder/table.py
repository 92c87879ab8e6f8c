"""One CSV file as rows of cells: encodings, delimiters, headings and ragged rows are settled here.

A file streams: memory does not grow with its length. Nothing in it raises; findings collect what is wrong.
"""

import csv
import gc
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO

from election.folder.findings import Findings, shown
from election.folder.headings import Column, folded, matched

DELIMITERS = ",;\t"
LONGEST_LINE = 1 << 20  # characters; a longer "line" is not a table, and must not fill the memory
PROGRESS_ROWS = 5_000

Row = tuple[int, tuple[str, ...]]


class TableReader:
    """The rows of a file: (line the row begins on, stripped cells in the order of `columns`).

    A column that the file lacks gives empty cells. `present` is filled once the headings are read.
    """

    def __init__(
        self,
        path: Path,
        columns: tuple[Column, ...],
        findings: Findings,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.path = path
        self.file = path.name
        self.columns = columns
        self.findings = findings
        self.present: frozenset[str] = frozenset()
        self._progress = progress  # called with the bytes of the file read so far

    def __iter__(self) -> Iterator[Row]:
        try:
            with self.path.open("rb") as file:
                if self._readable(file):
                    yield from self._rows(file)
        except OSError as error:
            self._problem(
                None, "", f"cannot be read: {error.strerror or error}", "check the file's permissions"
            )

    def _problem(self, line: int | None, column: str, what: str, remedy: str) -> None:
        self.findings.problem(self.file, line, column, what, remedy)

    def _readable(self, file: BinaryIO) -> bool:
        start = file.read(4)
        file.seek(0)
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            self._problem(1, "", "is written in UTF-16", 'save it as "CSV UTF-8"')
        elif start == b"PK\x03\x04":
            self._problem(1, "", "is a spreadsheet workbook, not CSV", 'save it as "CSV UTF-8"')
        else:
            return True
        return False

    def _rows(self, file: BinaryIO) -> Iterator[Row]:
        lines = self._lines(file)
        skipped = 0
        first = ""
        for first in lines:
            if first.strip() and not first.lower().startswith("sep="):
                break
            skipped += 1
        else:
            self._problem(1, "", "is empty", "give it a line of headings: " + self._wanted())
            return
        reader = csv.reader(chain([first], lines), delimiter=self._delimiter(first), strict=True)
        try:
            headings = [h.strip() for h in next(reader)]
        except (csv.Error, StopIteration) as error:
            self._problem(
                skipped + 1, "", f"the headings cannot be read: {error}", "mend the quotation marks"
            )
            return
        places = self._settle(headings, skipped + 1)
        if places is not None:
            yield from self._cells(file, reader, skipped, len(headings), places)

    def _lines(self, file: BinaryIO) -> Iterator[str]:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
        number = 0
        while line := text.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
                self._problem(number, "", "is longer than a million characters", "is this a CSV file?")
                return
            if not line.isascii() or "\0" in line:
                line = self._mended(line, number)
            yield line
        text.detach()

    def _mended(self, line: str, number: int) -> str:
        """The line without what cannot be text; says so."""
        try:
            line.encode()
        except UnicodeEncodeError:
            self._problem(number, "", "holds bytes that are not UTF-8", 'save the file as "CSV UTF-8"')
            line = line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        if "\0" in line:
            self._problem(number, "", "holds a NUL character", 'save the file as "CSV UTF-8"')
            line = line.replace("\0", "")
        return line

    def _delimiter(self, first: str) -> str:
        """The delimiter that finds most of our headings, else the most frequent."""

        def worth(delimiter: str) -> tuple[int, int]:
            try:
                headings = next(csv.reader([first], delimiter=delimiter), [])
            except csv.Error:
                headings = []
            return len(matched(headings, self.columns)), first.count(delimiter)

        return max(DELIMITERS, key=worth)

    def _wanted(self) -> str:
        return ",".join(c.name for c in self.columns if c.required)

    def _settle(self, headings: list[str], line: int) -> dict[str, int] | None:
        """Column name to place. None where a required column is missing or one is there twice."""
        found = matched(headings, self.columns)
        missing = [c for c in self.columns if c.required and c.name not in found]
        for column in missing:
            self._problem(
                line, column.name, "this column is missing",
                f"add it, or one called {' or '.join(column.synonyms[:3])}" if column.synonyms else "add it",
            )  # fmt: skip
        keys = [folded(h) for h in headings]
        twice = {n for n, place in found.items() if keys.count(keys[place]) > 1}
        for name in sorted(twice):
            self._problem(line, name, "two columns have this heading", "keep one of them")
        for place, heading in enumerate(headings):
            if heading and place not in found.values() and keys[place] not in {folded(n) for n in twice}:
                self.findings.notice(self.file, line, heading[:40], "this column is not used and is kept out")
        self.present = frozenset(found)
        return None if missing or twice else found

    def _cells(
        self, file: BinaryIO, reader: Any, skipped: int, width: int, places: dict[str, int]
    ) -> Iterator[Row]:
        # A column that is missing reads the empty cell that is appended to every row.
        wanted = [places.get(c.name, width) for c in self.columns]
        pick = itemgetter(*wanted)
        previous = reader.line_num
        count = 0
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                what, remedy = _said(error)
                self._problem(skipped + previous + 1, "", what, remedy)
                previous = reader.line_num
                continue
            if row is None:
                break
            line, several = skipped + previous + 1, reader.line_num - previous > 1
            previous = reader.line_num
            if len(row) != width and not self._squared(row, width, line):
                continue
            row.append("")
            cells = tuple(map(str.strip, pick(row)))
            if several:  # a line break within a cell is a space to everybody who reads it
                cells = tuple(" ".join(c.split()) if "\n" in c or "\r" in c else c for c in cells)
            if any(cells):
                yield line, cells
            count += 1
            if self._progress and not count % PROGRESS_ROWS:
                self._progress(file.tell())
        if self._progress and not file.closed:
            self._progress(self.path.stat().st_size)

    def _squared(self, row: list[str], width: int, line: int) -> bool:
        """Makes a ragged row as wide as the headings; false (and a problem) where it holds too much."""
        if len(row) < width:
            row.extend([""] * (width - len(row)))
            return True
        extra = next((c for c in row[width:] if c.strip()), None)
        del row[width:]
        if extra is None:
            return True
        self._problem(
            line, "", f"has more cells than there are headings ({shown(extra)} has none)",
            'put text that holds the delimiter in "quotation marks"',
        )  # fmt: skip
        return False


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: none of the many small values made here is garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _said(error: csv.Error) -> tuple[str, str]:
    words = str(error)
    if "unexpected end" in words or "field limit" in words:
        return "a quotation mark opens here and never closes", "close it or take it away"
    if "expected after" in words:
        return "a quotation mark stands within a cell", "double it, or put the whole cell in quotation marks"
    return words, "mend the line"
