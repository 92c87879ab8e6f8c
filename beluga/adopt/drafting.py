"""The folder in memory: the certain part of every file, those first that say which precincts there are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time

from beluga.adopt.columns_meant import choose_id, read_as_meant, recognise_by_content
from beluga.adopt.mapping.dates import date_in, election_in
from beluga.adopt.mapping.fields import mapped
from beluga.adopt.mapping.kinds import KINDS
from beluga.adopt.mapping.mapping_file import RememberedMapping
from beluga.adopt.proposing import AdoptPlan
from beluga.adopt.recognising import RecognisedSheet
from beluga.adopt.sources.sheets import Progress
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
from beluga.adopt.taking.numbers import pointed
from beluga.adopt.taking.report import FileReport
from beluga.adopt.taking.settling import is_total
from election.domain.day import ElectionDay
from election.folder import Findings
from election.folder.headings import folded
from election.folder.people import read_callers, read_watchers
from election.folder.places import read_curve, read_history, read_precincts
from election.folder.shapes import FILE as SHAPES
from election.folder.shapes import read_shapes

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
        recognise_by_content(draft, found)
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
            choose_id(draft, table, found.sample)
            read_as_meant(draft, table, found.sample)
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
