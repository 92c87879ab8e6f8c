"""Columns that are no numbers, packed: the names of 180,000 precincts in four megabytes instead of thirty.

A `str` weighs 50 bytes before its first letter, and a dict entry a hundred. `Packed` keeps texts end to end,
`Names` also finds them again; `Texts`, `DictionaryColumn` and `SparseColumn` are columns of an election.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, count, pairwise
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

LONE = "surrogatepass"  # halves of characters, as broken clients send them
_MIX, _WORD = 0x9E3779B1, (1 << 32) - 1
_BITS = 8  # of the hash table at first
_FULL = 0.7
_ROOM = 1.2  # more names than there are, that a table is made for

Chosen = NDArray[np.integer[Any]]


def _mixed(value: Any, bits: int) -> Any:
    """The first `bits` bits of a hash."""
    return (value * _MIX & _WORD) >> (32 - bits)


class Packed(Sequence[str]):
    """Texts in order."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._pack(texts)

    def _pack(self, texts: Iterable[str]) -> None:
        keys = [text.encode(errors=LONE) for text in texts]
        self._bytes = bytearray(b"".join(keys))
        self._ends = array("I", accumulate(map(len, keys)))

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, i: Any) -> Any:
        if not 0 <= i < len(self._ends):
            raise IndexError(i)
        return self._at(i).decode(errors=LONE)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tolist())

    def _at(self, i: int) -> bytes:
        return bytes(self._bytes[self._ends[i - 1] if i else 0 : self._ends[i]])

    def tolist(self) -> list[str]:
        """All of them."""
        whole = bytes(self._bytes)
        return [whole[start:end].decode(errors=LONE) for start, end in pairwise((0, *self._ends))]

    def taken(self, chosen: Chosen) -> list[str]:
        """Some of them."""
        return [self._at(i).decode(errors=LONE) for i in chosen.tolist()]


class Names(Packed):
    """Distinct texts by the order in which they were added; grows."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        super().__init__(dict.fromkeys(names))
        self._bits = _BITS
        self._lay_out()

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) >= 0

    def find(self, name: str) -> int:
        """Its place, or -1."""
        return self._slots[self._slot(name.encode(errors=LONE))]

    def add(self, name: str) -> int:
        """Its place, old or new."""
        key = name.encode(errors=LONE)
        slot = self._slot(key)
        known: int = self._slots[slot]
        if known >= 0:
            return known
        place = self._slots[slot] = len(self._ends)
        self._bytes += key
        self._ends.append(len(self._bytes))
        if place > _FULL * (1 << self._bits):
            self._lay_out()
        return place

    def extend(self, names: Sequence[str]) -> NDArray[np.int32]:
        """`add` of many."""
        if not self._ends and len(set(names)) == len(names):
            self._pack(names)
            self._lay_out()
            return np.arange(len(names), dtype=np.int32)
        return np.fromiter(map(self.add, names), dtype=np.int32)

    def _lay_out(self) -> None:
        """Makes a table with room for more. Those that meet at a slot go on to the next together."""
        while len(self._ends) * _ROOM > _FULL * (1 << self._bits):
            self._bits += 1
        slots, mask = np.full(1 << self._bits, -1, dtype=np.int32), (1 << self._bits) - 1
        whole = bytes(self._bytes)
        hashed = (crc32(whole[a:b]) for a, b in pairwise((0, *self._ends)))
        at = _mixed(np.fromiter(hashed, dtype=np.uint64), self._bits).astype(np.intp)
        places = np.arange(len(at), dtype=np.int32)
        while len(places):
            free = slots[at] < 0
            slots[at[free]] = places[free]
            lost = slots[at] != places
            places, at = places[lost], (at[lost] + 1) & mask
        self._slots: array[int] = array("i", slots.tobytes())

    def _slot(self, key: bytes) -> int:
        """Where in the table a text is or would be."""
        slots, ends, mask = self._slots, self._ends, (1 << self._bits) - 1
        slot: int = _mixed(crc32(key), self._bits)
        while (i := slots[slot]) >= 0:
            start, end = ends[i - 1] if i else 0, ends[i]
            if end - start == len(key) and self._bytes.startswith(key, start):
                return slot
            slot = (slot + 1) & mask
        return slot


class Index(Mapping[str, int]):
    """Places by name."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def __getitem__(self, name: str) -> int:
        place = self._names.find(name)
        if place < 0:
            raise KeyError(name)
        return place

    def get(self, name: object, default: Any = None) -> Any:
        """The place of a name, or `default`, also for what is no name."""
        place = self._names.find(name) if isinstance(name, str) else -1
        return place if place >= 0 else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Texts(Sequence[str]):
    """A column of texts that may come again."""

    def __init__(self, values: Iterable[str]) -> None:
        texts = list(values)
        codes = dict(zip(dict.fromkeys(texts), count(), strict=False))
        narrow = np.min_scalar_type(len(codes))  # counties need two bytes, time zones one
        self._codes = np.fromiter(map(codes.__getitem__, texts), dtype=narrow)
        self._texts = Packed(codes)

    def __len__(self) -> int:
        return len(self._codes)

    def __getitem__(self, i: Any) -> Any:
        return self._texts[self._codes.item(i)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tolist())

    def among(self, wanted: frozenset[str]) -> NDArray[np.bool_]:
        """Which of them are among the texts wanted."""
        return np.isin(self._codes, [code for code, text in enumerate(self._texts) if text in wanted])

    def tolist(self) -> list[str]:
        """All of them. Equal ones are one object."""
        texts = self._texts.tolist()
        return [texts[code] for code in self._codes.tolist()]

    def taken(self, chosen: Chosen) -> list[str]:
        """Some of them."""
        return self._texts.taken(self._codes[chosen])


class DictionaryColumn(Sequence[int]):
    """A column of whole numbers, few of them different."""

    def __init__(self, values: NDArray[np.int64]) -> None:
        self._values, codes = np.unique(values, return_inverse=True)
        self._codes = codes.astype(np.min_scalar_type(len(self._values)))

    def __len__(self) -> int:
        return len(self._codes)

    def __getitem__(self, i: Any) -> Any:
        return self._values.item(self._codes.item(i))

    def same(self, other: "DictionaryColumn") -> bool:
        """Whether both have equal values."""
        return np.array_equal(self._values, other._values) and np.array_equal(self._codes, other._codes)

    def tolist(self) -> list[int]:
        """All of them."""
        found: list[int] = self._values[self._codes].tolist()
        return found

    def taken(self, chosen: Chosen) -> list[int]:
        """Some of them."""
        found: list[int] = self._values[self._codes[chosen]].tolist()
        return found


class SparseColumn(Sequence[float | None]):
    """A column of numbers that may be missing."""

    def __init__(self, values: Sequence[float | None]) -> None:
        self._size = len(values)
        here = [i for i, v in enumerate(values) if v is not None]
        self._where = np.array(here, dtype=np.int32)
        self._values = np.array([values[i] for i in here], dtype=np.float64)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, i: Any) -> Any:
        at = bisect_left(self._where, i)
        return self._values.item(at) if at < len(self._where) and self._where[at] == i else None

    def tolist(self) -> list[float | None]:
        """All of them."""
        found: list[float | None] = [None] * self._size
        for i, value in zip(self._where.tolist(), self._values.tolist(), strict=True):
            found[i] = value
        return found

    def taken(self, chosen: Chosen) -> list[float | None]:
        """Some of them."""
        return [self[i] for i in chosen.tolist()]
