"""Voters of a county's, a state's or a vendor's file, as a stream: VAN, ncvoter, a UK register, plain."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from beluga.adopt.mapping.dates import when
from beluga.adopt.mapping.vocabulary import PHONE, all_of
from beluga.adopt.taking.damage import formula_text, mended, without_point
from beluga.adopt.taking.draft import Draft, Table
from beluga.adopt.taking.phones import POWER, PhoneReader
from beluga.adopt.taking.registration import group_of, key_of, lend_registration, settled
from beluga.adopt.taking.report import FileReport
from beluga.adopt.taking.settling import Key, Settled
from election.domain.day import Voter
from election.domain.ids import PrecinctId, VoterId
from election.folder.cells import known_zone, language_of

_GONE = re.compile(r"remov|cancel|denied|deceased|purged|ineligible|merged", re.IGNORECASE)
_GONE_CODES = frozenset({"R", "D", "C"})
_TAKEN_OFF = frozenset({"d", "del", "rem", "r"})  # of a register's change
_VOTED = frozenset(
    ["yes", "y", "true", "t", "1", "x", "early", "mail", "absentee", "vbm", "voted", "returned", "accepted"]
)
_YES = frozenset(["yes", "y", "true", "t", "1", "x"])
_SPACES = re.compile(r"\s+")


def take_voters(draft: Draft, table: Table) -> None:
    """Settles which precincts the file names (making them where no other file does); rows stream later."""
    makes = not draft.precincts or table.answers.get("other_county") == "add"
    report = table.report
    if "change" in table.columns and draft.stood:
        report.refuse_file(
            "is a list of changes to a register: whoever it does not name would be lost",
            "give the whole register as it stands now",
        )
        return
    found = settled(draft, table, makes=makes)
    if found is None:
        return
    if makes:
        counts: Counter[str] = Counter()
        first: dict[str, tuple[Key, Settled]] = {}
        for _, row in table.rows():
            if not _is_gone(table, row):
                key = key_of(table, row)
                counts[found[key].identity] += 1
                first.setdefault(found[key].identity, (key, found[key]))
        for identity, count in counts.items():
            if identity and identity not in draft.precincts:
                key, one = first[identity]
                lend_registration(draft, identity, count, "", report, one=one, county=key.county)
                draft.registered_from.pop(identity, None)
        report.note(
            "no file says which precincts there are: they are made from the voters, registered = electors"
        )
    table.settled = found
    draft.voters.append(table)
    draft.touched.add("voters.csv")


def _is_gone(table: Table, row: list[str]) -> bool:
    status = table.cell(row, "status")
    if status and (_GONE.search(status) or status in _GONE_CODES):
        return True
    taken_off = table.cell(row, "change")[:3].casefold() in _TAKEN_OFF
    return taken_off or table.cell(row, "deceased").casefold() in _YES


def _as_it_says(table: Table, row: list[str]) -> str:
    """What says that a voter is gone; of a flag, whom."""
    said = table.cell(row, "status") or table.cell(row, "change")
    return table.cell(row, "voter_id") if table.cell(row, "deceased").casefold() in _YES else said


def stream(draft: Draft, table: Table, today: date) -> Iterator[Voter]:
    """Good voters in the file's order. Fills the table's report as it goes."""
    report, found, columns = table.report, table.settled, table.columns
    reader = _RowReader(draft, table, today)
    seen: set[str] = set()
    rolls: set[tuple[str, str]] = set()
    taken = 0
    county, code, name = (columns.get(n) for n in ("county", "precinct_id", "precinct_name"))
    has_status = bool({"status", "change", "deceased"} & columns.keys())
    grouped = bool({"group", "ward"} & columns.keys())
    for line, row in table.rows():
        if has_status and _is_gone(table, row):
            report.drop(line, _as_it_says(table, row), "is no longer on the roll")
            continue
        key = Key(
            row[code] if code is not None else "",
            row[county] if county is not None else "",
            group_of(table, row) if grouped else "",
            row[name] if name is not None else "",
        )
        one = found[key]
        if not one.identity:
            if not one.dropped:
                report.counts["voters left out"] += 1
            continue
        voter = reader.voter(row, line, one.identity)
        if voter is None:
            continue
        if voter.voter_id in seen:
            report.drop(line, voter.voter_id, "this voter is there already")
            continue
        seen.add(voter.voter_id)
        if voter.roll_number:
            at = (voter.precinct_id, voter.roll_number)
            if at in rolls:
                report.counts["roll numbers left out"] += 1
                voter = replace(voter, roll_number="")
            else:
                rolls.add(at)
        taken += 1
        yield voter
    if taken:
        report.take("voters", taken)
    _closing_notes(report, reader.phones.junk)


def _closing_notes(report: FileReport, junk: int) -> None:
    if junk:
        report.note(f"{junk:,} phones are none (N/A, zeros, too short): left empty")
    if many := report.counts["voters left out"]:
        report.note(f"{many:,} voters are left out, whose precinct was refused")
    if many := report.counts["roll numbers left out"]:
        report.note(f"{many:,} roll numbers are there twice in a precinct: left empty at the second")


class _RowReader:
    def __init__(self, draft: Draft, table: Table, today: date) -> None:
        self.table, self.report, self.today = table, table.report, today
        self.columns = table.columns
        self.phones = PhoneReader(draft.region)
        self.phone_places = all_of(table.headings.names, PHONE) or [
            p for p in (table.columns.get("phone"),) if p is not None
        ]
        if (first := table.columns.get("phone")) in self.phone_places:
            self.phone_places = [p for p in self.phone_places if p != first]
            self.phone_places.insert(0, first)
        self.day_first = draft.region != "US"
        self._tongues: dict[str, str] = {}

    def cell(self, row: list[str], name: str) -> str:
        place = self.columns.get(name)
        return row[place] if place is not None else ""

    def voter(self, row: list[str], line: int, precinct: str) -> Voter | None:
        name = self._name(row)
        if not name:
            self.report.drop(line, "", "a voter without a name")
            return None
        roll = self._roll(row)
        identity = self._identity(row, precinct, roll)
        if "E" in identity.upper() and POWER.fullmatch(identity):
            bad = mended(identity)
            self.report.refuse(line, self.table.heading("voter_id"), identity, bad.refusal, bad.remedy)
            return None
        if not identity:
            self.report.refuse(
                line,
                "voter_id",
                "",
                "nothing tells this voter from another",
                "the file needs a voter's id or an elector number",
            )
            return None
        voted = self.cell(row, "voted").casefold()
        return Voter(
            VoterId(identity),
            PrecinctId(precinct),
            roll,
            name,
            self.phones.read(*self._phones(row)),
            self._language(row),
            self._score(row, "support"),
            voted in _VOTED,
            self.cell(row, "do_not_call").casefold() in _YES,
            zone if (zone := self.cell(row, "timezone")) and known_zone(zone) else None,
            self._address(row),
            self._score(row, "turnout"),
            self._birth_year(row),
        )

    def _phones(self, row: list[str]) -> list[str]:
        """A row's phones; one of seven digits with the area code that stands in a column of its own."""
        cells = [row[p] for p in self.phone_places]
        area = self.cell(row, "area_code").strip("()")
        if line := self.cell(row, "line"):
            cells = [f"{self.cell(row, 'exchange')}{line}", *cells]
        if not (area.isdecimal() and len(area) == 3):
            return cells
        return [f"{area}{c}" if sum(ch.isdigit() for ch in without_point(c)) == 7 else c for c in cells]

    def _name(self, row: list[str]) -> str:
        last = self.cell(row, "last_name")
        if "last_name" not in self.columns or (not last and "name" in self.columns):
            whole = self.cell(row, "name")
            if "," in whole and whole.count(",") == 1:
                family, _, given = whole.partition(",")
                return _SPACES.sub(" ", f"{given.strip()} {family.strip()}").strip()
            return _SPACES.sub(" ", whole)
        first, middle, suffix = (self.cell(row, n) for n in ("first_name", "middle_name", "suffix"))
        parts = (first, middle, last, suffix if not suffix.isdigit() else "")
        return _SPACES.sub(" ", " ".join(p for p in parts if p)).strip()

    def _roll(self, row: list[str]) -> str:
        number = without_point(formula_text(self.cell(row, "roll_number")))
        suffix = without_point(self.cell(row, "roll_suffix"))
        if not number:
            return ""
        if number.isdecimal() and number.isascii():
            number = str(int(number))
        return f"{number}/{suffix}" if suffix and suffix.strip("0") else number

    def _identity(self, row: list[str], precinct: str, roll: str) -> str:
        identity = without_point(formula_text(self.cell(row, "voter_id")))
        if identity:
            return identity
        return f"{precinct}-{roll}" if roll else ""

    def _language(self, row: list[str]) -> str:
        text = self.cell(row, "language")
        if not text:
            return ""
        found = self._tongues.get(text)
        if found is None:
            found = self._tongues[text] = language_of(text) or ""
            if not found:
                self.report.note(f"{text[:30]!r} is no language we know: left empty")
        return found

    def _score(self, row: list[str], name: str) -> int | None:
        text = self.cell(row, name)
        if not text:
            return None
        try:
            value = float(text.rstrip("%"))
        except ValueError:
            self.report.note(f"{self.table.heading(name)} holds no score from 0 to 100: left empty")
            return None
        if 0 <= value <= 100:
            return round(value)
        self.report.note(f"{self.table.heading(name)} holds scores beyond 0 to 100: left empty there")
        return None

    def _address(self, row: list[str]) -> str:
        first = self.cell(row, "address") or f"{self.cell(row, 'house')} {self.cell(row, 'street')}".strip()
        parts = (first, self.cell(row, "address2"), self.cell(row, "city"), self.cell(row, "zip"))
        return _SPACES.sub(" ", ", ".join(p for p in parts if p))

    def _birth_year(self, row: list[str]) -> int | None:
        text = without_point(self.cell(row, "birth_year"))
        if text.isdecimal() and 1890 <= int(text) <= self.today.year:
            return int(text)
        if (text := self.cell(row, "birth_date")) and (at := when(text, day_first=self.day_first)):
            return at.year
        return None
