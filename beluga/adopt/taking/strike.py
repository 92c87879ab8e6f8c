"""Whom the early record strikes off the roll: by voter's id, else by name and birth year; doubts are listed.

A voter is struck off by name only where exactly one voter of that name and birth year is on the roll (and,
where the ballot names a precinct, in it). Everything less is for a person to decide.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from beluga.adopt.mapping.dates import when
from beluga.adopt.taking.draft import Draft, Table
from beluga.adopt.taking.early import ballot_key, counts
from beluga.adopt.taking.registration import key_of
from election.domain.day import Voter
from election.folder.headings import folded

REVIEW = "early-review.csv"
_HEADINGS = ("ballot", "file", "line", "precinct_id", "birth_year", "voter_id", "why", "strike")


@dataclass(frozen=True, slots=True)
class Ballot:
    """A cast ballot that names a person."""

    key: str
    file: str
    line: int
    precinct: str
    birth_year: int | None


@dataclass
class Striking:
    """Sees every voter once, then says who is struck off."""

    draft: Draft
    into: Path
    births: bool = False
    doubtful: list[tuple[Ballot, str, str]] = field(default_factory=list)  # ballot, voter's id, why
    decided: list[dict[str, str]] = field(default_factory=list)  # rows with a yes or a no; they stay so
    _by_id: set[str] = field(default_factory=set)
    _wanted: dict[str, list[Ballot]] = field(default_factory=dict)
    _alike: defaultdict[str, list[tuple[str, str, int | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def __post_init__(self) -> None:
        wanted: defaultdict[str, list[Ballot]] = defaultdict(list)
        for table in self.draft.ballot_tables:
            for ballot, name in _named(self.draft, table):
                wanted[name].append(ballot)
        self._wanted = dict(wanted)
        self.decided = [r for r in read_review(self.into / REVIEW) if (r.get("strike") or "").strip()]
        self._said_yes = {r["ballot"]: r["voter_id"] for r in self.decided if _yes(r["strike"])}
        self._said_no = {(r["ballot"], r["voter_id"]) for r in self.decided if not _yes(r["strike"])}

    def look(self, voter: Voter) -> None:
        """One voter of the roll."""
        self.births = self.births or voter.birth_year is not None
        identity = str(voter.voter_id)
        ballot = self.draft.early.ballots.get(identity)
        if ballot is not None:
            self._by_id.add(identity)
            if not ballot[0]:
                self.draft.early.ballots[identity] = (str(voter.precinct_id), ballot[1])
        if self._wanted and (name := name_key(voter.name)) in self._wanted:
            self._alike[name].append((identity, str(voter.precinct_id), voter.birth_year))

    def settle(self) -> set[str]:
        """Ids of the voters who have voted; fills `doubtful`."""
        struck = set(self._by_id)
        for name, ballots in self._wanted.items():
            for ballot in ballots:
                if ballot.key in self._by_id:
                    continue
                chosen = self._one(ballot, self._alike.get(name, []))
                if chosen:
                    struck.add(chosen)
                    self._known_as(ballot.key, chosen)
        return struck

    def _known_as(self, key: str, voter_id: str) -> None:
        ballots = self.draft.early.ballots
        if key in ballots and key != voter_id:
            ballots[voter_id] = ballots.pop(key)

    def _one(self, ballot: Ballot, alike: list[tuple[str, str, int | None]]) -> str:
        if said := self._said_yes.get(ballot.key):
            return said
        if not alike:
            return ""
        near = [a for a in alike if not ballot.precinct or a[1] == ballot.precinct]
        sure = [a for a in near if ballot.birth_year is not None and a[2] == ballot.birth_year]
        if len(sure) == 1:
            return sure[0][0]
        if sure:
            why = "several voters have this name and birth year"
        elif ballot.birth_year is None or all(a[2] is None for a in alike):
            why = "the name alone agrees: no birth year on both sides"
        elif any(a[2] == ballot.birth_year for a in alike):
            why = "name and birth year agree, in another precinct"
        elif any(a[2] is not None and abs(a[2] - ballot.birth_year) < 2 for a in near):
            why = "the name agrees, the birth year by one"
        else:
            return ""  # another person of the same name
        for identity, _, _ in (sure or near or alike)[:3]:
            if (ballot.key, identity) in self._said_no:
                continue
            self.doubtful.append((ballot, identity, why))
        return ""


def _named(draft: Draft, table: Table) -> Iterable[tuple[Ballot, str]]:
    """Cast ballots of a file that name a person, with the key of that name."""
    if not {"name", "last_name"} & table.columns.keys():
        return
    matcher = draft.matcher()
    places: dict[tuple[str, str, str, str], str] = {}
    for line, row in table.rows():
        name = name_key(_whole_name(table, row))
        if not name or not counts(draft, table, row):
            continue
        key = ballot_key(table, row, line)
        if key in draft.early.ballots:
            at = key_of(table, row)
            where = (at.code, at.county, at.name, at.group)
            if where not in places:
                places[where] = matcher.find(*where) or ""
            yield Ballot(key, table.report.name, line, places[where], _born(draft, table, row)), name


def _whole_name(table: Table, row: list[str]) -> str:
    if "last_name" in table.columns:
        return f"{table.cell(row, 'first_name')} {table.cell(row, 'last_name')}"
    whole = table.cell(row, "name")
    if whole.count(",") == 1:
        family, _, given = whole.partition(",")
        return f"{given} {family}"
    return whole


_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})


def name_key(name: str) -> str:
    """First and last name, without what varies: middle names, case, accents apart, Jr."""
    parts = [p for p in name.replace(",", " ").split() if folded(p) not in _SUFFIXES]
    return f"{folded(parts[0])} {folded(parts[-1])}" if len(parts) > 1 else ""


def _born(draft: Draft, table: Table, row: list[str]) -> int | None:
    text = table.cell(row, "birth_year").removesuffix(".0")
    if text.isdecimal() and len(text) == 4:
        return int(text)
    at = when(text, day_first=draft.region != "US") if (text := table.cell(row, "birth_date")) else None
    return at.year if at else None


def _yes(text: str | None) -> bool:
    return (text or "").strip().casefold() in ("yes", "y", "x", "1", "true")


def finish(path: Path, struck: set[str], *, births: bool) -> None:
    """Writes `voted` into a voters.csv for those struck off; no birth years' column where there are none."""
    if not struck and births:
        return
    done = path.with_suffix(".done")
    with path.open(encoding="utf-8", newline="") as old, done.open("w", encoding="utf-8", newline="") as new:
        reader, writer = csv.reader(old), csv.writer(new, lineterminator="\n")
        headings = next(reader)
        voted, identity, born = (
            headings.index("voted"),
            headings.index("voter_id"),
            headings.index("birth_year"),
        )
        end = len(headings) if births else born
        writer.writerow(headings[:end])
        for row in reader:
            if row[identity] in struck:
                row[voted] = "yes"
            writer.writerow(row[:end])
    done.replace(path)


def write_review(
    path: Path, doubtful: Iterable[tuple[Ballot, str, str]], decided: Iterable[dict[str, str]] = ()
) -> None:
    """Ballots that may be a voter's, for a person to decide, and what was decided. Names nobody: files do."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_HEADINGS)
        writer.writerows([row.get(h, "") for h in _HEADINGS] for row in decided)
        for ballot, identity, why in doubtful:
            writer.writerow(
                (
                    ballot.key,
                    ballot.file,
                    ballot.line,
                    ballot.precinct,
                    ballot.birth_year or "",
                    identity,
                    why,
                    "",
                )
            )


def read_review(path: Path) -> list[dict[str, str]]:
    """Rows of a review list; nothing where there is none."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
