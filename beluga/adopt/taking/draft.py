"""The folder that is being made: what stands in it, and what each file adds. Nothing is written here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from beluga.adopt.mapping.headings_row import Headings
from beluga.adopt.sources.sheets import Sheet
from beluga.adopt.taking.early_record import EarlyRecord
from beluga.adopt.taking.filling import filled, parted_numbers, spread
from beluga.adopt.taking.matching import Matcher
from beluga.adopt.taking.report import FileReport
from beluga.adopt.taking.settling import Key, Settled
from election.domain.day import Caller, CurvePoint, ElectionDay, Method, PastVotes, Precinct, Watcher
from election.domain.ids import PrecinctId

Progress = Callable[[int], None]


@dataclass
class Table:
    """A recognised table: where its columns are, and its report."""

    sheet: Sheet
    headings: Headings
    kind: str
    columns: dict[str, int]
    report: FileReport
    answers: dict[str, str] = field(default_factory=dict)
    dated: str = ""  # which election the file's name or title says
    progress: Progress | None = None
    zone: str = ""  # the election's, which says where its places are
    as_is: bool = False  # a voters.csv of ours without a fault
    says_accepted: bool = False  # of ballots: some row of it does
    points: bool = False  # between thousands, and commas before decimals
    settled: dict[Key, Settled] = field(default_factory=dict)  # of voters, whose rows stream later
    once: tuple[int, ...] = ()  # columns written in the first row of their group alone
    several: Callable[[str], object] | None = None  # a cell may list precincts: finds one by its name
    parted: int | None = None  # a register's number that begins with its polling district

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows under the headings that hold anything, as they are meant (see `filling`)."""
        rows = self._written()
        if self.once:
            beside = self.columns.get("precinct_id", 0)
            beside = (
                self.columns.get("method", self.columns.get("candidate", beside))
                if beside in self.once
                else beside
            )
            rows = filled(rows, self.once, beside)
        if self.several is not None:
            rows = spread(rows, self.columns["precinct_id"], self.several)
        return rows if self.parted is None else parted_numbers(rows, self.parted)

    def _written(self) -> Iterator[tuple[int, list[str]]]:
        """Rows as wide as the headings; headings again are left out."""
        width, names = len(self.headings.names), [n.casefold() for n in self.headings.names]
        for line, row in self.sheet.rows(self.progress):
            if line <= self.headings.line or not any(row):
                continue
            if len(row) < width:
                row.extend([""] * (width - len(row)))
            elif len(row) > width and not any(row[width:]):
                del row[width:]
            if row[0].casefold() == names[0] and [c.casefold() for c in row] == names:
                continue
            yield line, row

    def cell(self, row: list[str], name: str) -> str:
        """What a field's column says; empty where the table has none."""
        place = self.columns.get(name)
        return row[place] if place is not None else ""

    def heading(self, name: str) -> str:
        """The heading of a field's column."""
        place = self.columns.get(name)
        names = self.headings.names
        return names[place] if place is not None and place < len(names) else name


@dataclass(frozen=True, slots=True)
class CountedBy:
    """Which file given now said how many voted, and whether as ballots cast or as one contest's votes."""

    file: str
    ballots: bool
    votes: int


@dataclass
class Draft:
    """An election folder as it will be. `touched` names the files to write."""

    day: ElectionDay
    region: str
    precincts: dict[str, Precinct] = field(default_factory=dict)
    history: dict[tuple[str, str, str], PastVotes] = field(default_factory=dict)
    curve: tuple[CurvePoint, ...] = ()
    watchers: dict[str, Watcher] = field(default_factory=dict)
    callers: dict[str, Caller] = field(default_factory=dict)
    geometry: dict[PrecinctId, dict[str, Any]] = field(default_factory=dict)
    early: EarlyRecord = field(default_factory=EarlyRecord)
    voters: list[Table] = field(default_factory=list)
    ballot_tables: list[Table] = field(default_factory=list)  # whose voters are struck off
    copied: dict[str, Path] = field(default_factory=dict)  # taken byte by byte
    broken: dict[str, list[str]] = field(default_factory=dict)  # files of the folder that have faults already
    touched: set[str] = field(default_factory=set)
    stood: bool = False  # there were precincts before the first file
    registered_from: dict[str, str] = field(default_factory=dict)  # precinct -> election whose roll stands in
    counted_by: dict[tuple[str, str], "CountedBy"] = field(default_factory=dict)  # precinct, election
    shared_numbers: frozenset[str] = frozenset()  # that files of two counties, given at once, both have
    registered_by: dict[str, str] = field(default_factory=dict)  # precinct -> file given now that says it

    def matcher(self) -> Matcher:
        """Finds the precincts that there are by now."""
        return Matcher(self.precincts.values())

    def remember(self, votes: PastVotes) -> None:
        """One past count; the latest file wins."""
        self.history[(str(votes.precinct_id), votes.election, votes.method.value)] = votes
        self.touched.add("history.csv")


def past(identity: str, election: str, votes: int, method: Method, registered: int | None) -> PastVotes:
    """A past count."""
    return PastVotes(PrecinctId(identity), election, votes, method, registered)


def coming(day: ElectionDay, at: date | None) -> bool:
    """Whether a date is of the election at hand or later, and so no past one."""
    return at is not None and at >= day.date
