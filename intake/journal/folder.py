"""All journal files of one folder. Everything here blocks and belongs to one thread.

What it holds to:
- after any failed write, sync or torn page a file is never written again: its unacknowledged batch fails
  (503 to the provider, who retries under the same key), and a new file begins. Notes about a file (how far it
  is drained) are therefore kept in the current file, by the old file's label;
- a full disk refuses without rotating, because a new file would not fit either. Nor does it keep intake from
  starting: the ballast goes if there is no room to open the files, and without one it refuses until there is;
- a file of which acknowledged rows are missing is said, read and drained as far as it goes, and not written;
- messages are never deleted here. Files rotate by size, and stay.
"""

import errno
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter

import apsw
import structlog

from election.domain.checkin import Message
from election.runtime.clock import Clock
from intake.errors import IntakeError
from intake.journal.ballast import Ballast, lacks_room
from intake.journal.draft import Draft
from intake.journal.file import SUFFIX, JournalFile, LogGoneError, TornJournalError

MARK_SECONDS = 0.25  # how late a mark may reach the disk when no messages carry it there
REOPEN_SECONDS = 1.0  # between attempts to begin a new file after a failure
CHECK_SIZE_EVERY = 4_096  # messages between looks at the file's size
NOTE_SECONDS = 5.0  # between syncs of the note of what was acknowledged: how far a power cut may set it back

log = structlog.get_logger()


class JournalUnavailableError(IntakeError):
    """The message could not be made durable. Answer 503: the sender must try again."""


Stored = tuple[Message, bool] | JournalUnavailableError  # the message and whether it was there before


@dataclass(frozen=True, slots=True)
class Undrained:
    """Messages of one journal file that PostgreSQL may not have yet."""

    label: str
    messages: list[Message]


class JournalFolder:
    """Continues the newest file in `folder` or begins one. Raises `OSError` or `apsw.Error`.

    Rows of an empty folder are numbered from `first_seq + 1`. Damaged files are named in `torn` and in the
    log, left untouched, and do not keep new messages out.
    """

    def __init__(
        self, folder: Path, clock: Clock, rotate_bytes: int, ballast_bytes: int = 0, first_seq: int = 0
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._rotate_bytes = rotate_bytes
        self._ballast = Ballast(folder, ballast_bytes)
        self._highest_seq = first_seq
        self.current: JournalFile | None = None
        self._older: list[JournalFile] = []
        self._marks: dict[str, int] = {}
        self._unsaved: dict[str, int] = {}
        self._since_size_check = 0
        self._save_marks_at = 0.0
        self._reopen_at = 0.0
        self._note_at = 0.0
        self._full = False
        self._opened = False  # False: there is no room even to open the files
        self._tell_of_late_opening = False
        # Read by anybody.
        self.depth = 0  # messages acknowledged here that PostgreSQL may not have yet
        self.slowest_seconds = 0.0  # the slowest commit since somebody last looked
        self.torn: list[TornJournalError] = []
        try:
            self._open()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            self._failed(error)

    @property
    def healthy(self) -> bool:
        """Whether the last attempt to store something succeeded."""
        return self.current is not None and not self._full

    @property
    def settled(self) -> bool:
        """Whether `rest` would have nothing to do."""
        return self.healthy and not self._unsaved

    def store(self, drafts: Sequence[Draft]) -> Sequence[Stored]:
        """Makes the drafts durable, all or none: what became of each. A duplicate is as first stored."""
        started = perf_counter()
        try:
            return self._stored(drafts)
        except (JournalUnavailableError, apsw.Error, TornJournalError, LogGoneError, OSError) as error:
            return [self._failed(error)] * len(drafts)
        except Exception as error:
            log.exception("journal_bug")
            return [JournalUnavailableError(repr(error))] * len(drafts)
        finally:
            self.slowest_seconds = max(self.slowest_seconds, perf_counter() - started)

    def undrained(self, limit: int, beyond: tuple[str, int] | None = None) -> Undrained | None:
        """The oldest messages not marked as drained, at most `limit`, all of one file; None: no such.

        `beyond` (label, seq): as if everything up to there were marked already.
        """
        for file in self.files():
            try:
                start = self._marks.get(file.label, 0)
                if beyond and beyond[0] == file.label:
                    start = max(start, beyond[1])
                messages = file.messages.after(start, limit)
            except (apsw.Error, ValueError) as error:
                if file is self.current:
                    raise
                self._older.remove(file)  # the others must not wait for it
                self._set_aside(file.path, error)
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
        for file in self.files():
            with suppress(apsw.Error, ValueError):
                start = max(self._marks.get(file.label, 0), seen.get(file.label, 0))
                if messages := file.messages.after(start, limit):
                    return Undrained(file.label, messages)
        return None

    def mark(self, label: str, seq: int) -> None:
        """PostgreSQL holds everything of `label` up to `seq`. Relaxed: a crash may forget it."""
        before = self._marks.get(label, 0)
        if seq <= before:
            return
        for file in self.files():
            if file.label == label:
                self.depth -= file.messages.count(before, seq)
        self._marks[label] = self._unsaved[label] = seq

    def quarantine(self, label: str, seq: int, reason: str) -> None:
        """Notes durably that this message could not be stored as read."""
        self._writable().notes.quarantine(label, seq, reason)

    def settle(self, name: str, value: str) -> str:
        """The value for `name`: the first one ever given for it, durably."""
        for file in self._older:
            if (settled := file.notes.fact(name)) is not None:
                return settled
        return self._writable().notes.settle_fact(name, value)

    def find(self, provider: str, provider_message_id: str) -> Message | None:
        """The message with this key, where a file at hand holds it."""
        for file in reversed(self.files()):
            if found := file.messages.find(provider, provider_message_id):
                return found
        return None

    def latest(self, most: int) -> list[Message]:
        """The last messages, at most about `most`, oldest first; what cannot be read is passed over."""
        found: list[Message] = []
        for file in reversed(self.files()):
            with suppress(apsw.Error, ValueError):
                found = [*file.messages.after(max(file.last_seq - most, 0), most), *found]
            if len(found) >= most:
                break
        return found

    def rest(self) -> None:
        """What to do when nothing arrives: write the marks, or find out whether the disk is back."""
        self._save_marks() if self.healthy else self._recover()

    def files(self) -> list[JournalFile]:
        """The open files, oldest first."""
        return [*self._older, self.current] if self.current else list(self._older)

    def close(self) -> None:
        """Writes the marks and closes the files."""
        self._save_marks()
        for file in self.files():
            with suppress(apsw.Error):
                file.close()

    def opened_late(self) -> bool:
        """True once, after the files could be opened at last: there may be something to drain."""
        told, self._tell_of_late_opening = self._tell_of_late_opening, False
        return told

    def _open(self) -> None:
        """Raises `OSError` (ENOSPC) where there is no room to open the files: then it may be tried again."""
        released = False
        while True:
            try:
                self._open_files()
                break
            except (apsw.Error, TornJournalError, OSError) as error:
                for file in self.files():
                    with suppress(apsw.Error):
                        file.close()
                self._older, self.current, self.torn = [], None, []
                if not lacks_room(self._folder, error):
                    raise
                if released or not self._ballast.release():
                    raise OSError(errno.ENOSPC, "no room to open the journal", str(self._folder)) from error
                released = True
        self._tell_of_late_opening = self._full and self.depth > 0
        self._opened = True
        if not released:  # what it was for is not over; the next start sets it aside again
            self._ballast.set_aside()

    def _open_files(self) -> None:
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            try:
                file = JournalFile(path)
            except TornJournalError as error:
                if lacks_room(self._folder, error):
                    raise
                self._set_aside(path, error)
                continue
            self._older.append(file)
            for label, seq in file.notes.marks().items():
                self._marks[label] = max(seq, self._marks.get(label, 0))
            self._highest_seq = max(self._highest_seq, file.last_seq, file.acked)
            if file.missing:
                self._set_aside(path, TornJournalError(path, file.missing))
        # By their rows: two files may be of one second, and clocks jump. An empty one was begun last.
        self._older.sort(key=lambda file: max(file.last_seq, file.acked) or math.inf)
        newest = self._older[-1] if self._older else None
        if newest and not newest.missing and newest.size < self._rotate_bytes:
            self.current = self._older.pop()
            self.current.last_seq = self._highest_seq  # row numbers go on through all files
        else:
            self._begin_file()
        self.depth = sum(f.messages.count(self._marks.get(f.label, 0), f.last_seq) for f in self.files())

    def _begin_file(self) -> None:
        self.current = JournalFile.create(self._folder, self._clock.now(), self._highest_seq)
        self._unsaved = dict(self._marks)
        log.info("journal_begun", journal=self.current.label)

    def _stored(self, drafts: Sequence[Draft]) -> Sequence[tuple[Message, bool]]:
        file = self._writable()
        seen_before = self._seen_in_older(drafts) if self._older else {}
        fresh = [d for i, d in enumerate(drafts) if i not in seen_before] if seen_before else drafts
        # Marks ride along now and then only: with them a batch takes several statements instead of one.
        marks = self._unsaved if monotonic() >= self._save_marks_at else {}
        stored = file.append(fresh, marks) if fresh else []
        if marks and fresh:
            self._unsaved = {}
            self._save_marks_at = monotonic() + MARK_SECONDS
        self._full = False
        self._highest_seq = max(self._highest_seq, file.last_seq)
        merged: Sequence[tuple[Message, bool]] = stored
        if seen_before:
            results = iter(stored)
            merged = [
                (seen_before[i], True) if i in seen_before else next(results) for i in range(len(drafts))
            ]
        if monotonic() >= self._note_at:
            file.sync_note()
            self._note_at = monotonic() + NOTE_SECONDS
        self.depth += sum([not duplicate for _, duplicate in merged])
        self._since_size_check += len(fresh)
        if self._since_size_check >= CHECK_SIZE_EVERY:
            self._since_size_check = 0
            self._rotate_if_large(file)
        return merged

    def _seen_in_older(self, drafts: Sequence[Draft]) -> dict[int, Message]:
        seen: dict[int, Message] = {}
        keys = [(draft.provider, draft.provider_message_id) for draft in drafts]
        for file in self._older:
            with suppress(apsw.Error):  # a damaged old file: PostgreSQL's unique key still holds
                found = file.messages.find_all(keys)
                if found:
                    seen |= {i: found[key] for i, key in enumerate(keys) if key in found}
        return seen

    def _writable(self) -> JournalFile:
        if self.current is None:
            if monotonic() < self._reopen_at:
                raise JournalUnavailableError("no journal file can be written")
            self._reopen_at = monotonic() + REOPEN_SECONDS
            if self._opened:
                self._begin_file()
            else:
                self._open()
        assert self.current is not None
        return self.current

    def _failed(self, error: Exception) -> JournalUnavailableError:
        """Decides what a failure means for the file, and what to tell those who wait."""
        if isinstance(error, JournalUnavailableError):
            return error
        if isinstance(error, LogGoneError) and self.current is not None:
            return self._saved(self.current, error)
        if isinstance(error, apsw.FullError) or getattr(error, "errno", None) == errno.ENOSPC:
            if not self._full:
                ballast = self._ballast.there
                log.error(
                    "journal_disk_full",
                    folder=str(self._folder),
                    remedy=f"delete {ballast} to get room at once, then free space"
                    if ballast
                    else "free space",
                )
            self._full = True
            return JournalUnavailableError("the disk is full")
        log.error("journal_failed", error=repr(error), remedy="look at the disk; a new file begins by itself")
        if self.current is not None:
            self.current.freeze()
            self._retire(self.current)
            self.current = None
        return JournalUnavailableError(f"the journal could not be written: {error!r}")

    def _saved(self, file: JournalFile, error: LogGoneError) -> JournalUnavailableError:
        """Somebody took the log away under us: we have it open, and save what it holds into the file."""
        self.current = None
        try:
            file.rescue()
            why = f"its -wal was deleted while in use ({error}); what that held was saved into the file"
        except apsw.Error as failure:
            why = f"its -wal was deleted while in use, and could not be saved: {failure!r}"
        self._set_aside(file.path, TornJournalError(file.path, why))
        self._retire(file)
        return JournalUnavailableError("the journal's log was deleted")

    def _recover(self) -> None:
        """Finds out, without a message at risk, whether the disk takes writes again."""
        if monotonic() < self._reopen_at:
            return
        try:
            self._writable().notes.probe()
            self._full = False
            log.info("journal_recovered")
        except (JournalUnavailableError, apsw.Error, TornJournalError, OSError) as error:
            self._failed(error)
            self._reopen_at = monotonic() + REOPEN_SECONDS

    def _retire(self, file: JournalFile) -> None:
        """Closes a file for writing; it stays open for reading, by a connection that has no stale pages."""
        path = file.path
        with suppress(apsw.Error):
            file.close()
        try:
            reopened = JournalFile(path)
            reopened.freeze()
            self._older.append(reopened)
            if reopened.missing:
                self._set_aside(path, TornJournalError(path, reopened.missing))
        except (TornJournalError, apsw.Error) as error:
            self._set_aside(path, error)

    def _set_aside(self, path: Path, error: Exception) -> None:
        torn = error if isinstance(error, TornJournalError) else TornJournalError(path, repr(error))
        self.torn.append(torn)
        log.error("journal_torn", file=path.name, reason=torn.why, remedy="keep it; recover it first")

    def _rotate_if_large(self, file: JournalFile) -> None:
        with suppress(apsw.Error, OSError):
            if file.size >= self._rotate_bytes:
                old = file
                self._begin_file()
                self._retire(old)

    def _save_marks(self) -> None:
        with suppress(apsw.Error):  # it is kept, and tried again with the next batch
            if self._unsaved and self.current:
                self.current.notes.write(self._unsaved)
                self._unsaved = {}
