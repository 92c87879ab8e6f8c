"""One journal file: a SQLite database in WAL mode that holds messages exactly as they arrived.

The format (version 1) is documented in docs/journal.md. Everything here blocks and belongs to one thread.
Statements are built so that a whole batch costs one call into SQLite, which releases the interpreter's lock
once a batch rather than once a row.
"""

import os
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw

from election.domain.checkin import Message
from intake.errors import IntakeError
from intake.journal.draft import MessageDraft
from intake.journal.high_water import HighWater
from intake.journal.message_rows import INSERTS, LARGEST_STATEMENT, MessageRows, bindings
from intake.journal.notes import JournalNotes, roll_back

APPLICATION_ID = 0x424C474A  # "BLGJ"
VERSION = 1
SUFFIX = ".journal"
BUSY_MILLISECONDS = 2_000  # an operator's sqlite3 shell may look at the file meanwhile

_SCHEMA = f"""
create table about (label text not null, made_at text not null) strict;
create table messages (
    seq integer primary key,
    provider text not null,
    provider_message_id text not null,
    channel text not null,
    sender text not null,
    body text not null,
    raw blob not null,
    received_at integer not null,
    sent_at integer not null,
    roster_version text not null,
    unique (provider, provider_message_id)
) strict;
create table marks (label text primary key, drained integer not null) strict;
create table quarantine (label text not null, seq integer not null, reason text not null,
                         primary key (label, seq)) strict;
create table facts (name text primary key, value text not null) strict;
pragma application_id = {APPLICATION_ID};
pragma user_version = {VERSION};
"""


class TornJournalError(IntakeError):
    """The journal file cannot be read: damaged, not a journal, or written by a newer version.

    Nothing was changed in it. Keep it; recover what it holds before deleting anything.
    """

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}; keep this file, and recover it before deleting anything")
        self.path = path
        self.why = why


class LogLostError(IntakeError):
    """The file's write-ahead log was deleted or moved while it was in use."""


class JournalFile:
    """An open journal file. Raises `TornJournalError` on opening one that cannot be read.

    `missing` says so where rows that were acknowledged are no longer there. Such a file is left as it is: a
    write, or a checkpoint, would go over what may be recovered from its log.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.label = ""
        self.last_seq = 0
        self.missing = ""
        self._high_water = HighWater(path)
        self._log = path.with_name(path.name + "-wal")
        self._log_id: tuple[int, int] | None = None
        self.acked = self._high_water.read()  # first: whoever writes here notes it after the rows are there
        try:
            self._db = apsw.Connection(
                str(path),
                flags=apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE,
                statementcachesize=2 * LARGEST_STATEMENT,
            )
            self._db.set_busy_timeout(BUSY_MILLISECONDS)
            # Closing a file that turns out to be torn would check its log into it, and delete the log.
            self._db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            self.notes = JournalNotes(self._db)
            self._check()
            self._db.execute("pragma synchronous = full; pragma cache_size = -4096")
            [[self.label, self.last_seq]] = self._rows(
                "select label, (select coalesce(max(seq), 0) from messages) from about"
            )
            self.messages = MessageRows(self._db, self.label)
            if self.acked > self.last_seq:
                self.missing = (
                    f"rows {self.last_seq + 1} to {self.acked} were acknowledged and are not there: "
                    "its -wal was damaged or deleted"
                )
                self.freeze()
            else:
                self._db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
        except (apsw.NotADBError, apsw.CorruptError, apsw.SQLError, apsw.CantOpenError, ValueError) as error:
            raise TornJournalError(path, str(error)) from error

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> Any:
        return self._db.execute(statement, values).fetchall()

    def _check(self) -> None:
        [[application]] = self._rows("pragma application_id")
        [[version]] = self._rows("pragma user_version")
        if application != APPLICATION_ID:
            raise TornJournalError(self.path, "not a Beluga journal")
        if version > VERSION:
            raise TornJournalError(self.path, f"format {version} is newer than this program's ({VERSION})")

    @classmethod
    def create(cls, folder: Path, now: datetime, after_seq: int = 0) -> "JournalFile":
        """A new, empty file whose rows are numbered from `after_seq + 1`. Raises `apsw.Error`, `OSError`."""
        label = secrets.token_hex(6)
        path = folder / f"{now:%Y%m%dT%H%M%S}-{label}{SUFFIX}"
        half_made = path.with_suffix(".new")
        db = apsw.Connection(str(half_made))
        db.execute("pragma journal_mode = wal")
        db.execute("begin")
        db.execute(_SCHEMA)
        db.execute("insert into about values (?, ?)", (label, now.isoformat()))
        db.execute("commit")
        db.close()
        half_made.rename(path)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        made = cls(path)
        made.last_seq = after_seq
        return made

    @property
    def size(self) -> int:
        """Bytes on disk, without the write-ahead log."""
        return self.path.stat().st_size

    def append(self, drafts: Sequence[MessageDraft], marks: dict[str, int]) -> list[tuple[Message, bool]]:
        """Stores the drafts durably, in one transaction with `marks`; (message, duplicate) for each.

        A duplicate comes back as the message first stored. Raises `apsw.Error`: then nothing is stored; and
        `LogLostError`: then it is, but not on disk.
        """
        db, first = self._db, self.last_seq + 1
        changes = db.total_changes()
        one_statement = not marks and len(drafts) <= LARGEST_STATEMENT
        try:
            if not one_statement:
                db.execute("begin immediate")
            for start in range(0, len(drafts), LARGEST_STATEMENT):
                rows = drafts[start : start + LARGEST_STATEMENT]
                db.execute(INSERTS[len(rows)], bindings(rows, first + start))
            inserted = db.total_changes() - changes
            self.notes.put(marks)
            if not one_statement:
                db.execute("commit")
        except apsw.Error:
            roll_back(db)
            raise
        self.last_seq += len(drafts)
        self._look_for_log()
        if inserted == len(drafts):
            self._high_water.note(self.last_seq)
            return [(d.message(self.label, first + i), False) for i, d in enumerate(drafts)]
        settled = [self._settled(d, first + i) for i, d in enumerate(drafts)]
        if inserted:
            self._high_water.note(max(m.journal_seq for m, duplicate in settled if not duplicate))
        return settled

    def _look_for_log(self) -> None:
        """Raises `LogLostError` where the log that was just synced is not the one in the folder."""
        try:
            status = self._log.stat()
        except OSError as error:
            raise LogLostError(str(error)) from error
        found = (status.st_dev, status.st_ino)
        if self._log_id is None:
            self._log_id = found
        elif found != self._log_id:
            raise LogLostError(f"another file is in place of {self._log.name}")

    def rescue(self) -> None:
        """Brings what stands in a log that is gone into the file itself. Raises `apsw.Error`."""
        self._db.execute("pragma wal_checkpoint(full)").fetchall()

    def sync_note(self) -> None:
        """Brings to the disk how far the file was acknowledged."""
        self._high_water.sync()

    def _settled(self, draft: MessageDraft, seq: int) -> tuple[Message, bool]:
        found = self.messages.find(draft.provider, draft.provider_message_id)
        if found is None:
            raise TornJournalError(self.path, f"row {seq} is missing right after it was written")
        return found, found.journal_seq != seq

    def verify(self) -> None:
        """Reads all of it. Raises `TornJournalError`."""
        try:
            found = self._rows("pragma integrity_check")
        except apsw.Error as error:
            raise TornJournalError(self.path, str(error)) from error
        if found != [("ok",)]:
            raise TornJournalError(self.path, str(found[0][0]))

    def freeze(self) -> None:
        """From now on this connection copies nothing from the log into the database, not even on closing.

        After a failed fsync the kernel may hold as clean what never reached the disk: leave it untouched.
        """
        self._db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self._db.wal_autocheckpoint(0)

    def close(self) -> None:
        self._db.close()
        self._high_water.close()
