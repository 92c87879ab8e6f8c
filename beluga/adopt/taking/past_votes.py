"""Past votes by precinct as every file of results tells them: counted, checked, kept."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from beluga.adopt.mapping.dates import date_in
from beluga.adopt.mapping.vocabulary import HISTORIES
from beluga.adopt.taking.draft import CountedBy, Draft, Table, past
from beluga.adopt.taking.numbers import NoCountError, count_of
from beluga.adopt.taking.registration import key_of, lend_registration, whole_rows
from beluga.adopt.taking.settling import Key, Settled
from election.domain.day import Method

METHODS = {"in_person": Method.IN_PERSON, "early": Method.EARLY, "mail": Method.MAIL}

METHOD_OF = {
    word: name
    for name, words in (
        ("in_person", HISTORIES["in_person"]),
        ("early", HISTORIES["early"]),
        ("mail", HISTORIES["mail"]),
    )
    for word in words
} | {
    "total": "votes",
    "totals": "votes",
    "all": "votes",
    "": "votes",
    "provisional": "provisional",
    "prov": "provisional",
}

_TWICE = 2  # of today's roll: a precinct grows, or is divided; more is another precinct


@dataclass
class Counted:
    """One precinct in one election."""

    registered: int | None = None
    votes: dict[str, int] = field(default_factory=dict)  # votes, in_person, early, mail, provisional
    line: int = 0
    rolls: list[int] = field(default_factory=list)  # registered voters, of every row


def day_first(draft: Draft, table: Table) -> bool:
    """Whether 5.10.2022 is in October: outside the United States, and where cells are parted by `;`."""
    return draft.region != "US" or table.sheet.delimiter == ";"


def default_election(draft: Draft, table: Table) -> str:
    """What an election is called where the rows do not say: as answered, as titled, as the file."""
    if given := table.answers.get("election"):
        return given
    if table.dated:
        table.report.note(f"of the election {table.dated}, as its name or title says")
        return table.dated
    if "election" in table.columns:
        return ""
    stem = table.sheet.path.stem if not table.sheet.part else table.sheet.part
    table.report.note(
        f"neither the file nor its name says which election it is of: called {stem!r} here; "
        f'say election = "YYYY-MM-DD" in mapping.toml'
    )
    return stem


def count_in(table: Table, row: list[str], line: int, place: int) -> int | None:
    """A cell's count; None where it is empty, or no number, which is said."""
    try:
        return count_of(row[place], points=table.points)
    except NoCountError as error:
        table.report.refuse(
            line, table.headings.names[place], row[place], str(error), "write its digits, or leave it empty"
        )
        return None


def read_row(
    table: Table, row: list[str], line: int, columns: Mapping[str, int], method: str, *, into: Counted
) -> None:
    """Adds a row's counts to what is known of its precinct."""
    for name in ("votes", *METHODS, "provisional"):
        place = columns.get(name)
        if place is None or (count := count_in(table, row, line, place)) is None:
            continue
        name = method if name == "votes" else name
        into.votes[name] = into.votes.get(name, 0) + count
    if (place := columns.get("registered")) is not None and (
        count := count_in(table, row, line, place)
    ) is not None:
        into.registered = max(into.registered or 0, count)
        into.rolls.append(count)


def all_votes(votes: Mapping[str, int]) -> int:
    """Votes in all: as told, else those of each way together."""
    return votes.get("votes") or sum(v for n, v in votes.items() if n != "votes")


def rows_of_precincts(
    table: Table, found: Mapping[Key, Settled], keys: dict[str, tuple[Key, Settled]]
) -> Iterator[tuple[int, list[str], str]]:
    """(line, row, precinct) of each row whose precinct is settled; `keys` takes the key it first had."""
    counts = whole_rows(table) if table.kind == "turnout" else None
    for line, row in table.rows():
        key = key_of(table, row)
        one = found[key]
        if one.identity and (counts is None or counts(row)):
            keys.setdefault(one.identity, (key, one))
            yield line, row, one.identity


def store(
    draft: Draft,
    table: Table,
    counted: Mapping[tuple[str, str], Counted],
    keys: Mapping[str, tuple[Key, Settled]],
    *,
    contests: Collection[tuple[str, str]],
) -> None:
    """Past votes into the draft. `contests`: where one contest's votes stand for the ballots cast."""
    report = table.report
    lent: set[str] = set()
    above = 0
    passed: Counter[str] = Counter()
    for (identity, election), one in counted.items():
        total = one.votes.get("votes")
        parts = {n: v for n, v in one.votes.items() if n != "votes"}
        if total is None and parts:
            total = sum(parts.values())
        key, settled_one = keys[identity]
        on_roll = one.registered or None
        lends = identity not in draft.precincts or identity in draft.registered_from
        if lends and on_roll:
            lend_registration(draft, identity, on_roll, election, report, one=settled_one, county=key.county)
            lent.add(election)
        if identity not in draft.precincts:
            report.drop(
                one.line, key.code or key.name, "no registered voters are known here: a central count"
            )
            continue
        if total is None:
            continue
        if on_roll and total > on_roll:
            report.refuse(
                one.line,
                table.heading("votes"),
                str(total),
                f"{total:,} votes at {identity} are more than the {on_roll:,} registered",
                "look in the county's original, and correct one of the two",
            )
            continue
        roll = draft.precincts[identity].registered
        if not on_roll and total > roll:
            above += 1
            if total > _TWICE * roll:
                report.refuse(
                    one.line,
                    table.heading("votes"),
                    str(total),
                    f"{total:,} votes at {identity} are more than twice the {roll:,} registered now",
                    "look whether the number is another precinct's, of then or of elsewhere",
                )
                continue
        at = date_in(election)
        if at is not None and at >= draft.day.date:
            report.ask("election", f"it is dated {at}, which is no past election: which one is it?")
            report.refuse(
                one.line,
                "",
                election,
                "is dated on or after this election's day",
                "say which past election it is",
            )
            continue
        other = draft.counted_by.get((identity, election))
        ballots = (identity, election) not in contests
        if other is not None and other.file != report.name and other.votes != total:
            if ballots and other.ballots:
                report.refuse(
                    one.line,
                    table.heading("votes"),
                    f"{identity}: {total:,}",
                    f"{other.file}, given with it, says {other.votes:,} ballots of {election}",
                    "give the better of the two alone",
                )
                continue
            if other.ballots or (not ballots and other.votes > total):
                passed[other.file] += 1
                continue
        draft.counted_by[identity, election] = CountedBy(report.name, ballots, total)
        draft.remember(past(identity, election, total, Method.TOTAL, on_roll))
        report.take("past results")
        for name, method in METHODS.items():
            if name in parts:
                draft.remember(past(identity, election, parts[name], method, on_roll))
    if above:
        report.note(f"{above:,} precincts had more votes then than they have registered voters now")
    for file, many in passed.items():
        report.take("past results", 0)
        report.note(f"{many:,} precincts keep what {file} says, which tells more of the ballots cast")
    if lent:
        report.note(
            f"registered voters are those of {', '.join(sorted(lent))}, for want of a registration file: "
            "give one when you have it"
        )
