"""Who watches where, packed: in a large election watchers outnumber precincts."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import time
from typing import NamedTuple

import numpy as np

from election.domain.day import Watcher
from tally.packed.columns import Names


class WatcherAssignment(NamedTuple):
    """A watcher and the hours of their shift."""

    watcher_id: str
    shift_start: time | None
    shift_end: time | None


class WatcherAssignments:
    """Watchers and the precincts (positions) that each is to watch; -1 is one this election does not have."""

    def __init__(self, watchers: Iterable[Watcher], index: Mapping[str, int]) -> None:
        self._names = Names()
        ends, places, shifts = [0], [], []
        self._shifts: dict[tuple[time | None, time | None], int] = {}
        for w in watchers:
            if self._names.add(w.watcher_id) != len(ends) - 1:
                raise ValueError(f"two watchers have the id {w.watcher_id}: give each one of their own")
            places += [index.get(p, -1) for p in w.precinct_ids]
            ends.append(len(places))
            shifts.append(self._shifts.setdefault((w.shift_start, w.shift_end), len(self._shifts)))
        self._ends = np.array(ends, dtype=np.int32)
        self._places = np.array(places, dtype=np.int32)
        self._shift = np.array(shifts, dtype=np.int32)
        self._hours = list(self._shifts)

    def of(self, watcher_id: object) -> list[int]:
        """Positions of a watcher's precincts; empty for an unknown one."""
        i = self._names.find(watcher_id) if isinstance(watcher_id, str) else -1
        return self._places[self._ends[i] : self._ends[i + 1]].tolist() if i >= 0 else []

    def at(self, position: int) -> list[WatcherAssignment]:
        """Watchers of a precinct."""
        return [self._post(i) for i in self._owners(np.flatnonzero(self._places == position))]

    def everywhere(self) -> Iterator[tuple[int, str]]:
        """(precinct, watcher) of all."""
        owners = self._owners(np.arange(len(self._places)))
        return zip(self._places.tolist(), self._names.taken(np.array(owners, dtype=np.intp)), strict=True)

    def _owners(self, rows: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> list[int]:
        found: list[int] = (np.searchsorted(self._ends, rows, side="right") - 1).tolist()
        return found

    def _post(self, i: int) -> WatcherAssignment:
        return WatcherAssignment(self._names[i], *self._hours[self._shift.item(i)])
