"""Results with a row a candidate: ballots cast where a row says so, else the office that most voted in."""

import re
from collections import defaultdict
from collections.abc import Mapping

from beluga.adopt.mapping.dates import election_name
from beluga.adopt.taking.draft import Draft, Table
from beluga.adopt.taking.past_votes import (
    METHOD_OF,
    METHODS,
    Counted,
    all_votes,
    count_in,
    day_first,
    default_election,
    read_row,
    rows_of_precincts,
    store,
)
from beluga.adopt.taking.registration import settled
from beluga.adopt.taking.settling import Key, Settled
from election.folder.headings import folded

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
    default = default_election(draft, table)
    place, first = table.columns.get("election"), day_first(draft, table)
    columns = {n: p for n, p in table.columns.items() if n in ("votes", *METHODS, "provisional")}
    for line, row, identity in rows_of_precincts(table, found, keys):
        name = (
            election_name(row[place], day_first=first) if place is not None and row[place] else ""
        ) or default
        into = counted.setdefault((identity, name), Counted(line=line))
        office, candidate = folded(table.cell(row, "office")), folded(table.cell(row, "candidate"))
        if "registered" in table.columns and (
            count := count_in(table, row, line, table.columns["registered"])
        ):
            into.registered = max(into.registered or 0, count)
        if (
            "ballots_cast" in table.columns
            and (count := count_in(table, row, line, table.columns["ballots_cast"])) is not None
        ):
            into.votes["votes"] = max(into.votes.get("votes", 0), count)
        if office in _REGISTERED or candidate in _REGISTERED:
            value = count_in(table, row, line, columns["votes"]) if "votes" in columns else None
            into.registered = value if value is not None else into.registered
            continue
        method = METHOD_OF.get(folded(table.cell(row, "method")), "votes")
        if office in _CAST or (candidate in _CAST and candidate not in _NO_CANDIDATE - {"ballotscast"}):
            if office in _CAST or not office:
                read_row(table, row, line, columns, method, into=into)
            else:  # said again of every contest
                again = cast[(identity, name)].setdefault(office, Counted(line=line))
                read_row(table, row, line, columns, method, into=again)
            continue
        if candidate in _NO_CANDIDATE or _NO_OFFICE.search(table.cell(row, "office")):
            continue
        if re.match(r"ballotscast", office) or re.match(r"ballotscast", candidate):
            continue  # blank ballots and the like, which the total holds already
        contest = (identity, name, f"{office}|{table.cell(row, 'district')}")
        sums, one_row = offices[contest], Counted(line=line)
        refused = table.report.counts["refused"]
        read_row(table, row, line, columns, method, into=one_row)
        if table.report.counts["refused"] > refused:
            hidden.add(contest)
        for each, votes in one_row.votes.items():
            sums[each] = sums.get(each, 0) + votes
    for key, contests in cast.items():
        fullest = max(contests.values(), key=lambda one: all_votes(one.votes))
        counted[key].votes = counted[key].votes or dict(fullest.votes)
    for contest in hidden:
        del offices[contest]
    if hidden:
        table.report.note(
            f"{len({c[:2] for c in hidden}):,} precincts have a contest with a cell that is no number: "
            "its sum would be too small, and does not count"
        )
    stood = _from_offices(table, counted, offices)
    store(draft, table, counted, keys, contests=stood)


def _from_offices(
    table: Table,
    counted: Mapping[tuple[str, str], Counted],
    offices: Mapping[tuple[str, str, str], dict[str, int]],
) -> set[tuple[str, str]]:
    """Where no row says how many ballots were cast: the office that most people voted in."""
    best: dict[tuple[str, str], tuple[tuple[bool, int], dict[str, int]]] = {}
    for (identity, election, office), sums in offices.items():
        rank = (_OF_ONE.match(office) is not None, all_votes(sums))
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
        elif into.votes.keys() == {"votes"} and all_votes({**sums, "votes": 0}) == into.votes["votes"]:
            into.votes |= {n: v for n, v in sums.items() if n != "votes"}  # everybody voted in this contest
    if stood:
        table.report.note(
            f"{len(stood):,} precincts have no row of ballots cast: the office with most votes stands for it "
            "(several votes a voter, as for a council, would make them too many)"
        )
    return stood
