"""Intake and the tally of a schedule: the real journal, drain and ledger, which may die at any await.

The journal is the real one on a real (memory) disk, without its thread.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from election.domain.checkin import CheckIn, Message
from election.domain.day import Election, ElectionDay, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId
from election.domain.roster import roster_of
from intake.drain.drain import Drain
from intake.journal.draft import MessageDraft
from intake.journal.folder import JournalFolder
from intake.journal.group_commit import GroupCommit, settle_future
from intake.journal.writer import Journal
from intake.roster.snapshot import Rosters

if TYPE_CHECKING:
    from tests.simulation.world import World

PRECINCTS = tuple(PrecinctId(f"12-{n:02}") for n in range(1, 4))


def an_election() -> Election:
    day = ElectionDay("Simulated", date(2026, 11, 3), "America/New_York", time(7), time(20), ("en",))
    return Election(
        day,
        tuple(Precinct(p, f"School {p}", 1800) for p in PRECINCTS),
        watchers=tuple(
            Watcher(WatcherId(f"w{n}"), f"Watcher {n}", f"+1215555{n:04}", "en", (p,))
            for n, p in enumerate(PRECINCTS, 1)
        ),
    )


ELECTION = an_election()
ROSTER = roster_of(ELECTION)


class SteppedCommits(GroupCommit):
    """The real journal's, the thread's work done by the loop, with a disk that takes time and may fail."""

    def __init__(self, folder: Path, world: "World") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        super().__init__(JournalFolder(folder, world, 1 << 29, elapsed=loop.time))
        self._world = world
        self._pending: list[Any] = []
        self._dead = False
        self.death: asyncio.Future[None] = loop.create_future()

    async def append(self, draft: MessageDraft) -> tuple[Message, bool]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting += 1
        self._pending.append((draft, partial(settle_future, future)))
        if len(self._pending) == 1:
            self._world.spawn(self._commit())
        return await future

    async def _commit(self) -> None:
        await self._world.nap()
        if self._dead:
            return
        batch, self._pending = self._pending, []
        file = self.folder.files.current
        if file is not None and self._world.unlucky(0.03):
            self._break(file)
        stored = self.folder.store([draft for draft, _ in batch])
        answers = [(on_done, result) for (_, on_done), result in zip(batch, stored, strict=True)]
        await self._world.nap()  # durable, and nobody knows yet
        if not self._dead:
            self.answer(answers, len(batch))

    def _break(self, file: Any) -> None:
        """The next write fails: before anything was written, or although everything was."""
        append, written = file.append, self._world.unlucky(0.5, always=True)

        def fail(*arguments: Any) -> Any:
            if written:
                append(*arguments)
            raise apsw.IOError("simulated")

        file.append = fail

    async def ask(self, job: Any) -> Any:
        await self._world.nap()
        if self._dead:
            raise ConnectionError("this process is dead")
        value = job()
        await self._world.nap()
        return value

    def die(self) -> None:
        self._dead = True
        self.death.set_result(None)
        self.folder.files.close()


class MarkingFirst(Drain):
    """A planted bug: the mark is written before PostgreSQL has the messages."""

    async def _store(self, entries: Any, connection: Any) -> None:
        last = entries[-1][0]
        await self._journal.mark(last.journal, last.journal_seq)
        await super()._store(entries, connection)


class Intake:
    """One intake process: lives, dies at any await, lives again on the same disk."""

    def __init__(self, world: "World", folder: Path) -> None:
        self._world, self._folder = world, folder
        self.journal: Journal | None = None
        self._commits: SteppedCommits | None = None
        self._task: asyncio.Task[None] | None = None
        self.drain: Drain | None = None

    async def start(self) -> None:
        self._commits = SteppedCommits(self._folder, self._world)
        self.journal = Journal(self._commits, -1)
        rosters = Rosters(self._folder)
        rosters.current = ROSTER
        rosters._by_version[ROSTER.version] = ROSTER
        rosters.known.set()
        kind = MarkingFirst if self._world.plants.mark_first else Drain
        self.drain = kind(self.journal, rosters, "", self._world.telemetry, batch=7, linger=0.01)
        self._task = asyncio.get_running_loop().create_task(self.drain.run())

    def die(self) -> None:
        if self._commits is None:
            return
        self._commits.die()
        assert self.drain is not None
        assert self._task is not None
        if self.drain._connection is not None:
            self.drain._connection.terminate()
        self._task.cancel()
        self._world.graves.append(self._task)
        self.journal = self._commits = None

    async def take(self, draft: MessageDraft) -> None:
        """Returns once it is acknowledged. Raises where it is not."""
        await self._world.nap()
        commits = self._commits
        if commits is None:
            raise ConnectionRefusedError
        answered = asyncio.ensure_future(commits.append(draft))
        await asyncio.wait({answered, commits.death}, return_when=asyncio.FIRST_COMPLETED)
        if not answered.done():
            answered.cancel()
            raise ConnectionResetError
        answered.result()
        if self._world.unlucky(0.05):
            raise ConnectionResetError  # the answer got lost


class Board:
    """The tally in small: a follower's sink around a ledger."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.ledger = world.plants.ledger(ELECTION)
        self.dead = False

    def begin(self, election: Election) -> None:
        self.ledger = self._world.plants.ledger(election)

    async def take(self, check_ins: Sequence[CheckIn]) -> None:
        half = len(check_ins) // 2
        self.ledger.add(check_ins[:half])
        await self._world.nap()
        if self._world.unlucky(0.05):
            raise ConnectionResetError  # in the middle of a batch: it is read again
        self.ledger.add(check_ins[half:])

    def caught_up(self) -> None: ...
