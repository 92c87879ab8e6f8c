"""A stream for logs that fails nobody who writes to it."""

from contextlib import suppress
from typing import TextIO


class Unfailing:
    """A text stream for logs: what cannot be written (the disk is full) is lost, and nothing else stops."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()
