"""Tables of web pages and of XML spreadsheets, which offices hand out with the ending .xls.

Both are tags around cells: `tr` and `td` in a page, `Row`, `Cell` and `Data` in the XML of Excel 2003. Read
leniently, as a browser does; nothing that they refer to is fetched.
"""

from html.parser import HTMLParser
from pathlib import Path

MOST_BYTES = 32 << 20  # such a table is held in memory
MOST_COLUMNS = 16_384  # as a spreadsheet has them
_ROWS, _CELLS, _TABLES = ("tr", "row"), ("td", "th", "cell"), ("table", "worksheet")


class _Reader(HTMLParser):
    """`tables`: (name, rows), a table within a table apart."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[tuple[str, list[list[str]]]] = []
        self._open: list[list[list[str]]] = []
        self._row: list[str] | None = None
        self._cell: list[str] | None = None
        self._span = 1
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag in ("script", "style"):
            self._hidden += 1
        elif tag == "worksheet" or (tag == "table" and not self._in_worksheet()):
            self._close_row()
            rows: list[list[str]] = []
            self.tables.append((said.get("ss:name", ""), rows))
            self._open.append(rows)
        elif tag in _ROWS and self._open:
            self._close_row()
            self._row = []
        elif tag in _CELLS and self._open:
            self._close_cell()
            self._row = [] if self._row is None else self._row
            place = said.get("ss:index", "")
            if place.isdecimal() and len(self._row) < int(place) <= MOST_COLUMNS:
                self._row.extend([""] * (int(place) - 1 - len(self._row)))
            span = said.get("colspan") or said.get("ss:mergeacross", "")
            more = int(span) if span.isdecimal() and len(span) < 5 else 0
            self._span = max(more - ("colspan" in said), 0) + 1
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def _in_worksheet(self) -> bool:
        return bool(self.tables and self.tables[-1][0] and self._open)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in (*_CELLS, "br"):
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._hidden:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._hidden = max(0, self._hidden - 1)
        elif tag in _CELLS:
            self._close_cell()
        elif tag in _ROWS:
            self._close_row()
        elif tag in _TABLES and self._open and (tag == "worksheet" or not self._in_worksheet()):
            self._close_row()
            self._open.pop()

    def _close_cell(self) -> None:
        if self._cell is not None and self._row is not None:
            self._row.append(" ".join("".join(self._cell).split()))
            self._row.extend([""] * min(self._span - 1, MOST_COLUMNS - len(self._row)))
        self._cell, self._span = None, 1

    def _close_row(self) -> None:
        self._close_cell()
        if self._row is not None and self._open:
            self._open[-1].append(self._row)
        self._row = None


def tables_in(path: Path, encoding: str) -> list[tuple[str, list[list[str]]]]:
    """(name, rows) of every table with more than one row. Raises `OSError`, `UnicodeError`, `ValueError`."""
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES >> 20} MB")
    reader = _Reader()
    reader.feed(path.read_text(encoding=encoding))
    reader.close()
    return [(name, rows) for name, rows in reader.tables if sum(any(r) for r in rows) > 1]
