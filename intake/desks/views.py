"""What a desk shows: rows of the log, threads and silences as items for people. Values in, values out."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from election.access.identity import Identity
from election.domain.roster import Roster
from election.domain.sent_words import words_of
from election.wire.desks import Desk, DeskItem, ReminderStep
from election.wire.threads import Photo
from intake.desks.store import BEGINNING, Cursor
from intake.errors import IntakeError
from intake.outbox.reminders import STEPS, OutboxReminder, silence_of
from intake.reading.incidents import Thread
from intake.receive.plausibility import LatestStanding

SHOWN_DIGITS = 4  # of an unknown phone, to a lead
LONGEST_TEXT = 1_600


@dataclass(frozen=True, slots=True)
class DeskAccount:
    """Who looks. `counties`: None sees everything."""

    account: str
    role: str
    counties: tuple[str, ...] | None = None

    @property
    def identity(self) -> Identity:
        counties = None if self.counties is None else frozenset(self.counties)
        return Identity(self.account, self.role, counties)

    def sees(self, precinct_id: str | None, roster: Roster | None) -> bool:
        """Whether a precinct, or one of a polling site's, lies in the viewer's counties."""
        if self.counties is None:
            return True
        if roster is None:
            return False
        site = roster.sites.get(precinct_id or "")
        here = [roster.precincts.get(p) for p in (site.members if site else (precinct_id or "",))]
        return any(precinct is not None and precinct.county in self.counties for precinct in here)

    def scope(self, roster: Roster | None) -> tuple[list[str], list[str]] | None:
        """(precincts, watchers) in the viewer's counties; None: everything."""
        if self.counties is None:
            return None
        if roster is None:
            return [], []
        places = [str(p) for p, precinct in roster.precincts.items() if precinct.county in self.counties]
        known = set(places)
        places += [name for name, site in roster.sites.items() if known.intersection(site.members)]
        return places, [w for w, watcher in roster.watchers.items() if known & set(watcher.precinct_ids)]


class BadCursorError(IntakeError, ValueError):
    """`after` is not a cursor of this desk: begin again without it."""


def cursor_of(row: Mapping[str, Any]) -> str:
    """Points behind a row."""
    micros = int(row["received_at"].timestamp() * 1_000_000)
    return urlsafe_b64encode(f"{micros}.{row['check_in_id']}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """Raises `BadCursorError`."""
    if not text:
        return BEGINNING
    try:
        micros, its_id = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(".", 1)
        whole, rest = divmod(int(micros), 1_000_000)
        return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest), UUID(its_id)
    except (ValueError, OverflowError, OSError):
        raise BadCursorError(BadCursorError.__doc__) from None


def item_of(
    row: Mapping[str, Any], desk: Desk, viewer: DeskAccount, roster: Roster | None, now: datetime
) -> DeskItem:
    """A row of a queue."""
    detail, taken = row["detail"], row["taken_until"]
    held = row["account"] if taken is not None and taken > now else ""
    return DeskItem(
        id=str(row["check_in_id"]),
        desk=desk,
        at=row["received_at"],
        precinct_id=row["precinct_id"],
        county=_county(row["precinct_id"], row["watcher_id"], roster),
        watcher_id=row["watcher_id"],
        channel=row["channel"],
        phone=_phone(row["sender"], viewer) if desk is Desk.UNKNOWN else "",
        text=words_of(row["channel"], row["body"])[:LONGEST_TEXT],
        kind=row["kind"],
        votes=row["votes"],
        why=str(detail.get("held") or detail.get("quarantined") or ""),
        messages=row["messages"],
        photos=[Photo(message_id=str(row["message_id"]), number=n) for n in range(detail.get("photos", 0))],
        taken_by=held,
        taken_until=taken if held else None,
    )


def _county(precinct_id: str | None, watcher_id: str | None, roster: Roster | None) -> str:
    if roster is None:
        return ""
    watcher = roster.watchers.get(watcher_id or "")
    for where in (precinct_id, *(watcher.precinct_ids if watcher else ())):
        if place := roster.place(where):
            return place.county
    return ""


def _phone(sender: str, viewer: DeskAccount) -> str:
    return sender if viewer.counties is None else f"…{sender[-SHOWN_DIGITS:]}"


def incident_items(threads: Iterable[Thread], viewer: DeskAccount, roster: Roster | None) -> list[DeskItem]:
    """Incidents as the desk shows them."""
    return [
        DeskItem(
            id=str(t.number),
            desk=Desk.INCIDENTS,
            at=t.first.received_at,
            precinct_id=t.first.precinct_id,
            county=_county(t.first.precinct_id, None, roster),
            watcher_id=t.first.watcher_id,
            channel=t.first.channel.value,
            text=t.text[:LONGEST_TEXT],
            kind=t.first.kind.value,
            messages=1 + len(t.followed_by),
            number=t.number,
            category=t.category,
            status=t.status,
        )
        for t in threads
        if viewer.sees(t.first.precinct_id, roster)
    ]


def silent_items(
    places: Mapping[str, LatestStanding], made: Sequence[OutboxReminder], viewer: DeskAccount, roster: Roster
) -> list[DeskItem]:
    """Precincts that the tally calls silent, with the reminders of this silence."""
    steps: dict[tuple[str, int], list[OutboxReminder]] = defaultdict(list)
    for one in made:
        steps[one.precinct_id, one.silence].append(one)
    found = []
    for precinct_id in sorted(p for p, place in places.items() if place.silent and p in roster.precincts):
        if not viewer.sees(precinct_id, roster):
            continue
        place, precinct = places[precinct_id], roster.precincts[precinct_id]
        silence = silence_of(place, precinct, roster)
        found.append(
            DeskItem(
                id=precinct_id,
                desk=Desk.SILENT,
                at=datetime.fromtimestamp(silence, UTC),
                precinct_id=precinct_id,
                county=precinct.county,
                why=place.reason,
                watcher_value=place.watcher_value,
                steps=[
                    ReminderStep(
                        step=s.step, to=STEPS[s.step - 1], watcher_id=s.watcher_id, at=s.at, state=s.state
                    )
                    for s in steps[precinct_id, silence]
                    if 1 <= s.step <= len(STEPS)
                ],
            )
        )
    return found


def page_of(
    items: Sequence[DeskItem], after: str, limit: int, *, numeric: bool
) -> tuple[list[DeskItem], str | None]:
    """Items behind the one named `after`, and the name to go on from. Items are in the order of names."""

    def key(name: str) -> tuple[int, str]:
        return (int(name), "") if numeric and name.isdecimal() else (0, name)

    rest = [item for item in items if not after or key(item.id) > key(after)]
    return rest[:limit], rest[limit - 1].id if len(rest) > limit else None
