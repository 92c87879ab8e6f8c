"""`precincts.csv`, `history.csv` and `curve.csv`."""

import re
from collections.abc import Mapping
from datetime import time
from itertools import pairwise
from pathlib import Path
from sys import intern

from election.domain.day import CurvePoint, ElectionDay, Method, PastVotes, Precinct
from election.domain.ids import PrecinctId
from election.folder.cells import MOST, Cells, split_list, time_of
from election.folder.findings import Findings, shown
from election.folder.headings import CURVE, HISTORY, PRECINCTS, folded
from election.folder.table import TableReader

_METHODS = {
    "": Method.TOTAL, "total": Method.TOTAL, "all": Method.TOTAL,
    "inperson": Method.IN_PERSON, "electionday": Method.IN_PERSON, "polls": Method.IN_PERSON,
    "early": Method.EARLY, "earlyvoting": Method.EARLY,
    "mail": Method.MAIL, "absentee": Method.MAIL, "bymail": Method.MAIL,
}  # fmt: skip

# Votes that are not whole; 1.204 may be a thousand and more, and nothing is guessed.
_PARTED = re.compile(r"\d{1,9}\.(?:\d{1,2}|\d{4,20})", re.ASCII)

Precincts = Mapping[str, Precinct]


def read_precincts(path: Path, day: ElectionDay, findings: Findings) -> dict[str, Precinct]:
    """Precincts by id, in the file's order."""
    table = TableReader(path, PRECINCTS, findings)
    if not path.exists():
        findings.problem(table.file, None, "", "is missing", "an election needs its precincts")
        return {}
    cells = Cells(table.file, findings)
    found: dict[str, Precinct] = {}
    lines: dict[str, int] = {}
    named: dict[str, str] = {}  # folded alias -> precinct
    for line, row in table:
        cells.line, before = line, findings.total
        identity = cells.need("precinct_id", row[0])
        if identity in lines:
            cells.problem("precinct_id", f"{shown(identity)} is on line {lines[identity]} too", "keep one")
        lines.setdefault(identity, line)
        name = row[1] or ("" if "name" in table.present else identity)
        cells.need("name", name)
        precinct = _precinct(identity, name, row, cells, day)
        for alias in precinct.aliases:
            other = named.setdefault(folded(alias) or alias, identity)
            if other != identity:
                cells.problem(
                    "aliases", f"{shown(alias)} is an alias of {shown(other)} too", "give each its own"
                )
        if findings.total == before:
            found[identity] = precinct
    if not lines and not findings.total:
        findings.problem(table.file, None, "", "names no precinct", "add one line a precinct")
    if lines and "name" not in table.present:
        findings.notice(table.file, 1, "name", "there is no such column, so the id stands for the name")
    _alike(table.file, found, findings)
    beyond = [p for p in found.values() if p.expected_votes is not None and p.expected_votes > p.registered]
    if beyond:
        p = beyond[0]
        findings.notice(
            table.file, lines[p.precinct_id], "expected_votes",
            f"{p.expected_votes:g} is more than the {p.registered:,} registered ({len(beyond):,} such)",
        )  # fmt: skip
    return found


def _precinct(identity: str, name: str, row: tuple[str, ...], cells: Cells, day: ElectionDay) -> Precinct:
    (_, _, registered, county, group, site, aliases, expected, already, opens, closes, zone, lat, lon) = row
    on_roll = _registered(registered, cells)
    votes = cells.number("expected_votes", expected, 0, MOST) if expected else None
    voted = (cells.integer("already_voted", already) if already else None) or 0
    if on_roll and voted > on_roll:
        cells.problem("already_voted", f"{voted:,} is more than the {on_roll:,} registered", "correct one")
    opening = cells.time("opens", opens) if opens else None
    closing = cells.time("closes", closes) if closes else None
    if (opening or closing) and (closing or day.closes) <= (opening or day.opens):
        cells.problem(
            "closes" if closing else "opens", "the polls close before they open", "correct the hours"
        )
    if bool(lat) != bool(lon):
        cells.problem("lat" if lon else "lon", "is empty", "give both lat and lon, or neither")
    return Precinct(
        PrecinctId(identity),
        name,
        on_roll or 0,
        county,
        group,
        site,
        split_list(aliases),
        votes,
        voted,
        opening,
        closing,
        cells.zone("timezone", zone) if zone else None,
        cells.number("lat", lat, -90, 90) if lat else None,
        cells.number("lon", lon, -180, 180) if lon else None,
    )


def _registered(text: str, cells: Cells) -> int | None:
    """A precinct without voters is a registrar's central count, not a place where people vote."""
    if text and not text.strip("0"):
        cells.problem(
            "registered", "there are no registered voters", "give their number, or take the line out"
        )
        return None
    return cells.integer("registered", text, 1)


def _alike(file: str, precincts: Precincts, findings: Findings) -> None:
    seen: dict[str, str] = {}
    pairs = [(i, seen.setdefault(folded(i), i)) for i in precincts]
    alike = [(i, other) for i, other in pairs if i != other]
    if alike:
        findings.notice(
            file, None, "precinct_id",
            f"{alike[0][1]} and {alike[0][0]} differ only in dashes or case ({len(alike):,} such); "
            "a text that leaves these out will be asked about",
        )  # fmt: skip


def unknown_precinct(text: str, precincts: Precincts) -> tuple[str, str]:
    """What to say of a reference that names no precinct."""
    key = folded(text).lstrip("0")
    near = next((i for i in precincts if folded(i).lstrip("0") == key), None) if key else None
    remedy = f"did you mean {near}?" if near else "add it to precincts.csv or correct it"
    return f"there is no precinct {shown(text)}", remedy


def read_history(path: Path, precincts: Precincts, findings: Findings) -> tuple[PastVotes, ...]:
    """Past votes, ordered by precinct, election and method."""
    table = TableReader(path, HISTORY, findings)
    cells = Cells(table.file, findings)
    found: dict[tuple[str, str, str], PastVotes] = {}
    for line, (identity, election, votes, registered, method, kind) in table:
        cells.line, before = line, findings.total
        if identity not in precincts:
            cells.problem("precinct_id", *_unknown(cells, identity, precincts))
        cells.need("election", election)
        how = _METHODS.get(folded(method))
        if how is None:
            cells.problem("method", f"{shown(method)} is no method", "write total, in_person, early or mail")
            how = Method.TOTAL
        parted = _PARTED.fullmatch(votes)
        count = cells.number("votes", votes, 0, MOST) if parted else cells.integer("votes", votes)
        on_roll = cells.integer("registered", registered) if registered else None
        key = (identity, election, how.value)
        if findings.total == before:
            if key in found:
                cells.problem("precinct_id", "this precinct, election and method are there twice", "keep one")
            elif count is not None:
                found[key] = PastVotes(PrecinctId(identity), election, count, how, on_roll, intern(kind))
    return tuple(found[key] for key in sorted(found))


def _unknown(cells: Cells, identity: str, precincts: Precincts) -> tuple[str, str]:
    # Looking for a near name costs a walk over all precincts: only for what will be shown.
    if cells.findings.total > cells.findings.limit * 4:
        return f"there is no precinct {shown(identity)}", "add it to precincts.csv or correct it"
    return unknown_precinct(identity, precincts)


def read_curve(path: Path, precincts: Precincts, findings: Findings) -> tuple[CurvePoint, ...]:
    """The curve's points, ordered by scope, election and time; shares rise within a scope and election."""
    table = TableReader(path, CURVE, findings)
    cells = Cells(table.file, findings)
    scopes: dict[str, str | None] = {}
    points: list[tuple[str, str, time, float, int]] = []
    for line, (scope, election, at, text) in table:
        cells.line = line
        known = scopes.get(scope)
        if known is None and scope not in scopes:
            known = scopes[scope] = _scope(scope)
        if known is None:
            cells.problem(
                "scope", f"{shown(scope)} is no scope", "write all, county:X, group:X or precinct:X"
            )
        elif known.startswith("precinct:") and known[9:] not in precincts:
            cells.problem("scope", *_unknown(cells, known[9:], precincts))
            known = None
        hour = time_of(at) or cells.time("time", at)
        try:
            share = float(text)
        except ValueError:
            share = -1.0
        if not 0.0 <= share <= 1.0 or "_" in text:
            remedy = "write a share from 0 to 1 (45 % is 0.45)"
            cells.problem("share", f"{shown(text)} is no share", remedy)
        elif known and hour is not None:
            points.append((known, election, hour, share + 0.0, line))
    points.sort()
    _rising(points, cells)
    _unused(table.file, scopes, precincts, findings)
    return tuple(CurvePoint(scope, at, share, election) for scope, election, at, share, _ in points)


def _scope(text: str) -> str | None:
    kind, colon, name = text.partition(":")
    kind, name = kind.strip().lower(), name.strip()
    if kind == "all" and not colon:
        return "all"
    return f"{kind}:{name}" if kind in ("county", "group", "precinct") and name else None


def _rising(points: list[tuple[str, str, time, float, int]], cells: Cells) -> None:
    for earlier, later in pairwise(points):
        if earlier[0] != later[0] or earlier[1] != later[1]:
            continue
        if earlier[2] == later[2]:
            cells.line = max(earlier[4], later[4])
            other = min(earlier[4], later[4])
            cells.problem("time", f"this scope, election and time are on line {other} too", "keep one")
        elif later[3] < earlier[3]:
            cells.line = later[4]
            cells.problem(
                "share", f"{later[3]:g} is less than {earlier[3]:g} at {earlier[2]:%H:%M}, line {earlier[4]}",
                "shares are cumulative: they never fall during the day",
            )  # fmt: skip


def _unused(file: str, scopes: dict[str, str | None], precincts: Precincts, findings: Findings) -> None:
    """A curve of a group that has no precinct here does no harm; it gets a notice."""
    known = {f"county:{p.county}" for p in precincts.values()} | {
        f"group:{p.group}" for p in precincts.values()
    }
    idle = [s for s in scopes.values() if s and s.startswith(("county:", "group:")) and s not in known]
    if idle and precincts:
        findings.notice(
            file, None, "scope", f"{len(idle):,} scopes hold no precinct here (such as {idle[0][:60]})"
        )
