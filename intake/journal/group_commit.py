"""Group commit: one thread stores what arrived while the last batch was being synced.

Theory of operation. The thread owns every file and every connection. It takes whatever arrived while the last
batch was being synced to disk and stores that as the next batch (natural group commit), so that the disk's
speed sets the latency and never the throughput. The event loop is woken once for a whole batch.
Whoever waits is answered only after the commit that holds its message has returned from fsync.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import structlog

from election.domain.checkin import Message
from intake.journal.backlog import MARK_SECONDS
from intake.journal.draft import MessageDraft
from intake.journal.folder import JournalFolder, JournalUnavailableError

T = TypeVar("T")
OnDone = Callable[
    [Any], None
]  # called on the event loop with what became of something: the value or the exception

LARGEST_BATCH = 1_024  # messages a commit; more would delay the first of them without saving a sync worth it
MOST_WAITING = 50_000  # messages in memory before new ones are refused: bounds memory when the disk hangs

log = structlog.get_logger()


class GroupCommit:
    """The thread of an opened `folder`, and the way to it from the event loop. `start` it once."""

    def __init__(self, folder: JournalFolder) -> None:
        self.folder = folder  # the thread's, once it runs
        self.waiting = 0  # messages handed in that are neither durable nor refused yet
        self.arrived = asyncio.Event()  # set when there may be something to drain
        self._loop = asyncio.get_running_loop()
        self._arriving: list[tuple[MessageDraft, OnDone]] = []  # during this turn of the event loop
        self._queue: SimpleQueue[
            list[tuple[MessageDraft, OnDone]] | tuple[Callable[[], Any], OnDone] | None
        ] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        if folder.backlog.depth:
            self.arrived.set()

    def start(self) -> None:
        self._thread.start()

    def put(self, draft: MessageDraft, on_done: OnDone) -> None:
        """Calls `on_done` on the event loop once the message is durable: with (message, duplicate), or with
        the `JournalUnavailableError` that says it is not. Raises that at once where too many are waiting.

        A duplicate is not stored again and comes back as first stored.
        """
        if self.waiting >= MOST_WAITING:
            raise JournalUnavailableError(f"{self.waiting} messages are waiting for the disk")
        self.waiting += 1
        if not self._arriving:
            self._loop.call_soon(self._hand_over)
        self._arriving.append((draft, on_done))

    async def append(self, draft: MessageDraft) -> tuple[Message, bool]:
        """As `put`, for those who can wait: (message, duplicate). Raises `JournalUnavailableError`."""
        future: asyncio.Future[tuple[Message, bool]] = self._loop.create_future()
        self.put(draft, partial(settle_future, future))
        return await future

    async def ask(self, job: Callable[[], T]) -> T:
        """What `job` returns or raises, done by the thread."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((job, partial(settle_future, future)))
        return await future

    async def close(self) -> None:
        """Stores what is still waiting, writes the marks, closes the files."""
        self._hand_over()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        """All that one turn of the event loop took in goes to the thread at once: it is woken once, and what
        arrived together is synced together.
        """
        arriving, self._arriving = self._arriving, []
        for start in range(0, len(arriving), LARGEST_BATCH):
            self._queue.put(arriving[start : start + LARGEST_BATCH])

    def _run(self) -> None:
        """The thread."""
        going = True
        while going:
            drafts: list[tuple[MessageDraft, OnDone]] = []
            answers: list[tuple[OnDone, Any]] = []
            going = self._collect(drafts, answers)
            if self.folder.opened_late():
                with suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self.arrived.set)
            if drafts:
                stored = self.folder.store([draft for draft, _ in drafts])
                answers += [(on_done, result) for (_, on_done), result in zip(drafts, stored, strict=True)]
            if answers:
                with suppress(RuntimeError):  # the loop is gone: nobody waits
                    self._loop.call_soon_threadsafe(self.answer, answers, len(drafts))
        self.folder.close()

    def _collect(self, drafts: list[tuple[MessageDraft, OnDone]], answers: list[tuple[OnDone, Any]]) -> bool:
        """Takes what has arrived; jobs are done on the way. False once the journal is to close."""
        try:
            item = self._queue.get(timeout=None if self.folder.settled else MARK_SECONDS)
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
                self.folder.rest()
            return True

    def answer(self, answers: list[tuple[OnDone, Any]], stored: int) -> None:
        """Calls each with what became of it; `stored` of them were messages. On the event loop."""
        self.waiting -= stored
        if stored:
            self.arrived.set()
        for on_done, result in answers:
            try:
                on_done(result)
            except Exception:
                log.exception("answer_failed")  # the others are still owed theirs


def settle_future(future: asyncio.Future[Any], result: Any) -> None:
    """Gives whoever awaits `future` the result, or raises it where it is an exception."""
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
