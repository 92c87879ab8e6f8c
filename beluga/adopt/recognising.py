"""Each file given, recognised by its content: what it is, its headings, how its columns are read."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from beluga.adopt.joining import holds_no_table, pages_of
from beluga.adopt.mapping.headings_row import Headings, find_headings, named, without_headings
from beluga.adopt.mapping.kinds import KINDS, recognise
from beluga.adopt.mapping.languages import written_out
from beluga.adopt.mapping.mapping_file import RememberedMapping
from beluga.adopt.parting import stacked
from beluga.adopt.sources.sheets import Row, Sheet
from election.folder.headings import folded

NO_HEADINGS = "write the columns' names in a line above (who gives out the file has its layout)"
SAMPLE = 400  # rows by which a table is recognised


@dataclass
class RecognisedSheet:
    """One sheet with what was recognised in it. `headings` is None for maps and for what cannot be used."""

    sheet: Sheet
    kind: str
    headings: Headings | None = None
    columns: dict[str, int] = field(default_factory=dict)
    reason: str = ""
    unsure: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sample: list[list[str]] = field(default_factory=list)
    twin: str = ""  # another file of the same bytes
    aside: str = ""  # why it is left out without a question


def tables_of(sheet: Sheet) -> list[Sheet]:
    """A sheet's tables, one below the other; what cannot be read is said where it is recognised."""
    if sheet.refusal or sheet.is_map:
        return [sheet]
    try:
        return stacked(sheet, list(islice(sheet.rows(), SAMPLE)))
    except Exception:
        return [sheet]


def recognised(sheet: Sheet, remembered: Sequence[RememberedMapping]) -> RecognisedSheet:
    """What a sheet is, by its content; as mapping.toml says where it remembers one of its shape."""
    if sheet.refusal:
        return RecognisedSheet(sheet, "", reason=sheet.refusal)
    if sheet.is_map:
        maps = sorted((r for r in remembered if r.kind == "shapes"), key=lambda r: r.name != sheet.name)
        answers = maps[0].answers if maps else {}
        return RecognisedSheet(sheet, "shapes", reason="a map of areas", answers=dict(answers))
    try:
        rows = list(islice(sheet.rows(), SAMPLE))
    except Exception as error:  # of a reader of workbooks, or of what is no text after all
        return RecognisedSheet(
            sheet, "", reason=f"cannot be read ({type(error).__name__}: {str(error)[:80]})"
        )
    headings = find_headings(rows)
    if headings is None:
        return RecognisedSheet(
            sheet,
            "",
            reason=f"no line of it holds headings that we know: {NO_HEADINGS}",
            sample=_cells(rows, 0),
        )
    sample = _cells(rows, headings.line)
    headings = replace(headings, names=named(written_out(headings.names), sample))
    known = next((r for r in remembered if r.fits(headings.names)), None)
    alike = known or next((r for r in remembered if r.alike(headings.names) and r.columns), None)
    seen = recognise(headings.names, sample, f"{sheet.name} {headings.title}")
    if not seen.kind and without_headings(rows):
        seen = replace(seen, reason=f"it begins with data, not with headings: {NO_HEADINGS}")
    found = RecognisedSheet(sheet, seen.kind, headings, seen.columns, seen.reason, seen.unsure, sample=sample)
    if alike is not None and alike.kind in KINDS:
        _as_remembered(found, alike, exactly=known is not None)
    return found


def _cells(rows: Sequence[Row], after: int) -> list[list[str]]:
    return [cells for line, cells in rows if line > after and any(cells)]


def _as_remembered(found: RecognisedSheet, known: RememberedMapping, *, exactly: bool) -> None:
    """Reads a file as mapping.toml says; where its shape has changed, says how."""
    assert found.headings is not None
    places = {folded(h): n for n, h in reversed(list(enumerate(found.headings.names))) if h}
    columns = {name: places[folded(h)] for name, h in known.columns.items() if folded(h) in places}
    missing = [f"{name} ({h})" for name, h in known.columns.items() if folded(h) not in places]
    if not exactly:
        found.notes.append(f"its shape has changed since {known.name}: {known.changes(found.headings.names)}")
        if found.kind == known.kind:
            columns = {**{n: p for n, p in found.columns.items() if p not in columns.values()}, **columns}
        if missing and not {m.split(" (", 1)[0] for m in missing} <= columns.keys():
            found.unsure = f"columns that were read before are gone: {', '.join(missing)}"
            found.columns = columns
            found.kind = known.kind
            return
    found.kind, found.columns, found.unsure = known.kind, columns, ""
    found.reason = f"read as {known.name} was (mapping.toml)"
    same = known.name == found.sheet.name
    found.answers = {k: v for k, v in known.answers.items() if same or k != "election"}


def joined(found: list[RecognisedSheet], remembered: Sequence[RememberedMapping]) -> list[RecognisedSheet]:
    """Sheets that are one table as one, in the place of the first of them."""
    tables = [(f.sheet, f.headings, f.kind) for f in found if f.headings is not None]
    for one, parts in pages_of(tables):
        place = next(n for n, f in enumerate(found) if f.sheet is parts[0])
        found[place] = recognised(one, remembered)
        found = [f for f in found if not any(f.sheet is part for part in parts[1:])]
    return found


def set_aside(found: Sequence[RecognisedSheet]) -> None:
    """Covers and notes beside the tables of a workbook or a zip, which nobody need be asked about."""
    useful = {f.sheet.file for f in found if f.kind}
    for each in found:
        words = not any(c.replace(",", "").replace(".", "").isdecimal() for row in each.sample for c in row)
        if not each.kind and each.sheet.part and words and each.headings and each.sheet.file in useful:
            each.aside = "holds words and no number: what the other sheets mean"
        lone = each.sheet.refusal or each.headings is not None or each.sheet.file not in useful
        if not each.kind and not lone and not each.aside and holds_no_table(each.sample):
            each.aside = "holds no table"


def tell_twins(found: Iterable[RecognisedSheet]) -> None:
    """Marks files that are the bytes of one before them."""
    seen: dict[tuple[bytes, str], str] = {}
    for each in found:
        if each.sheet.form in ("none", "shapefile") or not each.sheet.path.is_file():
            continue
        with each.sheet.path.open("rb") as file:
            key = (hashlib.file_digest(file, "blake2b").digest(), each.sheet.part.rpartition("/")[2])
        if key in seen:
            each.twin = seen[key]
        seen.setdefault(key, each.sheet.name)
