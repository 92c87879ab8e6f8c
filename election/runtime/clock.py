"""Time for every service: the system's clock, or a rehearsal's, which may start on another day and run fast.

A rehearsal shares one small memory-mapped file among all processes, so that a simulated day has one time.
Layout: version (even when stable), real anchor, stack anchor (both seconds since the epoch), speed.
"""

import mmap
import os
import struct
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

_LAYOUT = struct.Struct("<Qddd")


class Clock(Protocol):
    """`now()` is UTC and aware. `speed` is stack seconds per real second (1 on the system clock)."""

    def now(self) -> datetime: ...

    @property
    def speed(self) -> float: ...


class SystemClock:
    """The machine's own clock."""

    speed = 1.0

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that a test sets by hand."""

    speed = 0.0

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class FileClock:
    """A rehearsal's clock, shared through a file; any process may set it, every process sees it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            os.write(descriptor, _LAYOUT.pack(0, time.time(), time.time(), 1.0))
            os.close(descriptor)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _LAYOUT.size)

    def _read(self) -> tuple[float, float, float]:
        while True:
            before, real, stack, speed = _LAYOUT.unpack(self._map[:])
            (after,) = struct.unpack_from("<Q", self._map)
            if before == after and before % 2 == 0:
                return real, stack, speed

    @property
    def speed(self) -> float:
        return self._read()[2]

    def now(self) -> datetime:
        real, stack, speed = self._read()
        return datetime.fromtimestamp(stack + (time.time() - real) * speed, UTC)

    def set(self, at: datetime, speed: float) -> None:
        """From now on the time is `at`, advancing `speed` seconds a second (0 stands still)."""
        (version,) = struct.unpack_from("<Q", self._map)
        version += version % 2
        struct.pack_into("<Q", self._map, 0, version + 1)
        self._map[8 : _LAYOUT.size] = struct.pack("<ddd", time.time(), at.timestamp(), speed)
        struct.pack_into("<Q", self._map, 0, version + 2)


def open_clock(path: Path | None) -> Clock:
    """The rehearsal clock at `path`, or the system's where there is none."""
    return FileClock(path) if path else SystemClock()
