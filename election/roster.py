"""The roster: all that is needed to read a text, small enough to keep on disk beside the journal.

A roster has a version (a hash of its content). Each message records the version it was read against, and
old versions are kept, so that a recount reads every message exactly as it was first read.
"""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import date, time
from typing import Any

import orjson

from election.day import Election, ElectionDay, Precinct, Watcher


@dataclass(frozen=True, slots=True)
class Roster:
    """Who reports from where. `by_phone` holds main and backup phones (E.164)."""

    version: str
    day: ElectionDay
    precincts: dict[str, Precinct]
    watchers: dict[str, Watcher]
    by_phone: dict[str, Watcher] = field(repr=False)

    def watcher(self, phone: str) -> Watcher | None:
        return self.by_phone.get(phone)


def roster_of(election: Election) -> Roster:
    """The roster of an election; equal elections give equal versions."""
    return load_roster(dump_roster_content(election.day, election.precincts, election.watchers))


def dump_roster_content(
    day: ElectionDay, precincts: tuple[Precinct, ...], watchers: tuple[Watcher, ...]
) -> bytes:
    """Canonical JSON of a roster (sorted, so that the version depends on content alone)."""
    content = {
        "day": asdict(day),
        "precincts": [asdict(p) for p in sorted(precincts, key=lambda p: p.precinct_id)],
        "watchers": [asdict(w) for w in sorted(watchers, key=lambda w: w.watcher_id)],
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def dump_roster(roster: Roster) -> bytes:
    """The content of a roster, as `load_roster` reads it."""
    return dump_roster_content(roster.day, tuple(roster.precincts.values()), tuple(roster.watchers.values()))


def version_of(content: bytes) -> str:
    """The version of a roster with this content."""
    return hashlib.sha256(content).hexdigest()[:16]


def load_roster(content: bytes) -> Roster:
    """A roster from its canonical JSON. Raises `ValueError` where it is not one (a torn file, say)."""
    try:
        data = orjson.loads(content)
        day = data["day"]
        precincts = [_precinct(p) for p in data["precincts"]]
        watchers = [_watcher(w) for w in data["watchers"]]
        by_phone: dict[str, Watcher] = {}
        for watcher in watchers:
            if watcher.backup_phone:
                by_phone.setdefault(watcher.backup_phone, watcher)
        by_phone.update({w.phone: w for w in watchers})
        return Roster(
            version=version_of(content),
            day=ElectionDay(
                day["name"],
                date.fromisoformat(day["date"]),
                day["timezone"],
                time.fromisoformat(day["opens"]),
                time.fromisoformat(day["closes"]),
                tuple(day["languages"]),
            ),
            precincts={p.precinct_id: p for p in precincts},
            watchers={w.watcher_id: w for w in watchers},
            by_phone=by_phone,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a roster: {error!r}") from error


def _time(value: str | None) -> time | None:
    return time.fromisoformat(value) if value else None


def _precinct(row: dict[str, Any]) -> Precinct:
    row = row | {"aliases": tuple(row["aliases"])}
    return Precinct(**(row | {"opens": _time(row["opens"]), "closes": _time(row["closes"])}))


def _watcher(row: dict[str, Any]) -> Watcher:
    row = row | {"precinct_ids": tuple(row["precinct_ids"])}
    return Watcher(**(row | {"shift_start": _time(row["shift_start"]), "shift_end": _time(row["shift_end"])}))
