"""The journal: makes messages durable before anybody acknowledges them (law L1).

Theory of operation. One thread owns every file and every connection. It takes whatever arrived while the last
batch was being synced to disk and stores that as the next batch (natural group commit), so that the disk's
speed sets the latency and never the throughput. The event loop hears of a whole batch with one wake-up.

What the thread holds to:
- whoever waits is answered only after the commit that holds its message has returned from fsync;
- after any failed write, sync or torn page the file is never written again: its unacknowledged batch fails
  (503 to the provider, who retries under the same key), and a new file begins. Notes about a file (how far it
  is drained) are therefore kept in the current file, by the old file's label;
- a full disk refuses without rotating, because a new file would not fit either;
- messages are never deleted here. Files rotate by size, and stay.
"""

import asyncio
import fcntl
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic, perf_counter
from typing import Any, TypeVar

import apsw
import structlog

from election.checkin import Message
from election.clock import Clock, SystemClock
from intake.journal_file import SUFFIX, Draft, JournalFile, TornJournalError

T = TypeVar("T")
Heard = Callable[[Any], None]  # told what became of something, on the event loop: the value or the exception

LARGEST_BATCH = 1_024  # messages a commit; more would delay the first of them without saving a sync worth it
MOST_WAITING = 50_000  # messages in memory before new ones are refused: bounds memory when the disk hangs
MARK_SECONDS = 0.25  # how late a mark may reach the disk when no messages carry it there
REOPEN_SECONDS = 1.0  # between attempts to begin a new file after a failure
LOCK_SECONDS = 10.0  # a predecessor that is still stopping may hold the folder this long
CHECK_SIZE_EVERY = 4_096  # messages between looks at the file's size

log = structlog.get_logger()


class JournalUnavailableError(Exception):
    """The message could not be made durable. Answer 503: the sender must try again."""


@dataclass(frozen=True, slots=True)
class Undrained:
    """Messages of one journal file that PostgreSQL may not have yet."""

    label: str
    messages: list[Message]


class Journal:
    """Open with `await Journal.open(folder)`; close it when nothing is being appended any more."""

    def __init__(self, folder: Path, clock: Clock, rotate_bytes: int, ballast_bytes: int) -> None:
        self._folder = folder
        self._clock = clock
        self._rotate_bytes = rotate_bytes
        self._ballast_bytes = ballast_bytes
        self._lock = -1
        self._loop = asyncio.get_running_loop()
        self._arriving: list[tuple[Draft, Heard]] = []  # during this turn of the event loop
        self._queue: SimpleQueue[list[tuple[Draft, Heard]] | tuple[Callable[[], Any], Heard] | None] = (
            SimpleQueue()
        )
        self._waiting = 0
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        # What follows belongs to the thread once it runs.
        self._current: JournalFile | None = None
        self._older: list[JournalFile] = []
        self._marks: dict[str, int] = {}
        self._unsaved: dict[str, int] = {}
        self._highest_seq = 0
        self._since_size_check = 0
        self._save_marks_at = 0.0
        self._reopen_at = 0.0
        self._full = False
        # Read by anybody.
        self.depth = 0  # messages acknowledged here that PostgreSQL may not have yet
        self.slowest_seconds = 0.0  # the slowest commit since somebody last looked
        self.torn: list[TornJournalError] = []
        self.arrived = asyncio.Event()  # set when there may be something to drain

    @classmethod
    async def open(
        cls,
        folder: Path,
        clock: Clock | None = None,
        rotate_bytes: int = 512 << 20,
        ballast_bytes: int = 0,
        *,
        first_seq: int = 0,
    ) -> "Journal":
        """Continues the newest file in `folder` or begins one. Raises `OSError`, `apsw.Error`, or
        `JournalUnavailableError` where another intake holds the folder. Rows of an empty folder are numbered
        from `first_seq + 1`. Damaged files are named in `torn` and in the log, left untouched, and do not
        keep new messages out.
        """
        journal = cls(folder, clock or SystemClock(), rotate_bytes, ballast_bytes)
        journal._highest_seq = first_seq
        folder.mkdir(parents=True, exist_ok=True)
        journal._lock = await _locked(folder)
        try:
            await asyncio.to_thread(journal._start)
        except BaseException:
            os.close(journal._lock)
            raise
        journal._thread.start()
        return journal

    def slowest_commit(self) -> float:
        """Seconds of the slowest commit since this was last asked."""
        slowest, self.slowest_seconds = self.slowest_seconds, 0.0
        return slowest

    @property
    def waiting(self) -> int:
        """Messages handed in that are neither durable nor refused yet."""
        return self._waiting

    @property
    def healthy(self) -> bool:
        """Whether the last attempt to store something succeeded."""
        return self._current is not None and not self._full

    def put(self, draft: Draft, heard: Heard) -> None:
        """Calls `heard` on the event loop once the message is durable: with (message, duplicate), or with the
        `JournalUnavailableError` that says it is not. Raises that at once where too many are waiting.

        A duplicate is not stored again and comes back as first stored.
        """
        if self._waiting >= MOST_WAITING:
            raise JournalUnavailableError(f"{self._waiting} messages are waiting for the disk")
        self._waiting += 1
        if not self._arriving:
            self._loop.call_soon(self._hand_over)
        self._arriving.append((draft, heard))

    async def append(self, draft: Draft) -> tuple[Message, bool]:
        """As `put`, for those who can wait: (message, duplicate). Raises `JournalUnavailableError`."""
        future: asyncio.Future[tuple[Message, bool]] = self._loop.create_future()
        self.put(draft, partial(_settle, future))
        return await future

    async def undrained(self, limit: int, beyond: tuple[str, int] | None = None) -> Undrained | None:
        """The oldest messages not marked as drained, at most `limit`, all of one file; None: no such.

        `beyond` (label, seq): as if everything up to there were marked already.
        """
        return await self._ask(lambda: self._undrained(limit, beyond))

    async def mark(self, label: str, seq: int) -> None:
        """PostgreSQL holds everything of `label` up to `seq`. Relaxed: a crash may forget it."""
        await self._ask(lambda: self._mark(label, seq))

    async def quarantine(self, label: str, seq: int, reason: str) -> None:
        """Notes durably that this message could not be stored as read."""
        await self._ask(lambda: self._writable().quarantine(label, seq, reason))

    async def settle(self, name: str, value: str) -> str:
        """The journal's answer for `name`: the first value ever given for it, durably."""
        return await self._ask(lambda: self._settle(name, value))

    async def find(self, provider: str, provider_message_id: str) -> Message | None:
        """The message with this key, where a file at hand holds it."""
        return await self._ask(lambda: self._find(provider, provider_message_id))

    async def close(self) -> None:
        """Stores what is still waiting, writes the marks, closes the files."""
        self._hand_over()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        os.close(self._lock)

    def _hand_over(self) -> None:
        """All that one turn of the event loop took in goes to the thread at once: it is woken once, and what
        arrived together is synced together.
        """
        arriving, self._arriving = self._arriving, []
        for start in range(0, len(arriving), LARGEST_BATCH):
            self._queue.put(arriving[start : start + LARGEST_BATCH])

    async def _ask(self, job: Callable[[], T]) -> T:
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((job, partial(_settle, future)))
        return await future

    # ---- the thread ----

    def _start(self) -> None:
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            try:
                file = JournalFile(path)
            except TornJournalError as error:
                self._set_aside(path, error)
                continue
            for label, seq in file.marks().items():
                self._marks[label] = max(seq, self._marks.get(label, 0))
            self._older.append(file)
            self._highest_seq = max(self._highest_seq, file.last_seq)
        if self._older and self._older[-1].size < self._rotate_bytes:
            self._current = self._older.pop()
            self._current.last_seq = self._highest_seq  # row numbers go on through all files
        else:
            self._begin_file()
        self.depth = sum(f.count(self._marks.get(f.label, 0), f.last_seq) for f in self._files())
        if self.depth:
            self.arrived.set()
        self._set_ballast()

    def _begin_file(self) -> None:
        self._current = JournalFile.create(self._folder, self._clock.now(), self._highest_seq)
        self._unsaved = dict(self._marks)
        log.info("journal_begun", journal=self._current.label)

    def _files(self) -> list[JournalFile]:
        return [*self._older, self._current] if self._current else list(self._older)

    def _run(self) -> None:
        going = True
        while going:
            drafts: list[tuple[Draft, Heard]] = []
            answers: list[tuple[Heard, Any]] = []
            going = self._collect(drafts, answers)
            if drafts:
                answers += self._store(drafts)
            if answers:
                with suppress(RuntimeError):  # the loop is gone: nobody waits
                    self._loop.call_soon_threadsafe(self._answer, answers, len(drafts))
        self._shut()

    def _collect(self, drafts: list[tuple[Draft, Heard]], answers: list[tuple[Heard, Any]]) -> bool:
        """Takes what has arrived; jobs are done on the way. False when told to stop."""
        try:
            idle = self.healthy and not self._unsaved
            item = self._queue.get(timeout=None if idle else MARK_SECONDS)
            while True:
                if item is None:
                    return False
                if isinstance(item, list):
                    drafts += item
                    if len(drafts) >= LARGEST_BATCH:
                        return True
                else:
                    job, heard = item
                    answers.append((heard, _attempt(job)))
                    if drafts:
                        return True
                item = self._queue.get_nowait()
        except Empty:
            if not drafts and not answers:
                self._recover() if not self.healthy else self._save_marks()
            return True

    def _store(self, waiting: list[tuple[Draft, Heard]]) -> list[tuple[Heard, Any]]:
        drafts = [draft for draft, _ in waiting]
        started = perf_counter()
        results: Sequence[Any]
        try:
            results = self._stored(drafts)
        except (JournalUnavailableError, apsw.Error, TornJournalError, OSError) as error:
            results = [self._failed(error)] * len(drafts)
        except Exception as error:
            log.exception("journal_bug")
            results = [JournalUnavailableError(repr(error))] * len(drafts)
        self.slowest_seconds = max(self.slowest_seconds, perf_counter() - started)
        return [(heard, result) for (_, heard), result in zip(waiting, results, strict=True)]

    def _stored(self, drafts: list[Draft]) -> Sequence[tuple[Message, bool]]:
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
        self.depth += sum([not duplicate for _, duplicate in merged])
        self._since_size_check += len(fresh)
        if self._since_size_check >= CHECK_SIZE_EVERY:
            self._since_size_check = 0
            self._rotate_if_large(file)
        return merged

    def _seen_in_older(self, drafts: list[Draft]) -> dict[int, Message]:
        seen: dict[int, Message] = {}
        keys = [(draft.provider, draft.provider_message_id) for draft in drafts]
        for file in self._older:
            with suppress(apsw.Error):  # a damaged old file: PostgreSQL's unique key still holds
                found = file.find_all(keys)
                if found:
                    seen |= {i: found[key] for i, key in enumerate(keys) if key in found}
        return seen

    def _writable(self) -> JournalFile:
        if self._current is None:
            if monotonic() < self._reopen_at:
                raise JournalUnavailableError("no journal file can be written")
            self._reopen_at = monotonic() + REOPEN_SECONDS
            self._begin_file()
        assert self._current is not None
        return self._current

    def _failed(self, error: Exception) -> JournalUnavailableError:
        """Decides what a failure means for the file, and what to tell those who wait."""
        if isinstance(error, JournalUnavailableError):
            return error
        if isinstance(error, apsw.FullError) or getattr(error, "errno", None) == 28:
            if not self._full:
                ballast = self._ballast if self._ballast.exists() else None
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
        if self._current is not None:
            self._current.freeze()
            self._retire(self._current)
            self._current = None
        return JournalUnavailableError(f"the journal could not be written: {error!r}")

    def _recover(self) -> None:
        """Finds out, without a message at risk, whether the disk takes writes again."""
        if monotonic() < self._reopen_at:
            return
        try:
            self._writable().probe()
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
        except (TornJournalError, apsw.Error) as error:
            self._set_aside(path, error)

    def _set_aside(self, path: Path, error: Exception) -> None:
        torn = error if isinstance(error, TornJournalError) else TornJournalError(path, repr(error))
        self.torn.append(torn)
        log.error("journal_torn", file=path.name, why=torn.why, remedy="keep it; recover it first")

    def _rotate_if_large(self, file: JournalFile) -> None:
        with suppress(apsw.Error, OSError):
            if file.size >= self._rotate_bytes:
                old = file
                self._begin_file()
                self._retire(old)

    def _undrained(self, limit: int, beyond: tuple[str, int] | None) -> Undrained | None:
        if beyond is None:
            self._loop.call_soon_threadsafe(self.arrived.clear)
        for file in self._files():
            try:
                start = self._marks.get(file.label, 0)
                if beyond and beyond[0] == file.label:
                    start = max(start, beyond[1])
                messages = file.after(start, limit)
            except (apsw.Error, ValueError) as error:
                if file is self._current:
                    raise
                self._older.remove(file)  # the others must not wait for it
                self._set_aside(file.path, error)
                continue
            if messages:
                return Undrained(file.label, messages)
        if beyond is None:
            self.depth = 0
        return None

    def _mark(self, label: str, seq: int) -> None:
        before = self._marks.get(label, 0)
        if seq <= before:
            return
        for file in self._files():
            if file.label == label:
                self.depth -= file.count(before, seq)
        self._marks[label] = self._unsaved[label] = seq

    def _save_marks(self) -> None:
        with suppress(apsw.Error):  # it is kept, and tried again with the next batch
            if self._unsaved and self._current:
                self._current.write(self._unsaved)
                self._unsaved = {}

    def _settle(self, name: str, value: str) -> str:
        for file in self._older:
            if (settled := file.fact(name)) is not None:
                return settled
        return self._writable().settle_fact(name, value)

    def _find(self, provider: str, provider_message_id: str) -> Message | None:
        for file in reversed(self._files()):
            if found := file.find(provider, provider_message_id):
                return found
        return None

    def _shut(self) -> None:
        self._save_marks()
        for file in self._files():
            with suppress(apsw.Error):
                file.close()

    @property
    def _ballast(self) -> Path:
        return self._folder / "ballast"

    def _set_ballast(self) -> None:
        """Sets room aside; where the disk has none, says so and goes on."""
        if not self._ballast_bytes or self._ballast.exists():
            return
        try:
            with self._ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._ballast_bytes)
        except OSError as error:
            self._ballast.unlink(missing_ok=True)
            log.warning("journal_ballast_missing", error=str(error), remedy="free disk space, then restart")

    # ---- the loop ----

    def _answer(self, answers: list[tuple[Heard, Any]], stored: int) -> None:
        self._waiting -= stored
        if stored:
            self.arrived.set()
        for heard, result in answers:
            try:
                heard(result)
            except Exception:
                log.exception("answer_failed")  # the others are still owed theirs


def _settle(future: asyncio.Future[Any], result: Any) -> None:
    if future.cancelled():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)


def _attempt(job: Callable[[], Any]) -> Any:
    try:
        return job()
    except Exception as error:
        return error


async def _locked(folder: Path) -> int:
    """The folder's lock, held until closed: two processes must never write one journal."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(int(LOCK_SECONDS / 0.1)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            await asyncio.sleep(0.1)
    os.close(descriptor)
    raise JournalUnavailableError(
        f"another intake holds {folder}; stop it, or give this one its own state folder"
    )
