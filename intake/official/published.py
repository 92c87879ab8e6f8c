"""The published file as counts. Pure."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from election.domain.official import OfficialSource
from election.domain.roster import Roster
from intake.errors import IntakeError

MOST_ROWS = 200_000
MOST_VOTES = 1_000_000


class OfficialUnreadError(IntakeError):
    """The official source was not read. The message says why, for people."""


@dataclass(frozen=True, slots=True)
class OfficialCount:
    """One published number. `raw` is its row as published."""

    precinct_id: str  # or a polling site's
    votes: int
    observed_at: datetime
    timed: bool  # the source says when; else it is reckoned from our reading it
    raw: bytes


@dataclass(frozen=True, slots=True)
class PublishedCounts:
    """What a file says: its counts, and how many rows were none."""

    counts: tuple[OfficialCount, ...]
    unknown: int = 0  # of precincts that the roster does not have
    unread: int = 0  # without a number or a time


def counts_of(content: bytes, source: OfficialSource, roster: Roster, now: datetime) -> PublishedCounts:
    """The counts of a file read at `now`. Raises `OfficialUnreadError`."""
    by_alias = {alias: p.precinct_id for p in roster.precincts.values() for alias in p.aliases}
    counts: list[OfficialCount] = []
    unknown = unread = 0
    for row in _rows(content, source):
        name = str(row.get(source.precinct, "")).strip()
        place = roster.place(name) or roster.precincts.get(by_alias.get(name, ""))
        if place is None:
            unknown += bool(name)
            continue
        votes = _votes(row.get(source.votes))
        at = _time(row.get(source.time), place.zone(roster.day)) if source.time else now - source.delay
        if votes is None or at is None:
            unread += 1
            continue
        raw = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
        counts.append(OfficialCount(place.precinct_id, votes, at, bool(source.time), raw))
    return PublishedCounts(tuple(counts), unknown, unread)


def _rows(content: bytes, source: OfficialSource) -> Iterator[Mapping[str, Any]]:
    if source.format == "json":
        yield from _objects(content, source)
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    separator = max((",", ";", "\t"), key=first.count)
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        headings = [h.strip() for h in table.fieldnames or ()]
        _must_have(source, headings)
        table.fieldnames = headings
        for n, row in enumerate(table):
            if n >= MOST_ROWS:
                raise OfficialUnreadError(f"it has more than {MOST_ROWS:,} rows")
            yield {str(key): value for key, value in row.items() if key is not None}
    except csv.Error as error:
        raise OfficialUnreadError(f"it is no table: {error}") from None


def _objects(content: bytes, source: OfficialSource) -> Iterator[Mapping[str, Any]]:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise OfficialUnreadError("it is not JSON") from None
    for name in filter(None, source.rows.split(".")):
        if not isinstance(found, dict) or name not in found:
            raise OfficialUnreadError(f"there is nothing at {source.rows!r}; mend rows in official.toml")
        found = found[name]
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise OfficialUnreadError("there is no list of objects; mend rows in official.toml")
    if len(found) > MOST_ROWS:
        raise OfficialUnreadError(f"it has more than {MOST_ROWS:,} rows")
    if found:
        _must_have(source, list(found[0]))
    yield from found


def _must_have(source: OfficialSource, headings: list[str]) -> None:
    for name in filter(None, (source.precinct, source.votes, source.time)):
        if name not in headings:
            there = ", ".join(headings[:12])
            raise OfficialUnreadError(f"there is no column {name!r} (but {there}); mend official.toml")


def _votes(value: Any) -> int | None:
    if isinstance(value, str):
        digits = value.strip().replace(",", "").replace("\u00a0", "").replace(" ", "")
        value = int(digits) if digits.isdecimal() and len(digits) <= 9 else None
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= MOST_VOTES else None


def _time(value: Any, zone: ZoneInfo) -> datetime | None:
    """ISO 8601; without an offset it is the precinct's local time."""
    try:
        at = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)
