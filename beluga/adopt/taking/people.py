"""Watchers and callers."""

import re
from collections.abc import Container
from dataclasses import replace
from datetime import time
from itertools import count

from beluga.adopt.mapping.of_people import people_in
from beluga.adopt.mapping.vocabulary import HOME, known_key
from beluga.adopt.taking.clock import clock, span
from beluga.adopt.taking.damage import mended
from beluga.adopt.taking.draft import Draft, Table
from beluga.adopt.taking.filling import a_row_each
from beluga.adopt.taking.matching import Matcher
from beluga.adopt.taking.phones import PhoneReader
from election.domain.day import Caller, Watcher
from election.domain.ids import CallerId, PrecinctId, WatcherId
from election.folder.cells import language_of, split_list

# One of several columns of precincts: `Precinct 1`, `Pct #2`, `2nd precinct`, `Location 3`.
_NUMBERED = re.compile(
    r"(?:assigned )?(?:precinct|pct|polling place|location|site|assignment)[ _]?#?[1-9]"
    r"|(?:[1-9](?:st|nd|rd|th)|first|second|third|am|pm|morning|afternoon)"
    r" (?:precinct|pct|polling place|location)",
    re.IGNORECASE,
)


_CROSSES = frozenset({"x", "✓", "✔", "yes", "y", "1"})


def _name(table: Table, row: list[str]) -> str:
    whole = table.cell(row, "name")
    if not whole or "last_name" in table.columns:
        whole = (
            " ".join(p for p in (table.cell(row, "first_name"), table.cell(row, "last_name")) if p) or whole
        )
    return " ".join(whole.split())


def _parts(text: str) -> tuple[str, ...]:
    """A list's parts, whether parted by ; or by , / and &."""
    if ";" in text:
        return split_list(text)
    for mark in (",", "|", " & ", " and ", "/"):
        if mark in text:
            return split_list(text.replace(mark, ";"))
    return (text,) if text else ()


def _shift(table: Table, row: list[str]) -> tuple[time | None, time | None]:
    """From two columns, or from one that says `7:00 AM - 1:00 PM`. What cannot be read is empty, and said."""
    start, end = table.cell(row, "shift_start"), table.cell(row, "shift_end")
    both = table.cell(row, "shift")
    found = (span(both) or (None, None)) if both and not start and not end else (clock(start), clock(end))
    for text, at in ((start or both, found[0]), (end, found[1])):
        if text and at is None:
            table.report.note(f"{text[:40]!r} is no time of a shift: left empty (write 07:00 and 13:00)")
    return found


def _numbered(table: Table, row: list[str]) -> list[tuple[str, str]]:
    """What a row says of precincts, in one column or in several: `Precinct 1`, `Precinct 2`."""
    first = table.columns.get("precinct_ids")
    places = [n for n, h in enumerate(table.headings.names) if _NUMBERED.fullmatch(h.strip())]
    if first is not None and first not in places:
        places = [first] + ([] if row[first] else places)
    return [("precinct_ids", row[n]) for n in places if n < len(row)]


def _crossed(table: Table, matcher: Matcher) -> list[tuple[int, str]]:
    """Columns that are precincts, with a cross for whoever watches there; none where a column names them."""
    if {"precinct_ids", "precinct_name"} & table.columns.keys():
        return []
    return [(n, h) for n, h in enumerate(table.headings.names) if h and matcher.find(h)]


def take_watchers(draft: Draft, table: Table) -> None:
    """Watchers with a phone; a precinct is found by id or by name, whole or in a list."""
    report, matcher = table.report, draft.matcher()
    if not draft.precincts:
        report.ask("precincts", "which precincts are there? No file says so")
        report.refuse_file(
            "names precincts, and no file says which there are", "give the registration file with it"
        )
        return
    if known_key(table.heading("precinct_ids")) in HOME:
        report.note(f"{table.heading('precinct_ids')} is read as where they watch: no other column says")
    phones = PhoneReader(draft.region)
    took: dict[str, Watcher] = {}
    owners = {w.phone: w.watcher_id for w in draft.watchers.values()}
    rows = table.rows()
    crossed = _crossed(table, matcher)
    if several := people_in(table.headings.names):
        report.note(f"{len(several)} people stand in a row, each with a phone: each is taken")
        rows = a_row_each(rows, several, table.columns["name"], table.columns["phone"])
    for line, row in rows:
        name = _name(table, row)
        phone = phones.read(table.cell(row, "phone"))
        if not name and not table.cell(row, "phone"):
            report.drop(line, "", "names nobody")
            continue
        if not phone:
            report.refuse(
                line,
                table.heading("phone"),
                "",
                "is no whole phone number",
                "a watcher needs one; correct it",
            )
            continue
        places: list[PrecinctId] = []
        unknown: list[str] = []
        county = table.cell(row, "county")
        told = [*_numbered(table, row), ("precinct_name", table.cell(row, "precinct_name"))]
        told += [("precinct_ids", name) for place, name in crossed if row[place].casefold() in _CROSSES]
        for field_name, text in told:
            if not text or (places and field_name == "precinct_name"):
                continue
            whole = matcher.find(text, county)
            for part in (text,) if whole else _parts(text):
                good = mended(part)
                identity = matcher.find(good.text, county) if not good.refusal else None
                if identity:
                    places.append(PrecinctId(identity))
                else:
                    unknown.append(part)
                    report.refuse(
                        line,
                        table.heading(field_name),
                        part,
                        good.refusal or "there is no such precinct here",
                        good.remedy or "correct it",
                    )
        if unknown and not places:
            continue
        identity = table.cell(row, "watcher_id") or str(owners.get(phone) or f"W{phone[-7:]}")
        if identity in took or owners.get(phone, identity) != identity:
            if identity in took and took[identity].phone == phone:
                old = took[identity]
                took[identity] = _with_places(old, places)
                continue
            report.refuse(
                line,
                table.heading("phone"),
                "",
                "this phone or id is another watcher's too",
                "give each watcher their own",
            )
            continue
        owners[phone] = WatcherId(identity)
        took[identity] = Watcher(
            WatcherId(identity),
            name or identity,
            phone,
            language_of(table.cell(row, "language")) or draft.day.languages[0],
            tuple(dict.fromkeys(places)),
            phones.read(table.cell(row, "backup_phone")) or None,
            table.cell(row, "coordinator") or None,
            *_shift(table, row),
        )
    draft.watchers |= took
    report.take("watchers", len(took))
    if took:
        draft.touched.add("watchers.csv")


def _with_places(old: Watcher, places: list[PrecinctId]) -> Watcher:
    """One watcher on several lines, a precinct each."""
    return replace(old, precinct_ids=tuple(dict.fromkeys((*old.precinct_ids, *places))))


def _free(taken: Container[str]) -> str:
    return next(name for n in count(1) if (name := f"C{n:03d}") not in taken)


def take_callers(draft: Draft, table: Table) -> None:
    """Callers with a phone or an e-mail address."""
    report = table.report
    took: dict[str, Caller] = {}
    known_as = {c.email_or_phone: str(c.caller_id) for c in draft.callers.values()}
    for line, row in table.rows():
        name, contact = _name(table, row), table.cell(row, "email_or_phone")
        if not name:
            report.drop(line, "", "names nobody")
            continue
        identity = (
            table.cell(row, "caller_id") or known_as.get(contact) or _free(draft.callers.keys() | took.keys())
        )
        if identity in took:
            report.refuse(
                line,
                table.heading("caller_id"),
                identity,
                "this id is another caller's too",
                "give each their own",
            )
            continue
        languages = tuple(t for t in (language_of(p) for p in _parts(table.cell(row, "languages"))) if t)
        own = list(_parts(table.cell(row, "counties")))
        known = {p.county.casefold(): p.county for p in draft.precincts.values()}
        counties = tuple(dict.fromkeys(known[c.casefold()] for c in own if c.casefold() in known))
        for county in own:
            if county.casefold() not in known:
                report.drop(line, county, "no precinct is in this county")
        elsewhere = table.cell(row, "elsewhere").casefold() not in ("no", "n", "false", "0")
        took[identity] = Caller(
            CallerId(identity), name, contact, languages or ("en",), counties, elsewhere or not counties
        )
    draft.callers |= took
    report.take("callers", len(took))
    if took:
        draft.touched.add("callers.csv")
