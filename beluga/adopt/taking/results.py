"""Past votes by precinct: turnout tables, and results with one column a candidate."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from beluga.adopt.mapping.dates import YEAR, election_in, election_name
from beluga.adopt.mapping.fields import method_in
from beluga.adopt.mapping.vocabulary import HISTORIES, KNOWN, columns_of, known_key
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
from beluga.adopt.taking.registration import (
    added_up,
    settled,
    sum_of_others,
)
from beluga.adopt.taking.settling import Key, Settled
from election.folder.headings import folded

_LOOKED_AT = 200  # rows, to tell a candidate's column from another
_VOTES = re.compile(r"[\d,.' \u00a0]{1,9}|[-*–—]|\*+")
_NAMES_SOMETHING = re.compile(
    r"(?:^|[\s_])(?:id|code|fips|geoid|number|no|zip|postcode|easting|northing|area|acres|length|shape\S*)$"
    r"|^(?:objectid|fid|geoid\d*|vtd\S*|shape.*)$|\d{5,}",
    re.I,
)
# Headings of the votes in one contest, in which not everybody votes who casts a ballot.
_OF_A_CONTEST = frozenset({"total", "totals", "totalvotes", "totalvotescast", "votes", "votestotal"})


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
    for line, row, identity in rows_of_precincts(table, found, keys):
        method = METHOD_OF.get(folded(table.cell(row, "method")), "votes")
        for election, columns in named:
            name = election(row)
            into = counted.setdefault((identity, name), Counted(line=line))
            read_row(table, row, line, columns, method, into=into)
            for place in wide:
                if way := _way(table, place):
                    into.votes[way] = into.votes.get(way, 0) + (count_in(table, row, line, place) or 0)
            if wide and "votes" not in into.votes:
                sums = [sum(count_in(table, row, line, n) or 0 for n in places) for places in contests]
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
    store(draft, table, counted, keys, contests=counted.keys() if contest else ())


def _without_sums(table: Table, counted: dict[tuple[str, str], Counted]) -> None:
    """Leaves out a row that adds up all others without saying so."""
    for election in {e for _, e in counted}:
        votes = {i: all_votes(one.votes) for (i, e), one in counted.items() if e == election}
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
    above = METHOD_OF.get(folded(over[place]), "") if over and over[place] else ""
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
    default = default_election(draft, table)
    column, first = table.columns.get("election"), day_first(draft, table)

    def name_of(row: list[str]) -> str:
        return (
            election_name(row[column], day_first=first) if column is not None and row[column] else ""
        ) or default

    return [(name_of, table.columns)]


def _always(name: str) -> Callable[[list[str]], str]:
    return lambda _row: name


def _added_rolls(table: Table, counted: Mapping[tuple[str, str], Counted]) -> None:
    """Adds up registered voters as votes are, where rows part a precinct by party, split or the like."""
    parting = added_up(table)
    if parting and any(len(set(one.rolls)) > 1 for one in counted.values()):
        for one in counted.values():
            one.registered = sum(one.rolls) if one.rolls else one.registered
        table.report.note(f"several rows a precinct, by {parting}: they are added up")
