"""Early and mailed votes of the election at hand: a row a ballot, or totals; daily or running."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise

from beluga.adopt.mapping.dates import date_in, when
from beluga.adopt.taking.draft import Draft, Table
from beluga.adopt.taking.numbers import NoCountError, count_of
from beluga.adopt.taking.registration import key_of, settled
from election.folder.headings import folded

LONGEST_AFTER = 30  # days; a ballot by mail that comes later counts nowhere
LONGEST_BEFORE = 120  # days; nobody's early and mail voting begins before
_DONE = re.compile(
    r"accept|counted|received|returned|voted|valid|cured|good|in.?person|tabulated|approved|on machine|marked"
    r"|pre.?processed|^[avr]?y(es)?$|^a$|^ok$|^bal$",
    re.I,
)
_NOT_DONE = re.compile(
    r"\bpend|reject|spoil|cancel|not|void|invalid|undeliver|issued|sent|requested|applied|unreturned|challeng|denied"
    r"|duplicate|unmarked|deleted|not found|incomplete|deficien|replaced|surrender|needs|missing|error"
    r"|wrong|lost|incorrect|unsigned|undated|mismatch|\blate\b|expired|out(standing)?$|^r$|^c$|^s$|^no?$",
    re.I,
)
_THERE = re.compile(r"in.?person|early|one.?stop|\bev\b", re.I)
_REFUSED = re.compile(r"reject|spoil|void|invalid|denied|disallow", re.I)
_ACCEPTED = re.compile(r"\s*(accept|counted|valid|tabulated|approved|good)", re.I)
_CURED = re.compile(r"cured", re.I)
# What a column of returns says of a ballot that has not come back.
_NOT_RETURNED = frozenset({"n", "no", "false", "0", "none", "na", "n/a", "not", "notreturned", "never"})
_RUNNING = re.compile(r"cumulative|running|to.?date|so far|total to|until|through", re.I)
_DAILY = re.compile(r"daily|each day|per day|\btoday|that day|day total|new today|by day", re.I)


def is_cast(status: str, returned: str, has_status: bool, kind: str) -> bool:
    """Whether a ballot counts as a vote: accepted, or returned where nothing says more."""
    if status:
        if _CURED.search(status) and not re.search("pending|needs|not", status, re.I):
            return True
        if _NOT_DONE.search(status):
            return False
        return bool(_DONE.search(status)) or bool(returned)
    if has_status and not returned:
        return bool(re.search(r"in.?person|early|one.?stop|\bev\b", kind, re.I)) and not has_status
    return bool(returned) or (not has_status and bool(kind))


def take_ballots(draft: Draft, table: Table) -> None:
    """A row a ballot: what is cast goes into the record, by the voter's id; what is not is left out."""
    _ask_about(table)
    table.says_accepted = "ballot_status" in table.columns and any(
        _ACCEPTED.match(table.cell(row, "ballot_status")) for _, row in table.rows()
    )
    if "precinct_id" not in table.columns:
        _ballots_without_precinct(draft, table)
        return
    found = settled(draft, table, makes=False)
    if found is None:
        return
    cast = left = 0
    refused: dict[str, str] = {}
    for line, row in table.rows():
        one = found[key_of(table, row)]
        if not one.identity:
            continue
        if not counts(draft, table, row, line):
            left += 1
            refused |= _refused(draft, table, row, line)
            continue
        draft.early.ballots[ballot_key(table, row, line)] = (one.identity, _day(draft, table, row))
        refused.pop(ballot_key(table, row, line), None)
        cast += 1
    _close(draft, table, cast, left, refused)


def _ballots_without_precinct(draft: Draft, table: Table) -> None:
    """Voters' ids alone: their precinct is that of the roll, once the voters have been read."""
    cast = left = 0
    refused: dict[str, str] = {}
    for line, row in table.rows():
        if counts(draft, table, row, line):
            draft.early.ballots[ballot_key(table, row, line)] = ("", _day(draft, table, row))
            refused.pop(ballot_key(table, row, line), None)
            cast += 1
        else:
            left += 1
            refused |= _refused(draft, table, row, line)
    _close(draft, table, cast, left, refused)


def _refused(draft: Draft, table: Table, row: list[str], line: int) -> dict[str, str]:
    """Voter and day of a ballot that surely does not count; a file before may have counted it."""
    said = _REFUSED.search(table.cell(row, "ballot_status"))
    return {ballot_key(table, row, line): _day(draft, table, row)} if said else {}


def _close(draft: Draft, table: Table, cast: int, left: int, refused: Mapping[str, str]) -> None:
    again = sum(draft.early.take_back(key, day) for key, day in refused.items() if day)
    if again:
        table.report.note(
            f"{again:,} ballots that counted before are rejected or spoiled by now: taken back, "
            "and their voters can be called again"
        )
    table.report.take("ballots cast", cast)
    if left:
        table.report.note(
            f"{left:,} ballots are not cast yet, or do not count (pending, rejected, spoiled): left out"
        )
    draft.touched |= {"precincts.csv", "early.csv"}
    draft.ballot_tables.append(table)


def counts(draft: Draft, table: Table, row: list[str], line: int | None = None) -> bool:
    """Whether a row is a ballot cast in this election. With `line`, what is of another one is said."""
    at = when(text) if (text := table.cell(row, "election")) else None
    if at is not None and at != draft.day.date and abs((at - draft.day.date).days) > 3:
        if line is not None:
            table.report.drop(line, text, f"is of another election than that of {draft.day.date}")
        return False
    has_status = "ballot_status" in table.columns
    has_date = bool({"ballot_date", "in_person_date"} & table.columns.keys())
    cast = when(text, day_first=draft.region != "US") if (text := table.cell(row, "ballot_date")) else None
    if cast is not None and (draft.day.date - cast).days > LONGEST_BEFORE:
        if line is not None:
            table.report.drop(line, text, f"was cast long before {draft.day.date}: in another election")
        return False
    if cast is not None and (cast - draft.day.date).days > LONGEST_AFTER:
        if line is not None:
            table.report.drop(line, text, f"is dated long after {draft.day.date}: look what is meant")
        return False
    if _unless_no(table.cell(row, "ballot_rejected")):
        return False
    kind = table.cell(row, "ballot_type")
    there = table.cell(row, "in_person_date")
    returned = _unless_no(table.cell(row, "ballot_date")) or there
    if not has_status and not has_date:
        return bool(kind) and "ballot_asked" not in table.columns
    status = table.cell(row, "ballot_status")
    if status and status in _told(table):
        return True
    if (
        has_date
        and not status
        and not returned
        and ("in_person_date" in table.columns or not _THERE.search(kind))
    ):
        return False  # a ballot that was sent, and has not come back
    if not status and returned and table.says_accepted:
        return False  # where others are said to be accepted, this one is not yet
    return is_cast(status, returned, has_status, kind)


def _told(table: Table) -> list[str]:
    """Statuses of which somebody has said that they are votes."""
    return [s.strip() for s in table.answers.get("accepted", "").split(";")]


def _ask_about(table: Table) -> None:
    """Asks what became of ballots whose status is a code that nobody can read, and that have no date."""
    if "ballot_status" not in table.columns or "accepted" in table.answers:
        return
    known, strange = {""}, dict[str, int]()
    for line, row in table.rows():
        status = table.cell(row, "ballot_status")
        if status in known or table.cell(row, "ballot_date"):
            continue
        if _NOT_DONE.search(status) or _DONE.search(status) or _CURED.search(status):
            known.add(status)
        else:
            strange.setdefault(status, line)
    for status, line in strange.items():
        table.report.refuse(
            line,
            table.heading("ballot_status"),
            status,
            "nothing says whether a ballot of this status counts",
            'name those that do in mapping.toml: accepted = "A;B", or accepted = "" where none does',
        )


def _unless_no(text: str) -> str:
    """What says whether or when a ballot came back; empty where it says that it did not."""
    return "" if folded(text) in _NOT_RETURNED else text


def ballot_key(table: Table, row: list[str], line: int) -> str:
    """The voter's id, else a fingerprint of name and birth, so that nobody counts twice."""
    if identity := table.cell(row, "voter_id"):
        return identity.removesuffix(".0")
    told = [
        table.cell(row, n)
        for n in (
            "name",
            "last_name",
            "first_name",
            "middle_name",
            "birth_date",
            "birth_year",
            "zip",
            "precinct_id",
        )
    ]
    if any(told[:3]):
        return "~" + hashlib.blake2b("|".join(map(folded, told)).encode(), digest_size=9).hexdigest()
    return f"~{table.report.name}:{line}"


def _day(draft: Draft, table: Table, row: list[str]) -> str:
    at = when(text, day_first=draft.region != "US") if (text := table.cell(row, "ballot_date")) else None
    return at.isoformat() if at else ""


def take_totals(draft: Draft, table: Table) -> None:
    """Counts by precinct, of a day or until a day. Where neither words nor numbers say which, it asks."""
    report = table.report
    found = settled(draft, table, makes=False)
    if found is None:
        return
    told: defaultdict[tuple[str, str], int] = defaultdict(int)
    for line, row in table.rows():
        one = found[key_of(table, row)]
        if not one.identity:
            continue
        count = _row_count(table, row, line)
        if count is None:
            continue
        at = when(table.cell(row, "date")) if table.cell(row, "date") else None
        told[(one.identity, at.isoformat() if at else _file_day(table))] += count
    source = ",".join(sorted(table.heading(n) for n in ("already", "early", "mail") if n in table.columns))
    until = draft.early.until(source)
    before = {(i, at): until[i][1] for i, at in told if i in until and until[i][0] <= at}
    how = _how(table, told, before)
    if not how:
        report.ask("counts", "are these the votes of each day, or all until that day?", "daily", "running")
        report.refuse_file(
            "its numbers may be those of each day, or all until that day",
            'answer counts = "daily" or counts = "running" in mapping.toml',
        )
        return
    for (identity, day), votes in told.items():
        registered = draft.precincts[identity].registered
        if votes > registered:
            report.refuse(
                None,
                table.heading("precinct_id"),
                identity,
                f"{votes:,} early and mail votes are more than the {registered:,} registered",
                "look in the original",
            )
            continue
        into = draft.early.daily if how == "daily" else draft.early.running
        into[(source, identity, day)] = votes
    fell = [f"{i} from {before[i, d]:,} to {v:,}" for (i, d), v in told.items() if v < before.get((i, d), 0)]
    if how == "running" and fell:
        report.note(f"{len(fell):,} precincts have fewer than a file before said: {', '.join(fell[:5])}")
    report.note(
        "numbers of each day: added up" if how == "daily" else "all until that day: the latest counts"
    )
    report.take("precincts with early and mail votes", len({i for i, _ in told}))
    draft.touched |= {"precincts.csv", "early.csv"}


def _file_day(table: Table) -> str:
    at = date_in(f"{table.sheet.part}\n{table.headings.title}\n{table.sheet.path.stem}")
    return at.isoformat() if at else ""


def _row_count(table: Table, row: list[str], line: int) -> int | None:
    """A column of all of them, else the sum of early and mail."""
    read: dict[str, int | None] = {}
    for name in ("already", "early", "mail"):
        if name in table.columns:
            try:
                read[name] = count_of(table.cell(row, name), points=table.points)
            except NoCountError as error:
                table.report.refuse(
                    line, table.heading(name), table.cell(row, name), str(error), "write its digits"
                )
                return None
    if read.get("already") is not None:
        return read["already"]
    some = [c for n, c in read.items() if c is not None and n != "already"]
    return sum(some) if some else None


def _how(table: Table, told: Mapping[tuple[str, str], int], before: Mapping[tuple[str, str], int]) -> str:
    """Of each day or until it; `before`: what was read as the latter. Empty where nothing says which."""
    if given := table.answers.get("counts"):
        return given
    words = " ".join([*table.headings.names, table.headings.title, table.report.name]).replace("_", " ")
    if _RUNNING.search(words):
        return "running"
    if _DAILY.search(words):
        return "daily"
    by_place: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for (identity, day), votes in told.items():
        by_place[identity].append((day, votes))
    if all(len(days) == 1 for days in by_place.values()):
        fell = [i for (i, day), votes in told.items() if votes < before.get((i, day), 0)]
        return "" if fell else "running"
    for days in by_place.values():
        in_order = [votes for _, votes in sorted(days)]
        if any(b < a for a, b in pairwise(in_order)):
            return "daily"
    return ""
