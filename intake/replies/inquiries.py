"""The answer to what a watcher asks that the election folder knows, in the watcher's language."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from election.domain.checkin import Message, Reading
from election.domain.day import Precinct
from election.domain.ids import PrecinctId
from election.domain.roster import Roster
from intake.reading.grammar.inquiries import CONTACT, HOURS, LAST, PLACE
from intake.reading.reader import watcher_of


class PlaceNow(NamedTuple):
    """What is known of a precinct now. `hours`: as staff last decided them; None: as planned.

    `last_at`: epoch seconds. `counts_known`: whether the tally's word is fresh.
    """

    hours: tuple[datetime, datetime] | None = None
    last_votes: int | None = None
    last_at: int | None = None
    counts_known: bool = False
    not_on_roll: Callable[[Iterable[int]], list[int]] = lambda numbers: []  # of numbers struck off there


LookUp = Callable[[PrecinctId], PlaceNow]
NOTHING_KNOWN = PlaceNow()


def inquiry_answer(
    reading: Reading, message: Message, roster: Roster, replies: Mapping[str, str], look_up: LookUp | None
) -> tuple[str, dict[str, str]]:
    """(catalogue key, its fields)."""
    watcher = watcher_of(message, roster)
    about = str(reading.detail.get("about", ""))
    if about == CONTACT:
        return "inquiry.contact", {"who": (watcher.coordinator or "") if watcher else ""}
    own = watcher.precinct_ids if watcher else ()
    asked = (reading.precinct_id,) if reading.precinct_id else own
    places = [place for p in asked if (place := roster.place(p)) is not None]
    now = {p.precinct_id: look_up(p.precinct_id) if look_up else NOTHING_KNOWN for p in places}
    if about == HOURS:
        return _hours(places, now, roster)
    if about == LAST:
        return _last_counts(places, now, roster, replies)
    if about == PLACE and len(places) == 1:
        place = places[0]
        fields = {"precinct": str(place.precinct_id), "name": place.name}
        if place.lat is None or place.lon is None:
            return "inquiry.place", fields
        return "inquiry.map", fields | {"where": f"{place.lat:.5f},{place.lon:.5f}"}
    mine = [place for p in own if (place := roster.place(p)) is not None]
    return "inquiry.precinct", {"precinct": ", ".join(_named(p) for p in mine or places)}


def _named(place: Precinct) -> str:
    known = place.name and place.name != place.precinct_id
    return f"{place.precinct_id} ({place.name})" if known else str(place.precinct_id)


def _hours(
    places: list[Precinct], now: Mapping[PrecinctId, PlaceNow], roster: Roster
) -> tuple[str, dict[str, str]]:
    """Of all the places where they are alike, else of the first; as staff last decided them."""
    found: dict[tuple[str, str], list[str]] = {}
    for place in places:
        zone, known = place.zone(roster.day), now[place.precinct_id]
        opens, closes = place.opens_at(roster.day), place.closes_at(roster.day)
        if known.hours is not None:
            opens, closes = known.hours
        local = f"{opens.astimezone(zone):%H:%M}", f"{closes.astimezone(zone):%H:%M}"
        found.setdefault(local, []).append(str(place.precinct_id))
    (opens_at, closes_at), ids = next(iter(found.items()))
    return "inquiry.hours", {"precinct": ", ".join(ids), "opens": opens_at, "closes": closes_at}


def _last_counts(
    places: list[Precinct], now: Mapping[PrecinctId, PlaceNow], roster: Roster, replies: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    if not all(now[p.precinct_id].counts_known for p in places):
        return "inquiry.unknown", {}
    said = []
    for place in places:
        last = now[place.precinct_id]
        if last.last_votes is not None:
            at = (
                f" ({datetime.fromtimestamp(last.last_at, place.zone(roster.day)):%H:%M})"
                if last.last_at
                else ""
            )
            said.append(replies["at"].format(votes=last.last_votes, precinct=place.precinct_id) + at)
    if said:
        return "inquiry.last", {"what": ", ".join(said)}
    return "inquiry.no_count", {"precinct": ", ".join(str(p.precinct_id) for p in places)}
