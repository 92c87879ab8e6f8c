"""A simulated world for the real journal, drain, follower and ledger: time, network, database, crashes.

Time is virtual (`virtual_time`) and every wait is drawn from one seed, so that a schedule can be repeated.
What lives here are `services`; they store in a `database` that keeps PostgreSQL's promises, and no more.
"""

import asyncio
import random
import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from election.domain.checkin import Channel, CheckIn, Message
from election.domain.ids import message_id
from intake.journal.draft import MessageDraft
from intake.journal.writer import JournalUnavailableError
from intake.metrics.intake import Telemetry
from intake.reading.reader import check_ins_of, readings_of
from tally.engine.follower import Follower
from tally.ledger.ledger import Ledger
from tests.simulation.database import Database
from tests.simulation.services import ELECTION, PRECINCTS, ROSTER, Board, Intake
from tests.simulation.virtual_time import VirtualLoop

NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
TEXTS = 24
INTAKES = 2
TROUBLE_SECONDS = 6.0  # faults happen before this; afterwards the world is left to recover
PATIENCE_SECONDS = 600.0  # virtual


@dataclass
class Plants:
    """Bugs to be found. None of them by default."""

    mark_first: bool = False
    follow_by_seq: bool = False
    ledger: type[Ledger] = Ledger


class World:
    """Everything of one schedule. `now()` makes it a clock."""

    speed = 1.0

    def __init__(self, seed: int, folder: Path, plants: Plants) -> None:
        self.chance = random.Random(seed)
        self.plants = plants
        self.telemetry = Telemetry()
        self.database = Database(self)
        self.intakes = [Intake(self, folder / f"intake-{n}") for n in range(INTAKES)]
        self.board = Board(self)
        self.acknowledged: set[UUID] = set()
        self.sent: set[UUID] = set()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.graves: list[asyncio.Task[Any]] = []
        self.follower: asyncio.Task[None] | None = None
        self.crashes = 0
        self.deadlocks = 0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=asyncio.get_running_loop().time())

    async def nap(self) -> None:
        await asyncio.sleep(self.chance.choice((0, 0.001, 0.01, 0.05)) * self.chance.random())

    def unlucky(self, share: float, *, always: bool = False) -> bool:
        """Trouble ends, so that what recovers can be told from what is lost."""
        over = asyncio.get_running_loop().time() > TROUBLE_SECONDS
        return self.chance.random() < share and (always or not over)

    def spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # ------------------------------------------------------------------ what happens

    async def live(self) -> list[str]:
        """One schedule from beginning to end; what is wrong at its end."""
        for intake in self.intakes:
            await intake.start()
        self._start_tally()
        trouble = [asyncio.ensure_future(t) for t in (self._crashes(), self._outages(), self._tally_dies())]
        await asyncio.gather(*(self._text(n) for n in range(TEXTS)), *trouble)
        problems = await self._settled()
        for intake in self.intakes:
            intake.die()
        assert self.follower is not None
        self.follower.cancel()
        await asyncio.gather(self.follower, *self.graves, *self.tasks, return_exceptions=True)
        return problems or self.judge()

    def _start_tally(self) -> None:
        self.board = Board(self)
        follower = Follower("", self.board, poll_seconds=0.2, batch=5)
        self.follower = asyncio.get_running_loop().create_task(follower.run())

    async def _text(self, n: int) -> None:
        await asyncio.sleep(self.chance.uniform(0, TROUBLE_SECONDS * 0.8))
        watcher = ELECTION.watchers[n % len(ELECTION.watchers)]
        words = self.chance.choice(
            (
                f"{300 + n * 9}",
                f"{300 + n * 9}",
                f"FIX {290 + n * 9}",
                "UNDO",
                f"V {n} {n + 40}",
                "LINE 20",
                "huh",
            )
        )
        key = f"t{n}"
        at = self.now()
        draft = MessageDraft(
            "generic", key, Channel.SMS, watcher.phone, words, words.encode(), at, at, ROSTER.version
        )
        identity = message_id("generic", key)
        self.sent.add(identity)
        for _ in range(self.chance.choice((1, 40, 40))):  # some providers give up at once
            try:
                await self.chance.choice(self.intakes).take(draft)
            except (OSError, JournalUnavailableError):
                await asyncio.sleep(self.chance.uniform(0.05, 0.5))
                continue
            self.acknowledged.add(identity)
            if self.chance.random() < 0.8:
                return  # else it is delivered once more

    async def _crashes(self) -> None:
        while asyncio.get_running_loop().time() < TROUBLE_SECONDS:
            await asyncio.sleep(self.chance.expovariate(1.0))
            intake = self.chance.choice(self.intakes)
            intake.die()
            self.crashes += 1
            await asyncio.sleep(self.chance.uniform(0, 0.5))
            await intake.start()

    async def _outages(self) -> None:
        while asyncio.get_running_loop().time() < TROUBLE_SECONDS:
            await asyncio.sleep(self.chance.expovariate(0.7))
            self.database.up = False
            await asyncio.sleep(self.chance.uniform(0, 0.6))
            self.database.up = True

    async def _tally_dies(self) -> None:
        if self.chance.random() < 0.5:
            return  # a tally that starts anew reads everything again, which would hide what it had skipped
        while True:
            await asyncio.sleep(self.chance.expovariate(0.4))
            if asyncio.get_running_loop().time() > TROUBLE_SECONDS:
                return
            assert self.follower is not None
            self.follower.cancel()
            self.graves.append(self.follower)
            self._start_tally()

    # ------------------------------------------------------------------ what must hold

    async def _settled(self) -> list[str]:
        """Waits until nothing is under way any more."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        calm = 0
        while calm < 20:
            if asyncio.get_running_loop().time() > deadline:
                return ["it did not come to rest: a text waits in a journal, or a row was never read"]
            empty = all(i.journal is not None and i.journal.depth == 0 for i in self.intakes)
            read = self.plants.follow_by_seq or len(self.board.ledger) >= len(self.database.committed())
            calm = calm + 1 if empty and read and not self.database.running else 0
            await asyncio.sleep(0.1)
        return []

    def judge(self) -> list[str]:
        """Laws L1, L2 and L3, from the sender's record, the tables and the ledger."""
        problems = []
        if self.deadlocks:
            problems.append(f"drains waited for each other {self.deadlocks} times")
        if lost := self.acknowledged - self.database.messages.keys():
            problems.append(f"{len(lost)} acknowledged and not stored")
        if invented := self.database.messages.keys() - self.sent:
            problems.append(f"{len(invented)} stored and never sent")
        expected: dict[UUID, CheckIn] = {}
        for row, _ in self.database.messages.values():
            message = Message(**dict(zip(_MESSAGE_FIELDS, row, strict=True)) | {"channel": Channel(row[3])})
            for check_in in check_ins_of(message, readings_of(message, ROSTER), ROSTER):
                expected[check_in.check_in_id] = check_in
        if expected.keys() != self.database.check_ins.keys():
            problems.append("the log is not what the messages say")
        counted = Counter(self.board.ledger.check_in_ids())
        if set(counted) != {c.bytes for c in expected}:
            problems.append(f"tallied {len(counted)} of {len(expected)} entries")
        fresh = Ledger(ELECTION)
        fresh.add(sorted(expected.values(), key=lambda c: c.sort_key))
        for position in range(len(PRECINCTS)):
            if fresh.view(position) != self.board.ledger.view(position):
                problems.append(f"precinct {PRECINCTS[position]} depends on what happened on the way")
        return problems


_MESSAGE_FIELDS = (
    "message_id", "provider", "provider_message_id", "channel", "sender", "body", "raw", "received_at",
    "sent_at", "roster_version", "journal", "journal_seq", "rehearsal", "grammar",
)  # fmt: skip


def run_schedule(seed: int, folder: Path, plants: Plants | None = None) -> list[str]:
    """Lives one schedule; what is wrong at its end. `patched` must be in force."""
    random.seed(seed)
    loop = VirtualLoop()
    home = folder / f"seed-{seed}"
    world = World(seed, home, plants or Plants())
    Current.world, Current.loop, Current.labels = world, loop, random.Random(seed)
    try:
        return loop.run_until_complete(world.live())
    finally:
        loop.close()
        shutil.rmtree(home, ignore_errors=True)


class Current:
    """The schedule under way, for what is patched into the modules."""

    world: World
    loop: VirtualLoop
    labels: random.Random
