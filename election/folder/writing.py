"""Writes an election folder as `reading` takes it: what was read comes out the same."""

import csv
from collections.abc import Container, Iterable
from datetime import time
from pathlib import Path
from typing import Any

import orjson

from election.domain.day import Caller, Election, ElectionDay, Voter
from election.folder.headings import CALLERS, CURVE, HISTORY, PRECINCTS, VOTERS, WATCHERS, Column
from election.folder.official_file import FILE as OFFICIAL
from election.folder.official_file import official_toml
from election.folder.shapes import FILE as SHAPES


def write_election(folder: Path, election: Election) -> list[str]:
    """Writes every file but voters and callers, and returns their names. Files with nothing to say go."""
    folder.mkdir(parents=True, exist_ok=True)
    write_day(folder, election.day)
    written = ["election.toml", *write_tables(folder, election)]
    if election.official is None:
        (folder / OFFICIAL).unlink(missing_ok=True)
        return written
    (folder / OFFICIAL).write_text(official_toml(election.official), encoding="utf-8")
    return [*written, OFFICIAL]


def write_day(folder: Path, day: ElectionDay, region: str = "") -> None:
    """Writes `election.toml`. `region` where phones are not written as in the United States."""
    more = f"region = {_text(region)}\n" if region else ""
    (folder / "election.toml").write_text(_toml(day) + more, encoding="utf-8")


def write_tables(folder: Path, election: Election, only: Container[str] | None = None) -> list[str]:
    """Writes precincts, history, curve, watchers, shapes (or `only` some); files with nothing to say go."""
    written: list[str] = []
    tables: tuple[tuple[str, tuple[Column, ...], list[tuple[Any, ...]]], ...] = (
        ("precincts.csv", PRECINCTS, [
            (
                p.precinct_id, p.name, p.registered, p.county, p.group, p.site_id, ";".join(p.aliases),
                _real(p.expected_votes), p.already_voted or None, _time(p.opens), _time(p.closes), p.timezone,
                _real(p.lat), _real(p.lon),
            )
            for p in election.precincts
        ]),
        ("history.csv", HISTORY, [
            (v.precinct_id, v.election, _real(float(v.votes)), v.registered, v.method.value, v.kind)
            for v in election.history
        ]),
        ("curve.csv", CURVE, [(c.scope, c.election, _time(c.time), _real(c.share)) for c in election.curve]),
        ("watchers.csv", WATCHERS, [
            (
                w.watcher_id, w.name, w.phone, w.language, ";".join(w.precinct_ids), w.backup_phone,
                w.coordinator, _time(w.shift_start), _time(w.shift_end),
            )
            for w in election.watchers
        ]),
    )  # fmt: skip
    for name, columns, rows in tables:
        if only is not None and name not in only:
            continue
        if rows or name == "precincts.csv":
            _write(folder / name, columns, rows)
            written.append(name)
        else:
            (folder / name).unlink(missing_ok=True)
    if only is not None and SHAPES not in only:
        return written
    if election.geometry:
        (folder / SHAPES).write_bytes(_geojson(election))
        written.append(SHAPES)
    else:
        (folder / SHAPES).unlink(missing_ok=True)
    return written


def write_callers(folder: Path, callers: Iterable[Caller]) -> None:
    """Writes `callers.csv`."""
    rows = [
        (
            c.caller_id, c.name, c.email_or_phone, ";".join(c.languages), ";".join(c.counties),
            "" if c.elsewhere else "no",
        )
        for c in callers
    ]  # fmt: skip
    _write(folder / "callers.csv", CALLERS, rows)


class VoterFile:
    """`voters.csv`, written as voters come: `with VoterFile(folder) as file: file.add(voter)`."""

    def __init__(self, folder: Path, *, births: bool = False) -> None:
        self._path = folder / "voters.csv"
        self._births = births  # the database holds none, so that an export has none

    def __enter__(self) -> "VoterFile":
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow([c.name for c in VOTERS if self._births or c.name != "birth_year"])
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, v: Voter) -> None:
        self._writer.writerow(
            (
                v.voter_id, v.precinct_id, v.roll_number, v.name, v.phone, v.language, v.support, v.turnout,
                "yes" if v.voted else "", "yes" if v.do_not_call else "", v.timezone, v.address,
                *((v.birth_year,) if self._births else ()),
            )
        )  # fmt: skip


def _write(path: Path, columns: tuple[Column, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    """Leaves out optional columns that no row fills."""
    rows = list(rows)
    kept = [n for n, c in enumerate(columns) if c.required or any(r[n] not in (None, "") for r in rows)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([columns[n].name for n in kept])
        writer.writerows([row[n] for n in kept] for row in rows)


def _time(value: time | None) -> str:
    if value is None:
        return ""
    return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"


def _real(value: float | None) -> str:
    """The shortest digits that read back as the same number."""
    if value is None:
        return ""
    return repr(int(value)) if value.is_integer() else repr(value)


def _text(value: str) -> str:
    """A string in TOML: as JSON's, but for DEL."""
    return orjson.dumps(value).decode().replace("\x7f", "\\u007f")


def _toml(day: ElectionDay) -> str:
    return (
        f"name = {_text(day.name)}\ndate = {day.date.isoformat()}\ntimezone = {_text(day.timezone)}\n"
        f'opens = "{_time(day.opens)}"\ncloses = "{_time(day.closes)}"\n'
        f"languages = [{', '.join(map(_text, day.languages))}]\n"
        + (f"kind = {_text(day.kind)}\n" if day.kind else "")
    )


def _geojson(election: Election) -> bytes:
    """One feature a line, so that a diff shows which precinct changed."""
    features = [
        orjson.dumps(
            {
                "type": "Feature",
                "properties": {"precinct_id": p.precinct_id, "name": p.name},
                "geometry": election.geometry[p.precinct_id],
            }
        )
        for p in election.precincts
        if p.precinct_id in election.geometry
    ]
    return b'{"type":"FeatureCollection","features":[\n' + b",\n".join(features) + b"\n]}\n"
