"""What is stored in the journal's folder, and what becomes of it when the disk fails. Everything here blocks
and belongs to one thread.

What it holds to:
- after any failed write, sync or torn page a file is never written again: its unacknowledged batch fails
  (503 to the provider, who retries under the same key), and a new file begins;
- a full disk refuses without rotating, because a new file would not fit either. Nor does it keep intake from
  starting: the ballast goes if there is no room to open the files, and without one it refuses until there is;
- a file of which acknowledged rows are missing is named in the log, read and drained as far as it goes, and
  not written.
"""

import errno
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import apsw
import structlog

from election.domain.checkin import Message
from election.runtime.clock import Clock
from intake.errors import IntakeError
from intake.journal.backlog import Backlog
from intake.journal.ballast import Ballast, lacks_room
from intake.journal.draft import MessageDraft
from intake.journal.file import JournalFile, LogLostError, TornJournalError
from intake.journal.open_files import OpenFiles

REOPEN_SECONDS = 1.0  # between attempts to begin a new file after a failure
CHECK_SIZE_EVERY = 4_096  # messages between looks at the file's size
NOTE_SECONDS = 5.0  # between syncs of the note of what was acknowledged: how far a power cut may set it back

log = structlog.get_logger()


class JournalUnavailableError(IntakeError):
    """The message could not be made durable. Answer 503: the sender must try again."""


Stored = tuple[Message, bool] | JournalUnavailableError  # the message and whether it was there before


class JournalFolder:
    """Continues the newest file in `folder` or begins one. Raises `OSError` or `apsw.Error`.

    Rows of an empty folder are numbered from `first_seq + 1`. Damaged files are named in `files.torn` and in
    the log, left untouched, and do not keep new messages out. `elapsed`: seconds of a clock that never jumps.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        rotate_bytes: int,
        ballast_bytes: int = 0,
        first_seq: int = 0,
        *,
        elapsed: Callable[[], float] = perf_counter,
    ) -> None:
        self.files = OpenFiles(folder, clock, rotate_bytes, first_seq)
        self.backlog = Backlog(self.files, elapsed)
        self._elapsed = elapsed
        self._ballast = Ballast(folder, ballast_bytes)
        self._since_size_check = 0
        self._reopen_at = 0.0
        self._note_at = 0.0
        self._full = False
        self._opened = False  # False: there is no room even to open the files
        self._late = False
        self.slowest_seconds = 0.0  # the slowest commit since somebody last looked; read by anybody
        try:
            self._open()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            self._failed(error)

    @property
    def healthy(self) -> bool:
        """Whether the last attempt to store something succeeded."""
        return self.files.current is not None and not self._full

    @property
    def settled(self) -> bool:
        """Whether `rest` would have nothing to do."""
        return self.healthy and self.backlog.saved

    def store(self, drafts: Sequence[MessageDraft]) -> Sequence[Stored]:
        """Makes the drafts durable, all or none: what became of each. A duplicate is as first stored."""
        started = self._elapsed()
        try:
            return self._stored(drafts)
        except (JournalUnavailableError, apsw.Error, TornJournalError, LogLostError, OSError) as error:
            return [self._failed(error)] * len(drafts)
        except Exception as error:
            log.exception("journal_bug")
            return [JournalUnavailableError(repr(error))] * len(drafts)
        finally:
            self.slowest_seconds = max(self.slowest_seconds, self._elapsed() - started)

    def quarantine(self, label: str, seq: int, reason: str) -> None:
        """Notes durably that this message could not be stored as read."""
        self._writable().notes.quarantine(label, seq, reason)

    def settle(self, name: str, value: str) -> str:
        """The value for `name`: the first one ever given for it, durably."""
        for file in self.files.older:
            if (settled := file.notes.fact(name)) is not None:
                return settled
        return self._writable().notes.settle_fact(name, value)

    def rest(self) -> None:
        """What to do when nothing arrives: write the marks, or find out whether the disk is back."""
        self.backlog.save() if self.healthy else self._recover()

    def close(self) -> None:
        """Writes the marks and closes the files."""
        self.backlog.save()
        self.files.close()

    def opened_late(self) -> bool:
        """True once, after the files could be opened at last: there may be something to drain."""
        late, self._late = self._late, False
        return late

    def _open(self) -> None:
        """Raises `OSError` (ENOSPC) where there is no room to open the files: then it may be tried again."""
        released = False
        while True:
            try:
                begun = self.files.open()
                self.backlog.read()
                break
            except (apsw.Error, TornJournalError, OSError) as error:
                self.files.abandon()
                folder = self.files.folder
                if not lacks_room(folder, error):
                    raise
                if released or not self._ballast.release():
                    raise OSError(errno.ENOSPC, "no room to open the journal", str(folder)) from error
                released = True
        if begun:
            self.backlog.carry_over()
        self._late = self._full and self.backlog.depth > 0
        self._opened = True
        if not released:  # what it was for is not over; the next start sets it aside again
            self._ballast.set_aside()

    def _stored(self, drafts: Sequence[MessageDraft]) -> Sequence[tuple[Message, bool]]:
        file = self._writable()
        stored_before = self.files.stored_before(drafts) if self.files.older else {}
        fresh = [d for i, d in enumerate(drafts) if i not in stored_before] if stored_before else drafts
        marks = self.backlog.due()
        stored = file.append(fresh, marks) if fresh else []
        if marks and fresh:
            self.backlog.carried()
        self._full = False
        self.files.written(file)
        merged: Sequence[tuple[Message, bool]] = stored
        if stored_before:
            results = iter(stored)
            merged = [
                (stored_before[i], True) if i in stored_before else next(results) for i in range(len(drafts))
            ]
        if self._elapsed() >= self._note_at:
            file.sync_note()
            self._note_at = self._elapsed() + NOTE_SECONDS
        self.backlog.depth += sum([not duplicate for _, duplicate in merged])
        self._since_size_check += len(fresh)
        if self._since_size_check >= CHECK_SIZE_EVERY:
            self._since_size_check = 0
            if self.files.rotate_if_large(file):
                self.backlog.carry_over()
        return merged

    def _writable(self) -> JournalFile:
        if self.files.current is None:
            if self._elapsed() < self._reopen_at:
                raise JournalUnavailableError("no journal file can be written")
            self._reopen_at = self._elapsed() + REOPEN_SECONDS
            if self._opened:
                self.files.begin()
                self.backlog.carry_over()
            else:
                self._open()
        assert self.files.current is not None
        return self.files.current

    def _failed(self, error: Exception) -> JournalUnavailableError:
        """Decides what a failure means for the file; returns the error for those who wait."""
        if isinstance(error, JournalUnavailableError):
            return error
        if isinstance(error, LogLostError) and self.files.current is not None:
            self.files.save_lost_log(self.files.current, error)
            return JournalUnavailableError("the journal's log was deleted")
        if isinstance(error, apsw.FullError) or getattr(error, "errno", None) == errno.ENOSPC:
            if not self._full:
                ballast = self._ballast.there
                log.error(
                    "journal_disk_full",
                    folder=str(self.files.folder),
                    remedy=f"delete {ballast} to get room at once, then free space"
                    if ballast
                    else "free space",
                )
            self._full = True
            return JournalUnavailableError("the disk is full")
        log.error("journal_failed", error=repr(error), remedy="look at the disk; a new file begins by itself")
        self.files.give_up()
        return JournalUnavailableError(f"the journal could not be written: {error!r}")

    def _recover(self) -> None:
        """Finds out, without a message at risk, whether the disk takes writes again."""
        if self._elapsed() < self._reopen_at:
            return
        try:
            self._writable().notes.probe()
            self._full = False
            log.info("journal_recovered")
        except (JournalUnavailableError, apsw.Error, TornJournalError, OSError) as error:
            self._failed(error)
            self._reopen_at = self._elapsed() + REOPEN_SECONDS
