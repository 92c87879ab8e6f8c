"""Which column of a table names precincts, told by the precincts there are; and what its cells leave out."""

from collections.abc import Sequence

from beluga.adopt.mapping.kinds import recognise
from beluga.adopt.recognising import RecognisedSheet
from beluga.adopt.taking.draft import Draft, Table
from beluga.adopt.taking.filling import holds_districts, parts_of, written_once
from beluga.adopt.taking.matching import Matcher
from beluga.adopt.taking.settling import is_total

_GROUPED = frozenset(
    {"registration", "turnout", "results, wide", "results, long", "polling places", "early totals"}
)


def recognise_by_content(draft: Draft, found: RecognisedSheet) -> None:
    """Recognises a table by a column that holds ids of the precincts here, whatever it is called."""
    assert found.headings is not None
    matcher, names = draft.matcher(), found.headings.names
    for place, name in enumerate(names):
        values = {r[place] for r in found.sample if place < len(r) and r[place]}
        ids = {v for v in values if not is_total(v)}
        telling = any(len(v) > 2 for v in ids)  # 1, 2, 3 may count lines
        if (
            not name
            or len(ids) < 2
            or not telling
            or sum(matcher.find(v) is not None for v in ids) < 0.9 * len(ids)
        ):
            continue
        called = [*names[:place], "precinct", *names[place + 1 :]]
        seen = recognise(called, found.sample, f"{found.sheet.name} {found.headings.title}")
        if seen.kind:
            found.kind, found.columns, found.unsure = seen.kind, dict(seen.columns), seen.unsure
            found.reason = f"{seen.reason}; `{name}` holds the ids of the precincts here"
            return


def choose_id(draft: Draft, table: Table, sample: Sequence[Sequence[str]]) -> None:
    """Takes the column that names most of the precincts that there are, and says so."""
    field_name = "precinct_ids" if table.kind == "watchers" else "precinct_id"
    if not draft.precincts or table.kind == "watchers":
        return
    matcher = draft.matcher()
    names = table.headings.names

    def share(place: int) -> float:
        values = {r[place] for r in sample if place < len(r) and r[place] and not is_total(r[place])}
        return sum(_names_one(v, table.kind, matcher) for v in values) / len(values) if values else 0.0

    def told_by(place: int) -> set[str | None]:
        return {matcher.find(r[place]) for r in sample if place < len(r) and r[place]} - {None}

    now = table.columns.get(field_name)
    best, most = now, share(now) if now is not None else 0.0
    reserved = {
        p for n, p in table.columns.items() if n not in (field_name, "precinct_name", "name", "group")
    }
    if most < 0.9:
        for place in range(len(names)):
            if place not in reserved and names[place] and (found := share(place)) > max(most, 0.5):
                best, most = place, found
    elif now is not None and len(told := told_by(now)) < min(2, len(matcher)):
        # one number in all rows may be a district's that is written as a precinct is
        others = [n for n in range(len(names)) if n not in reserved and n != now and share(n) >= 0.9]
        best = max(others, key=lambda n: len(told_by(n)), default=now)
        best = best if len(told_by(best)) > len(told) else now
    if best is None:
        return
    table.columns = {n: p for n, p in table.columns.items() if p != best or n == field_name}
    table.columns[field_name] = best
    table.report.mapping = {n: names[p] for n, p in table.columns.items()}
    values = {r[best] for r in sample if best < len(r) and r[best]}
    known = sum(_names_one(v, table.kind, matcher) for v in values)
    table.report.reasons[field_name] = (
        f"`{names[best]}` matches {known:,} of {len(values):,} ids in the first {len(sample):,} rows"
    )


def _names_one(text: str, kind: str, matcher: Matcher) -> bool:
    """Whether a cell names a precinct, or lists several as a table of polling places may."""
    if matcher.find(text) is not None:
        return True
    parts = parts_of(text) if kind == "polling places" else []
    return len(parts) > 1 and all(matcher.find(p) is not None for p in parts)


def read_as_meant(draft: Draft, table: Table, sample: Sequence[Sequence[str]]) -> None:
    """Sees what is written once a group, lists precincts in a cell, or has its district in its number."""
    columns, report = table.columns, table.report
    code = columns.get("precinct_id")
    if code is None:
        number = columns.get("roll_number")
        if table.kind == "voters" and number is not None and holds_districts(sample, number):
            width = len(table.headings.names)
            table.parted = number
            table.columns = {**columns, "precinct_id": width, "roll_number": width + 1}
            report.reasons["precinct_id"] = f"`{table.headings.names[number]}` begins with it"
            report.note(f"{table.headings.names[number]} holds the polling district before the number")
        return
    if table.kind in _GROUPED:
        once = [n for name in ("county", "group", "ward") if (n := columns.get(name)) is not None]
        table.once = tuple(n for n in once if written_once(sample, n, code))
        beside = columns.get("method", columns.get("candidate"))
        if beside is not None and written_once(sample, code, beside):
            table.once = (*table.once, code)
        if table.once:
            names = ", ".join(table.headings.names[n] for n in table.once)
            report.note(f"{names} is written once a group: it holds for the lines below it")
    if table.kind == "polling places" and any(len(parts_of(r[code])) > 1 for r in sample if code < len(r)):
        matcher = draft.matcher()
        table.several = matcher.find
