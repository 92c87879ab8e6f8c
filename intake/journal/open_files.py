"""The open journal files of one folder: which of them is written, and which are only read any more.

Everything here blocks and belongs to one thread. Messages are never deleted: files rotate by size, and stay.
"""

import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import apsw
import structlog

from election.domain.checkin import Message
from election.runtime.clock import Clock
from intake.journal.ballast import lacks_room
from intake.journal.draft import MessageDraft
from intake.journal.file import SUFFIX, JournalFile, LogLostError, TornJournalError

log = structlog.get_logger()


class OpenFiles:
    """The files of `folder`; none is open before `open`.

    Rows of an empty folder are numbered from `first_seq + 1`.
    """

    def __init__(self, folder: Path, clock: Clock, rotate_bytes: int, first_seq: int) -> None:
        self.folder = folder
        self._clock = clock
        self._rotate_bytes = rotate_bytes
        self._highest_seq = first_seq
        self.current: JournalFile | None = None  # the file that is written
        self.older: list[JournalFile] = []  # those that are only read, oldest first
        self.torn: list[TornJournalError] = []  # read by anybody

    def all(self) -> list[JournalFile]:
        """The open files, oldest first."""
        return [*self.older, self.current] if self.current else list(self.older)

    def open(self) -> bool:
        """Continues the newest file, or begins one: then True. Raises `OSError`, `apsw.Error`, and the
        `TornJournalError` of a file that could not be opened for want of room.
        """
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            try:
                file = JournalFile(path)
            except TornJournalError as error:
                if lacks_room(self.folder, error):
                    raise
                self.report_torn(path, error)
                continue
            self.older.append(file)
            self._highest_seq = max(self._highest_seq, file.last_seq, file.acked)
            if file.missing:
                self.report_torn(path, TornJournalError(path, file.missing))
        # By their rows: two files may be of one second, and clocks jump. An empty one was begun last.
        self.older.sort(key=lambda file: max(file.last_seq, file.acked) or math.inf)
        newest = self.older[-1] if self.older else None
        if newest and not newest.missing and newest.size < self._rotate_bytes:
            self.current = self.older.pop()
            self.current.last_seq = self._highest_seq  # row numbers go on through all files
            return False
        self.begin()
        return True

    def begin(self) -> JournalFile:
        """Begins a new file, which is written from now on. Raises `apsw.Error`, `OSError`."""
        self.current = JournalFile.create(self.folder, self._clock.now(), self._highest_seq)
        log.info("journal_begun", journal=self.current.label)
        return self.current

    def close(self) -> None:
        for file in self.all():
            with suppress(apsw.Error):
                file.close()

    def abandon(self) -> None:
        """Closes what was opened by an `open` that failed, so that it can be tried again."""
        self.close()
        self.older, self.current, self.torn = [], None, []

    def written(self, file: JournalFile) -> None:
        """Notes the last row of `file`: the next file numbers on from there."""
        self._highest_seq = max(self._highest_seq, file.last_seq)

    def rotate_if_large(self, file: JournalFile) -> bool:
        """Whether a new file was begun because this one, the one that is written, has grown large."""
        with suppress(apsw.Error, OSError):
            if file.size >= self._rotate_bytes:
                self.begin()
                self._retire(file)
                return True
        return False

    def give_up(self) -> None:
        """Writes the current file, which failed, never again; it stays open for reading."""
        if self.current is not None:
            self.current.freeze()
            self._retire(self.current)
            self.current = None

    def save_lost_log(self, file: JournalFile, error: LogLostError) -> None:
        """Saves into the file what its log holds, which was taken away under us but is open still."""
        self.current = None
        try:
            file.rescue()
            why = f"its -wal was deleted while in use ({error}); what that held was saved into the file"
        except apsw.Error as failure:
            why = f"its -wal was deleted while in use, and could not be saved: {failure!r}"
        self.report_torn(file.path, TornJournalError(file.path, why))
        self._retire(file)

    def drop(self, file: JournalFile, error: Exception) -> None:
        """Leaves out an older file that cannot be read: the others must not wait for it."""
        self.older.remove(file)
        self.report_torn(file.path, error)

    def report_torn(self, path: Path, error: Exception) -> None:
        """Names a damaged file in `torn` and in the log, and leaves it as it is."""
        torn = error if isinstance(error, TornJournalError) else TornJournalError(path, repr(error))
        self.torn.append(torn)
        log.error("journal_torn", file=path.name, reason=torn.why, remedy="keep it; recover it first")

    def stored_before(self, drafts: Sequence[MessageDraft]) -> dict[int, Message]:
        """The drafts that an older file holds already: place in the batch, to the message."""
        found_at: dict[int, Message] = {}
        keys = [(draft.provider, draft.provider_message_id) for draft in drafts]
        for file in self.older:
            with suppress(apsw.Error):  # a damaged old file: PostgreSQL's unique key still holds
                found = file.messages.find_all(keys)
                if found:
                    found_at |= {i: found[key] for i, key in enumerate(keys) if key in found}
        return found_at

    def latest(self, most: int) -> list[Message]:
        """The last messages, about `most` or fewer, oldest first; what cannot be read is passed over."""
        found: list[Message] = []
        for file in reversed(self.all()):
            with suppress(apsw.Error, ValueError):
                found = [*file.messages.after(max(file.last_seq - most, 0), most), *found]
            if len(found) >= most:
                break
        return found

    def _retire(self, file: JournalFile) -> None:
        """Closes a file for writing; it stays open for reading, by a connection that has no stale pages."""
        path = file.path
        with suppress(apsw.Error):
            file.close()
        try:
            reopened = JournalFile(path)
            reopened.freeze()
            self.older.append(reopened)
            if reopened.missing:
                self.report_torn(path, TornJournalError(path, reopened.missing))
        except (TornJournalError, apsw.Error) as error:
            self.report_torn(path, error)
