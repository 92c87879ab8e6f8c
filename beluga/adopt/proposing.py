"""From files to a proposal: what each is, how its columns are read, and what must be answered first.

`propose` opens and recognises; `answer` settles a question; `draft_of` makes the folder in memory, and each
file's report. A page or a command asks what the reports' questions say, answers, and drafts again; nothing is
written before `beluga.adopt.writing`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from itertools import islice
from pathlib import Path

from beluga.adopt.joining import holds_no_table, pages_of
from beluga.adopt.mapping.dates import date_in, election_in
from beluga.adopt.mapping.fields import mapped
from beluga.adopt.mapping.headings_row import Headings, find_headings, named, without_headings
from beluga.adopt.mapping.kinds import KINDS, recognise
from beluga.adopt.mapping.languages import written_out
from beluga.adopt.mapping.mapping_file import RememberedMapping, read_mappings
from beluga.adopt.mapping.zones import zone_row
from beluga.adopt.parting import stacked
from beluga.adopt.sources.sheets import Progress, Row, Sheet, open_all
from beluga.adopt.taking import (
    early,
    long_results,
    ours,
    people,
    polling_places,
    registration,
    results,
    shapes,
    voters,
)
from beluga.adopt.taking.draft import Draft, Table
from beluga.adopt.taking.early_record import FILE as EARLY
from beluga.adopt.taking.early_record import read_early
from beluga.adopt.taking.filling import holds_districts, parts_of, written_once
from beluga.adopt.taking.matching import Matcher
from beluga.adopt.taking.numbers import pointed
from beluga.adopt.taking.report import FileReport
from beluga.adopt.taking.settling import is_total
from election.domain.day import ElectionDay
from election.folder import Findings
from election.folder.cells import known_zone, time_of
from election.folder.day_file import DEFAULT_REGION, read_day
from election.folder.headings import folded
from election.folder.people import read_callers, read_watchers
from election.folder.places import read_curve, read_history, read_precincts
from election.folder.shapes import FILE as SHAPES
from election.folder.shapes import read_shapes

NO_HEADINGS = "write the columns' names in a line above (who gives out the file has its layout)"
SAMPLE = 400  # rows by which a table is recognised
PREVIEWED = 10

# Files that say which precincts there are come first, the best of them before the others.
_ORDER = (
    "registration",
    "polling places",
    "turnout",
    "results, wide",
    "results, long",
    "voters",
    "history",
    "curve",
    "shapes",
    "early totals",
    "early ballots",
    "early record",
    "watchers",
    "callers",
    "reports",
    "election",
    "",
)
_GROUPED = frozenset(
    {"registration", "turnout", "results, wide", "results, long", "polling places", "early totals"}
)
_TAKE = {
    "registration": registration.take_registration,
    "turnout": results.take_turnout,
    "results, wide": results.take_turnout,
    "history": results.take_turnout,
    "results, long": long_results.take_long,
    "voters": voters.take_voters,
    "polling places": polling_places.take_places,
    "early totals": early.take_totals,
    "early ballots": early.take_ballots,
    "watchers": people.take_watchers,
    "callers": people.take_callers,
}


@dataclass(frozen=True, slots=True)
class DayGiven:
    """What was said about the election beside its files; None: not said."""

    name: str | None = None
    day: date | None = None
    timezone: str | None = None
    opens: str | None = None
    closes: str | None = None


@dataclass
class RecognisedSheet:
    """One sheet with what was recognised in it. `table` is None for maps and for what cannot be used."""

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


@dataclass
class AdoptPlan:
    """Everything that was given, recognised. `day` is None where nothing says which election it is."""

    into: Path
    files: list[RecognisedSheet]
    day: ElectionDay | None
    region: str
    day_problems: list[str]
    remembered: list[RememberedMapping]
    new_day: bool  # election.toml has to be written


def propose(paths: Sequence[Path], into: Path, scratch: Path, given: DayGiven | None = None) -> AdoptPlan:
    """Opens files and recognises each. Raises `MappingFileError` where mapping.toml cannot be read."""
    sheets = open_all(paths, scratch)
    remembered = read_mappings(into)
    found: list[RecognisedSheet] = []
    days = [into]
    for sheet in sheets:
        if sheet.form == "toml":
            if sheet.path.name == "mapping.toml":
                remembered += read_mappings(sheet.path.parent) if sheet.path.parent != into else []
                found.append(
                    RecognisedSheet(sheet, "", aside="what was decided before about files of these shapes")
                )
                continue
            days.append(sheet.path.parent)
            found.append(RecognisedSheet(sheet, "election", reason="the day itself"))
        else:
            found += [_recognised(part, remembered) for part in _tables_of(sheet)]
    found = _joined(found, remembered)
    _twins(found)
    _set_aside(found)
    day, region, problems, new_day = _day(days, given or DayGiven())
    return AdoptPlan(into, found, day, region, problems, remembered, new_day)


def _joined(found: list[RecognisedSheet], remembered: Sequence[RememberedMapping]) -> list[RecognisedSheet]:
    """Sheets that are one table as one, in the place of the first of them."""
    tables = [(f.sheet, f.headings, f.kind) for f in found if f.headings is not None]
    for one, parts in pages_of(tables):
        place = next(n for n, f in enumerate(found) if f.sheet is parts[0])
        found[place] = _recognised(one, remembered)
        found = [f for f in found if not any(f.sheet is part for part in parts[1:])]
    return found


def _set_aside(found: Sequence[RecognisedSheet]) -> None:
    """Covers and notes beside the tables of a workbook or a zip, which nobody need be asked about."""
    useful = {f.sheet.file for f in found if f.kind}
    for each in found:
        words = not any(c.replace(",", "").replace(".", "").isdecimal() for row in each.sample for c in row)
        if not each.kind and each.sheet.part and words and each.headings and each.sheet.file in useful:
            each.aside = "holds words and no number: what the other sheets mean"
        lone = each.sheet.refusal or each.headings is not None or each.sheet.file not in useful
        if not each.kind and not lone and not each.aside and holds_no_table(each.sample):
            each.aside = "holds no table"


def _tables_of(sheet: Sheet) -> list[Sheet]:
    """A sheet's tables, one below the other; what cannot be read is said where it is recognised."""
    if sheet.refusal or sheet.is_map:
        return [sheet]
    try:
        return stacked(sheet, list(islice(sheet.rows(), SAMPLE)))
    except Exception:
        return [sheet]


def _recognised(sheet: Sheet, remembered: Sequence[RememberedMapping]) -> RecognisedSheet:
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


def _twins(found: Iterable[RecognisedSheet]) -> None:
    seen: dict[tuple[bytes, str], str] = {}
    for each in found:
        if each.sheet.form in ("none", "shapefile") or not each.sheet.path.is_file():
            continue
        with each.sheet.path.open("rb") as file:
            key = (hashlib.file_digest(file, "blake2b").digest(), each.sheet.part.rpartition("/")[2])
        if key in seen:
            each.twin = seen[key]
        seen.setdefault(key, each.sheet.name)


def answer(proposal: AdoptPlan, file: str, key: str, value: str) -> None:
    """Settles one question of one file (by its report's `name`). `kind`: a kind; `column:field`: a heading.

    Raises `ValueError` where there is no such file, kind or heading.
    """
    found = next((f for f in proposal.files if f.sheet.name == file), None)
    if found is None:
        raise ValueError(f"no such file: {file}")
    if key == "kind":
        if value not in KINDS:
            raise ValueError(f"no such kind: {value}; one of {', '.join(KINDS)}")
        found.kind, found.unsure, found.reason = value, "", "you said so"
        if found.headings is not None and value not in ("shapes", "curve", "reports"):
            found.columns = mapped(
                "turnout" if value == "history" else value, found.headings.names, found.sample
            )
    elif key.startswith("column:"):
        if found.headings is None:
            raise ValueError(f"{file} has no columns")
        places = {folded(h): n for n, h in enumerate(found.headings.names)}
        if folded(value) not in places:
            raise ValueError(f"{file} has no column {value}")
        found.columns[key.removeprefix("column:")] = places[folded(value)]
    else:
        found.answers[key] = value
        found.unsure = ""


def _day(folders: Sequence[Path], given: DayGiven) -> tuple[ElectionDay | None, str, list[str], bool]:
    """The day from the first folder that has an election.toml, with what was given over it."""
    base, region, problems = None, DEFAULT_REGION, []
    new = False
    for place, folder in enumerate(folders):
        if (folder / "election.toml").exists():
            findings = Findings()
            opened = read_day(folder, findings)
            if findings.total:
                problems += [str(p) for p in findings.problems]
                continue
            base, region, new = opened.day, opened.region, place > 0
            break
    values = {
        "name": given.name,
        "date": given.day,
        "timezone": given.timezone,
        "opens": given.opens,
        "closes": given.closes,
    }
    said = {k: v for k, v in values.items() if v is not None}
    if base is not None and not said:
        return base, region, problems, new
    for key in ("opens", "closes"):
        if key in said:
            at = time_of(str(said[key]))
            if at is None:
                problems.append(f"--{key} {said[key]!r} is no time of day: write 07:00")
                return base, region, problems, new
            said[key] = at  # type: ignore[assignment]
    if "timezone" in said and not known_zone(str(said["timezone"])):
        problems.append(f"there is no time zone {said['timezone']!r}: write America/New_York or its like")
        return base, region, problems, new
    if base is None:
        missing = [k for k in values if k not in said]
        if missing:
            problems.append(
                f"no election.toml says which election it is: give {', '.join('--' + m for m in missing)}"
            )
            return None, region, problems, False
        row = zone_row(str(said["timezone"]))
        region = row[0].split(",")[0] if row else DEFAULT_REGION
        base = ElectionDay("", date(2000, 1, 1), "UTC", time(0), time(23))
    day = ElectionDay(**{**{f: getattr(base, f) for f in ElectionDay.__slots__}, **said})
    if day.closes <= day.opens:
        problems.append("the polls close before they open: correct --opens and --closes")
        return None, region, problems, False
    return day, region, problems, True


def size_of(proposal: AdoptPlan) -> int:
    """Bytes of all files that are text: what `draft_of` says its progress by."""
    return sum(_size(found) for found in proposal.files)


def _size(found: RecognisedSheet) -> int:
    return found.sheet.path.stat().st_size if found.sheet.form == "text" and not found.twin else 0


def _from(progress: Progress | None, before: int) -> Progress | None:
    """Progress within one file said as that through all; a file is read more than once, and said once."""
    most = before

    def show(done: int) -> None:
        nonlocal most
        if before + done > most and progress is not None:
            most = before + done
            progress(most)

    return show if progress is not None else None


def draft_of(proposal: AdoptPlan, progress: Progress | None = None) -> tuple[Draft, list[FileReport]]:
    """The folder with every file's certain part, in memory, and a report a file, in the files' order.

    `progress` is called with how many of `size_of` bytes have been read.
    """
    draft = _base(proposal)
    if not draft.stood:
        draft.shared_numbers = _shared_numbers(proposal.files)
    reports: dict[int, FileReport] = {}
    before = 0
    dates = _dates(proposal.files)
    for found in sorted(proposal.files, key=lambda f: _rank(f.kind)):
        report = FileReport(found.sheet.file, found.sheet.part, found.kind, found.reason)
        report.notes += [*found.sheet.notes, *found.notes]
        reports[id(found)] = report
        _take(draft, found, report, dates.get(found.sheet.file, ""), _from(progress, before))
        before += _size(found)
    return draft, [reports[id(f)] for f in proposal.files]


def _shared_numbers(files: Iterable[RecognisedSheet]) -> frozenset[str]:
    """Precinct numbers that registration files of one county each share, where they name other counties."""
    homes: defaultdict[str, set[str]] = defaultdict(set)
    given = [f for f in files if f.kind == "registration" and {"precinct_id", "county"} <= f.columns.keys()]
    for found in given if len(given) > 1 else ():
        code, county = found.columns["precinct_id"], found.columns["county"]
        for _, row in found.sheet.rows():
            if max(code, county) < len(row) and row[county] and not is_total(row[code]):
                homes[row[code]].add(folded(row[county]))
    return frozenset(number for number, some in homes.items() if len(some) > 1)


def _dates(files: Iterable[RecognisedSheet]) -> dict[str, str]:
    """File to the one election that its sheets' titles name: it holds for those that name none."""
    told: defaultdict[str, set[str]] = defaultdict(set)
    for found in files:
        if found.headings is not None and found.sheet.part:
            told[found.sheet.file].add(election_in(found.headings.title))
    return {file: names.pop() for file, some in told.items() if len(names := some - {""}) == 1}


def _rank(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _take(
    draft: Draft, found: RecognisedSheet, report: FileReport, dated: str, progress: Progress | None
) -> None:
    sheet = found.sheet
    if found.twin:
        report.drop(None, sheet.name, f"the same as {found.twin}")
        return
    if found.aside:
        report.drop(None, sheet.name, found.aside)
        return
    if found.kind == "election":
        report.note("the election's day is taken from the folder that is adopted into, where it has one")
        return
    if not found.kind and found.headings is not None and draft.precincts:
        _by_content(draft, found)
        report.kind, report.reason = found.kind, found.reason
    if not found.kind:
        report.refuse_file(found.reason, sheet.remedy or "say what it is, or leave it away")
        if not sheet.refusal:
            report.ask("kind", f"what is it? ({found.reason})", *KINDS)
        report.preview = _preview(found)
        return
    if found.kind == "shapes":
        shapes.take_shapes(draft, sheet, report, found.answers)
        return
    assert found.headings is not None
    names = found.headings.names
    report.mapping = {name: names[place] for name, place in found.columns.items() if place < len(names)}
    report.preview = _preview(found)
    if found.unsure:
        report.ask("kind", found.unsure, *KINDS)
        report.refuse_file(found.unsure, "answer it, or correct mapping.toml")
        return
    dated = election_in(f"{sheet.file}\n{sheet.part}\n{found.headings.title}") or dated
    if found.kind == "early totals" and _of_a_past_one(draft, dated, found.columns):
        _as_turnout(found, report)
    table = Table(
        sheet, found.headings, found.kind, dict(found.columns), report, dict(found.answers), dated, progress
    )
    table.zone = draft.day.timezone
    table.points = pointed((c for row in found.sample for c in row), sheet.delimiter)
    if table.points:
        report.note("numbers are read with points between thousands and a comma before decimals")
    try:
        if found.kind == "early record":
            ours.take_early(draft, table)
            return
        if ours.is_ours(table) and ours.take_ours(draft, table):
            return
        if found.kind in _TAKE:
            _choose_id(draft, table, found.sample)
            _as_meant(draft, table, found.sample)
            _TAKE[found.kind](draft, table)
            if not (report.took or report.refused or report.questions) and found.kind != "voters":
                report.refuse_file(
                    "no row of it says anything that can be taken",
                    "look how its columns are read, and say which is meant in mapping.toml",
                )
        elif found.kind == "reports":
            draft.copied[f"{found.kind}.csv"] = sheet.path
            report.take("files")
        else:
            report.refuse_file(f"holds faults as {found.kind}.csv", "run beluga check over it, and mend them")
    except Exception as error:
        if not isinstance(error, OSError | UnicodeError) and type(error).__module__ not in (
            "_csv",
            "python_calamine",
        ):
            raise
        report.refuse_file(f"cannot be read to its end ({error})", "export it again")


def _of_a_past_one(draft: Draft, dated: str, columns: Mapping[str, int]) -> bool:
    """Whether votes are of an election long before the one at hand, and so none that came early to it."""
    at = date_in(dated)
    past = at is not None and (draft.day.date - at).days > early.LONGEST_BEFORE
    return "date" not in columns and (past or (dated.isdecimal() and int(dated[:4]) < draft.day.date.year))


def _as_turnout(found: RecognisedSheet, report: FileReport) -> None:
    assert found.headings is not None
    found.kind, found.reason = "turnout", "votes by precinct, of a past election"
    found.columns = mapped(found.kind, found.headings.names, found.sample)
    names = found.headings.names
    report.kind, report.reason = found.kind, found.reason
    report.mapping = {name: names[place] for name, place in found.columns.items()}


def _by_content(draft: Draft, found: RecognisedSheet) -> None:
    """Recognises a table by a column that holds ids of the precincts here, whatever it is called."""
    assert found.headings is not None
    matcher, names = draft.matcher(), found.headings.names
    for place, name in enumerate(names):
        values = {r[place] for r in found.sample if place < len(r) and r[place]}
        ids = {v for v in values if not is_total(v)}
        telling = any(len(v) > 2 for v in ids)  # 1, 2, 3 may count lines
        if (
            not name
            or len(ids) < 2
            or not telling
            or sum(matcher.find(v) is not None for v in ids) < 0.9 * len(ids)
        ):
            continue
        called = [*names[:place], "precinct", *names[place + 1 :]]
        seen = recognise(called, found.sample, f"{found.sheet.name} {found.headings.title}")
        if seen.kind:
            found.kind, found.columns, found.unsure = seen.kind, dict(seen.columns), seen.unsure
            found.reason = f"{seen.reason}; `{name}` holds the ids of the precincts here"
            return


def _choose_id(draft: Draft, table: Table, sample: Sequence[Sequence[str]]) -> None:
    """Takes the column that names most of the precincts that there are, and says so."""
    field_name = "precinct_ids" if table.kind == "watchers" else "precinct_id"
    if not draft.precincts or table.kind == "watchers":
        return
    matcher = draft.matcher()
    names = table.headings.names

    def share(place: int) -> float:
        values = {r[place] for r in sample if place < len(r) and r[place] and not is_total(r[place])}
        return sum(_names_one(v, table.kind, matcher) for v in values) / len(values) if values else 0.0

    def told_by(place: int) -> set[str | None]:
        return {matcher.find(r[place]) for r in sample if place < len(r) and r[place]} - {None}

    now = table.columns.get(field_name)
    best, most = now, share(now) if now is not None else 0.0
    reserved = {
        p for n, p in table.columns.items() if n not in (field_name, "precinct_name", "name", "group")
    }
    if most < 0.9:
        for place in range(len(names)):
            if place not in reserved and names[place] and (found := share(place)) > max(most, 0.5):
                best, most = place, found
    elif now is not None and len(told := told_by(now)) < min(2, len(matcher)):
        # one number in all rows may be a district's that is written as a precinct is
        others = [n for n in range(len(names)) if n not in reserved and n != now and share(n) >= 0.9]
        best = max(others, key=lambda n: len(told_by(n)), default=now)
        best = best if len(told_by(best)) > len(told) else now
    if best is None:
        return
    table.columns = {n: p for n, p in table.columns.items() if p != best or n == field_name}
    table.columns[field_name] = best
    table.report.mapping = {n: names[p] for n, p in table.columns.items()}
    values = {r[best] for r in sample if best < len(r) and r[best]}
    known = sum(_names_one(v, table.kind, matcher) for v in values)
    table.report.reasons[field_name] = (
        f"`{names[best]}` matches {known:,} of {len(values):,} ids in the first {len(sample):,} rows"
    )


def _names_one(text: str, kind: str, matcher: Matcher) -> bool:
    """Whether a cell names a precinct, or lists several as a table of polling places may."""
    if matcher.find(text) is not None:
        return True
    parts = parts_of(text) if kind == "polling places" else []
    return len(parts) > 1 and all(matcher.find(p) is not None for p in parts)


def _as_meant(draft: Draft, table: Table, sample: Sequence[Sequence[str]]) -> None:
    """Sees what is written once a group, lists precincts in a cell, or has its district in its number."""
    columns, report = table.columns, table.report
    code = columns.get("precinct_id")
    if code is None:
        number = columns.get("roll_number")
        if table.kind == "voters" and number is not None and holds_districts(sample, number):
            width = len(table.headings.names)
            table.parted = number
            table.columns = {**columns, "precinct_id": width, "roll_number": width + 1}
            report.reasons["precinct_id"] = f"`{table.headings.names[number]}` begins with it"
            report.note(f"{table.headings.names[number]} holds the polling district before the number")
        return
    if table.kind in _GROUPED:
        once = [n for name in ("county", "group", "ward") if (n := columns.get(name)) is not None]
        table.once = tuple(n for n in once if written_once(sample, n, code))
        beside = columns.get("method", columns.get("candidate"))
        if beside is not None and written_once(sample, code, beside):
            table.once = (*table.once, code)
        if table.once:
            names = ", ".join(table.headings.names[n] for n in table.once)
            report.note(f"{names} is written once a group: it holds for the lines below it")
    if table.kind == "polling places" and any(len(parts_of(r[code])) > 1 for r in sample if code < len(r)):
        matcher = draft.matcher()
        table.several = matcher.find


def _preview(found: RecognisedSheet) -> list[list[str]]:
    return [
        list(found.headings.names) if found.headings else [],
        *[row[:12] for row in found.sample[:PREVIEWED]],
    ]


def _base(proposal: AdoptPlan) -> Draft:
    """What stands in the folder. What is wrong in it is left out here, and said by the check at the end."""
    into = proposal.into
    day = proposal.day or ElectionDay("", date(9000, 1, 1), "UTC", time(0), time(23, 59))
    draft = Draft(day, proposal.region)
    ignored = Findings()
    if (into / "precincts.csv").exists():
        draft.precincts = read_precincts(into / "precincts.csv", day, ignored)
        draft.stood = bool(draft.precincts)
    known = draft.precincts
    if (into / "history.csv").exists():
        draft.history = {
            (str(v.precinct_id), v.election, v.method.value): v
            for v in read_history(into / "history.csv", known, ignored)
        }
    if (into / "curve.csv").exists():
        draft.curve = read_curve(into / "curve.csv", known, ignored)
    if (into / "watchers.csv").exists():
        draft.watchers = {
            w.watcher_id: w for w in read_watchers(into / "watchers.csv", day, draft.region, known, ignored)
        }
    if (into / "callers.csv").exists():
        draft.callers = {c.caller_id: c for c in read_callers(into / "callers.csv", ignored)}
    if (into / SHAPES).exists():
        draft.geometry = read_shapes(into / SHAPES, known, ignored)
    draft.early = read_early(into / EARLY)
    for problem in ignored.problems:
        draft.broken.setdefault(problem.file, []).append(str(problem))
    return draft


def decisions(proposal: AdoptPlan, reports: Sequence[FileReport]) -> list[RememberedMapping]:
    """What mapping.toml should say of the files that were taken."""
    out = []
    for found, report in zip(proposal.files, reports, strict=True):
        if found.kind and not report.spoiled and not found.twin:
            if found.headings is not None:
                out.append(
                    RememberedMapping(
                        found.sheet.name, found.headings.names, found.kind, report.mapping, found.answers
                    )
                )
            elif found.kind == "shapes" and report.mapping:
                out.append(
                    RememberedMapping(
                        found.sheet.name,
                        (),
                        "shapes",
                        report.mapping,
                        {"precinct_id": report.mapping["precinct_id"]},
                    )
                )
    return out
