"""What `beluga check` sees beside faults: names misspelt, headings in another row, damaged ids."""

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from beluga.adopt.early_sites import FILE as EARLY_SITES
from beluga.adopt.mapping.headings_row import Headings, find_headings
from beluga.adopt.mapping.kinds import OURS
from beluga.adopt.mapping.mapping_file import FILE as MAPPING
from beluga.adopt.mapping.vocabulary import WORDS_OF, columns_of
from beluga.adopt.sources.sheets import Sheet, open_all
from beluga.adopt.taking.damage import mended
from beluga.adopt.taking.early_record import FILE as EARLY
from beluga.adopt.taking.strike import REVIEW
from election.folder import Findings
from election.folder.headings import FILES, matched
from election.folder.official_file import FILE as OFFICIAL
from election.folder.shapes import FILE as SHAPES

KNOWN = frozenset({*FILES, SHAPES, OFFICIAL, "election.toml", MAPPING, EARLY, REVIEW, EARLY_SITES})
_TABLES = (".csv", ".txt", ".tsv", ".xlsx", ".ods", ".zip", ".geojson", ".json", ".shp", ".toml")
_SHOWN = 400  # rows by which headings are found
_PRECINCT_FIELDS = ("precinct_id", "precinct_ids")


def look_around(folder: Path, findings: Findings) -> None:
    """Adds what a person would see at once: problems for damaged ids, notices for the rest."""
    if not folder.is_dir():
        return
    for path in sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")):
        if path.name not in KNOWN and path.suffix.lower() in _TABLES:
            _misnamed(path, findings)
        elif path.name in FILES:
            _headings(path, findings)
            _damaged(path, findings)


def _misnamed(path: Path, findings: Findings) -> None:
    near = get_close_matches(path.name.lower(), KNOWN, 1, 0.75)
    near = [n for n in near if not (path.parent / n).exists()] or [
        k for k in KNOWN if Path(k).stem == path.stem.lower() and not (path.parent / k).exists()
    ]
    if near:
        findings.notice(
            path.name, None, "", "is not read",
            f"did you mean {near[0]}? Rename it, or: beluga adopt {path.name} --into {path.parent}",
        )  # fmt: skip
    else:
        findings.notice(
            path.name, None, "", "is no file of an election folder, and not read", "see beluga adopt"
        )


def _headings(path: Path, findings: Findings) -> None:
    """Says where the headings are, where they are not in the first line."""
    for sheet in _sheets(path):
        rows = list(islice(sheet.rows(), _SHOWN))
        found = find_headings(rows)
        if found is None or not rows:
            continue
        first = next((cells for _, cells in rows if any(cells)), [])
        needed = [c.name for c in FILES[path.name] if c.required]
        missing = set(needed) - matched(first, FILES[path.name]).keys()
        if missing and found.line <= 1:
            _other_words(path, found, missing, findings)
        elif missing:
            findings.notice(
                path.name, found.line, "", "the headings seem to be here",
                f"take the lines above out, or: beluga adopt {path.name} --into {path.parent}",
            )  # fmt: skip


def _other_words(path: Path, found: Headings, missing: set[str], findings: Findings) -> None:
    """Says which headings mean columns of ours, misspelt or in other words."""
    kind = OURS[path.name]
    read = columns_of(found.names, WORDS_OF.get("turnout" if kind == "history" else kind, {}))
    told = [f"{found.names[read[name]]!r} seems to be {name}" for name in sorted(missing & read.keys())]
    if told:
        findings.notice(
            path.name, found.line, "", ", ".join(told),
            f"rename it, or: beluga adopt {path.name} --into {path.parent}",
        )  # fmt: skip


def _damaged(path: Path, findings: Findings) -> None:
    columns = tuple(c for c in FILES[path.name] if c.name in _PRECINCT_FIELDS)
    if not columns or path.name == "voters.csv":  # a voter's precinct is looked up anyhow
        return
    for sheet in _sheets(path):
        places: dict[str, int] | None = None
        for line, cells in sheet.rows():
            if places is None:
                places = matched(cells, FILES[path.name]) if any(cells) else None
                continue
            for column in columns:
                place = places.get(column.name)
                text = cells[place] if place is not None and place < len(cells) else ""
                good = mended(text) if text else None
                if good and good.refusal:
                    findings.problem(path.name, line, column.name, f"{text!r}: {good.refusal}", good.remedy)


def _sheets(path: Path) -> Iterator[Sheet]:
    for sheet in open_all([path], path.parent):
        if sheet.form == "text" and sheet.encoding.startswith("utf-8"):
            yield sheet
