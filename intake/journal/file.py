"""One journal file: a SQLite database in WAL mode that holds messages exactly as they arrived.

The format (version 1) is documented in docs/journal.md. Everything here blocks and belongs to one thread.
Statements are built so that a whole batch costs one call into SQLite, which releases the interpreter's lock
once a batch rather than once a row.
"""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import orjson

from election.domain.checkin import Channel, Message
from election.domain.ids import message_id
from intake.errors import IntakeError
from intake.journal.high_water import HighWater

APPLICATION_ID = 0x424C474A  # "BLGJ"
VERSION = 1
SUFFIX = ".journal"
LARGEST_STATEMENT = 128  # rows; one statement for each number of them, compiled when first needed
BUSY_MILLISECONDS = 2_000  # an operator's sqlite3 shell may look at the file meanwhile

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_REHEARSAL = "rehearsal:"  # before the roster's version: the message belongs to a rehearsal

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

_COLUMNS = (
    "seq, provider, provider_message_id, channel, sender, body, raw, received_at, sent_at, roster_version"
)

_FIND = f"""
select {_COLUMNS.replace("raw,", "hex(raw),")} from messages where provider = ? and provider_message_id = ?
"""  # noqa: S608 (constants only)

_FIND_ALL = f"""
select {_COLUMNS.replace("raw,", "hex(raw),")} from messages
where (provider, provider_message_id) in (select value ->> 0, value ->> 1 from json_each(?))
"""  # noqa: S608 (constants only)

_UNDRAINED = """
select json_group_array(json_array(seq, provider, provider_message_id, channel, sender, body, hex(raw),
                                   received_at, sent_at, roster_version))
from (select * from messages where seq > ? order by seq limit ?)
"""

_MARK = """
insert into marks values (?, ?) on conflict (label) do update set drained = max(drained, excluded.drained)
"""


class TornJournalError(IntakeError):
    """The journal file cannot be read: damaged, not a journal, or written by a newer version.

    Nothing was changed in it. Keep it; recover what it holds before deleting anything.
    """

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}; keep this file, and recover it before deleting anything")
        self.path = path
        self.why = why


class Draft(NamedTuple):
    """A message about to be journalled. Times are UTC. `raw` is the request body, untouched."""

    provider: str
    provider_message_id: str
    channel: Channel
    sender: str
    body: str
    raw: bytes
    received_at: datetime
    sent_at: datetime
    roster_version: str = ""
    rehearsal: bool = False

    def message(self, label: str, seq: int) -> Message:
        """The message it became as row `seq` of the journal `label`."""
        return Message(
            message_id(self.provider, self.provider_message_id), self.provider, self.provider_message_id,
            self.channel, self.sender, self.body, self.raw, self.received_at, self.sent_at,
            self.roster_version, label, seq, self.rehearsal,
        )  # fmt: skip


class LogGoneError(IntakeError):
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
            self._check()
            self._db.execute("pragma synchronous = full; pragma cache_size = -4096")
            [[self.label, self.last_seq]] = self._rows(
                "select label, (select coalesce(max(seq), 0) from messages) from about"
            )
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

    def append(self, drafts: Sequence[Draft], marks: dict[str, int]) -> list[tuple[Message, bool]]:
        """Stores the drafts durably, in one transaction with `marks`; (message, duplicate) for each.

        A duplicate comes back as the message first stored. Raises `apsw.Error`: then nothing is stored; and
        `LogGoneError`: then it is, but not on disk.
        """
        db, first = self._db, self.last_seq + 1
        changes = db.total_changes()
        one_statement = not marks and len(drafts) <= LARGEST_STATEMENT
        try:
            if not one_statement:
                db.execute("begin immediate")
            for start in range(0, len(drafts), LARGEST_STATEMENT):
                rows = drafts[start : start + LARGEST_STATEMENT]
                db.execute(_INSERTS[len(rows)], _bindings(rows, first + start))
            inserted = db.total_changes() - changes
            self._write_marks(marks)
            if not one_statement:
                db.execute("commit")
        except apsw.Error:
            self._roll_back()
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
        """Raises `LogGoneError` where the log that was just synced is not the one in the folder."""
        try:
            status = self._log.stat()
        except OSError as error:
            raise LogGoneError(str(error)) from error
        found = (status.st_dev, status.st_ino)
        if self._log_id is None:
            self._log_id = found
        elif found != self._log_id:
            raise LogGoneError(f"another file is in place of {self._log.name}")

    def rescue(self) -> None:
        """Brings what stands in a log that is gone into the file itself. Raises `apsw.Error`."""
        self._db.execute("pragma wal_checkpoint(full)").fetchall()

    def sync_note(self) -> None:
        """Brings to the disk how far the file was acknowledged."""
        self._high_water.sync()

    def _settled(self, draft: Draft, seq: int) -> tuple[Message, bool]:
        found = self.find(draft.provider, draft.provider_message_id)
        if found is None:
            raise TornJournalError(self.path, f"row {seq} is missing right after it was written")
        return found, found.journal_seq != seq

    def find(self, provider: str, provider_message_id: str) -> Message | None:
        """The message with this key, if it is in this file."""
        rows = self._rows(_FIND, (provider, provider_message_id))
        return self._message(rows[0]) if rows else None

    def find_all(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Message]:
        """The messages with these keys that are in this file."""
        found = [self._message(row) for row in self._rows(_FIND_ALL, (orjson.dumps(keys).decode(),))]
        return {(message.provider, message.provider_message_id): message for message in found}

    def after(self, seq: int, limit: int) -> list[Message]:
        """At most `limit` messages behind row `seq`, in order."""
        [[text]] = self._rows(_UNDRAINED, (seq, limit))
        return [self._message(row) for row in orjson.loads(text)]

    def count(self, after: int, through: int) -> int:
        """How many messages have `after < seq <= through`."""
        query = "select count(*) from messages where seq > ? and seq <= ?"
        [[count]] = self._rows(query, (after, through))
        return int(count)

    def marks(self) -> dict[str, int]:
        """How far each journal, by label, was known to be drained when this file was last written."""
        return dict(self._rows("select label, drained from marks"))

    def write(self, marks: dict[str, int]) -> None:
        """Notes how far journals are drained; losing such a note costs repetition only."""
        self._db.execute("begin immediate")
        try:
            self._write_marks(marks)
            self._db.execute("commit")
        except apsw.Error:
            self._roll_back()
            raise

    def _write_marks(self, marks: dict[str, int]) -> None:
        for label, seq in marks.items():
            self._db.execute(_MARK, (label, seq))

    def quarantine(self, label: str, seq: int, reason: str) -> None:
        self._db.execute("insert or ignore into quarantine values (?, ?, ?)", (label, seq, reason))

    def settle_fact(self, name: str, value: str) -> str:
        """The value under `name`: the first one ever given, durably."""
        self._db.execute("insert or ignore into facts values (?, ?)", (name, value))
        return self.fact(name) or value

    def fact(self, name: str) -> str | None:
        rows = self._rows("select value from facts where name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def probe(self) -> None:
        """Writes something and takes it back. Raises `apsw.Error` where the disk does not take it."""
        self._db.execute("insert or replace into facts values ('probe', hex(zeroblob(32768)))")
        self._db.execute("delete from facts where name = 'probe'")

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

    def _roll_back(self) -> None:
        with suppress(apsw.Error):  # the caller has the error that matters
            if self._db.in_transaction:
                self._db.execute("rollback")

    def _message(self, row: Sequence[Any]) -> Message:
        seq, provider, key, channel, sender, body, raw, received, sent, roster = row
        return Message(
            message_id(provider, key), provider, key, Channel(channel), sender, body, bytes.fromhex(raw),
            _EPOCH + timedelta(microseconds=received), _EPOCH + timedelta(microseconds=sent),
            roster.removeprefix(_REHEARSAL), self.label, seq, roster.startswith(_REHEARSAL),
        )  # fmt: skip


def _insert(rows: int) -> str:
    values = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * rows)
    return f"insert or ignore into messages ({_COLUMNS}) values {values}"  # noqa: S608 (constants only)


_INSERTS = {rows: _insert(rows) for rows in range(1, LARGEST_STATEMENT + 1)}


def _bindings(drafts: Sequence[Draft], first_seq: int) -> list[Any]:
    values: list[Any] = []
    for seq, d in enumerate(drafts, first_seq):
        values += (
            seq, d.provider, d.provider_message_id, d.channel.value, d.sender, d.body, d.raw,
            (d.received_at - _EPOCH) // _MICROSECOND, (d.sent_at - _EPOCH) // _MICROSECOND,
            _REHEARSAL + d.roster_version if d.rehearsal else d.roster_version,
        )  # fmt: skip
    return values
