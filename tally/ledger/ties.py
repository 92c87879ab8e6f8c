"""Ties of unknown phones to watchers, and the entries that a tie places in a precinct."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tally.entries.entries import Entry
from tally.ledger.decisions import latest, received_between
from tally.ledger.watcher_assignments import WatcherAssignments
from tally.packed.columns import Index


class UnplacedRow(NamedTuple):
    """An entry that names no precinct."""

    row: int
    id: bytes
    received: float


class Ties:
    """Ties by phone. Positions returned are of precincts whose view may change."""

    def __init__(self, index: Index, assignments: WatcherAssignments) -> None:
        self._index, self._assignments = index, assignments
        self._ties: dict[str, list[Entry]] = defaultdict(list)
        self._unplaced_rows: dict[str, list[UnplacedRow]] = defaultdict(list)  # by phone
        self._named: dict[str, set[int]] = defaultdict(set)  # phone -> places it named
        self._reassigned_rows: dict[int, dict[int, UnplacedRow]] = defaultdict(dict)  # precinct -> row number
        self._moved: dict[bytes, set[int]] = defaultdict(set)  # id -> precincts of those rows

    def add(self, tie: Entry) -> tuple[set[int], set[int]]:
        """File a tie; returns (all precincts it may change, those it brings entries to)."""
        phone = str(tie.detail.get("phone", ""))
        self._ties[phone].append(tie)
        moved = self._reassign(tie, self._unplaced_rows.get(phone, ()))
        return self._named.get(phone, set()) | moved, moved

    def add_named(self, phone: str, place: int) -> None:
        """Note a place that an unknown phone names."""
        self._named[phone].add(place)

    def add_unplaced(self, phone: str, unplaced: UnplacedRow) -> set[int]:
        """File an unknown phone's entry that names no precinct; returns those that ties bring it to."""
        self._unplaced_rows[phone].append(unplaced)
        moved: set[int] = set()
        for tie in self._ties.get(phone, ()):
            moved |= self._reassign(tie, [unplaced])
        return moved

    def _reassign(self, tie: Entry, rows: Iterable[UnplacedRow]) -> set[int]:
        home, moved = self.home(tie), set[int]()
        if home is not None:
            for unplaced in rows:
                self._reassigned_rows[home].setdefault(unplaced.row, unplaced)
                self._moved[unplaced.id].add(home)
                moved.add(home)
        return moved

    def home(self, tie: Entry) -> int | None:
        """The only precinct of the watcher a tie names, or None."""
        named = tie.detail.get("precinct_ids")
        if named:
            return self._index.get(named[0]) if len(named) == 1 else None
        posts = self._assignments.of(tie.detail.get("watcher_id", ""))
        return posts[0] if len(posts) == 1 and posts[0] >= 0 else None

    def of(self, phone: str) -> Sequence[Entry]:
        """Ties of a phone."""
        return self._ties.get(phone, ())

    def tie(self, as_of: float, phone: str) -> Entry | None:
        """The last tie of a phone by `as_of`, or None."""
        return latest(self._ties, as_of, phone)

    def rows_at(self, position: int) -> Iterable[int]:
        """Rows that ties have brought to a precinct."""
        return self._reassigned_rows.get(position, ())

    def moved(self, key: bytes) -> set[int]:
        """Precincts that ties have brought an entry to."""
        return self._moved.get(key, set())

    def changed(self, after: float, until: float) -> set[int]:
        """Places that a tie, or an entry brought by one, received in (after, until] may change."""
        found = {
            position
            for position, rows in self._reassigned_rows.items()
            if any(after < unplaced.received <= until for unplaced in rows.values())
        }
        for phone, ties in self._ties.items():
            for tie in ties:
                if received_between([tie], after, until):
                    found |= self._named.get(phone, set())
                    home = self.home(tie)
                    if home is not None and self._unplaced_rows.get(phone):
                        found.add(home)
        return found
