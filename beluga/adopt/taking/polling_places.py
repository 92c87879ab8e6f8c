"""Polling places onto the precincts that there are."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from beluga.adopt.taking.draft import Draft, Table
from beluga.adopt.taking.place_columns import coordinates, hours
from beluga.adopt.taking.registration import key_of, settled
from beluga.adopt.taking.settling import Key, Settled
from election.folder.cells import split_list
from election.folder.headings import folded


def take_places(draft: Draft, table: Table) -> None:
    """Polling places onto the precincts that there are: name, site, hours, coordinates."""
    found = settled(draft, table, makes=False)
    if found is None:
        return
    sites: dict[str, set[str]] = {}
    rows: list[tuple[int, list[str], str]] = []
    for line, row in table.rows():
        for identity in _each(draft, table, row, found):
            rows.append((line, row, identity))
            if place := table.cell(row, "site_id") or _place(table, row):
                sites.setdefault(place, set()).add(identity)
    called = {
        folded(str(n))
        for p in draft.precincts.values()
        for n in (p.precinct_id, p.name, p.site_id, *p.aliases)
        if n
    }
    at: Counter[str] = Counter(folded(table.cell(row, "name")) for _, row, _ in rows)
    for line, row, identity in rows:
        old = draft.precincts[identity]
        if table.cell(row, "grid") and "lat" not in table.columns:
            table.report.note("places by Easting and Northing are left out: give latitude and longitude")
        changes: dict[str, object] = hours(table, row, line) | coordinates(table, row, line)
        place = _place(table, row)
        if place and old.name == identity:
            changes["name"] = place
        elif (name := table.cell(row, "name")) and folded(name) not in called and at[folded(name)] == 1:
            changes["aliases"] = (*old.aliases, *split_list(name))
            called.add(folded(name))
        site = table.cell(row, "site_id") or place
        if site and (table.cell(row, "site_id") or len(sites.get(site, ())) > 1) and not old.site_id:
            changes["site_id"] = site
        draft.precincts[identity] = replace(old, **changes)  # type: ignore[arg-type]
        table.report.take("polling places")
    draft.touched.add("precincts.csv")


def _place(table: Table, row: list[str]) -> str:
    """What a row calls the place; its address where it has no name."""
    return table.cell(row, "name") or table.cell(row, "address")


def _each(draft: Draft, table: Table, row: list[str], found: dict[Key, Settled]) -> Iterable[str]:
    one = found[key_of(table, row)]
    return (one.identity,) if one.identity in draft.precincts else ()
