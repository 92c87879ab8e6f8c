"""Whether an account may do what a request would do. Pure: effects are worked out, then compared.

What a request says it is about decides nothing: a text may name another precinct, a decision a report of
another county, a whole site's count its neighbours. So before anything of a person's is journalled it is read
as it will be read from the journal, and every place, watcher and county it would change is compared with the
account's own. An account without counties of its own (staff, admins) may change everything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from election.access.identity import Identity
from election.domain.checkin import CheckIn, Kind
from election.domain.roster import Roster
from election.wire.desks import Desk
from election.wire.intake import Decision
from intake.reading.reader import SentText, readings_of, watcher_of

# Said of a watcher, wherever they stand: no place bounds it.
_OF_THE_PERSON = frozenset({Kind.READY, Kind.STOP, Kind.START})
_Nothing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Effects:
    """What a request would change.

    `places`: precincts and polling sites. `people`: watchers whose every post it concerns. `speakers`:
    watchers of whom one post suffices, because the places are named. `everywhere`: it is bound to no place.
    `unknown`: it names something that nobody knows here.
    """

    places: frozenset[str] = _Nothing
    people: frozenset[str] = _Nothing
    speakers: frozenset[str] = _Nothing
    counties: frozenset[str] = _Nothing
    everywhere: bool = False
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class DecisionSubjects:
    """Entries of the log that a decision acts on: by id, as an incident's number, or sent by a phone."""

    ids: frozenset[UUID] = frozenset()
    incidents: frozenset[int] = frozenset()
    phones: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.ids or self.incidents or self.phones)


def owns(who: Identity, place_id: str | None, roster: Roster) -> bool:
    """Whether a precinct, or every precinct of a polling site, lies in the account's counties."""
    if who.counties is None:
        return True
    site = roster.sites.get(place_id or "")
    here = [roster.precincts.get(p) for p in (site.members if site else (place_id or "",))]
    return all(precinct is not None and who.may_see(precinct.county) for precinct in here)


def deals_with(who: Identity, place_id: str | None, watcher_id: str | None, roster: Roster) -> bool:
    """Whether an item of this place is the account's to work on; without a place, one of this watcher."""
    if who.counties is None or place_id is not None:
        return owns(who, place_id, roster)
    watcher = roster.watchers.get(watcher_id or "")
    return watcher is not None and any(owns(who, p, roster) for p in watcher.precinct_ids)


def effects_of_report(message: SentText, roster: Roster) -> Effects:
    """What a report of the hotline, a file or a sheet would change, read as it will be."""
    readings, watcher = readings_of(message, roster), watcher_of(message, roster)
    speakers = frozenset({str(watcher.watcher_id)} if watcher else ())
    whole = any(r.kind in _OF_THE_PERSON for r in readings)
    return Effects(
        places=frozenset(str(r.precinct_id) for r in readings if r.precinct_id is not None),
        people=speakers if whole else _Nothing,
        speakers=speakers,
    )


def sought_by(decision: Decision) -> DecisionSubjects:
    """What has to be looked up before a decision's effects are known."""
    detail = decision.detail
    ids = {found for name in ("target", "item") if (found := _id(detail.get(name)))}
    number = _number(detail.get("incident"))
    phone = detail.get("phone")
    return DecisionSubjects(
        frozenset(ids),
        frozenset({number} if number is not None else ()),
        frozenset({phone} if decision.kind is Kind.TIE and isinstance(phone, str) else ()),
    )


def effects_of_decision(decision: Decision, found: Iterable[CheckIn], roster: Roster) -> Effects:
    """What a decision would change. `found`: what the log holds of `sought_by`."""
    kind, detail, entries = decision.kind, decision.detail, list(found)
    sought = sought_by(decision)
    places = {decision.precinct_id} if decision.precinct_id else set[str]()
    people, speakers, counties = set[str](), set[str](), set[str]()
    unknown = not sought.ids <= {e.check_in_id for e in entries}
    everywhere = kind is Kind.REREAD
    for entry in entries:
        if entry.kind is Kind.TIE:
            people |= _named(entry.detail, "watcher_id")
            places |= set(_listed(entry.detail.get("precinct_ids")) or ())
        elif entry.precinct_id is not None:
            places.add(entry.precinct_id)
        elif entry.watcher_id is not None:
            speakers.add(entry.watcher_id)
        elif entry.check_in_id in sought.ids:  # nobody's, nowhere: what ties bring, else unknown
            unknown |= not any(e.kind is Kind.TIE for e in entries)
    match kind:
        case Kind.ACCEPT | Kind.REJECT:
            unknown |= _id(detail.get("target")) is None
        case Kind.HOURS:
            counties |= _named(detail, "county")
            everywhere |= not places and not counties
        case Kind.TIE | Kind.ASSIGN:
            posts = _listed(detail.get("precinct_ids"))
            people |= _named(detail, "watcher_id")
            places |= set(posts or ())
            owner = roster.watcher(str(detail.get("phone", "")))
            people |= {str(owner.watcher_id)} if owner else set()
            unknown |= not people or (posts is None and (kind is Kind.ASSIGN or "precinct_ids" in detail))
            unknown |= kind is Kind.TIE and not sought.phones
        case Kind.RESOLVE:
            numbers = {e.detail.get("incident") for e in entries if e.kind is Kind.INCIDENT}
            unknown |= "incident" in detail and not sought.incidents <= numbers
            unknown |= "incident" in detail and not sought.incidents
        case Kind.NOTE:
            everywhere |= not places
        case _:
            everywhere = True
    match detail.get("desk"):  # two desks name their items otherwise
        case Desk.SILENT.value:
            places |= _named(detail, "item")
        case Desk.ROLL_CALL.value:
            speakers |= _named(detail, "item")
    return Effects(
        frozenset(places), frozenset(people), frozenset(speakers), frozenset(counties), everywhere, unknown
    )


def allowed(who: Identity, effects: Effects, roster: Roster) -> bool:
    """Whether everything that would change is the account's own."""
    if who.counties is None:
        return True
    if effects.everywhere or effects.unknown:
        return False
    return (
        effects.counties <= who.counties
        and all(owns(who, place, roster) for place in effects.places)
        and all(_stands(who, w, roster, every=True) for w in effects.people)
        and all(_stands(who, w, roster) for w in effects.speakers)
    )


def _stands(who: Identity, watcher_id: str, roster: Roster, *, every: bool = False) -> bool:
    """Whether one post (`every`: each) of a watcher lies in the account's counties."""
    watcher = roster.watchers.get(watcher_id)
    posts = [owns(who, p, roster) for p in watcher.precinct_ids] if watcher else []
    return bool(posts) and (all(posts) if every else any(posts))


def _id(value: Any) -> UUID | None:
    """As generously as whoever acts on it (`tally.entries.entries.id_bytes`)."""
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _number(value: Any) -> int | None:
    try:
        return int(value) if isinstance(value, int | str) and not isinstance(value, bool) else None
    except ValueError:
        return None


def _named(detail: Mapping[str, Any], name: str) -> set[str]:
    value = detail.get(name)
    return {str(value)} if value not in (None, "") else set()


def _listed(value: Any) -> list[str] | None:
    return [str(one) for one in value] if isinstance(value, list) else None
