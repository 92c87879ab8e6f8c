"""The journal: makes messages durable before anybody acknowledges them (law L1).

Theory of operation. One thread owns every file and every connection. It takes whatever arrived while the last
batch was being synced to disk and stores that as the next batch (natural group commit), so that the disk's
speed sets the latency and never the throughput. The event loop hears of a whole batch with one wake-up.
Whoever waits is answered only after the commit that holds its message has returned from fsync.
"""

import asyncio
import fcntl
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import structlog

from election.domain.checkin import Message
from election.runtime.clock import Clock, SystemClock
from intake.journal.draft import Draft
from intake.journal.file import TornJournalError
from intake.journal.folder import MARK_SECONDS, JournalFolder, JournalUnavailableError, Undrained

__all__ = ["Journal", "JournalUnavailableError", "Undrained"]

T = TypeVar("T")
OnDone = Callable[[Any], None]  # told what became of something, on the event loop: the value or the exception

LARGEST_BATCH = 1_024  # messages a commit; more would delay the first of them without saving a sync worth it
MOST_WAITING = 50_000  # messages in memory before new ones are refused: bounds memory when the disk hangs
LOCK_SECONDS = 10.0  # a predecessor that is still stopping may hold the folder this long

log = structlog.get_logger()


class Journal:
    """Open with `await Journal.open(folder)`; close it when nothing is being appended any more."""

    def __init__(self, folder: JournalFolder, lock: int) -> None:
        self._folder = folder  # the thread's, once it runs
        self._lock = lock
        self._loop = asyncio.get_running_loop()
        self._arriving: list[tuple[Draft, OnDone]] = []  # during this turn of the event loop
        self._queue: SimpleQueue[list[tuple[Draft, OnDone]] | tuple[Callable[[], Any], OnDone] | None] = (
            SimpleQueue()
        )
        self._waiting = 0
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self.arrived = asyncio.Event()  # set when there may be something to drain
        if folder.depth:
            self.arrived.set()

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
        """The journal in `folder`, as `JournalFolder` opens it. Raises `OSError`, `apsw.Error`, or
        `JournalUnavailableError` where another intake holds the folder.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = await _locked(folder)
        try:
            files = await asyncio.to_thread(
                JournalFolder, folder, clock or SystemClock(), rotate_bytes, ballast_bytes, first_seq
            )
        except BaseException:
            os.close(lock)
            raise
        journal = cls(files, lock)
        journal._thread.start()
        return journal

    def slowest_commit(self) -> float:
        """Seconds of the slowest commit since this was last asked."""
        slowest, self._folder.slowest_seconds = self._folder.slowest_seconds, 0.0
        return slowest

    @property
    def depth(self) -> int:
        """Messages acknowledged here that PostgreSQL may not have yet."""
        return self._folder.depth

    @property
    def torn(self) -> list[TornJournalError]:
        """Files that cannot be read, and why."""
        return self._folder.torn

    @property
    def waiting(self) -> int:
        """Messages handed in that are neither durable nor refused yet."""
        return self._waiting

    @property
    def healthy(self) -> bool:
        """Whether the last attempt to store something succeeded."""
        return self._folder.healthy

    def put(self, draft: Draft, on_done: OnDone) -> None:
        """Calls `on_done` on the event loop once the message is durable: with (message, duplicate), or with
        the `JournalUnavailableError` that says it is not. Raises that at once where too many are waiting.

        A duplicate is not stored again and comes back as first stored.
        """
        if self._waiting >= MOST_WAITING:
            raise JournalUnavailableError(f"{self._waiting} messages are waiting for the disk")
        self._waiting += 1
        if not self._arriving:
            self._loop.call_soon(self._hand_over)
        self._arriving.append((draft, on_done))

    async def append(self, draft: Draft) -> tuple[Message, bool]:
        """As `put`, for those who can wait: (message, duplicate). Raises `JournalUnavailableError`."""
        future: asyncio.Future[tuple[Message, bool]] = self._loop.create_future()
        self.put(draft, partial(_settle, future))
        return await future

    async def undrained(self, limit: int, beyond: tuple[str, int] | None = None) -> Undrained | None:
        """As `JournalFolder.undrained`; `arrived` is set when there is something new to ask for."""
        if beyond is None:
            self.arrived.clear()
        return await self._ask(lambda: self._folder.undrained(limit, beyond))

    async def peek(self, limit: int, seen: Mapping[str, int]) -> Undrained | None:
        """As `JournalFolder.peek`: for readers beside the drain."""
        return await self._ask(lambda: self._folder.peek(limit, seen))

    async def mark(self, label: str, seq: int) -> None:
        """PostgreSQL holds everything of `label` up to `seq`. Relaxed: a crash may forget it."""
        await self._ask(lambda: self._folder.mark(label, seq))

    async def quarantine(self, label: str, seq: int, reason: str) -> None:
        """Notes durably that this message could not be stored as read."""
        await self._ask(lambda: self._folder.quarantine(label, seq, reason))

    async def settle(self, name: str, value: str) -> str:
        """The journal's answer for `name`: the first value ever given for it, durably."""
        return await self._ask(lambda: self._folder.settle(name, value))

    async def find(self, provider: str, provider_message_id: str) -> Message | None:
        """The message with this key, where a file at hand holds it."""
        return await self._ask(lambda: self._folder.find(provider, provider_message_id))

    async def latest(self, most: int) -> list[Message]:
        """The last messages, oldest first."""
        return await self._ask(partial(self._folder.latest, most))

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

    def _run(self) -> None:
        """The thread."""
        going = True
        while going:
            drafts: list[tuple[Draft, OnDone]] = []
            answers: list[tuple[OnDone, Any]] = []
            going = self._collect(drafts, answers)
            if self._folder.opened_late():
                with suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self.arrived.set)
            if drafts:
                stored = self._folder.store([draft for draft, _ in drafts])
                answers += [(on_done, result) for (_, on_done), result in zip(drafts, stored, strict=True)]
            if answers:
                with suppress(RuntimeError):  # the loop is gone: nobody waits
                    self._loop.call_soon_threadsafe(self._answer, answers, len(drafts))
        self._folder.close()

    def _collect(self, drafts: list[tuple[Draft, OnDone]], answers: list[tuple[OnDone, Any]]) -> bool:
        """Takes what has arrived; jobs are done on the way. False when told to stop."""
        try:
            item = self._queue.get(timeout=None if self._folder.settled else MARK_SECONDS)
            while True:
                if item is None:
                    return False
                if isinstance(item, list):
                    drafts += item
                    if len(drafts) >= LARGEST_BATCH:
                        return True
                else:
                    job, on_done = item
                    answers.append((on_done, _attempt(job)))
                    if drafts:
                        return True
                item = self._queue.get_nowait()
        except Empty:
            if not drafts and not answers:
                self._folder.rest()
            return True

    def _answer(self, answers: list[tuple[OnDone, Any]], stored: int) -> None:
        self._waiting -= stored
        if stored:
            self.arrived.set()
        for on_done, result in answers:
            try:
                on_done(result)
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
