"""The journal: makes messages durable before anybody acknowledges them (law L1).

What arrives goes to a thread that stores it batch by batch (`group_commit`); the drain reads what PostgreSQL
may not have yet (`backlog`), and marks what it has.
"""

import asyncio
import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

from election.domain.checkin import Message
from election.runtime.clock import Clock, SystemClock
from intake.journal.backlog import Undrained
from intake.journal.file import TornJournalError
from intake.journal.folder import JournalFolder, JournalUnavailableError
from intake.journal.group_commit import GroupCommit

__all__ = ["Journal", "JournalUnavailableError", "Undrained"]

LOCK_SECONDS = 10.0  # a predecessor that is still stopping may hold the folder this long


class Journal:
    """Open with `await Journal.open(folder)`; close it when nothing is being appended any more.

    `put` and `append` are those of `GroupCommit`, and `arrived` is its event.
    """

    def __init__(self, commits: GroupCommit, lock: int) -> None:
        self._commits = commits
        self._lock = lock
        self._folder = commits.folder
        self._backlog = commits.folder.backlog  # asked by way of the thread, but for its depth
        # Bound here rather than called through: every text comes this way.
        self.put = commits.put
        self.append = commits.append
        self.arrived = commits.arrived

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
        commits = GroupCommit(files)
        commits.start()
        return cls(commits, lock)

    def slowest_commit(self) -> float:
        """Seconds of the slowest commit since this was last asked."""
        slowest, self._folder.slowest_seconds = self._folder.slowest_seconds, 0.0
        return slowest

    @property
    def depth(self) -> int:
        """Messages acknowledged here that PostgreSQL may not have yet."""
        return self._backlog.depth

    @property
    def torn(self) -> list[TornJournalError]:
        """Files that cannot be read, and why."""
        return self._folder.files.torn

    @property
    def waiting(self) -> int:
        """Messages handed in that are neither durable nor refused yet."""
        return self._commits.waiting

    @property
    def healthy(self) -> bool:
        """Whether the last attempt to store something succeeded."""
        return self._folder.healthy

    async def undrained(self, limit: int, beyond: tuple[str, int] | None = None) -> Undrained | None:
        """As `Backlog.undrained`; `arrived` is set when there is something new to ask for."""
        if beyond is None:
            self.arrived.clear()
        return await self._commits.ask(lambda: self._backlog.undrained(limit, beyond))

    async def peek(self, limit: int, seen: Mapping[str, int]) -> Undrained | None:
        """As `Backlog.peek`: for readers beside the drain."""
        return await self._commits.ask(lambda: self._backlog.peek(limit, seen))

    async def mark(self, label: str, seq: int) -> None:
        """Notes that PostgreSQL holds everything of `label` up to `seq`. Relaxed: a crash may forget it."""
        await self._commits.ask(lambda: self._backlog.mark(label, seq))

    async def quarantine(self, label: str, seq: int, reason: str) -> None:
        """Notes durably that this message could not be stored as read."""
        await self._commits.ask(lambda: self._folder.quarantine(label, seq, reason))

    async def settle(self, name: str, value: str) -> str:
        """The value for `name`: the first one ever given for it, durably."""
        return await self._commits.ask(lambda: self._folder.settle(name, value))

    async def latest(self, most: int) -> list[Message]:
        """The last messages, oldest first."""
        return await self._commits.ask(lambda: self._folder.files.latest(most))

    async def close(self) -> None:
        """Stores what is still waiting, writes the marks, closes the files."""
        await self._commits.close()
        os.close(self._lock)


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
