"""The roster: all that is needed to read a text, small enough to keep on disk beside the journal.

A roster has a version (a hash of its content). Each message records the version it was read against, and
old versions are kept, so that a recount reads every message exactly as it was first read.
"""

import hashlib
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import date, time
from typing import Any

import orjson

from election.domain.checkin import OF_SITES, Kind
from election.domain.day import Election, ElectionDay, Precinct, Site, Watcher, shared_sites
from election.domain.ids import PrecinctId


@dataclass(frozen=True, slots=True)
class Roster:
    """Who reports from where. `by_phone` holds main and backup phones (E.164); `sites` are polling places
    that several precincts share, where one number may be said for all of them.
    """

    version: str
    day: ElectionDay
    precincts: dict[str, Precinct]
    watchers: dict[str, Watcher]
    by_phone: dict[str, Watcher] = field(repr=False)
    sites: dict[str, Site] = field(default_factory=dict, repr=False)

    def place(self, place_id: str | None) -> Precinct | None:
        """A precinct, or a shared site as a precinct of all its voters."""
        if not place_id:
            return None
        site = self.sites.get(place_id)
        return site.place if site else self.precincts.get(place_id)

    def is_own(self, place_id: str, own: Collection[str]) -> bool:
        """Whether a place is among a watcher's own precincts, or the site of one of them."""
        site = self.sites.get(place_id)
        return place_id in own or (site is not None and any(p in own for p in site.members))

    def filed_under(self, kind: Kind, place_id: PrecinctId) -> tuple[PrecinctId, ...]:
        """Where a report from a place belongs: a site's number is one for all its precincts, anything else
        that is said of it is said of each.
        """
        site = self.sites.get(place_id)
        return (place_id,) if site is None or kind in OF_SITES else site.members

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
        by_id: dict[str, Precinct] = {p.precinct_id: p for p in precincts}
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
            precincts=by_id,
            watchers={w.watcher_id: w for w in watchers},
            by_phone=by_phone,
            sites=shared_sites(by_id),
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
