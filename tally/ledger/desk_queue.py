"""Items that wait for people at the war room's desks, as of any time: a function of the set of check-ins.

The desks' rules are intake's (docs/war-room.md): a text nobody could read, or a question that intake has
handed over to people, waits until a decision names it; a phone nobody knows until it is tied; a count that
intake asked about until its sender has sent another for that precinct, or staff have decided. Items are kept
by the counties that may see them, so that what one viewer's desks hold is a sum over few groups, however many
items wait.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.sent_words import words_of
from tally.entries.dialogue import HANDED_OVER
from tally.ledger.watcher_assignments import WatcherAssignments

FOREVER = float("inf")
SHOWN = 30  # messages in a viewer's list
LONGEST = 300  # characters of a message shown
Counties = frozenset[str] | None  # None: the whole election


@dataclass(frozen=True, slots=True)
class DeskEntry:
    """Something that waits. `place` is the precinct's position, -1 for none."""

    id: bytes
    received: float
    sent: float
    place: int
    sender: str
    counties: frozenset[str]
    row: Mapping[str, Any] | None = None  # of an unread message

    @property
    def order(self) -> tuple[float, bytes]:
        return (self.received, self.id)


@dataclass(slots=True)
class Group:
    """Items that wait for viewers of certain counties."""

    unread: int = 0
    unknown: int = 0
    held: int = 0
    oldest: list[DeskEntry] = field(default_factory=list)  # unread, at most `SHOWN`


Groups = dict[frozenset[str], Group]


class DeskQueue:
    """All items of an election's desks. `answered(position, sender, sent, as_of)` says whether a sender has
    sent a count, correction or withdrawal for a precinct after `sent`, received by `as_of`."""

    def __init__(
        self,
        county: Sequence[str],
        assignments: WatcherAssignments,
        answered: Callable[[int, str, float, float], bool],
    ) -> None:
        """`county`: of each place, polling sites behind the precincts."""
        self._answered, self._county, self._assignments = answered, county, assignments
        self._unread: list[DeskEntry] = []
        self._questions: dict[bytes, DeskEntry] = {}
        self._handed: dict[bytes, float] = {}  # question -> when intake handed it over
        self._unknown: dict[str, list[DeskEntry]] = defaultdict(list)  # by phone
        self._held: list[DeskEntry] = []
        self._held_at: set[int] = set()
        self._open: dict[bytes, DeskEntry] = {}  # unread ones that nothing settles, as far as we know
        self._settled: dict[bytes, float] = {}  # item -> earliest decision about it
        self._decided: dict[bytes, float] = {}  # count -> earliest accept or reject
        self._tied: dict[str, float] = {}  # phone -> earliest tie
        self.version = 0  # grows when something here may have changed

    def touched(self, position: int) -> None:
        """Note a new entry at a precinct: it may answer a question there."""
        if position in self._held_at:
            self.version += 1

    def file(self, c: CheckIn, key: bytes, place: int, sender: str) -> None:
        """File an entry that is more than a plain count. `sender`: as the ledger knows it."""
        detail, received = c.detail, c.received_at.timestamp()
        if c.kind in (Kind.RESOLVE, Kind.REREAD) and "item" in detail:
            item = _key(detail["item"])
            _earliest(self._settled, item, received)
            self._open.pop(item, None)
            for other in map(_key, detail.get("supersedes", ())):
                _earliest(self._settled, other, received)
                self._open.pop(other, None)
        elif c.kind in (Kind.ACCEPT, Kind.REJECT):
            _earliest(self._decided, _key(detail.get("target")), received)
        elif c.kind is Kind.TIE:
            _earliest(self._tied, str(detail.get("phone", "")), received)
        elif "unknown_sender" in detail:
            self._unknown[c.sender].append(self._item(c, key, place, c.sender))
        elif c.kind is Kind.UNREAD and c.channel is not Channel.STAFF:
            self._wait(self._item(c, key, place, sender, unread=True))
        elif c.kind is Kind.QUESTION and c.channel is not Channel.STAFF:
            self._questions[key] = question = self._item(c, key, place, sender, unread=True)
            if key not in self._handed:
                return
            self._wait(question)
        elif c.kind is Kind.ASKED and detail.get("question") == HANDED_OVER:
            about = _key(detail.get("of"))
            first = about not in self._handed
            _earliest(self._handed, about, received)
            if first and about in self._questions:
                self._wait(self._questions[about])
        elif "held" in detail and c.kind in (Kind.COUNT, Kind.FINAL):
            self._held.append(self._item(c, key, place, sender))
            self._held_at.add(place)
        else:
            return
        self.version += 1

    def _wait(self, item: DeskEntry) -> None:
        """A text waits for a person to read it."""
        self._unread.append(item)
        if item.id not in self._settled:
            self._open[item.id] = item

    def _item(self, c: CheckIn, key: bytes, place: int, sender: str, unread: bool = False) -> DeskEntry:
        assignments = self._assignments.of(c.watcher_id) if c.watcher_id else ()
        counties = frozenset(self._county[p] for p in assignments if p >= 0)
        if place >= 0:
            counties |= {self._county[place]}
        row = None
        if unread:
            row = {
                "id": str(c.check_in_id),
                "at": int(c.received_at.timestamp()),
                "precinct_id": c.precinct_id,
                "watcher_id": c.watcher_id,
                "channel": c.channel.value,
                "text": words_of(c.channel, str(c.detail.get("text", "")))[:LONGEST],
            }
        received, sent = c.received_at.timestamp(), c.sent_at.timestamp()
        return DeskEntry(key, received, sent, place, sender, counties, row)

    def groups(self, as_of: float = FOREVER) -> Groups:
        """Items that waited as of a time, by the counties that may see it."""
        found: Groups = defaultdict(Group)
        unread: Iterable[DeskEntry] = self._open.values() if as_of == FOREVER else self._unread
        for item in sorted(unread, key=lambda i: i.order):
            handed = item.id not in self._questions or _by(self._handed.get(item.id), as_of)
            if item.received <= as_of and handed and not _by(self._settled.get(item.id), as_of):
                group = found[item.counties]
                group.unread += 1
                if len(group.oldest) < SHOWN:
                    group.oldest.append(item)
        for phone, items in self._unknown.items():
            if _by(self._tied.get(phone), as_of):
                continue
            known = [i for i in items if i.received <= as_of]
            first = min(known, key=lambda i: i.order, default=None)
            if first is not None and not _by(self._settled.get(first.id), as_of):
                found[first.counties].unknown += 1
        for item in self._held:
            done = _by(self._settled.get(item.id), as_of) or _by(self._decided.get(item.id), as_of)
            if item.received > as_of or done:
                continue
            if not self._answered(item.place, item.sender, item.sent, as_of):
                found[item.counties].held += 1
        return dict(found)


def _by(when: float | None, as_of: float) -> bool:
    return when is not None and when <= as_of


def desks_of(groups: Groups, counties: Counties) -> dict[str, Any]:
    """The feed's `Desks`, as viewers of `counties` may see them."""
    seen = [g for of, g in groups.items() if counties is None or of & counties]
    oldest = sorted((i for g in seen for i in g.oldest), key=lambda i: i.order)[:SHOWN]
    return {
        "unread": sum(g.unread for g in seen),
        "unknown": sum(g.unknown for g in seen),
        "held": sum(g.held for g in seen),
        "messages": [item.row for item in oldest],
    }


def _earliest(known: dict[Any, float], key: Any, received: float) -> None:
    known[key] = min(known.get(key, received), received)


def _key(value: object) -> bytes:
    try:
        return UUID(str(value)).bytes
    except ValueError:
        return b""
