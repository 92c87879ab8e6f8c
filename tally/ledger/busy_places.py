"""Rows of busy places in order: what has come there before is not walked through again at every step.

A watcher sends some fourteen counts a day, and the rows of such a place are walked through in microseconds.
Where hundreds have come, each step would take as long as all of them; so their order is kept, and only what
has come since is walked through and put into its place.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tally.ledger.entry_store import EntryStore

FEW = 64  # rows of a place that are walked through: less work than to keep their order


@dataclass(slots=True)
class _Ordered:
    rows: NDArray[np.int32]
    newest: int  # the row that came last
    latest: float  # receipt of the latest


class BusyPlaces:
    """The places of a store with more than `FEW` rows. Asked only of places that hold plain counts."""

    def __init__(self, store: EntryStore) -> None:
        self._store = store
        self._known: dict[int, _Ordered] = {}

    def rows(self, place: int, as_of: float) -> NDArray[np.int32] | list[int]:
        """A place's rows received by `as_of`, in the order of (observed, received, id); an array where the
        place is busy.
        """
        store = self._store
        known = self._known.get(place)
        upto, fresh = -1 if known is None else known.newest, list[int]()
        for row in store.rows_at(place):
            if row == upto:
                break
            fresh.append(row)
        newest = fresh[0] if fresh else upto
        fresh.reverse()  # the order of arrival, which is nearly always that of looking
        if known is None and len(fresh) <= FEW:
            received = store.received
            return self._ordered([row for row in fresh if received[row] <= as_of])
        if known is None:
            known = _Ordered(np.zeros(0, dtype=np.int32), newest, max(store.received[row] for row in fresh))
            self._known[place] = known
        if fresh:
            self._put(known, fresh)
            known.newest = newest
            known.latest = max(known.latest, *(store.received[row] for row in fresh))
        if as_of >= known.latest:
            return known.rows
        return known.rows[store.column("received")[known.rows] <= as_of]

    def latest(self, place: int, as_of: float) -> float | None:
        """Receipt of a busy place's newest row by `as_of`; None where the place is not known to be busy."""
        if place not in self._known:
            return None
        rows = self.rows(place, as_of)
        known = self._known[place]
        if as_of >= known.latest:
            return known.latest
        return float(self._store.column("received")[rows].max()) if len(rows) else None

    def _put(self, known: _Ordered, fresh: list[int]) -> None:
        """Puts new rows into their places: nearly always behind all others."""
        observed = self._store.observed
        first = min(observed[row] for row in fresh)
        stays = len(known.rows)
        while stays and observed[known.rows[stays - 1]] >= first:
            stays -= 1
        behind = self._ordered([*known.rows[stays:].tolist(), *fresh])
        known.rows = np.concatenate([known.rows[:stays], np.array(behind, dtype=np.int32)])

    def _ordered(self, rows: list[int]) -> list[int]:
        store, observed = self._store, self._store.observed
        if any(observed[a] >= observed[b] for a, b in pairwise(rows)):
            rows.sort(key=lambda row: (observed[row], store.received[row], store.id(row)))
        return rows
