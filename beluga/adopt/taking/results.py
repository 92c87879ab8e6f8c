"""Past votes by precinct: turnout tables, and results with one row or one column a candidate."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from beluga.adopt.mapping.dates import YEAR, date_in, election_in, election_name
from beluga.adopt.mapping.fields import method_in
from beluga.adopt.mapping.vocabulary import HISTORIES, KNOWN, columns_of, known_key
from beluga.adopt.taking.draft import CountedBy, Draft, Table, past
from beluga.adopt.taking.numbers import NoCountError, count_of
from beluga.adopt.taking.registration import (
    added_up,
    key_of,
    lend_registration,
    settled,
    sum_of_others,
    whole_rows,
)
from beluga.adopt.taking.settling import Key, Settled
from election.domain.day import Method
from election.folder.headings import folded

METHODS = {"in_person": Method.IN_PERSON, "early": Method.EARLY, "mail": Method.MAIL}
_METHOD_OF = {
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
_REGISTERED = frozenset(
    [
        "registeredvoters",
        "registered",
        "totalregistered",
        "registeredvoterstotal",
        "totalregisteredvoters",
        "registration",
        "registeredvoterstotals",
        "totalregistration",
        "eligiblevoters",
        "activevoters",
    ]
)
_CAST = frozenset(
    [
        "ballotscast",
        "totalballotscast",
        "ballotscasttotal",
        "ballots",
        "totalballots",
        "ballotscounted",
        "votersvoting",
        "totalvoters",
        "turnout",
        "voterturnout",
        "totalvotescast",
        "ballotscasttotals",
        "cardscast",
        "ballotscastall",
        "publiccount",
        "timescounted",
        "timescast",
    ]
)
_NO_OFFICE = re.compile(
    r"straight.?(party|ticket)|registered|turnout|ballots cast|party preference|\bretention\b", re.I
)
# One is elected to it, and everybody has it on the ballot: no voter has more than one vote.
_OF_ONE = re.compile(r"(?:u\.?s\.?|unitedstates)(?:president|senat|house)|president|governor", re.I)
_TWICE = 2  # of today's roll: a precinct grows, or is divided; more is another precinct
_LOOKED_AT = 200  # rows, to tell a candidate's column from another
_VOTES = re.compile(r"[\d,.' \u00a0]{1,9}|[-*–—]|\*+")
_NAMES_SOMETHING = re.compile(
    r"(?:^|[\s_])(?:id|code|fips|geoid|number|no|zip|postcode|easting|northing|area|acres|length|shape\S*)$"
    r"|^(?:objectid|fid|geoid\d*|vtd\S*|shape.*)$|\d{5,}",
    re.I,
)
# Headings of the votes in one contest, in which not everybody votes who casts a ballot.
_OF_A_CONTEST = frozenset({"total", "totals", "totalvotes", "totalvotescast", "votes", "votestotal"})
_NO_CANDIDATE = frozenset(
    [
        "total",
        "totals",
        "totalvotes",
        "votestotal",
        "contesttotal",
        "totalvotescast",
        "contesttotals",
        "ballotscast",
    ]
)


@dataclass
class Counted:
    """One precinct in one election."""

    registered: int | None = None
    votes: dict[str, int] = field(default_factory=dict)  # votes, in_person, early, mail, provisional
    line: int = 0
    rolls: list[int] = field(default_factory=list)  # registered voters, of every row


def take_turnout(draft: Draft, table: Table) -> None:
    """Ballots cast by precinct: by method where given, by year where headings name years."""
    report = table.report
    found = settled(draft, table, makes=_brings_precincts(table))
    if found is None:
        return
    named = _elections(draft, table)
    counted: dict[tuple[str, str], Counted] = {}
    keys: dict[str, tuple[Key, Settled]] = {}
    wide = _candidates(table)
    contests = _contests(table, wide)
    for line, row, identity in _rows_of_precincts(table, found, keys):
        method = _METHOD_OF.get(folded(table.cell(row, "method")), "votes")
        for election, columns in named:
            name = election(row)
            into = counted.setdefault((identity, name), Counted(line=line))
            _read_row(table, row, line, columns, method, into=into)
            for place in wide:
                if way := _way(table, place):
                    into.votes[way] = into.votes.get(way, 0) + (_count(table, row, line, place) or 0)
            if wide and "votes" not in into.votes:
                sums = [sum(_count(table, row, line, n) or 0 for n in places) for places in contests]
                into.votes["votes"] = max(sums)
    if wide and not any("votes" in columns for _, columns in named):
        names = ", ".join(table.headings.names[n] for n in wide[:4])
        report.note(
            f"no column says how many ballots were cast: the sum of the candidates ({names}…) stands for it"
            + (f", of the one of {len(contests)} contests that most voted in" if len(contests) > 1 else "")
        )
    _added_rolls(table, counted)
    _without_sums(table, counted)
    if wide and _too_many(draft, table, counted, wide):
        return
    heading = table.headings.names[table.columns["votes"]] if "votes" in table.columns else ""
    contest = (bool(wide) and not heading) or known_key(heading) in _OF_A_CONTEST
    _store(draft, table, counted, keys, contests=counted.keys() if contest else ())


def _without_sums(table: Table, counted: dict[tuple[str, str], Counted]) -> None:
    """Leaves out a row that adds up all others without saying so."""
    for election in {e for _, e in counted}:
        votes = {i: _all(one.votes) for (i, e), one in counted.items() if e == election}
        if whole := sum_of_others(votes):
            one = counted.pop((whole, election))
            table.report.drop(one.line, whole, "a row of totals: it is the sum of all others")


def _too_many(
    draft: Draft, table: Table, counted: Mapping[tuple[str, str], Counted], wide: Sequence[int]
) -> bool:
    """Refuses columns that were taken for candidates and add up to more votes than there are voters."""
    if "votes" in table.columns:
        return False
    sums = []
    for (identity, _), one in counted.items():
        known = draft.precincts.get(identity)
        roll = one.registered or (known.registered if known else 0)
        sums.append((one.votes.get("votes", 0), roll))
    if sum(votes > roll > 0 for votes, roll in sums) * 2 <= len(sums):
        return False
    names = ", ".join(table.headings.names[n] for n in wide[:4])
    table.report.refuse_file(
        f"its columns ({names}…) add up to more votes than there are voters: they are no candidates",
        "say which column holds the ballots cast, or what the file is",
    )
    return True


def _way(table: Table, place: int) -> str:
    """The way of voting that a candidate's column counts, by its heading or what stands over it."""
    over = table.headings.over
    above = _METHOD_OF.get(folded(over[place]), "") if over and over[place] else ""
    return above if above in METHODS else method_in(table.headings.names[place])


def _contests(table: Table, wide: list[int]) -> list[list[int]]:
    """The candidates' columns by contest, where a row above names contests; a voter votes in each of them."""
    over = table.headings.over
    if not over or any(_way(table, n) for n in wide):
        return [wide]
    by_contest: defaultdict[str, list[int]] = defaultdict(list)
    for place in wide:
        by_contest[over[place]].append(place)
    return list(by_contest.values())


def _brings_precincts(table: Table) -> bool:
    return "registered" in table.columns or any(
        YEAR.search(h) and "regist" in h.casefold() for h in table.headings.names
    )


def _candidates(table: Table) -> list[int]:
    """Places of the columns that are candidates, where the table is of results and has no total."""
    if table.kind != "results, wide":
        return []
    names = table.headings.names
    taken = set(table.columns.values()) | _totals_of_ways(table)
    some = [row for _, row in islice(table.rows(), _LOOKED_AT)]
    return [
        n
        for n, h in enumerate(names)
        if h
        and n not in taken
        and _counts_votes(h, [row[n] for row in some])
        and known_key(h) not in KNOWN - {"dem", "rep", "democrat", "republican"}
        and "%" not in h
        and not re.search(r"percent|pct|margin|rate", h, re.I)
    ]


def _totals_of_ways(table: Table) -> set[int]:
    """Places of candidates' totals beside their votes by way: `Jane Doe Total` beside `Jane Doe Absentee`."""
    names = table.headings.names
    parted = [h.casefold() for n, h in enumerate(names) if h and _way(table, n)]
    found = set()
    for place, heading in enumerate(names):
        words = heading.casefold().split()
        kept = " ".join(w for w in words if w.strip("-:()") not in ("total", "totals", "votes", "vote"))
        total = kept and len(kept) < len(" ".join(words)) and not _way(table, place)
        if total and any(p.startswith(kept + " ") or p.endswith(" " + kept) for p in parted):
            found.add(place)
    return found


def _counts_votes(heading: str, cells: Sequence[str]) -> bool:
    """Whether a column can be a candidate's: small numbers, and no number that names something."""
    told = [c for c in cells if c]
    numbers = sum(_VOTES.fullmatch(c) is not None for c in told)
    return numbers * 5 > len(told) * 4 and not _NAMES_SOMETHING.search(heading)


def _elections(draft: Draft, table: Table) -> list[tuple[Callable[[list[str]], str], dict[str, int]]]:
    """For each election that the columns tell of: its name (by row), and the place of each field."""
    years: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for place, heading in enumerate(table.headings.names):
        if found := YEAR.search(heading):
            years[found[1]][place] = " ".join(YEAR.sub(" ", heading).split())
    shared = {n: p for n, p in table.columns.items() if not YEAR.search(table.headings.names[p])}
    out: list[tuple[Callable[[list[str]], str], dict[str, int]]] = []
    for year, headings in sorted(years.items()):
        stripped = [headings.get(n, "") for n in range(len(table.headings.names))]
        own = {
            k: v
            for k, v in columns_of(stripped, HISTORIES).items()
            if k in ("votes", "registered", *METHODS, "provisional")
        }
        if (
            not {"votes", *METHODS} & own.keys()
            and len(headings) == 1
            and not any(folded(h) in KNOWN for h in headings.values())
        ):
            own = {"votes": next(iter(headings))}
        if {"votes", *METHODS} & own.keys():
            whole = next((election_in(table.headings.names[n]) for n in headings), year)
            out.append((_always(whole or year), {**shared, **own}))
    if out:
        table.report.note(f"elections of {', '.join(sorted(years))}, by the columns' headings")
        return out
    default = _default_election(draft, table)
    column, first = table.columns.get("election"), _day_first(draft, table)

    def name_of(row: list[str]) -> str:
        return (
            election_name(row[column], day_first=first) if column is not None and row[column] else ""
        ) or default

    return [(name_of, table.columns)]


def _day_first(draft: Draft, table: Table) -> bool:
    """Whether 5.10.2022 is in October: outside the United States, and where cells are parted by `;`."""
    return draft.region != "US" or table.sheet.delimiter == ";"


def _always(name: str) -> Callable[[list[str]], str]:
    return lambda _row: name


def _default_election(draft: Draft, table: Table) -> str:
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


def _count(table: Table, row: list[str], line: int, place: int) -> int | None:
    try:
        return count_of(row[place], points=table.points)
    except NoCountError as error:
        table.report.refuse(
            line, table.headings.names[place], row[place], str(error), "write its digits, or leave it empty"
        )
        return None


def _read_row(
    table: Table, row: list[str], line: int, columns: Mapping[str, int], method: str, *, into: Counted
) -> None:
    for name in ("votes", *METHODS, "provisional"):
        place = columns.get(name)
        if place is None or (count := _count(table, row, line, place)) is None:
            continue
        name = method if name == "votes" else name
        into.votes[name] = into.votes.get(name, 0) + count
    if (place := columns.get("registered")) is not None and (
        count := _count(table, row, line, place)
    ) is not None:
        into.registered = max(into.registered or 0, count)
        into.rolls.append(count)


def _added_rolls(table: Table, counted: Mapping[tuple[str, str], Counted]) -> None:
    """Adds up registered voters as votes are, where rows part a precinct by party, split or the like."""
    parting = added_up(table)
    if parting and any(len(set(one.rolls)) > 1 for one in counted.values()):
        for one in counted.values():
            one.registered = sum(one.rolls) if one.rolls else one.registered
        table.report.note(f"several rows a precinct, by {parting}: they are added up")


def take_long(draft: Draft, table: Table) -> None:
    """One row a candidate, in any office: ballots cast where a row says so, else the fullest office."""
    registered_rows = "registered" in table.columns or any(
        folded(table.cell(row, "office")) in _REGISTERED
        or folded(table.cell(row, "candidate")) in _REGISTERED
        for _, row in table.rows()
    )
    found = settled(draft, table, makes=registered_rows)
    if found is None:
        return
    counted: dict[tuple[str, str], Counted] = {}
    offices: defaultdict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
    keys: dict[str, tuple[Key, Settled]] = {}
    hidden: set[tuple[str, str, str]] = set()
    cast: defaultdict[tuple[str, str], dict[str, Counted]] = defaultdict(dict)
    default = _default_election(draft, table)
    place, first = table.columns.get("election"), _day_first(draft, table)
    columns = {n: p for n, p in table.columns.items() if n in ("votes", *METHODS, "provisional")}
    for line, row, identity in _rows_of_precincts(table, found, keys):
        name = (
            election_name(row[place], day_first=first) if place is not None and row[place] else ""
        ) or default
        into = counted.setdefault((identity, name), Counted(line=line))
        office, candidate = folded(table.cell(row, "office")), folded(table.cell(row, "candidate"))
        if "registered" in table.columns and (count := _count(table, row, line, table.columns["registered"])):
            into.registered = max(into.registered or 0, count)
        if (
            "ballots_cast" in table.columns
            and (count := _count(table, row, line, table.columns["ballots_cast"])) is not None
        ):
            into.votes["votes"] = max(into.votes.get("votes", 0), count)
        if office in _REGISTERED or candidate in _REGISTERED:
            value = _count(table, row, line, columns["votes"]) if "votes" in columns else None
            into.registered = value if value is not None else into.registered
            continue
        method = _METHOD_OF.get(folded(table.cell(row, "method")), "votes")
        if office in _CAST or (candidate in _CAST and candidate not in _NO_CANDIDATE - {"ballotscast"}):
            if office in _CAST or not office:
                _read_row(table, row, line, columns, method, into=into)
            else:  # said again of every contest
                again = cast[(identity, name)].setdefault(office, Counted(line=line))
                _read_row(table, row, line, columns, method, into=again)
            continue
        if candidate in _NO_CANDIDATE or _NO_OFFICE.search(table.cell(row, "office")):
            continue
        if re.match(r"ballotscast", office) or re.match(r"ballotscast", candidate):
            continue  # blank ballots and the like, which the total holds already
        contest = (identity, name, f"{office}|{table.cell(row, 'district')}")
        sums, one_row = offices[contest], Counted(line=line)
        refused = table.report.counts["refused"]
        _read_row(table, row, line, columns, method, into=one_row)
        if table.report.counts["refused"] > refused:
            hidden.add(contest)
        for each, votes in one_row.votes.items():
            sums[each] = sums.get(each, 0) + votes
    for key, contests in cast.items():
        fullest = max(contests.values(), key=lambda one: _all(one.votes))
        counted[key].votes = counted[key].votes or dict(fullest.votes)
    for contest in hidden:
        del offices[contest]
    if hidden:
        table.report.note(
            f"{len({c[:2] for c in hidden}):,} precincts have a contest with a cell that is no number: "
            "its sum would be too small, and does not count"
        )
    stood = _from_offices(table, counted, offices)
    _store(draft, table, counted, keys, contests=stood)


def _from_offices(
    table: Table,
    counted: Mapping[tuple[str, str], Counted],
    offices: Mapping[tuple[str, str, str], dict[str, int]],
) -> set[tuple[str, str]]:
    """Where no row says how many ballots were cast: the office that most people voted in."""
    best: dict[tuple[str, str], tuple[tuple[bool, int], dict[str, int]]] = {}
    for (identity, election, office), sums in offices.items():
        rank = (_OF_ONE.match(office) is not None, _all(sums))
        if (identity, election) not in best or rank > best[(identity, election)][0]:
            best[(identity, election)] = (rank, sums)
    stood: set[tuple[str, str]] = set()
    for key, into in counted.items():
        if key not in best:
            continue
        sums = best[key][1]
        if not into.votes:
            into.votes = dict(sums)
            stood.add(key)
        elif into.votes.keys() == {"votes"} and _all({**sums, "votes": 0}) == into.votes["votes"]:
            into.votes |= {n: v for n, v in sums.items() if n != "votes"}  # everybody voted in this contest
    if stood:
        table.report.note(
            f"{len(stood):,} precincts have no row of ballots cast: the office with most votes stands for it "
            "(several votes a voter, as for a council, would make them too many)"
        )
    return stood


def _all(votes: Mapping[str, int]) -> int:
    return votes.get("votes") or sum(v for n, v in votes.items() if n != "votes")


def _rows_of_precincts(
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


def _store(
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
