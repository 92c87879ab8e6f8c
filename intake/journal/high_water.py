"""How far a journal file was acknowledged, in a small file beside it.

SQLite takes the end of a damaged write-ahead log for one that was never finished, and drops it without a
word; of a log that was deleted it knows nothing. So the highest row that anybody was answered for is noted
here, after the commit that made it durable: what is noted was in the file, and whoever finds less there has
lost something. The note is never ahead, whatever dies when; a power cut may set it some seconds back.
"""

import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path

SUFFIX = "-acked"
_SLOT = struct.Struct("<QI")  # row, its CRC-32
_SLOT_BYTES = 16  # two, written in turn: one of them is always whole


class HighWater:
    """The note beside `journal`. Nothing here raises: without a note no loss is noticed."""

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(journal.name + SUFFIX)
        self._file = -1
        self._turn = 0

    def read(self) -> int:
        """The highest row noted; 0 where there is no note."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return 0
        slots = [content[at : at + _SLOT.size] for at in (0, _SLOT_BYTES)]
        return max((_row(slot) for slot in slots if len(slot) == _SLOT.size), default=0)

    def note(self, seq: int) -> None:
        """Notes that this row is durable, and every one before it."""
        with suppress(OSError):
            if self._file < 0:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            self._turn ^= 1
            packed = seq.to_bytes(8, "little")
            os.pwrite(self._file, _SLOT.pack(seq, zlib.crc32(packed)), self._turn * _SLOT_BYTES)

    def sync(self) -> None:
        """Brings the note to the disk."""
        with suppress(OSError):
            if self._file >= 0:
                os.fdatasync(self._file)

    def close(self) -> None:
        self.sync()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _row(slot: bytes) -> int:
    seq, check = _SLOT.unpack(slot)
    return int(seq) if zlib.crc32(slot[:8]) == check else 0
