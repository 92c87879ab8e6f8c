"""Whom to call about a precinct: watchers, second phones, coordinators. Values in, values out."""

from typing import Any

from dashboard.map.places import MapPlaces
from election.domain.day import Watcher

MOST = 3  # watchers


def coordinator_of(watcher: Watcher, here: MapPlaces) -> tuple[str, str]:
    """Name and phone of a watcher's coordinator, who may be written as a phone, a name, or a watcher's id."""
    said = watcher.coordinator or ""
    if said.startswith("+"):
        known = next((w for w in here.watchers if said in (w.phone, w.backup_phone)), None)
        return (known.name if known else said), said
    named = [w for w in here.watchers if said in (w.name, str(w.watcher_id))]
    return (named[0].name, named[0].phone) if len(named) == 1 else (said, "")


def to_call(precinct_id: str, here: MapPlaces) -> list[dict[str, Any]]:
    """Each with what they are, and a phone where one is known."""
    found: list[dict[str, Any]] = []
    for watcher in here.watchers_of.get(precinct_id, [])[:MOST]:
        found.append({"as": "watcher", "name": watcher.name, "phone": watcher.phone})
        if watcher.backup_phone:
            found.append({"as": "second phone", "name": watcher.name, "phone": watcher.backup_phone})
        if watcher.coordinator:
            name, phone = coordinator_of(watcher, here)
            found.append({"as": "coordinator", "name": name, "phone": phone})
    return found
