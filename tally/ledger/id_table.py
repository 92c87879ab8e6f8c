"""Ids of entries in columns, found again by an open hash table: ids are compared in full."""

from array import array

import numpy as np
from numpy.typing import NDArray

_MIX = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1
_BITS = 16  # of the hash table at first
_FULL = 0.6

Halves = NDArray[np.uint64]


class IdTable:
    """Ids of 16 bytes in the order of arrival, in two halves each. A row is a place in that order."""

    def __init__(self) -> None:
        self.high = array("Q")
        self.low = array("Q")
        self._bits = _BITS
        self._slots = array("i", [-1]) * (1 << _BITS)

    def __len__(self) -> int:
        return len(self.high)

    def id(self, row: int) -> bytes:
        return (self.high[row] << 64 | self.low[row]).to_bytes(16, "big")

    def row_of(self, key: bytes) -> int:
        """Row of an id, or -1."""
        return self.find(int.from_bytes(key[:8], "big"), int.from_bytes(key[8:], "big"))[0]

    def find(self, high: int, low: int) -> tuple[int, int]:
        """(row or -1, slot of the table where it is or would be)."""
        slots, mask = self._slots, (1 << self._bits) - 1
        at = ((high ^ low) * _MIX & _WORD) >> (64 - self._bits)
        while (row := slots[at]) >= 0:
            if self.low[row] == low and self.high[row] == high:
                return row, at
            at = (at + 1) & mask
        return -1, at

    def append(self, high: int, low: int, slot: int) -> int:
        """Add an id at the slot that `find` gave for it; returns its row."""
        row = len(self.high)
        self._slots[slot] = row
        self.high.append(high)
        self.low.append(low)
        if row > _FULL * (1 << self._bits):
            self._grow()
        return row

    def extend(self, high: Halves, low: Halves) -> None:
        """Add many ids that are `missing`."""
        start = len(self)
        self.high.frombytes(np.ascontiguousarray(high).tobytes())
        self.low.frombytes(np.ascontiguousarray(low).tobytes())
        while len(self) > _FULL * (1 << self._bits):
            self._grow()
        self._enter(np.arange(start, len(self), dtype=np.int32))

    def missing(self, high: Halves, low: Halves) -> NDArray[np.bool_]:
        """Mask of the ids that are not here yet; of equal ones only the first."""
        order = np.lexsort((high, low))
        twice = (low[order][1:] == low[order][:-1]) & (high[order][1:] == high[order][:-1])
        new = np.ones(len(high), dtype=np.bool_)
        new[order[1:][twice]] = False
        slots, mask = np.frombuffer(self._slots, np.int32), (1 << self._bits) - 1
        mine, others = self.halves(), (high, low)
        rows, at = np.arange(len(high)), self._hashed(high, low)
        while len(self) and len(rows):
            there = slots[at]
            met = there >= 0
            rows, at, there = rows[met], at[met], there[met]
            same = (mine[0][there] == others[0][rows]) & (mine[1][there] == others[1][rows])
            new[rows[same]] = False
            rows, at = rows[~same], (at[~same] + 1) & mask
        return new

    def halves(self) -> tuple[Halves, Halves]:
        """(high, low) of all ids. Views: let go of them before anything is added."""
        if not len(self):
            return np.zeros(0, np.uint64), np.zeros(0, np.uint64)
        return np.frombuffer(self.high, np.uint64), np.frombuffer(self.low, np.uint64)

    def sorted(self) -> bytes:
        """All ids, 16 bytes each, in ascending order."""
        high, low = self.halves()
        order = np.lexsort((low, high))
        return np.stack([high[order], low[order]], axis=1).astype(">u8").tobytes()

    def trim(self) -> None:
        """Let go of room for more."""
        self.high, self.low = array("Q", self.high), array("Q", self.low)

    def _grow(self) -> None:
        """Double the hash table."""
        rows = np.frombuffer(self._slots, np.int32)
        rows = rows[rows >= 0]
        self._bits += 1
        self._slots = array("i", [-1]) * (1 << self._bits)
        self._enter(rows)

    def _hashed(self, high: Halves, low: Halves) -> NDArray[np.int64]:
        mixed: Halves = (high ^ low) * np.uint64(_MIX)
        return (mixed >> np.uint64(64 - self._bits)).astype(np.int64)

    def _enter(self, rows: NDArray[np.int32]) -> None:
        """Enter rows into the hash table. Those that meet at a slot go on to the next together."""
        slots, mask = np.frombuffer(self._slots, np.int32), (1 << self._bits) - 1
        high, low = self.halves()
        at = self._hashed(high[rows], low[rows])
        while len(rows):
            free = slots[at] < 0
            slots[at[free]] = rows[free]
            lost = slots[at] != rows
            rows, at = rows[lost], (at[lost] + 1) & mask
