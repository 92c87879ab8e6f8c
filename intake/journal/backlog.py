"""The messages that PostgreSQL may not have yet: those behind each file's mark.

Everything here blocks and belongs to one thread. Marks are kept in the file that is written, by the label of
the file they are about, because a file that failed is never written again.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import apsw

from election.domain.checkin import Message
from intake.journal.open_files import OpenFiles

MARK_SECONDS = 0.25  # how late a mark may reach the disk when no messages carry it there


@dataclass(frozen=True, slots=True)
class Undrained:
    """Messages of one journal file that PostgreSQL may not have yet."""

    label: str
    messages: list[Message]


class Backlog:
    """The backlog of `files`; `read` it once they are open. `elapsed`: seconds of a steady clock."""

    def __init__(self, files: OpenFiles, elapsed: Callable[[], float]) -> None:
        self._files = files
        self._elapsed = elapsed
        self._marks: dict[str, int] = {}
        self._unsaved: dict[str, int] = {}
        self._save_at = 0.0
        self.depth = 0  # messages acknowledged here that PostgreSQL may not have yet; read by anybody

    @property
    def saved(self) -> bool:
        """Whether the file that is written holds every mark."""
        return not self._unsaved

    def read(self) -> None:
        """Reads the marks out of all files, and counts what is behind them. Raises `apsw.Error`."""
        for file in self._files.all():
            for label, seq in file.notes.marks().items():
                self._marks[label] = max(seq, self._marks.get(label, 0))
        self.depth = sum(
            file.messages.count(self._marks.get(file.label, 0), file.last_seq) for file in self._files.all()
        )

    def undrained(self, limit: int, beyond: tuple[str, int] | None = None) -> Undrained | None:
        """The oldest messages not marked as drained, at most `limit`, all of one file; None: no such.

        `beyond` (label, seq): as if everything up to there were marked already.
        """
        for file in self._files.all():
            try:
                start = self._marks.get(file.label, 0)
                if beyond and beyond[0] == file.label:
                    start = max(start, beyond[1])
                messages = file.messages.after(start, limit)
            except (apsw.Error, ValueError) as error:
                if file is self._files.current:
                    raise
                self._files.drop(file, error)
                continue
            if messages:
                return Undrained(file.label, messages)
        if beyond is None:
            self.depth = 0
        return None

    def peek(self, limit: int, seen: Mapping[str, int]) -> Undrained | None:
        """The oldest messages not marked as drained and not `seen` (label -> last row), at most `limit`.

        Changes nothing, and passes over what cannot be read: that is the drain's to find out.
        """
        for file in self._files.all():
            with suppress(apsw.Error, ValueError):
                start = max(self._marks.get(file.label, 0), seen.get(file.label, 0))
                if messages := file.messages.after(start, limit):
                    return Undrained(file.label, messages)
        return None

    def mark(self, label: str, seq: int) -> None:
        """Notes that PostgreSQL holds everything of `label` up to `seq`. Relaxed: a crash may forget it."""
        before = self._marks.get(label, 0)
        if seq <= before:
            return
        for file in self._files.all():
            if file.label == label:
                self.depth -= file.messages.count(before, seq)
        self._marks[label] = self._unsaved[label] = seq

    def carry_over(self) -> None:
        """To be called when a new file was begun: it holds no mark yet."""
        self._unsaved = dict(self._marks)

    def due(self) -> dict[str, int]:
        """Marks for the next batch to carry: now and then only, for with them it takes several statements."""
        return self._unsaved if self._elapsed() >= self._save_at else {}

    def carried(self) -> None:
        """To be called when the marks that were `due` are on the disk."""
        self._unsaved = {}
        self._save_at = self._elapsed() + MARK_SECONDS

    def save(self) -> None:
        """Writes the marks by themselves."""
        with suppress(apsw.Error):  # they are kept, and tried again with the next batch
            if self._unsaved and self._files.current:
                self._files.current.notes.write(self._unsaved)
                self._unsaved = {}
