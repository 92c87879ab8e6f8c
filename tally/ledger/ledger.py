"""The ledger: every precinct's check-ins, as of any time. A function of the *set* of check-ins.

Corrections, ties, decisions, rereadings and hours are resolved in this folder and nowhere else
(docs/architecture.md, "From check-ins to standings"). Nothing depends on the order in which entries arrive:
lists are sorted by keys that belong to the entries, and every question is asked "as of t" (entries with
`received_at <= t`).

Entries live in columns (`store`). A place *needs resolution* where its counts are more than plain ones (a
correction, a question, a decision, an unknown phone): those are resolved one by one (`views`), all others
read as columns (`columns_view`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from election.domain.checkin import COUNTED, OF_SITES, STAFF, CheckIn, Kind
from election.domain.day import Election
from election.log.columns import Counts
from tally.entries.dialogue import TALK, denies
from tally.entries.entries import FOREVER, Entry, PrecinctView
from tally.ledger.busy_places import BusyPlaces
from tally.ledger.conversations import Conversations
from tally.ledger.count_order import CountOrder
from tally.ledger.decisions import Decisions
from tally.ledger.desk_queue import DeskQueue
from tally.ledger.entry_store import EntryStore
from tally.ledger.incidents import Incidents
from tally.ledger.places import PlaceIndex
from tally.ledger.poll_hours import PollHours
from tally.ledger.ties import Ties, UnplacedRow
from tally.ledger.views import Filed, PrecinctViews
from tally.ledger.watcher_assignments import WatcherAssignments

PLAIN = frozenset({Kind.COUNT, Kind.FINAL})
_QUESTIONS = ("held", "unknown_sender")  # details that make a count one to be resolved


class Ledger:
    """All check-ins of an election, filed by precinct. Idempotent and order-free."""

    def __init__(self, election: Election, store: Callable[[int], EntryStore] = EntryStore) -> None:
        self.places = PlaceIndex(election)
        self.ids, self.index = self.places.ids, self.places.index
        self.hours = PollHours(election, self.places)
        self.incidents = Incidents(self.ids)
        self.assignments = WatcherAssignments(election.watchers, self.index)
        self.store = store(len(self.places))
        self.order = CountOrder()
        self.busy = BusyPlaces(self.store)
        self.needs_resolution = bytearray(len(self.places))
        self.beside = bytearray(len(self.places))
        self.asides: list[int] = []  # rows of entries that are no counts
        self._decisions = Decisions()
        self._ties = Ties(self.index, self.assignments)
        self._conversations = Conversations(self.places, self.store)
        self._filed = Filed(
            self.places, self.store, self.busy, self.hours, self._decisions, self._ties, self.incidents,
            self._conversations, self.needs_resolution, self.beside, site_at={},
        )  # fmt: skip
        self._views = PrecinctViews(self._filed)
        self.desk_queue = DeskQueue(self.places.county, self.assignments, self._views.answered)
        self.newest = -FOREVER  # latest received_at of all
        self.unplaced = 0  # entries that name a precinct this election does not have

    def __len__(self) -> int:
        return len(self.store)

    def check_in_ids(self) -> list[bytes]:
        """Ids of all entries filed, in ascending order."""
        ids = self.store.sorted_ids()
        return [ids[i : i + 16] for i in range(0, len(ids), 16)]

    # ------------------------------------------------------------------ filing

    def add(self, check_ins: Iterable[CheckIn]) -> set[int]:
        """File entries; repeats change nothing. Returns the positions of precincts whose view may change."""
        touched: set[int] = set()
        index, store, newest = self.index, self.store, self.newest
        for c in check_ins:
            key, kind, detail = c.check_in_id.bytes, c.kind, c.detail
            observed_at, sent_at, received_at = c.observed_at, c.sent_at, c.received_at
            observed = observed_at.timestamp()
            sent = observed if sent_at is observed_at else sent_at.timestamp()
            received = sent if received_at is sent_at else received_at.timestamp()
            place = -1 if c.precinct_id is None else index.get(c.precinct_id, -1)
            if place < 0 and kind in OF_SITES:
                place = self.places.site(c.precinct_id or "")
                if place >= 0:
                    self._begin_site(place)
            unknown = bool(detail) and c.watcher_id is None and bool(detail.get("unknown_sender"))
            row = store.add(
                int.from_bytes(key, "big"), kind, -1 if kind in STAFF else place,
                c.watcher_id or c.sender, (observed, sent, received), c.votes, unknown, detail, c.channel,
            )  # fmt: skip
            if row < 0:
                continue
            newest = max(newest, received)
            if kind in PLAIN and place >= 0 and not unknown:  # nearly all
                touched.add(place)
                if "held" in detail:
                    touched |= self._converse(row, c.watcher_id or c.sender, place)
                if c.votes is None or any(name in detail for name in _QUESTIONS) or key in self._decisions:
                    self.needs_resolution[place] = True
                if detail:
                    self.desk_queue.file(c, key, place, c.watcher_id or c.sender)
            else:
                touched |= self._file(row, place, c)
                self.desk_queue.file(c, key, place, c.watcher_id or c.sender)
        self.newest = newest
        for position in touched:
            self.desk_queue.touched(position)
        precincts = self.places.precincts(touched)
        self._views.forget(touched | precincts)
        return precincts

    def add_counts(self, counts: Counts, senders: Mapping[int, str]) -> None:
        """File plain counts read in columns, as `add` would one by one. Any precinct may have changed."""
        self.store.add_counts(counts, senders)
        if len(counts):
            self.newest = max(self.newest, float(counts.received.max()))
        for target in self._decisions.targets():
            self._mark(self._filed.places_of(target))
        self.desk_queue.version += 1  # they may answer any question
        self._views.forget_all()

    def _begin_site(self, place: int) -> None:
        """Note a site's first count: its precincts are resolved one by one from now on."""
        self.needs_resolution[place] = True
        for position in self.places.members(place):
            self._filed.site_at[position] = place
            self.needs_resolution[position] = True

    def _mark(self, places: set[int]) -> set[int]:
        """Mark places as in need of resolution; returns them."""
        for place in places:
            self.needs_resolution[place] = True
        return places

    def _file(self, row: int, place: int, c: CheckIn) -> set[int]:
        """File an entry that is more than a plain count; returns the places that it may change."""
        kind = c.kind
        if kind is Kind.ASKED:
            return self._converse(row, str(c.detail.get("sender") or ""))
        if kind in STAFF:
            return self._decide(replace(self.store.entry(row), precinct=place))
        e = self.store.entry(row)
        if kind is Kind.INCIDENT:
            self.incidents.add(e)
        elif kind is Kind.RESOLVED:
            self.incidents.end(e)
        if c.precinct_id is not None and place < 0:
            self.unplaced += 1
            return set()
        if kind in TALK or denies(e):
            return self._converse(row, e.sender, place)
        if kind in COUNTED and "held" in e.detail:
            self._converse(row, e.sender, place)
        if place >= 0:
            if e.unknown:
                self._ties.add_named(e.sender, place)
            if kind in COUNTED or kind is Kind.UNDO or e.unknown or e.id in self._decisions:
                self.needs_resolution[place] = True
            if kind not in COUNTED and kind is not Kind.UNDO:
                self.beside[place] = True
                self.asides.append(row)
            return {place}
        if e.unknown:
            return self._mark(self._ties.add_unplaced(e.sender, UnplacedRow(row, e.id, e.received)))
        return set()

    def _converse(self, row: int, sender: str, place: int = -1) -> set[int]:
        """File a question or an answer; returns the places that it may change."""
        return self._mark(self._conversations.add(row, self.store.entry(row), sender, place))

    def _decide(self, e: Entry) -> set[int]:
        """File a staff decision; returns the places that it may change."""
        if e.kind in (Kind.ACCEPT, Kind.REJECT, Kind.REREAD):
            return self._mark({p for t in self._decisions.add(e) for p in self._filed.places_of(t)})
        if e.kind is Kind.HOURS:
            return self.hours.add(e)
        if e.kind is Kind.TIE:
            touched, moved = self._ties.add(e)
            self._mark(moved)
            return touched
        if e.kind is Kind.RESOLVE and "incident" in e.detail:
            return self.incidents.resolve(e)
        return set()

    # ------------------------------------------------------------------ asking

    def view(self, position: int, as_of: float = FOREVER) -> PrecinctView:
        """The precinct as its entries received by `as_of` have it."""
        return self._views.of(position, as_of)

    def last_word(self, position: int, as_of: float, otherwise: float) -> float:
        """Receipt of the newest entry or decision here by `as_of`; `otherwise` where that is later."""
        return self._views.last_word(position, as_of, otherwise)

    def touched_between(self, after: float, until: float) -> list[int]:
        """Precincts with an entry received in (after, until]; decisions count where they act."""
        return self._views.touched_between(after, until)
