"""`reports.csv`: counts as rows, for bulk upload, batch projection and replay."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from election.domain.checkin import Kind
from election.domain.day import Election, Precinct
from election.domain.ids import PrecinctId
from election.folder.cells import Cells, time_of
from election.folder.findings import Findings, shown
from election.folder.headings import REPORTS
from election.folder.places import unknown_precinct
from election.folder.table import TableReader, uncollected

KINDS = {"": Kind.COUNT, "count": Kind.COUNT, "fix": Kind.FIX, "final": Kind.FINAL}
MOST_VOTES = 2**31 - 1  # a slip of many digits is the gate's to judge, not ours to refuse


class ReportRow(NamedTuple):
    """One row of a report file, on `line`. Times are UTC; `votes` are cumulative in-person votes."""

    precinct_id: PrecinctId
    observed_at: datetime
    received_at: datetime
    votes: int
    kind: Kind = Kind.COUNT
    source: str = ""
    note: str = ""
    line: int = 0


class ReportTimes:
    """Times of a report file: ISO 8601 with offset, the same without (local), or a time of the day itself."""

    def __init__(self, election: Election) -> None:
        self._day = election.day
        self._home = ZoneInfo(election.day.timezone)
        self._zones = {p.precinct_id: p.zone(election.day) for p in election.precincts if p.timezone}
        self._known: dict[str, datetime] = {}

    def read(self, text: str, precinct_id: str) -> datetime | None:
        """UTC, or None where it is no time."""
        known = self._known.get(text)
        if known is not None:
            return known
        try:
            at = datetime.fromisoformat(text) if len(text) > 10 else None
            if at is None:
                hour = time_of(text)
                if hour is None:
                    return None
                at = datetime.combine(self._day.date, hour)
            if at.tzinfo is None:
                return at.replace(tzinfo=self._zones.get(PrecinctId(precinct_id), self._home)).astimezone(UTC)
            at = at.astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        if len(self._known) < 200_000:
            self._known[text] = at
        return at


def examine_reports(
    path: Path, election: Election, findings: Findings, *, sites: bool = False
) -> list[ReportRow]:
    """The good rows in the file's order; `findings` holds what is wrong with the others.

    `sites`: a polling site that several precincts share may stand in a precinct's place.
    """
    table = TableReader(path, REPORTS, findings)
    if not path.is_file():
        findings.problem(table.file, None, "", "there is no such file", "check its name")
        return []
    cells = Cells(table.file, findings)
    times = ReportTimes(election)
    precincts: dict[str, Precinct] = {p.precinct_id: p for p in election.precincts}
    places = election.places() if sites else precincts
    reports: list[ReportRow] = []
    for line, (identity, observed, votes, received, kind, source, note) in table:
        seen = times.read(observed, identity)
        came = times.read(received, identity) if received else seen
        what = KINDS.get(kind.lower())
        if (
            seen is not None
            and came is not None
            and what is not None
            and identity in places
            and votes.isdecimal()
            and votes.isascii()
            and len(votes) < 10
        ):
            reports.append(ReportRow(PrecinctId(identity), seen, came, int(votes), what, source, note, line))
            continue
        cells.line, before = line, findings.total
        if identity not in places:
            cells.problem("precinct_id", *unknown_precinct(identity, precincts))
        for column, text, value in (("observed_at", observed, seen), ("received_at", received, came)):
            if value is None and (text or column == "observed_at"):
                cells.problem(
                    column,
                    f"{shown(text)} is no time",
                    "write it as 2026-11-03T10:05 or 2026-11-03T10:05-05:00",
                )
        if what is None:
            cells.problem("kind", f"{shown(kind)} is no kind of report", "write count, fix or final")
        count = cells.integer("votes", votes, 0, MOST_VOTES)
        if findings.total == before and count is not None and seen and came and what:
            reports.append(ReportRow(PrecinctId(identity), seen, came, count, what, source, note, line))
    return reports


def read_reports(path: Path, election: Election, *, sites: bool = False) -> list[ReportRow]:
    """All rows of a report file in its order (`examine_reports`). Raises `FolderError` where any is wrong."""
    findings = Findings()
    with uncollected():
        reports = examine_reports(path, election, findings, sites=sites)
    findings.raise_if_any()
    return reports
