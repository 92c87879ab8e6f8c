"""Registration, and whatever else says which precincts there are."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from beluga.adopt.mapping.kind_words import PARTIES
from beluga.adopt.taking.draft import Draft, Table
from beluga.adopt.taking.matching import Matcher
from beluga.adopt.taking.numbers import NoCountError, count_of
from beluga.adopt.taking.place_columns import coordinates, hours
from beluga.adopt.taking.report import FileReport
from beluga.adopt.taking.settling import Key, Settled, is_total, settle
from election.domain.day import Precinct
from election.domain.ids import PrecinctId
from election.folder.cells import known_zone, split_list
from election.folder.headings import folded

ELSEWHERE = "is a file of another county: too few of its precincts are here"
ELSEWHERE_REMEDY = 'give this county\'s file, or answer other_county = "add" in mapping.toml to take both'


def key_of(table: Table, row: list[str], name_field: str = "precinct_name") -> Key:
    """How a row names its precinct."""
    code = table.cell(row, "precinct_id")
    if not code and (first := next(filter(None, row), "")) and is_total(first):
        return Key(first)  # a totals row whose word stands in another column
    return Key(code, table.cell(row, "county"), group_of(table, row), table.cell(row, name_field))


def group_of(table: Table, row: list[str]) -> str:
    """The town, ward or both that a row's precinct lies in: `Easton-3`."""
    return "-".join(part for part in (table.cell(row, "group"), table.cell(row, "ward")) if part)


def keys_of(table: Table, name_field: str = "precinct_name") -> dict[Key, int]:
    """Every way that the table names a precinct, with the line it comes first on."""
    keys: dict[Key, int] = {}
    for line, row in table.rows():
        key = key_of(table, row, name_field)
        keys.setdefault(key, line)
    return keys


def settled(
    draft: Draft, table: Table, name_field: str = "precinct_name", *, makes: bool
) -> dict[Key, Settled] | None:
    """Precincts of a table's rows; None (and the whole file refused) where it is another county's."""
    keys = keys_of(table, name_field)
    if not keys:
        table.report.refuse_file("has headings and no rows", "export it again")
        return None
    told = table.kind != "registration" and bool(draft.registered_by)  # which precincts there are
    makes_over = makes and (not (draft.stood or told) or table.answers.get("other_county") == "add")
    matcher = draft.matcher()
    heading = folded(table.heading("county")) if "county" in table.columns else ""
    matcher.strict = heading.startswith(("county", "cnty", "parish"))
    unknown, shared = table.answers.get("unknown", "refuse"), draft.shared_numbers
    found = settle(keys, matcher, table.report, makes=makes, unknown=unknown, shared=shared)
    if found is None and makes_over and draft.precincts:
        table.report.note("its precincts are none of those of the other files: both are taken")
        taken = {*draft.precincts}
        return settle(keys, Matcher(()), table.report, makes=True, taken=taken, shared=shared)
    if found is None:
        if draft.precincts:
            table.report.ask("other_county", "is this another county's file?", "refuse", "add")
            table.report.refuse_file(ELSEWHERE, ELSEWHERE_REMEDY)
        else:
            table.report.ask("precincts", "which precincts are there? No file says so")
            table.report.refuse_file(
                "names precincts, and no file says which there are", "give the registration file with it"
            )
    return found


def take_registration(draft: Draft, table: Table) -> None:
    """Registered voters by precinct; a precinct's other columns where the file has them."""
    report = table.report
    found = settled(draft, table, "name", makes=True)
    if found is None:
        return
    by_row = added_up(table)
    rows: dict[str, list[tuple[int, list[str], Settled, int | None]]] = {}
    counts = whole_rows(table)
    for line, row in table.rows():
        one = found[key_of(table, row, "name")]
        if not one.identity or not counts(row):
            continue
        try:
            count = _registered(table, row)
        except NoCountError as error:
            report.refuse(
                line,
                table.heading("registered"),
                table.cell(row, "registered"),
                str(error),
                "write its digits",
            )
            continue
        rows.setdefault(one.identity, []).append((line, row, one, count))
    whole = sum_of_others({i: sum(c or 0 for *_, c in lines) for i, lines in rows.items()})
    if whole:
        report.drop(rows.pop(whole)[0][0], whole, "a row of totals: it is the sum of all others")
    for identity, lines in rows.items():
        _one_precinct(draft, table, identity, lines, by_row)
    _check_counties(draft, table)
    draft.touched.add("precincts.csv")


def sum_of_others(counts: Mapping[str, int]) -> str:
    """The row that adds up all others without saying so, as the county's own line; empty where none does.

    It has a name among numbers: a precinct that is called as the others are is one of them.
    """
    named = [i for i in counts if not any(c.isdigit() for c in i)]
    all_of = sum(counts.values())
    adds_up = len(named) == 1 and len(counts) > 3 and counts[named[0]] * 2 == all_of > 0
    return named[0] if adds_up else ""


def whole_rows(table: Table) -> Callable[[list[str]], bool]:
    """Says of a row whether it counts: where rows part a precinct by party, status or the like
    and one of them holds all, that one alone.
    """
    parting = added_up(table)
    if not parting:
        return lambda _row: True
    place = table.headings.names.index(parting)
    whole = {tuple(key_of(table, row)) for _, row in table.rows() if is_total(row[place])}
    if not whole:
        return lambda _row: True
    table.report.note(f"of several rows a precinct, that whose {parting} says total is taken")
    return lambda row: is_total(row[place]) or tuple(key_of(table, row)) not in whole


def added_up(table: Table) -> str:
    """The column that parts a precinct into several rows (party, split, status), so that they add up."""
    for heading in table.headings.names:
        key = folded(heading)
        if key in (
            "party",
            "partycode",
            "partyname",
            "partydesc",
            "politicalparty",
            "status",
            "voterstatus",
            "split",
            "precinctsplit",
            "precinctpart",
            "age",
            "agegroup",
            "sex",
            "gender",
            "race",
            "congressional",
        ):
            return heading
    return ""


def _registered(table: Table, row: list[str]) -> int | None:
    if "registered" in table.columns:
        return count_of(table.cell(row, "registered"), points=table.points)
    parties = [n for n, h in enumerate(table.headings.names) if folded(h) in PARTIES]
    return sum(count_of(row[n], points=table.points) or 0 for n in parties)


def _one_precinct(
    draft: Draft,
    table: Table,
    identity: str,
    lines: list[tuple[int, list[str], Settled, int | None]],
    by_row: str,
) -> None:
    report = table.report
    line, row, one, count = lines[0]
    if len(lines) > 1:
        distinct = {tuple(r) for _, r, _, _ in lines}
        if by_row:
            count = sum(c or 0 for _, _, _, c in lines)
            report.note(f"several rows a precinct, by {by_row}: they are added up")
        elif len(distinct) == 1:
            for again, *_ in lines[1:]:
                report.drop(again, identity, f"the same as line {line}")
        else:
            for each, *_ in lines:
                report.refuse(
                    each,
                    table.heading("precinct_id"),
                    identity,
                    f"this id is on {len(lines)} lines, which differ",
                    "say what parts them (a split, a town): give each its own id; none may be lost",
                )
            return
    if not count:
        report.drop(
            line, identity, "has no registered voters: a central count, not a place where people vote"
        )
        return
    old = draft.precincts.get(identity)
    other = draft.registered_by.setdefault(identity, report.name)
    if other != report.name and old is not None and old.registered != count:
        report.refuse(
            line,
            table.heading("registered"),
            f"{identity}: {count:,}",
            f"{other}, given with it, says {old.registered:,} for this id",
            "give the newer one alone; if they are of two counties, each needs a column that names it",
        )
        return
    base = old or Precinct(PrecinctId(identity), one.name or identity, count)
    precinct = replace(base, registered=count, **_others(table, row, line))  # type: ignore[arg-type]
    if one.name and (old is None or old.name == identity) and one.name != identity:
        precinct = replace(precinct, name=one.name)
    if one.alias and one.alias not in precinct.aliases:
        precinct = replace(precinct, aliases=(*precinct.aliases, one.alias))
    draft.precincts[identity] = precinct
    draft.registered_from.pop(identity, None)
    report.take("precincts")


def _others(table: Table, row: list[str], line: int) -> dict[str, object]:
    """The columns of `precincts.csv` that a registration file may have, where they say anything."""
    report, found = table.report, dict[str, object]()
    for name in ("county", "group", "site_id"):
        if text := table.cell(row, name):
            found[name] = text
    if text := table.cell(row, "aliases"):
        found["aliases"] = split_list(text)
    found |= hours(table, row, line)
    if text := table.cell(row, "expected_votes"):
        try:
            found["expected_votes"] = float(text.replace(",", ""))
        except ValueError:
            report.refuse(line, table.heading("expected_votes"), text, "is not a number", "write digits")
    if text := table.cell(row, "already_voted"):
        try:
            found["already_voted"] = count_of(text, points=table.points) or 0
        except NoCountError as error:
            report.refuse(line, table.heading("already_voted"), text, str(error), "write its digits")
    if text := table.cell(row, "timezone"):
        if known_zone(text):
            found["timezone"] = text
        else:
            report.refuse(
                line, table.heading("timezone"), text, "is no time zone", "write America/New_York or its like"
            )
    return found | coordinates(table, row, line)


def _check_counties(draft: Draft, table: Table) -> None:
    counties = {p.county for p in draft.precincts.values() if p.county}
    if len(counties) > 1:
        table.report.note(f"it is of {len(counties):,} counties: {', '.join(sorted(counties)[:10])}")


def lend_registration(
    draft: Draft, identity: str, count: int, election: str, report: FileReport, *, one: Settled, county: str
) -> None:
    """A precinct from a results or turnout file, with that day's roll, where nothing better says so."""
    if not count:
        report.drop(
            None, identity, "has no registered voters: a central count, not a place where people vote"
        )
        return
    old = draft.precincts.get(identity)
    if old is not None and draft.registered_from.get(identity, "9999") >= election:
        return
    base = old or Precinct(PrecinctId(identity), one.name or identity, count, county=county)
    if one.alias and one.alias not in base.aliases:
        base = replace(base, aliases=(*base.aliases, one.alias))
    draft.precincts[identity] = replace(base, registered=count)
    draft.registered_from[identity] = election
    draft.touched.add("precincts.csv")
    report.take("precincts")
