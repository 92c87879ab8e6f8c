"""What was given, opened: each table as rows of text, each map as features.

A text file streams, so that memory does not grow with its length. A workbook gives a table a sheet; a zip is
unpacked into `scratch`, within limits. What cannot be opened is a `Sheet` with `refusal`.
"""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from beluga.adopt.sources.aligned import Spans, parted, spans_of
from beluga.adopt.sources.encodings import delimiter_of, encoding_of
from beluga.adopt.sources.web_tables import tables_in

Row = tuple[int, list[str]]
Progress = Callable[[int], None]

MOST_MEMBERS = 500  # of one zip
MOST_UNPACKED = 16 << 30  # bytes of one zip: a large state's voter file
LONGEST_CELL = 1 << 20
PROGRESS_ROWS = 20_000
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_IGNORED = (
    ".pdf",
    ".md",
    ".html",
    ".htm",
    ".doc",
    ".docx",
    ".png",
    ".jpg",
    ".xml",
    ".cpg",
    ".sbn",
    ".sbx",
    ".qpj",
)
# What a file begins with that holds no table, whatever its name says.
_NO_TABLES = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG\r", "a picture"),
    (b"\xff\xd8\xff", "a photo"),
    (b"GIF8", "a picture"),
    (b"II*\0", "a scan"),
    (b"MM\0*", "a scan"),
    (b"{\\rtf", "a text document"),
    (b"\x1f\x8b", "packed as .gz"),
    (b"7z\xbc\xaf", "packed as .7z"),
    (b"Rar!", "packed as .rar"),
    (b"SQLite format 3", "a database"),
)

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")

_OTHER_MAPS = ((b"<kml", "KML"), (b"<gpx", "GPX"), (b"opengis.net/gml", "GML"))

csv.field_size_limit(LONGEST_CELL)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table or map. `file` as it was given, `part` the sheet or the zip's member.

    `form`: text, workbook, web page, geojson, shapefile, toml, or none (see `refusal`). `lines`: where
    several tables stand one below the other, the first and the last line of this one.
    """

    path: Path
    file: str
    part: str = ""
    form: str = "text"
    encoding: str = "utf-8"
    delimiter: str = ","
    refusal: str = ""
    remedy: str = ""
    notes: tuple[str, ...] = field(default=())
    pages: tuple["SheetPage", ...] = ()  # of a workbook: sheets of one table, read one after the other
    lines: tuple[int, int] | None = None
    spans: Spans = ()  # of a printed report: where its columns stand
    wrapped: bool = False  # every line is one cell that holds a line: saved twice
    table: int = 0  # of a web page: which of its tables

    @property
    def name(self) -> str:
        return f"{self.file}: {self.part}" if self.part else self.file

    @property
    def is_map(self) -> bool:
        return self.form in ("geojson", "shapefile")

    def rows(self, progress: Progress | None = None) -> Iterator[Row]:
        """(line, cells as text, stripped). Raises `OSError`, `csv.Error`, `UnicodeDecodeError`."""
        if self.lines is not None:
            first, last = self.lines
            for line, cells in replace(self, lines=None).rows(progress):
                if line > last:
                    return
                if line >= first:
                    yield line, cells
        elif self.pages:
            yield from _paged(self)
        elif self.form == "web page":
            yield from enumerate(tables_in(self.path, self.encoding)[self.table][1], 1)
        elif self.form == "workbook":
            yield from _workbook_rows(self.path, self.part.rpartition("/")[2] or self.part)
        elif self.form == "text":
            yield from self._text_rows(progress)

    def _text_rows(self, progress: Progress | None) -> Iterator[Row]:
        with self.path.open("rb") as raw:
            if not self.encoding.startswith("utf") and raw.read(3) != codecs.BOM_UTF8:
                raw.seek(0)
            text = io.TextIOWrapper(raw, encoding=self.encoding, newline="")
            if self.spans:
                yield from enumerate((parted(line, self.spans) for line in text), 1)
                return
            reader = csv.reader(_without_nul(text), delimiter=self.delimiter)
            before = 0
            for count, row in enumerate(reader, 1):
                line, before = before + 1, reader.line_num
                if self.wrapped and len(row) == 1:
                    row = next(csv.reader(row, delimiter=self.delimiter), [])
                yield line, [cell.strip() for cell in row]
                if progress and not count % PROGRESS_ROWS:
                    progress(raw.tell())


@dataclass(frozen=True, slots=True)
class SheetPage:
    """One of several sheets with the same columns. `after`: the line of its headings; `says` goes into each
    of its rows, under `heading` of the first.
    """

    part: str
    after: int
    says: str = ""
    heading: str = ""


def _paged(sheet: Sheet) -> Iterator[Row]:
    """Rows of the first page with its headings, then those of the others; lines are counted on."""
    before = 0
    for number, page in enumerate(sheet.pages):
        last = before
        for line, cells in _workbook_rows(sheet.path, page.part.rpartition("/")[2] or page.part):
            last = before + line
            if line < page.after or (number and line == page.after):
                if not number:
                    yield line, cells
                continue
            if page.heading:
                cells = [page.heading if line == page.after else page.says if any(cells) else "", *cells]
            yield last, cells
        before = last


def _without_nul(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line.replace("\0", "") if "\0" in line else line


def open_all(paths: Iterable[Path], scratch: Path) -> list[Sheet]:
    """Every table and map of these files; of a folder, of the files in it."""
    found: list[Sheet] = []
    for path in paths:
        if path.is_dir():
            for each in sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith(".")):
                found += _open(each, each.name, scratch)
        else:
            found += _open(path, path.name, scratch)
    return found


def _open(path: Path, name: str, scratch: Path) -> list[Sheet]:
    bare = Sheet(path, name)
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        return [
            _refused(bare, f"cannot be read: {error.strerror or error}", "check its name and permissions")
        ]
    if not start.strip():
        return [_refused(bare, "is empty", "export it again")]
    kind = path.suffix.lower()
    if start[:4] == b"PK\x03\x04" and (kind == ".zip" or not _is_workbook(path)):
        return _unpacked(bare, scratch)
    if start[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        return _workbook(bare)
    if kind in (".dbf", ".shx", ".prj"):
        return []  # beside a .shp, which reads them; an index begins as the shapes themselves do
    if kind == ".shp" or start[:4] == b"\x00\x00\x27\x0a":
        return [_shapefile(bare)]
    if kind == ".toml":
        return [replace(bare, form="toml")]
    if what := next((words for mark, words in _NO_TABLES if start.startswith(mark)), ""):
        return [_refused(bare, f"is {what}, and no table", "ask for the same as CSV or as a workbook")]
    if start.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{":
        return [_json(bare, start)]
    if form := next((words for mark, words in _OTHER_MAPS if mark in start[:1024].lower()), ""):
        return [_refused(bare, f"is a map in {form}", "export it as GeoJSON, or as a zipped shapefile")]
    if _is_web_page(start):
        return _web_page(bare)
    return [_text(bare)]


def _refused(sheet: Sheet, refusal: str, remedy: str) -> Sheet:
    return replace(sheet, form="none", refusal=refusal, remedy=remedy)


def _text(sheet: Sheet) -> Sheet:
    try:
        encoding = encoding_of(sheet.path)
        with sheet.path.open(encoding=encoding.name, newline="") as file:
            lines = [line[:20_000] for line in islice(file, 60)]
    except (OSError, UnicodeError) as error:
        return _refused(sheet, f"cannot be read as text ({type(error).__name__})", 'save it as "CSV UTF-8"')
    notes = (f"is written in {encoding.words}; read as such",) if encoding.words else ()
    delimiter = delimiter_of(lines)
    if wrapped := _is_wrapped(lines, delimiter):
        notes = (*notes, "each of its lines is one quoted cell; they are read as lines of cells")
    plain = [_THOUSANDS.sub("", line) for line in lines]
    spans = () if any(delimiter in line for line in plain) else spans_of(lines)
    if spans:
        notes = (*notes, "its columns are parted by spaces alone; they are read where its lines agree")
    return replace(
        sheet, encoding=encoding.name, delimiter=delimiter, notes=notes, wrapped=wrapped, spans=spans
    )


def _is_wrapped(lines: list[str], delimiter: str) -> bool:
    """Whether all lines are one cell, with the same number of delimiters in it."""
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if any(row)]
    except csv.Error:
        return False
    inside = {row[0].count(delimiter) for row in rows if len(row) == 1}
    return len(rows) > 1 and all(len(row) == 1 for row in rows) and len(inside) == 1 and 0 not in inside


def _is_web_page(start: bytes) -> bool:
    """A page, or the XML of Excel 2003, whatever its ending."""
    text = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t")[:2048].lower()
    return text.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<head")) or (
        text.startswith(b"<") and b"spreadsheet" in text and b"<workbook" in text
    )


def _web_page(sheet: Sheet) -> list[Sheet]:
    try:
        encoding = encoding_of(sheet.path).name
        tables = tables_in(sheet.path, encoding)
    except (OSError, UnicodeError, ValueError) as error:
        return [_refused(sheet, f"cannot be read as a web page ({error})", "save it again as .xlsx or CSV")]
    if not tables:
        return [_refused(sheet, "is a web page without a table", "save the table alone, as CSV")]
    note = (*sheet.notes, "is a web page or XML under a spreadsheet's name; its tables are read")
    one = replace(sheet, form="web page", encoding=encoding, notes=note)
    if len(tables) == 1:
        return [one]
    names = [name or f"table {n}" for n, (name, _) in enumerate(tables, 1)]
    return [replace(one, part=name, table=n) for n, name in enumerate(names)]


def _json(sheet: Sheet, start: bytes) -> Sheet:
    if b'"Topology"' in start:
        return _refused(sheet, "is TopoJSON", "export it as GeoJSON")
    return replace(sheet, form="geojson")


def _shapefile(sheet: Sheet) -> Sheet:
    missing = [s for s in (".dbf", ".shx") if _sibling(sheet.path, s) is None]
    if missing:
        return _refused(
            sheet,
            f"a shapefile without its {' and '.join(missing)}",
            "give the zip that holds all of its parts",
        )
    return replace(sheet, form="shapefile")


def _sibling(path: Path, suffix: str) -> Path | None:
    for each in (suffix, suffix.upper()):
        if (other := path.with_suffix(each)).exists():
            return other
    return None


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False
    return "[Content_Types].xml" in names or ("mimetype" in names and "content.xml" in names)


def _unpacked(sheet: Sheet, scratch: Path) -> list[Sheet]:
    """Members one by one; their names never become paths, so that none lands outside `scratch`."""
    into = scratch / f"zip{sum(1 for _ in scratch.iterdir())}"
    into.mkdir(parents=True)
    stems: dict[str, Path] = {}
    out: list[tuple[Path, str]] = []
    try:
        with zipfile.ZipFile(sheet.path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and not _hidden(m.filename)]
            if len(members) > MOST_MEMBERS or sum(m.file_size for m in members) > MOST_UNPACKED:
                return [_refused(sheet, "holds too much", "unpack it, and give the files that are meant")]
            for member in members:
                name = PurePosixPath(member.filename.replace("\\", "/"))
                if name.suffix.lower() in _IGNORED:
                    continue
                folder = stems.setdefault(str(name.parent / name.stem), into / str(len(stems)))
                folder.mkdir(exist_ok=True)
                target = folder / f"{_safe(name.stem)}{name.suffix.lower()}"
                with archive.open(member) as source, target.open("wb") as copy:
                    left = member.file_size + 1
                    while chunk := source.read(1 << 20):
                        left -= len(chunk)
                        if left < 0:
                            return [_refused(sheet, "says less than it holds", "pack it again")]
                        copy.write(chunk)
                out.append((target, str(name)))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        words = "is locked with a password" if "password" in str(error) else f"is no whole zip ({error})"
        return [_refused(sheet, words, "pack it again without a password, or unpack it")]
    found: list[Sheet] = []
    for path, inside in out:
        for inner in (
            _open(path, inside, scratch) if path.suffix != ".zip" else _unpacked(Sheet(path, inside), scratch)
        ):
            part = f"{inner.file}/{inner.part}" if inner.part else inner.file
            found.append(replace(inner, file=sheet.file, part=part))
    return found or [_refused(sheet, "holds no table and no map", "look what is in it")]


def _hidden(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")


def _safe(stem: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in stem)[:80] or "file"


def _workbook(sheet: Sheet) -> list[Sheet]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_path(str(sheet.path))
        names = [
            m.name
            for m in book.sheets_metadata
            if m.typ == SheetTypeEnum.WorkSheet and m.visible == SheetVisibleEnum.Visible
        ]
    except Exception as error:  # the reader's own tree of errors: all of them mean that it cannot be read
        words = "is locked with a password" if "assword" in str(error) else f"cannot be opened ({error})"
        return [_refused(sheet, words, "save it again as .xlsx without a password, or as CSV")]
    return [replace(sheet, form="workbook", part=name if len(names) > 1 else "") for name in names]


def _workbook_rows(path: Path, name: str) -> Iterator[Row]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    found = (
        book.get_sheet_by_name(name) if name in book.sheet_names else book.get_sheet_by_index(_first(book))
    )
    first = (found.start or (0, 0))[0]
    for line, row in enumerate(found.to_python(skip_empty_area=True), first + 1):
        yield line, [_cell(value) for value in row]


def _first(book: Any) -> int:
    from python_calamine import SheetVisibleEnum

    return next((n for n, m in enumerate(book.sheets_metadata) if m.visible == SheetVisibleEnum.Visible), 0)


def _cell(value: Any) -> str:
    """A cell as a person reads it: 101.0 is 101, a date is ISO."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return " ".join(str(value).split())
