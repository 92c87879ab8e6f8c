"""A rehearsal's clock, in the file that every process of it maps (docs/architecture.md has its form)."""

import struct
import time
from dataclasses import dataclass
from pathlib import Path

_CLOCK = struct.Struct("<Qddd")  # version, real anchor, stack anchor, speed


@dataclass(frozen=True, slots=True)
class StackClock:
    """Kept in `file`; None: the stack goes by the system's clock."""

    file: Path | None = None

    def read(self) -> tuple[float, float]:
        """(stack time in seconds since the epoch, stack seconds a second)."""
        if self.file is None:
            return time.time(), 1.0
        while True:
            version, real, stack, speed = _CLOCK.unpack(self.file.read_bytes()[: _CLOCK.size])
            if version % 2 == 0:
                return stack + (time.time() - real) * speed, speed

    def set(self, at: float, speed: float) -> None:
        """Every process of the rehearsal sees it at once."""
        assert self.file is not None
        with self.file.open("r+b") as file:
            (version,) = struct.unpack("<Q", file.read(8))
            version += version % 2
            for place, packed in (
                (0, struct.pack("<Q", version + 1)),
                (8, struct.pack("<ddd", time.time(), at, speed)),
                (0, struct.pack("<Q", version + 2)),
            ):
                file.seek(place)
                file.write(packed)
                file.flush()
