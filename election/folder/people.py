"""`watchers.csv`, `callers.csv` and `voters.csv`. Messages never repeat a phone number or a voter's name."""

import re
from collections.abc import Callable, Container, Iterator
from pathlib import Path

from election.domain.day import Caller, ElectionDay, Voter, Watcher
from election.domain.ids import CallerId, PrecinctId, VoterId, WatcherId
from election.domain.phones import e164
from election.folder.cells import Cells, split_list
from election.folder.findings import Findings, shown
from election.folder.headings import CALLERS, VOTERS, WATCHERS
from election.folder.places import Precincts, unknown_precinct
from election.folder.repeats import Repeats
from election.folder.table import TableReader

LONGEST_ROLL_NUMBER = 40
_SPREADSHEET_NUMBER = re.compile(r"[0-9]{1,3}(,[0-9]{3})+|[0-9]{1,9}\.0+")
_VOTED = frozenset({"early", "mail", "absentee", "vbm", "voted", "returned"})


def _phone(cells: Cells, column: str, text: str, region: str) -> str | None:
    phone = e164(text, region)
    if phone is None:
        what = "this is not a whole phone number" if text else "is empty"
        cells.problem(column, what, f"write it with area code, or with + and country code (region {region})")
    return phone


def read_watchers(
    path: Path, day: ElectionDay, region: str, precincts: Precincts, findings: Findings
) -> tuple[Watcher, ...]:
    """Watchers, ordered by id. No phone may belong to two: a text from it would be either's."""
    table = TableReader(path, WATCHERS, findings)
    cells = Cells(table.file, findings)
    found: dict[str, Watcher] = {}
    lines: dict[str, int] = {}
    phones: dict[str, int] = {}
    strange: set[str] = set()
    for line, (identity, name, phone, language, places, backup, coordinator, start, end) in table:
        cells.line, before = line, findings.total
        cells.need("watcher_id", identity)
        if identity in lines:
            cells.problem("watcher_id", f"{shown(identity)} is on line {lines[identity]} too", "keep one")
        lines.setdefault(identity, line)
        cells.need("name", name)
        main = _phone(cells, "phone", phone, region)
        second = _phone(cells, "backup_phone", backup, region) if backup else None
        for column, number in (("phone", main), ("backup_phone", second)):
            if number and phones.setdefault(number, line) != line:
                cells.problem(
                    column, f"line {phones[number]} has this phone too", "give each watcher their own"
                )
        tongue = cells.language("language", language) if language else day.languages[0]
        if tongue and tongue not in day.languages:
            strange.add(tongue)
        for place in split_list(places):
            if place not in precincts:
                what, remedy = unknown_precinct(place, precincts)
                cells.problem(
                    "precinct_ids", what, remedy + (" (separate several with ;)" if "," in place else "")
                )
        begins = cells.time("shift_start", start) if start else None
        ends = cells.time("shift_end", end) if end else None
        if begins and ends and ends <= begins:
            cells.problem("shift_end", "the shift ends before it starts", "correct the hours")
        if findings.total == before and main and tongue:
            found[identity] = Watcher(
                WatcherId(identity), name, main, tongue, tuple(map(PrecinctId, split_list(places))),
                second, coordinator or None, begins, ends,
            )  # fmt: skip
    if strange:
        findings.notice(
            table.file, None, "language", f"{', '.join(sorted(strange))}: not among election.toml's languages"
        )
    return tuple(found[key] for key in sorted(found))


def read_callers(
    path: Path, findings: Findings, counties: Container[str] | None = None
) -> tuple[Caller, ...]:
    """Callers, ordered by id. `counties`: those that there are, where that is known."""
    table = TableReader(path, CALLERS, findings)
    cells = Cells(table.file, findings)
    found: dict[str, Caller] = {}
    lines: dict[str, int] = {}
    for line, (identity, name, contact, languages, places, others) in table:
        cells.line, before = line, findings.total
        cells.need("caller_id", identity)
        if identity in lines:
            cells.problem("caller_id", f"{shown(identity)} is on line {lines[identity]} too", "keep one")
        lines.setdefault(identity, line)
        cells.need("name", name)
        tongues = [cells.language("languages", t) for t in split_list(languages)]
        own = tuple(dict.fromkeys(split_list(places)))
        for county in own:
            if counties is not None and county not in counties:
                cells.problem(
                    "counties", f"no precinct is in {shown(county)}", "write it as in precincts.csv"
                )
        elsewhere = bool(cells.boolean("elsewhere", others)) if others else True
        if not elsewhere and not own:
            cells.problem("elsewhere", "whoever may not call elsewhere needs a county", "name their counties")
        if findings.total == before:
            known = tuple(dict.fromkeys(t for t in tongues if t)) or ("en",)
            found[identity] = Caller(CallerId(identity), name, contact, known, own, elsewhere)
    return tuple(found[key] for key in sorted(found))


def _roll_number(cells: Cells, text: str) -> str:
    """A number as it is texted, without leading zeros (`1,204` and `1204.0` are numbers), or text."""
    if (text.isdecimal() and text.isascii() and len(text) < 10) or _SPREADSHEET_NUMBER.fullmatch(text):
        return str(int(text.split(".", maxsplit=1)[0].replace(",", "")))
    if len(text) > LONGEST_ROLL_NUMBER or not text.isprintable():
        cells.problem(
            "roll_number", f"{shown(text)} is no number of a roll", "write it as the roll has it: 17 or 18/1"
        )
    return text


def stream_voters(
    path: Path,
    region: str,
    precincts: Precincts,
    findings: Findings,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Voter]:
    """Good voters in the file's order, checked as they pass; memory grows by some 30 bytes a voter.

    Repeated ids and roll numbers are found at the end: a caller keeps nothing before the iterator is done
    and `findings` is still empty. `progress` is called with the bytes read so far.
    """
    table = TableReader(path, VOTERS, findings, progress)
    cells = Cells(table.file, findings)
    ids, rolls = Repeats(), Repeats()
    for line, row in table:
        (
            identity,
            place,
            roll,
            name,
            phone,
            language,
            support,
            turnout,
            voted,
            no_call,
            zone,
            address,
            born,
        ) = row
        cells.line, before = line, findings.total
        if not identity or not name:
            cells.need("voter_id", identity)
            cells.need("name", name)
        if place not in precincts:
            if findings.total > findings.limit:  # it will not be shown: spare the search for a near name
                cells.problem("precinct_id", "there is no such precinct", "")
            else:
                cells.problem("precinct_id", *unknown_precinct(place, precincts))
        number = _roll_number(cells, roll) if roll else ""
        called = (_phone(cells, "phone", phone, region) or "") if phone else ""
        ids.add(identity, line)
        if number:
            rolls.add((place, number), line)
        voter = Voter(
            VoterId(identity),
            PrecinctId(place),
            number,
            name,
            called,
            (cells.language("language", language) or "") if language else "",
            cells.integer("support", support, 0, 100) if support else None,
            cells.boolean("voted", voted, _VOTED) if voted else False,
            cells.boolean("do_not_call", no_call) if no_call else False,
            cells.zone("timezone", zone) if zone else None,
            address,
            cells.integer("turnout", turnout, 0, 100) if turnout else None,
            cells.integer("birth_year", born, 1880, 2100) if born else None,
        )
        if findings.total == before:
            yield voter
    for column, repeats in (("voter_id", ids), ("roll_number", rolls)):
        what = "this id" if column == "voter_id" else "this precinct's roll number"
        for first, again in repeats.found():
            cells.line = again
            cells.problem(column, f"{what} is on line {first} too", "keep one")
