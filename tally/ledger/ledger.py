"""The ledger: what every precinct's check-ins say, as of any time. A function of the *set* of check-ins.

Corrections, ties, decisions, rereadings and hours are resolved here and nowhere else (docs/architecture.md,
"From check-ins to standings"). Nothing depends on the order in which entries arrive: lists are sorted by keys
that belong to the entries, and every question is asked "as of t" (entries with `received_at <= t`).

Entries live in columns (`store`). A precinct is *tangled* where its counts need resolving (a correction, a
question, a decision, a stranger): those are looked at one by one, all others as columns (`looking`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from election.domain.checkin import COUNTED, OF_SITES, STAFF, CheckIn, Kind
from election.domain.day import Election
from election.log.columns import Counts
from tally.entries.dialogue import NO_ANSWERS, TALK, Answers, answers_of, places_in, together
from tally.entries.entries import (
    FOREVER,
    DecidedCount,
    Entry,
    OpenIncident,
    PrecinctView,
    Report,
    Verdict,
    id_bytes,
    incident_number,
    when,
    whole,
)
from tally.entries.resolving import Context, by_sort_key, incident_of, resolved, told_once, with_site
from tally.entries.sites import sites_of
from tally.ledger.count_order import CountOrder
from tally.ledger.desk_queue import DeskQueue
from tally.ledger.entry_store import EntryStore
from tally.ledger.watcher_assignments import WatcherAssignments
from tally.packed.columns import Index, Names, Texts

__all__ = ["FOREVER", "DecidedCount", "Entry", "Ledger", "OpenIncident", "PrecinctView", "Report", "Verdict"]

PLAIN = frozenset({Kind.COUNT, Kind.FINAL})
_TANGLES = ("held", "unknown_sender")  # details that make a count one to be resolved


class Ledger:
    """All check-ins of an election, filed by precinct. Idempotent and order-free."""

    def __init__(self, election: Election) -> None:
        day = election.day
        self.ids = Names(p.precinct_id for p in election.precincts)
        if len(self.ids) != len(election.precincts):
            raise ValueError("two precincts have the same id: give each one of its own")
        self.index = Index(self.ids)
        hours: dict[tuple[Any, Any, Any], tuple[float, float]] = {}
        planned: list[tuple[float, float]] = []
        for p in election.precincts:
            key = (p.opens, p.closes, p.timezone)
            if key not in hours:
                hours[key] = (p.opens_at(day).timestamp(), p.closes_at(day).timestamp())
            planned.append(hours[key])
        table = np.array(planned, dtype=np.float64).reshape(-1, 2)
        self.opens = table[:, 0].copy()
        self.closes = np.maximum(table[:, 1], self.opens + 60.0)
        self.assignments = WatcherAssignments(election.watchers, self.index)
        # A polling site that several precincts share is a place too, behind theirs.
        self.sites = sites_of(election)
        self._site_index = {site: len(self.ids) + i for i, site in enumerate(self.sites)}
        self._members = list(self.sites.values())
        self._site_at: dict[int, int] = {}  # precinct -> place of its site, where that has been heard of
        places = len(self.ids) + len(self.sites)
        self.store = EntryStore(places)
        self.order = CountOrder()
        self.needs_resolution = bytearray(places)  # places whose counts need resolving
        self.beside = bytearray(places)  # places with entries that are no counts
        self.asides: list[int] = []  # rows of those
        self._views: dict[int, tuple[PrecinctView, float]] = {}  # tangled ones, and the newest word in each
        self._reassigned_rows: dict[int, list[int]] = defaultdict(
            list
        )  # rows that ties have brought to a precinct
        self._moved: dict[bytes, set[int]] = defaultdict(set)  # the same by id
        self._decisions: dict[bytes, list[Entry]] = defaultdict(list)  # target -> accept / reject
        self._rereads: dict[bytes, list[Entry]] = defaultdict(list)  # entry -> who read its message again
        self._ties: dict[str, list[Entry]] = defaultdict(list)  # phone -> ties
        self._unplaced_rows: dict[str, list[int]] = defaultdict(list)  # phone -> rows that name no precinct
        self._unknown_at: dict[str, set[int]] = defaultdict(set)  # phone -> precincts it named
        self.hours_of: dict[int, list[Entry]] = defaultdict(list)
        self._incidents: dict[int, Entry] = {}  # number -> the first entry that gives it
        self._resolves: dict[int, list[Entry]] = defaultdict(list)
        self._talk: dict[str, list[int]] = defaultdict(list)  # sender -> rows of questions and answers
        self._talk_at: dict[str, set[int]] = defaultdict(set)  # sender -> places they may change
        self._talkers: dict[int, set[str]] = defaultdict(set)  # the same by place
        self._over: dict[str, list[Entry]] = defaultdict(list)  # sender -> what says an incident is over
        every = (*election.precincts, *(election.precincts[members[0]] for members in self._members))
        self._county = Texts(p.county for p in every)
        self.desk_queue = DeskQueue(self._county, self.assignments, self._answered)
        self.newest = -FOREVER  # latest received_at of all
        self.unplaced = 0  # entries that name a precinct this election does not have

    def __len__(self) -> int:
        return len(self.store)

    def check_in_ids(self) -> list[bytes]:
        """Ids of all entries filed, in ascending order."""
        ids = self.store.sorted_ids()
        return [ids[i : i + 16] for i in range(0, len(ids), 16)]

    # ------------------------------------------------------------------ adding

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
                place = self._site_index.get(c.precinct_id or "", -1)
                if place >= 0:
                    self._hear_site(place)
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
                    touched |= self._converse(row, c.watcher_id or c.sender, {place})
                if c.votes is None or any(name in detail for name in _TANGLES) or self._judged(key):
                    self.needs_resolution[place] = True
                if detail:
                    self.desk_queue.file(c, key, place, c.watcher_id or c.sender)
            else:
                touched |= self._file(row, place, c)
                self.desk_queue.file(c, key, place, c.watcher_id or c.sender)
        self.newest = newest
        for position in touched:
            self.desk_queue.touched(position)
        return self._forgotten(touched)

    def _hear_site(self, place: int) -> None:
        """A site's first count: its precincts are resolved one by one from now on."""
        self.needs_resolution[place] = True
        for position in self._members[place - len(self.ids)]:
            self._site_at[position] = place
            self.needs_resolution[position] = True

    def _forgotten(self, touched: set[int]) -> set[int]:
        """The precincts among the places touched, and those of the sites: their views are made anew."""
        if self._site_at:
            n = len(self.ids)
            sites = [place for place in touched if place >= n]
            for place in sites:
                self._views.pop(place, None)
                touched.discard(place)
                touched.update(self._members[place - n])
        for position in touched:
            self._views.pop(position, None)
        return touched

    def add_counts(self, counts: Counts, senders: Mapping[int, str]) -> None:
        """Files plain counts read in columns, as `add` would one by one. Any precinct may have changed."""
        self.store.add_counts(counts, senders)
        if len(counts):
            self.newest = max(self.newest, float(counts.received.max()))
        for target in (*self._decisions, *self._rereads):
            for position in self._where(target):
                self.needs_resolution[position] = True
        self.desk_queue.version += 1  # they may answer any question
        self._views.clear()

    def _judged(self, key: bytes) -> bool:
        return key in self._decisions or key in self._rereads

    def _answered(self, position: int, sender: str, sent: float, as_of: float) -> bool:
        """Whether a sender has counted, corrected or withdrawn here after `sent`."""
        return any(
            e.sent > sent and e.sender == sender and (e.kind in COUNTED or e.kind is Kind.UNDO)
            for e in self._entries(position, as_of)
        )

    def _file(self, row: int, place: int, c: CheckIn) -> set[int]:
        """Takes note of an entry that is more than a plain count; the precincts it may change."""
        kind = c.kind
        if kind is Kind.ASKED:
            e = self.store.entry(row)
            return self._converse(row, str(e.detail.get("sender") or ""), places_in(e, self._place_of))
        if kind in STAFF:
            return self._decide(replace(self.store.entry(row), precinct=place))
        e = self.store.entry(row)
        if kind is Kind.INCIDENT:
            number = incident_number(e.id, e.detail)
            known = self._incidents.get(number)
            if known is None or e.sort_key < known.sort_key:
                self._incidents[number] = e
        if kind is Kind.RESOLVED:
            self._over[e.sender].append(e)
        if c.precinct_id is not None and place < 0:
            self.unplaced += 1
            return set()
        if kind in TALK:
            return self._converse(row, e.sender, places_in(e, self._place_of))
        if place >= 0:
            if e.unknown:
                self._unknown_at[e.sender].add(place)
            if kind in COUNTED or kind is Kind.UNDO or e.unknown or self._judged(e.id):
                self.needs_resolution[place] = True
            if kind not in COUNTED and kind is not Kind.UNDO:
                self.beside[place] = True
                self.asides.append(row)
            return {place}
        touched: set[int] = set()
        if e.unknown:
            self._unplaced_rows[e.sender].append(row)
            for tie in self._ties.get(e.sender, ()):
                touched |= self._reassign(tie, [row])
        return touched

    def _converse(self, row: int, sender: str, places: set[int]) -> set[int]:
        """Takes note of a question or an answer; the places that the sender's answers may change."""
        self._talk[sender].append(row)
        mine = self._talk_at[sender]
        for place in places - mine:
            mine.add(place)
            self._talkers[place].add(sender)
            self.needs_resolution[place] = True
        return set(mine)

    def _place_of(self, name: str) -> int:
        """The place of a precinct or site, or -1."""
        return self.index.get(name, self._site_index.get(name, -1)) if name else -1

    def _answers(self, position: int, as_of: float) -> Answers:
        """What the answers of those who were asked something here come to."""
        talkers = self._talkers.get(position)
        if not talkers:
            return NO_ANSWERS
        return together(
            answers_of(self._said_by(sender, as_of), self._place_of) for sender in sorted(talkers)
        )

    def _said_by(self, sender: str, as_of: float) -> Iterator[Entry]:
        """A sender's questions and answers, and the counts where those may act; each once."""
        store, mine = self.store, set[int]()
        code = store.code(sender)
        for place in self._talk_at[sender]:
            mine.update(row for row in store.rows_at(place) if store.sender[row] == code)
        mine.update(self._talk[sender])
        for row in mine:
            if store.received[row] <= as_of:
                yield store.entry(row)

    def _decide(self, e: Entry) -> set[int]:
        """Takes note of a staff decision; the precincts it may change."""
        detail = e.detail
        if e.kind in (Kind.ACCEPT, Kind.REJECT):
            return self._mark_unresolved(self._decisions, id_bytes(detail.get("target")), e)
        if e.kind is Kind.REREAD:
            touched: set[int] = set()
            for item in detail.get("supersedes", ()):
                touched |= self._mark_unresolved(self._rereads, id_bytes(item), e)
            return touched
        if e.kind is Kind.HOURS:
            places = self._acts_on(e)
            for position in places:
                self.hours_of[position].append(e)
            return set(places)
        if e.kind is Kind.TIE:
            phone = str(detail.get("phone", ""))
            self._ties[phone].append(e)
            return self._unknown_at.get(phone, set()) | self._reassign(e, self._unplaced_rows.get(phone, ()))
        if e.kind is Kind.RESOLVE and "incident" in detail:
            number = whole(detail["incident"])
            self._resolves[number].append(e)
            incident = self._incidents.get(number)
            return {incident.precinct} if incident is not None and incident.precinct >= 0 else set()
        return set()

    def _mark_unresolved(self, decisions: dict[bytes, list[Entry]], target: bytes, e: Entry) -> set[int]:
        decisions[target].append(e)
        touched = self._where(target)
        for position in touched:
            self.needs_resolution[position] = True
        return touched

    def _reassign(self, tie: Entry, rows: Iterable[int]) -> set[int]:
        """Files rows that name no precinct under the one a tie gives them."""
        home, touched = self._home(tie), set[int]()
        for row in rows if home is not None else ():
            assert home is not None  # the loop's condition
            if row not in self._reassigned_rows[home]:
                self._reassigned_rows[home].append(row)
            self._moved[self.store.id(row)].add(home)
            self.needs_resolution[home] = True
            touched.add(home)
        return touched

    def _where(self, target: bytes) -> set[int]:
        """Precincts where an entry is filed."""
        row = self.store.row_of(target) if target else -1
        place = self.store.place[row] if row >= 0 else -1
        return self._moved.get(target, set()) | ({place} if place >= 0 else set())

    def _home(self, tie: Entry) -> int | None:
        """The only precinct of the watcher a tie names, or None."""
        named = tie.detail.get("precinct_ids")
        if named:
            return self.index.get(named[0]) if len(named) == 1 else None
        posts = self.assignments.of(tie.detail.get("watcher_id", ""))
        return posts[0] if len(posts) == 1 and posts[0] >= 0 else None

    def _acts_on(self, hours: Entry) -> Sequence[int]:
        if hours.precinct >= 0:
            return [hours.precinct]
        if "county" not in hours.detail:
            return []
        here = self._county.among(frozenset((str(hours.detail["county"]),)))[: len(self.ids)]
        return [int(position) for position in np.flatnonzero(here)]

    # ------------------------------------------------------------------ asking

    def touched_between(self, after: float, until: float) -> list[int]:
        """Precincts with an entry received in (after, until]; decisions count where they act."""
        received, place = self.store.column("received"), self.store.column("place")
        rows = np.flatnonzero((received > after) & (received <= until))
        found = {p for p in np.unique(place[rows]).tolist() if p >= 0}

        def fresh(entries: Sequence[Entry]) -> bool:
            return any(after < e.received <= until for e in entries)

        for position, guests in self._reassigned_rows.items():
            if any(after < self.store.received[row] <= until for row in guests):
                found.add(position)
        for position, hours in self.hours_of.items():
            if fresh(hours):
                found.add(position)
        for target, decisions in (*self._decisions.items(), *self._rereads.items()):
            if fresh(decisions):
                found |= self._where(target)
        for phone, ties in self._ties.items():
            for tie in ties:
                if fresh([tie]):
                    found |= self._unknown_at.get(phone, set())
                    home = self._home(tie)
                    if home is not None and self._unplaced_rows.get(phone):
                        found.add(home)
        for sender, said in self._talk.items():
            if any(after < received[row] <= until for row in said):
                found |= self._talk_at[sender]
        for number, resolves in self._resolves.items():
            incident = self._incidents.get(number)
            if incident is not None and incident.precinct >= 0 and fresh(resolves):
                found.add(incident.precinct)
        return sorted(self._precincts(found))

    def precincts_of(self, name: str) -> tuple[int, ...]:
        """Positions of the precinct, or of the polling site's precincts, that a count may name."""
        return (self.index[name],) if name in self.index else self.sites.get(name, ())

    def _precincts(self, places: set[int]) -> set[int]:
        """Precincts for places, sites among them."""
        n = len(self.ids)
        return {q for p in places for q in ((p,) if p < n else self._members[p - n])}

    def last_word(self, position: int, as_of: float, otherwise: float) -> float:
        """When the newest entry or decision here by `as_of` was received; `otherwise` where that is later."""
        store, newest = self.store, otherwise
        if position in self._site_at:
            newest = self.last_word(self._site_at[position], as_of, newest)
        received = store.received
        for row in store.rows_at(position):
            if newest < received[row] <= as_of:
                newest = received[row]
        if not (self.needs_resolution[position] or self.beside[position] or position in self.hours_of):
            return newest
        words: list[Entry] = list(self.hours_of.get(position, ()))
        for sender in self._talkers.get(position, ()):
            words += self._said_by(sender, as_of)
        for e in self._entries(position, as_of):
            words.append(e)
            words += self._decisions.get(e.id, ())
            words += self._rereads.get(e.id, ())
            if e.unknown:
                words += self._ties.get(e.sender, ())
            if e.kind is Kind.INCIDENT:
                words += self._resolves.get(incident_number(e.id, e.detail), ())
        return max((e.received for e in words if newest < e.received <= as_of), default=newest)

    def hours(self, position: int, as_of: float = FOREVER) -> tuple[float, float]:
        """When the polls open and close here (epoch seconds), decisions received by `as_of` included."""
        if position >= len(self.ids):  # a site's are its first precinct's
            position = self._members[position - len(self.ids)][0]
        opens, closes = float(self.opens[position]), float(self.closes[position])
        for e in sorted(self.hours_of.get(position, ()), key=by_sort_key):
            if e.received <= as_of:
                opens = when(e.detail.get("opens_at"), opens)
                closes = when(e.detail.get("closes_at"), closes)
        return opens, max(closes, opens + 60.0)

    def view(self, position: int, as_of: float = FOREVER) -> PrecinctView:
        """The precinct as its entries received by `as_of` have it."""
        known = self._views.get(position)
        if known is not None and as_of >= known[1]:
            return known[0]
        heard = self.last_word(position, FOREVER, -FOREVER) if self.needs_resolution[position] else None
        if heard is not None and as_of >= heard:
            as_of = FOREVER
        view = resolved(
            position,
            self._entries(position, as_of),
            self.hours(position, as_of),
            self._context(as_of, self._answers(position, as_of)),
        )
        if position in self._site_at:
            view = with_site(view, self.view(self._site_at[position], as_of))
        if heard is not None and as_of == FOREVER:
            self._views[position] = (view, heard)
        return view

    def incidents(self, as_of: float = FOREVER) -> list[OpenIncident]:
        """All incidents received by `as_of`, closed ones too, by number."""
        known = told_once(e for e in self._incidents.values() if e.received <= as_of)
        found = [self._status_of(e, as_of) for e in known]
        return sorted(found, key=lambda i: i.number)

    def _entries(self, position: int, as_of: float) -> Iterator[Entry]:
        """What is filed under a precinct and was received by then, in any order."""
        store = self.store
        for row in (*store.rows_at(position), *self._reassigned_rows.get(position, ())):
            if store.received[row] <= as_of:
                yield store.entry(row)

    def _context(self, as_of: float, answers: Answers) -> Context:
        """What views need from outside their precinct, as known then."""
        return Context(
            decided=partial(_latest, self._decisions, as_of),
            reread=partial(_latest, self._rereads, as_of),
            tie=partial(_latest, self._ties, as_of),
            home=self._home,
            incident=partial(self._incident, as_of),
            answers=answers,
        )

    def _incident(self, as_of: float, e: Entry) -> OpenIncident | None:
        first = self._incidents.get(incident_number(e.id, e.detail))
        if "answers" in e.detail:  # by an answer: no other entry gives it a number
            return incident_of(e, self.ids, self._resolves, as_of)
        if first is None or first.id != e.id:
            return None
        return self._status_of(e, as_of)

    def _status_of(self, e: Entry, as_of: float) -> OpenIncident:
        """An incident with its status: staff's word, else its sender's that it is over."""
        found = incident_of(e, self.ids, self._resolves, as_of)
        if found.status != "open":
            return found
        for over in self._over.get(e.sender, ()):
            here = over.precinct in (e.precinct, -1) and over.received <= as_of
            if here and over.sent > e.sent and not self._another(e, over, as_of):
                return replace(found, status="resolved")
        return found

    def _another(self, e: Entry, over: Entry, as_of: float) -> bool:
        """Whether the sender reported another incident there in between: then that one is over."""
        return any(
            i.sender == e.sender and i.precinct == e.precinct and e.sent < i.sent < over.sent
            and i.received <= as_of and i.detail.get("text") != e.detail.get("text")
            for i in self._incidents.values()
        )  # fmt: skip


def _latest(entries: dict[Any, list[Entry]], as_of: float, key: Any) -> Entry | None:
    """The last of the entries about `key` received by then, by their own order."""
    if not entries:
        return None
    known = [e for e in entries.get(key, ()) if e.received <= as_of]
    return max(known, key=by_sort_key) if known else None
