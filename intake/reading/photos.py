"""What a text with photos says: its caption is read like any; a photo is never "could not read". Pure."""

from election.domain.checkin import Kind, Reading
from election.domain.day import Watcher

_LOOKED_AT = frozenset({Kind.UNREAD, Kind.NOTED})  # a person looks at what comes with these, or with nothing


def with_photos(readings: list[Reading], photos: int, watcher: Watcher | None) -> list[Reading]:
    """The readings of a text with so many photos: its first entry says how many came."""
    if not photos or not readings:
        return readings
    first = readings[0]
    if len(readings) == 1 and first.kind in _LOOKED_AT:
        own = watcher.precinct_ids if watcher else ()
        place = own[0] if len(own) == 1 else None
        first = first._replace(kind=Kind.UNREAD, precinct_id=place)
    return [first._replace(detail={**first.detail, "photos": photos}), *readings[1:]]
