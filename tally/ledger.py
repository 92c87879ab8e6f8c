"""The ledger: what every precinct's check-ins say, as of any time. A function of the *set* of check-ins.

Corrections, ties, decisions and hours are resolved here and nowhere else (docs/architecture.md, "From
check-ins to standings"). Nothing depends on the order in which entries arrive: lists are sorted by keys
that belong to the entries, and every question is asked "as of t" (entries with `received_at <= t`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from election.checkin import COUNTED, CheckIn, Kind
from election.day import Election
from tally.counts import ABSENT, CountStore, Look, segments
from tally.waiting import Waiting

FOREVER = float("inf")


class Verdict(StrEnum):
    """What became of a count."""

    ACCEPTED = "accepted"
    HELD = "held"  # waits for confirmation or a decision
    REJECTED = "rejected"
    SUPERSEDED = "superseded"  # by a FIX
    WITHDRAWN = "withdrawn"  # by an UNDO
    QUARANTINED = "quarantined"  # from a phone nobody knows


@dataclass(frozen=True, slots=True)
class Report:
    """One count of one precinct. Times are epoch seconds; a bare FIX has the time of what it supersedes."""

    check_in_id: bytes
    observed: float
    received: float
    sent: float
    votes: int
    sender: str
    kind: Kind
    asked: bool = False  # intake asked the watcher to confirm it
    accepted_by_staff: bool = False

    @property
    def sort_key(self) -> tuple[float, float, bytes]:
        return (self.observed, self.received, self.check_in_id)


@dataclass(frozen=True, slots=True)
class Settled:
    """A count that is out of the gate's hands, and why in words."""

    report: Report
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident as reported, with its status now."""

    number: int
    check_in_id: bytes
    precinct_id: str | None
    text: str
    at: float
    status: str


@dataclass(frozen=True, slots=True)
class PrecinctView:
    """A precinct's entries, resolved as of a time. `live` is what the gate judges, in `sort_key` order."""

    position: int
    live: tuple[Report, ...] = ()
    settled: tuple[Settled, ...] = ()
    struck_off: frozenset[int] = frozenset()
    line_minutes: int | None = None
    line_people: int | None = None
    line_at: float | None = None
    incidents: tuple[OpenIncident, ...] = ()
    on_post: int = 0
    last_received: float | None = None  # last word of any kind
    last_count_received: float | None = None  # last count, whatever became of it
    opens: float = 0.0
    closes: float = 0.0


@dataclass(slots=True)
class Entry:
    """A check-in, compact: a million of these are held."""

    id: bytes
    kind: Kind
    sender: str
    observed: float
    sent: float
    received: float
    votes: int | None
    unknown: bool
    detail: dict[str, Any] | None
    precinct: int  # position, or -1

    @property
    def sort_key(self) -> tuple[float, float, bytes]:
        return (self.observed, self.received, self.id)


_by_sent = attrgetter("sent", "id")
_sort_key = attrgetter("observed", "received", "id")


@dataclass(slots=True)
class _Place:
    """What is filed under one precinct."""

    entries: list[Entry] = field(default_factory=list)
    newest: float = -FOREVER
    view: PrecinctView | None = None  # as of `heard` or later
    heard: float = FOREVER  # newest word that the view depends on


class Ledger:
    """All check-ins of an election, filed by precinct. Idempotent and order-free."""

    def __init__(self, election: Election) -> None:
        day = election.day
        self.election = election
        self.ids: list[str] = [p.precinct_id for p in election.precincts]
        self.index: dict[str, int] = {p: i for i, p in enumerate(self.ids)}
        hours: dict[tuple[Any, Any, Any], tuple[float, float]] = {}
        self._hours: list[tuple[float, float]] = []
        for p in election.precincts:
            key = (p.opens, p.closes, p.timezone)
            if key not in hours:
                hours[key] = (p.opens_at(day).timestamp(), p.closes_at(day).timestamp())
            self._hours.append(hours[key])
        self._counties: dict[str, list[int]] = defaultdict(list)
        for i, p in enumerate(election.precincts):
            self._counties[p.county].append(i)
        self._posts = {w.watcher_id: w.precinct_ids for w in election.watchers}
        self._places: dict[int, _Place] = {}
        self._plain = CountStore()  # counts of precincts where nothing needs resolving
        self._tangled = np.zeros(len(self.ids), dtype=bool)  # precincts where something does
        self._codes: dict[str, int] = {}  # sender -> a number
        opens_closes = np.array(self._hours, dtype=np.float64).reshape(-1, 2)
        self._opens = opens_closes[:, 0].copy()
        self._closes = np.maximum(opens_closes[:, 1], self._opens + 60.0)
        self._seen: dict[bytes, int] = {}  # every entry -> the precinct it names, or -1
        self._moved: dict[bytes, set[int]] = {}  # counts that ties have brought to precincts
        self._decisions: dict[bytes, list[Entry]] = defaultdict(list)  # target -> accept / reject
        self._ties: dict[str, list[Entry]] = defaultdict(list)  # phone -> ties
        self._homeless: dict[str, list[Entry]] = defaultdict(list)  # phone -> entries naming no precinct
        self._unknown_at: dict[str, set[int]] = defaultdict(set)  # phone -> precincts it named
        self._hours_of: dict[int, list[Entry]] = defaultdict(list)
        self._incidents: dict[int, Entry] = {}
        self._resolves: dict[int, list[Entry]] = defaultdict(list)
        self._senders: dict[str, str] = {}
        self.waiting = Waiting(election, self._answered)
        self.newest = -FOREVER  # latest received_at of all
        self.unplaced = 0  # entries that name a precinct this election does not have

    def __len__(self) -> int:
        return len(self._seen)

    def check_in_ids(self) -> list[bytes]:
        """Ids of all entries filed, in ascending order."""
        return sorted(self._seen)

    # ------------------------------------------------------------------ adding

    def add(self, check_ins: Iterable[CheckIn]) -> set[int]:
        """File entries; repeats change nothing. Returns the positions of precincts whose view may change."""
        touched: set[int] = set()
        seen = self._seen
        for c in check_ins:
            key = c.check_in_id.bytes
            if key in seen:
                continue
            entry = self._entry(c, key)
            seen[key] = entry.precinct
            self.newest = max(self.newest, entry.received)
            if entry.kind in COUNTED and entry.precinct >= 0 and not entry.unknown:  # nearly all
                self._put(entry.precinct, entry)
                touched.add(entry.precinct)
                if entry.detail is not None:
                    self.waiting.file(c, key, entry.precinct, entry.sender)
            else:
                touched |= self._file(entry, c)
                self.waiting.file(c, key, entry.precinct, entry.sender)
        for position in touched:
            self._place(position).view = None
            self.waiting.touched(position)
        return touched

    def _answered(self, position: int, sender: str, sent: float, as_of: float) -> bool:
        """Whether a sender has counted, corrected or withdrawn here after `sent`."""
        place = self._places.get(position)
        return place is not None and any(
            e.sent > sent and e.sender == sender and e.received <= as_of
            for e in place.entries
            if e.kind in COUNTED or e.kind is Kind.UNDO
        )

    def _entry(self, c: CheckIn, key: bytes) -> Entry:
        sender = c.watcher_id or c.sender
        return Entry(
            id=key,
            kind=c.kind,
            sender=self._senders.setdefault(sender, sender),
            observed=c.observed_at.timestamp(),
            sent=c.sent_at.timestamp(),
            received=c.received_at.timestamp(),
            votes=c.votes,
            unknown=bool(c.detail.get("unknown_sender")) and c.watcher_id is None,
            detail=c.detail or None,
            precinct=self.index.get(c.precinct_id, -1) if c.precinct_id is not None else -1,
        )

    def _file(self, e: Entry, c: CheckIn) -> set[int]:
        detail = e.detail or {}
        if e.kind in (Kind.ACCEPT, Kind.REJECT):
            target = _uuid_bytes(detail.get("target"))
            self._decisions[target].append(e)
            touched = self._where(target)
            for position in touched:
                self._tangled[position] = True
            return touched
        if e.kind is Kind.HOURS:
            if e.precinct >= 0:
                places = [e.precinct]
            else:
                places = self._counties.get(str(detail.get("county", "")), []) if "county" in detail else []
            for position in places:
                self._hours_of[position].append(e)
            return set(places)
        if e.kind is Kind.TIE:
            phone = str(detail.get("phone", ""))
            self._ties[phone].append(e)
            touched = set(self._unknown_at.get(phone, ()))
            home = self._home(e)
            if home is not None:
                for waiting in self._homeless.get(phone, ()):
                    touched |= self._put(home, waiting)
            return touched
        if e.kind is Kind.RESOLVE:
            number = _whole(detail.get("incident"))
            self._resolves[number].append(e)
            incident = self._incidents.get(number)
            return {incident.precinct} if incident is not None and incident.precinct >= 0 else set()
        if e.kind is Kind.INCIDENT:
            number = _incident_number(e)
            known = self._incidents.get(number)
            if known is None or e.sort_key < known.sort_key:
                self._incidents[number] = e
        if c.precinct_id is not None and e.precinct < 0:
            self.unplaced += 1
            return set()
        if e.precinct >= 0:
            if e.unknown:
                self._unknown_at[e.sender].add(e.precinct)
            return self._put(e.precinct, e)
        touched = set()
        if e.unknown:
            self._homeless[e.sender].append(e)
            for tie in self._ties.get(e.sender, ()):
                home = self._home(tie)
                if home is not None:
                    touched |= self._put(home, e)
        return touched

    def _put(self, position: int, e: Entry) -> set[int]:
        place = self._place(position)
        if e.precinct >= 0 or not any(known is e for known in place.entries):
            place.entries.append(e)
        place.newest = max(place.newest, e.received)
        if e.precinct < 0:
            self._moved.setdefault(e.id, set()).add(position)
        plain = e.kind is Kind.COUNT or e.kind is Kind.FINAL
        if plain and e.votes is not None and e.detail is None and e.id not in self._decisions:
            final = e.kind is Kind.FINAL
            said = (e.votes, self._code(e.sender), final)
            self._plain.add(position, e.id, (e.observed, e.received), said)
        else:
            self._tangled[position] = True
        return {position}

    def _where(self, target: bytes) -> set[int]:
        """Precincts where an entry is filed."""
        position = self._seen.get(target, -1)
        return self._moved.get(target, set()) | ({position} if position >= 0 else set())

    def _code(self, sender: str) -> int:
        return self._codes.setdefault(sender, len(self._codes))

    def _place(self, position: int) -> _Place:
        place = self._places.get(position)
        if place is None:
            place = self._places[position] = _Place()
        return place

    def _home(self, tie: Entry) -> int | None:
        """The only precinct of the watcher a tie names, or None."""
        detail = tie.detail or {}
        precincts = detail.get("precinct_ids") or self._posts.get(detail.get("watcher_id", ""), ())
        return self.index.get(precincts[0]) if len(precincts) == 1 else None

    # ------------------------------------------------------------------ asking

    def positions(self) -> list[int]:
        """Precincts with any entry, in order."""
        return sorted(self._places)

    def touched_between(self, after: float, until: float) -> list[int]:
        """Precincts with an entry received in (after, until]; decisions count where they act."""
        found = {
            p
            for p, place in self._places.items()
            if place.newest > after and any(after < e.received <= until for e in place.entries)
        }
        for entries in self._hours_of.values():
            found.update(p for e in entries if after < e.received <= until for p in self._acts_on(e))
        for target, entries in self._decisions.items():
            if any(after < e.received <= until for e in entries):
                found |= self._where(target)
        for phone, ties in self._ties.items():
            for tie in ties:
                if after < tie.received <= until:
                    found |= self._unknown_at.get(phone, set())
                    home = self._home(tie)
                    if home is not None and self._homeless.get(phone):
                        found.add(home)
        for number, entries in self._resolves.items():
            incident = self._incidents.get(number)
            if incident is None or incident.precinct < 0:
                continue
            if any(after < e.received <= until for e in entries):
                found.add(incident.precinct)
        return sorted(found)

    def _acts_on(self, hours: Entry) -> list[int]:
        if hours.precinct >= 0:
            return [hours.precinct]
        return self._counties.get(str((hours.detail or {}).get("county", "")), [])

    def last_word(self, position: int, as_of: float, otherwise: float) -> float:
        """When the newest entry or decision here by `as_of` was received; `otherwise` where that is later."""
        newest = otherwise
        place = self._places.get(position)
        for e in place.entries if place is not None else ():
            if newest < e.received <= as_of:
                newest = e.received
            for d in self._decisions.get(e.id, ()):
                if newest < d.received <= as_of:
                    newest = d.received
            if e.unknown:
                for tie in self._ties.get(e.sender, ()):
                    if newest < tie.received <= as_of:
                        newest = tie.received
            if e.kind is Kind.INCIDENT:
                for d in self._resolves.get(_incident_number(e), ()):
                    if newest < d.received <= as_of:
                        newest = d.received
        for e in self._hours_of.get(position, ()):
            if newest < e.received <= as_of:
                newest = e.received
        return newest

    def hours(self, position: int, as_of: float = FOREVER) -> tuple[float, float]:
        """When the polls open and close here (epoch seconds), decisions received by `as_of` included."""
        opens, closes = self._hours[position]
        for e in sorted(self._hours_of.get(position, ()), key=_sort_key):
            if e.received <= as_of and e.detail:
                opens = _when(e.detail.get("opens_at"), opens)
                closes = _when(e.detail.get("closes_at"), closes)
        return opens, max(closes, opens + 60.0)

    def view(self, position: int, as_of: float = FOREVER) -> PrecinctView:
        """The precinct as its entries received by `as_of` have it."""
        place = self._places.get(position)
        if place is None:
            opens, closes = self.hours(position, as_of)
            return PrecinctView(position, opens=opens, closes=closes)
        if place.view is None:
            place.view = self._resolve(position, place.entries, FOREVER)
            place.heard = self.last_word(position, FOREVER, -FOREVER)
        if as_of >= place.heard:
            return place.view
        return self._resolve(position, place.entries, as_of)

    def look(self, positions: Sequence[int], as_of: float = FOREVER) -> Look:
        """Some precincts (ascending) as their entries received by `as_of` have them, in columns."""
        return self._columns(
            np.array(positions, dtype=np.intp), {p: self.view(p, as_of) for p in positions}, as_of
        )

    def look_everywhere(self, as_of: float = FOREVER) -> Look:
        """Every precinct as its entries received by `as_of` have it, in columns."""
        views = {p: self.view(p, as_of) for p in np.flatnonzero(self._tangled).tolist()}
        return self._columns(np.arange(len(self.ids), dtype=np.intp), views, as_of, plain=True)

    def _columns(
        self, at: NDArray[np.intp], views: dict[int, PrecinctView], as_of: float, plain: bool = False
    ) -> Look:
        """`views` in columns, and beside them the plain counts of all other precincts where `plain`."""
        n = len(at)
        opens, closes = self._opens[at], self._closes[at]
        last_received = np.full(n, float(ABSENT))
        line_at = np.full(n, float(ABSENT))
        line_minutes, line_people = (np.full(n, ABSENT, dtype=np.intp) for _ in range(2))
        incidents, on_post, struck_off = (np.zeros(n, dtype=np.intp) for _ in range(3))
        if plain:
            for p in self._hours_of:
                opens[p], closes[p] = self.hours(p, as_of)
        owner: list[int] = []
        live: list[Report] = []
        for i, (p, view) in enumerate(views.items()):
            j = p if plain else i
            opens[j], closes[j] = view.opens, view.closes
            if view.last_received is None:
                continue
            last_received[j] = view.last_received
            if view.line_at is not None:
                line_at[j] = view.line_at
                line_minutes[j] = ABSENT if view.line_minutes is None else view.line_minutes
                line_people[j] = ABSENT if view.line_people is None else view.line_people
            incidents[j], on_post[j], struck_off[j] = len(view.incidents), view.on_post, len(view.struck_off)
            owner += [j] * len(view.live)
            live += view.live
        columns: tuple[NDArray[Any], ...] = (
            np.array(owner, dtype=np.intp),
            np.array([r.votes for r in live], dtype=np.float64),
            np.array([r.observed for r in live], dtype=np.float64),
            np.array([r.asked for r in live], dtype=bool),
            np.array([r.accepted_by_staff for r in live], dtype=bool),
            np.array([r.kind is Kind.FINAL for r in live], dtype=bool),
            np.array([self._code(r.sender) for r in live], dtype=np.intp),
        )
        if plain:
            columns = self._with_plain(columns, last_received, as_of)
        of, votes, observed, asked, sure, final, sender = columns
        slot, starts = segments(of)
        return Look(at, opens, closes, last_received, line_minutes, line_people, line_at, incidents, on_post,
                    struck_off, slot, starts, votes, observed, asked, sure, final, sender, of)  # fmt: skip

    def _with_plain(
        self, resolved: tuple[NDArray[Any], ...], last_received: NDArray[np.float64], as_of: float
    ) -> tuple[NDArray[Any], ...]:
        """The columns of `resolved` with the plain counts known by then merged in."""
        store = self._plain
        place: NDArray[Any] = store["place"]
        received: NDArray[Any] = store["received"]
        known = np.flatnonzero((received <= as_of) & ~self._tangled[place])
        at = place[known].astype(np.intp)
        with_counts, starts = segments(at)
        if len(at):
            last_received[with_counts] = np.maximum.reduceat(received[known], starts[:-1])
        none = np.zeros(len(at), dtype=bool)
        plain = (at, store["votes"][known].astype(np.float64), store["observed"][known], none, none,
                 store["final"][known], store["sender"][known].astype(np.intp))  # fmt: skip
        if not len(resolved[0]):
            return plain
        joined = [np.concatenate(pair) for pair in zip(resolved, plain, strict=True)]
        order = np.argsort(joined[0], kind="stable")
        return tuple(column[order] for column in joined)

    def incidents(self, as_of: float = FOREVER) -> list[OpenIncident]:
        """All incidents received by `as_of`, closed ones too, by number."""
        found = []
        for number in sorted(self._incidents):
            e = self._incidents[number]
            if e.received <= as_of:
                found.append(self._incident(number, e, as_of))
        return found

    def _incident(self, number: int, e: Entry, as_of: float) -> OpenIncident:
        status = "open"
        for decision in sorted(self._resolves.get(number, ()), key=_sort_key):
            if decision.received <= as_of:
                status = str((decision.detail or {}).get("status") or "resolved")
        text = str((e.detail or {}).get("text") or "")
        where = self.ids[e.precinct] if e.precinct >= 0 else None
        return OpenIncident(number, e.id, where, text, e.observed, status)

    # ------------------------------------------------------------------ resolving

    def _tie(self, phone: str, as_of: float) -> Entry | None:
        known = [t for t in self._ties.get(phone, ()) if t.received <= as_of]
        return max(known, key=_sort_key) if known else None

    def _resolve(self, position: int, entries: list[Entry], as_of: float) -> PrecinctView:
        opens, closes = self.hours(position, as_of)
        struck: set[int] = set()
        settled: list[Settled] = []
        incidents: list[OpenIncident] = []
        posts: dict[str, tuple[tuple[float, bytes], bool]] = {}
        line: Entry | None = None
        last_received: float | None = None
        last_count: float | None = None
        by_sender: dict[str, list[Entry]] = {}
        for e in entries:
            if e.received > as_of:
                continue
            sender = e.sender
            if e.unknown:
                tie = self._tie(e.sender, as_of)
                if tie is None:
                    if e.kind in COUNTED and e.votes is not None:
                        report = _report(e, e.sender)
                        settled.append(Settled(report, Verdict.QUARANTINED, "from a phone nobody knows"))
                    continue
                if e.precinct < 0 and self._home(tie) != position:
                    continue
                sender = str((tie.detail or {}).get("watcher_id") or e.sender)
            last_received = e.received if last_received is None else max(last_received, e.received)
            kind = e.kind
            if kind in COUNTED or kind is Kind.UNDO:
                if kind in COUNTED:
                    last_count = e.received if last_count is None else max(last_count, e.received)
                by_sender.setdefault(sender, []).append(e)
            elif kind is Kind.VOTERS:
                struck.update(int(n) for n in (e.detail or {}).get("roll_numbers", ()))
            elif kind is Kind.LINE:
                if line is None or e.sort_key > line.sort_key:
                    line = e
            elif kind is Kind.INCIDENT:
                number = _incident_number(e)
                if self._incidents.get(number) is e:
                    incidents.append(self._incident(number, e, as_of))
            elif kind in (Kind.HERE, Kind.AWAY):
                mark = ((e.sent, e.id), kind is Kind.HERE)
                if sender not in posts or mark > posts[sender]:
                    posts[sender] = mark
        live: list[Report] = []
        for sender, sent in by_sender.items():
            kept, out = _corrected(sender, sorted(sent, key=_by_sent) if len(sent) > 1 else sent)
            live += kept
            settled += out
        live, out = self._decided(live, as_of)
        settled += out
        live.sort(key=_sort_key_report)
        settled.sort(key=lambda s: s.report.sort_key)
        incidents.sort(key=lambda i: i.number)
        detail = (line.detail or {}) if line is not None else {}
        return PrecinctView(
            position=position,
            live=tuple(live),
            settled=tuple(settled),
            struck_off=frozenset(struck),
            line_minutes=detail.get("minutes"),
            line_people=detail.get("people"),
            line_at=line.observed if line is not None else None,
            incidents=tuple(i for i in incidents if i.status in ("open", "acknowledged", "assigned")),
            on_post=sum(here for _, here in posts.values()),
            last_received=last_received,
            last_count_received=last_count,
            opens=opens,
            closes=closes,
        )

    def _decided(self, live: list[Report], as_of: float) -> tuple[list[Report], list[Settled]]:
        if not self._decisions:
            return live, []
        kept: list[Report] = []
        out: list[Settled] = []
        for report in live:
            found = [d for d in self._decisions.get(report.check_in_id, ()) if d.received <= as_of]
            if not found:
                kept.append(report)
                continue
            decision = max(found, key=_sort_key)
            if decision.kind is Kind.REJECT:
                out.append(Settled(report, Verdict.REJECTED, f"rejected by {decision.sender}"))
            else:
                kept.append(_with(report, accepted=True))
        return kept, out


def _sort_key_report(report: Report) -> tuple[float, float, bytes]:
    return (report.observed, report.received, report.check_in_id)


def _report(e: Entry, sender: str, observed: float | None = None) -> Report:
    assert e.votes is not None  # callers look first
    return Report(
        check_in_id=e.id,
        observed=e.observed if observed is None else observed,
        received=e.received,
        sent=e.sent,
        votes=e.votes,
        sender=sender,
        kind=e.kind,
        asked=bool(e.detail and e.detail.get("held")),
    )


def _with(r: Report, accepted: bool) -> Report:
    return Report(r.check_in_id, r.observed, r.received, r.sent, r.votes, r.sender, r.kind, r.asked, accepted)


def _corrected(sender: str, sent: list[Entry]) -> tuple[list[Report], list[Settled]]:
    """One sender's counts in the order sent, with FIX and UNDO applied to the latest live one.

    A confirmation (the same number again from a later look) also clears the question on the first.
    """
    live: list[Report] = []
    out: list[Settled] = []
    for e in sent:
        if e.kind is Kind.UNDO:
            if live:
                out.append(Settled(live.pop(), Verdict.WITHDRAWN, "withdrawn by its sender"))
            continue
        if e.votes is None:
            continue
        if e.kind is Kind.FIX:
            observed = e.observed
            if live:
                old = live.pop()
                out.append(Settled(old, Verdict.SUPERSEDED, f"corrected to {e.votes}"))
                if e.observed == e.sent:  # no time of its own
                    observed = old.observed
            report = _report(e, sender, observed)
            live.append(
                Report(
                    report.check_in_id,
                    report.observed,
                    report.received,
                    report.sent,
                    report.votes,
                    sender,
                    e.kind,
                    asked=False,
                )
            )
            continue
        report = _report(e, sender)
        if live and live[-1].votes == report.votes and (live[-1].asked or report.asked):
            old = live.pop()
            live.append(
                Report(old.check_in_id, old.observed, old.received, old.sent, old.votes, sender, old.kind)
            )
            report = Report(
                report.check_in_id,
                report.observed,
                report.received,
                report.sent,
                report.votes,
                sender,
                report.kind,
            )
        live.append(report)
    return live, out


def _incident_number(e: Entry) -> int:
    """The number intake gave it; without one, a number made of its id."""
    number = _whole((e.detail or {}).get("incident"))
    return number if number >= 0 else int.from_bytes(e.id[:4], "big") | 1 << 32


def _uuid_bytes(value: object) -> bytes:
    try:
        return bytes.fromhex(str(value).replace("-", ""))
    except ValueError:
        return b""


def _whole(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return -1


def _when(value: object, otherwise: float) -> float:
    if not value:
        return otherwise
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return otherwise
