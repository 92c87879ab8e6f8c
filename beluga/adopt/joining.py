"""Sheets that are one table: the same columns, a sheet a county, a ward or a page. Pure.

Read one by one, precinct 001 of the second county would be taken for that of the first, and its number put in
the other's place. Read as one table, with the sheets' names as a column, they are told apart like any others.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from beluga.adopt.mapping.dates import election_in
from beluga.adopt.mapping.headings_row import Headings
from beluga.adopt.mapping.vocabulary import COUNTY, FULL_NAME, LAST, VOTER_ID, known_key
from beluga.adopt.sources.sheets import Sheet, SheetPage
from election.folder.headings import folded

_NO_NAME = re.compile(r"(sheet|page|table|tab|part|export|data|report)?[\s_-]*\d*", re.I)
_WARDS = re.compile(r"(ward|town|city|township|village|borough|district|region|area)\b.*", re.I)
_STATES_OF_A_VOTER = frozenset({"active", "inactive", "pending"})
_KINDS = frozenset({"registration", "turnout", "results, wide", "results, long", "voters", "polling places"})


def pages_of(sheets: Sequence[tuple[Sheet, Headings, str]]) -> list[tuple[Sheet, list[Sheet]]]:
    """(one table, the sheets it is made of) for each group in a workbook; each sheet comes with its kind."""
    alike: defaultdict[tuple[str, tuple[str, ...], str], list[tuple[Sheet, Headings]]] = defaultdict(list)
    for sheet, headings, kind in sheets:
        listed = kind in _KINDS or (not kind and _lists_voters(headings))
        if sheet.form == "workbook" and listed and not election_in(_own(sheet)):
            alike[(str(sheet.path), tuple(map(folded, headings.names)), kind)].append((sheet, headings))
    found = []
    for (_, columns, kind), group in alike.items():
        if len(group) > 1:
            heading = "" if set(columns) & set(COUNTY) else _heading([_own(s) for s, _ in group])
            heading = heading if kind else "Precinct"
            pages = tuple(SheetPage(s.part, h.line, _own(s), heading) for s, h in group)
            names = ", ".join(_own(s) for s, _ in group)
            note = f"{len(group):,} sheets with the same columns are read as one table: {names[:200]}"
            said = (f"the names of the sheets are read as the column {heading}",) if heading else ()
            first = group[0][0]
            one = replace(first, part=names[:60], pages=pages, notes=(*first.notes, note, *said))
            found.append((one, [s for s, _ in group]))
    return found


def _lists_voters(headings: Headings) -> bool:
    """Whether a sheet lists voters and no precinct: its name may say it, as of a walk list."""
    keys = {known_key(h) for h in headings.names if h}
    return bool(keys & set(VOTER_ID)) and bool(keys & {*LAST, *FULL_NAME})


def holds_no_table(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a sheet is a cover, a note or a chart: hardly a row of it has three cells."""
    return sum(sum(map(bool, row)) >= 3 for row in rows) < 2


def _own(sheet: Sheet) -> str:
    return sheet.part.rpartition("/")[2] or sheet.part


def _heading(names: Sequence[str]) -> str:
    """What the sheets' names say; empty where they are only counted."""
    if all(_NO_NAME.fullmatch(name.strip()) for name in names):
        return ""
    if all(folded(name) in _STATES_OF_A_VOTER for name in names):
        return "Status"
    return "Ward" if all(_WARDS.fullmatch(name.strip()) for name in names) else "County"
