"""Finds repeated keys among millions without keeping the keys: 16 bytes each."""

import hashlib
from array import array
from collections.abc import Hashable, Iterator


class Repeats:
    """Keys with their lines. Two keys are held to be the same where 64 bits of their digest agree."""

    def __init__(self) -> None:
        self._digests = array("Q")
        self._lines = array("Q")

    def add(self, key: Hashable, line: int) -> None:
        digest = hashlib.blake2b(repr(key).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        self._digests.append(int.from_bytes(digest, "little"))
        self._lines.append(line)

    def found(self) -> Iterator[tuple[int, int]]:
        """(line of the first, line of a later one with the same key), in the order of the later line."""
        if not self._digests:
            return
        import numpy as np  # slow to load; only voters need it

        digests = np.frombuffer(self._digests, dtype=np.uint64)
        lines = np.frombuffer(self._lines, dtype=np.uint64)
        order = np.argsort(digests, kind="stable")
        same = np.concatenate([[False], digests[order][1:] == digests[order][:-1]])
        starts = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
        pairs = sorted((int(lines[order[i]]), int(lines[order[starts[i]]])) for i in np.flatnonzero(same))
        for again, first in pairs:
            yield first, again
