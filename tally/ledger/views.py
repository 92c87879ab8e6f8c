"""Views of precincts: what their entries received by a time come to, resolved one by one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from election.domain.checkin import COUNTED, Kind
from tally.entries.entries import FOREVER, Entry, PrecinctView
from tally.entries.resolving import Context, resolved, with_site
from tally.ledger.busy_places import BusyPlaces
from tally.ledger.conversations import Conversations
from tally.ledger.decisions import Decisions
from tally.ledger.entry_store import EntryStore
from tally.ledger.incidents import Incidents
from tally.ledger.places import PlaceIndex
from tally.ledger.poll_hours import PollHours
from tally.ledger.ties import Ties


@dataclass(frozen=True, slots=True)
class Filed:
    """Everything filed of an election, by job."""

    places: PlaceIndex
    store: EntryStore
    busy: BusyPlaces
    hours: PollHours
    decisions: Decisions
    ties: Ties
    incidents: Incidents
    conversations: Conversations
    needs_resolution: bytearray  # places whose counts need resolving
    beside: bytearray  # places with entries that are no counts
    site_at: dict[int, int]  # precinct -> place of its site, from the site's first count on

    def places_of(self, key: bytes) -> set[int]:
        """Places where an entry is filed."""
        row = self.store.row_of(key) if key else -1
        place = self.store.place[row] if row >= 0 else -1
        return self.ties.moved(key) | ({place} if place >= 0 else set())


class PrecinctViews:
    """Resolves precincts, and keeps those that needed it until an entry changes them."""

    def __init__(self, filed: Filed) -> None:
        self._filed = filed
        self._kept: dict[int, tuple[PrecinctView, float]] = {}  # with the newest receipt in each

    def forget(self, places: Iterable[int]) -> None:
        """Drop the views of places that have changed."""
        if self._kept:
            for place in places:
                self._kept.pop(place, None)

    def forget_all(self) -> None:
        """Drop every view."""
        self._kept.clear()

    def of(self, position: int, as_of: float) -> PrecinctView:
        """The precinct as its entries received by `as_of` have it."""
        known = self._kept.get(position)
        if known is not None and as_of >= known[1]:
            return known[0]
        filed = self._filed
        newest = self.last_word(position, FOREVER, -FOREVER) if filed.needs_resolution[position] else None
        if newest is not None and as_of >= newest:
            as_of = FOREVER
        hours = filed.hours.of(position, as_of)
        view = resolved(position, self._entries(position, as_of), hours, self._context(position, as_of))
        if position in filed.site_at:
            view = with_site(view, self.of(filed.site_at[position], as_of))
        if newest is not None and as_of == FOREVER:
            self._kept[position] = (view, newest)
        return view

    def last_word(self, position: int, as_of: float, otherwise: float) -> float:
        """Receipt of the newest entry or decision here by `as_of`; `otherwise` where that is later."""
        filed, newest = self._filed, otherwise
        if position in filed.site_at:
            newest = self.last_word(filed.site_at[position], as_of, newest)
        store, received, decided = filed.store, filed.store.received, filed.hours.decided
        latest = filed.busy.latest(position, as_of)
        if latest is not None:
            newest = max(newest, latest)
        else:
            for row in store.rows_at(position):
                if newest < received[row] <= as_of:
                    newest = received[row]
        if not (filed.needs_resolution[position] or filed.beside[position] or position in decided):
            return newest
        words: list[Entry] = [*decided.get(position, ()), *filed.conversations.said_at(position, as_of)]
        for e in self._entries(position, as_of):
            words.append(e)
            words += filed.decisions.about(e.id)
            if e.unknown:
                words += filed.ties.of(e.sender)
            if e.kind is Kind.INCIDENT:
                words += filed.incidents.decisions(e)
        return max((e.received for e in words if newest < e.received <= as_of), default=newest)

    def touched_between(self, after: float, until: float) -> list[int]:
        """Precincts with an entry received in (after, until]; decisions count where they act."""
        filed = self._filed
        received, place = filed.store.column("received"), filed.store.column("place")
        rows = np.flatnonzero((received > after) & (received <= until))
        found = {p for p in np.unique(place[rows]).tolist() if p >= 0}
        found |= filed.hours.changed(after, until) | filed.ties.changed(after, until)
        found |= filed.incidents.changed(after, until) | filed.conversations.changed(after, until)
        for target in filed.decisions.changed(after, until):
            found |= filed.places_of(target)
        return sorted(filed.places.precincts(found))

    def answered(self, position: int, sender: str, sent: float, as_of: float) -> bool:
        """Whether a sender has counted, corrected or withdrawn here after `sent`."""
        return any(
            e.sent > sent and e.sender == sender and (e.kind in COUNTED or e.kind is Kind.UNDO)
            for e in self._entries(position, as_of)
        )

    def _entries(self, position: int, as_of: float) -> Iterator[Entry]:
        """Entries filed under a place and received by then, in any order."""
        store = self._filed.store
        for row in (*store.rows_at(position), *self._filed.ties.rows_at(position)):
            if store.received[row] <= as_of:
                yield store.entry(row)

    def _context(self, position: int, as_of: float) -> Context:
        """Facts that views need from outside their precinct, as known then."""
        filed = self._filed
        return Context(
            decided=partial(filed.decisions.verdict, as_of),
            reread=partial(filed.decisions.reread, as_of),
            tie=partial(filed.ties.tie, as_of),
            home=filed.ties.home,
            incident=partial(filed.incidents.reported_by, as_of),
            answers=filed.conversations.answers(position, as_of),
        )
