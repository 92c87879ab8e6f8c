"""A simulated world for the real journal, drain, follower and ledger: time, network, database, crashes.

Time is virtual and every wait is drawn from one seed, so that a schedule can be repeated. The journal is the
real one on a real (memory) disk, without its thread; the database is a model of what PostgreSQL promises:
sequence numbers are taken at insertion, transactions commit in any order, a reader sees what is committed
and below the oldest running transaction; a session whose client died may yet commit what it was told to;
of transactions that wait for each other in a circle one is aborted after a second.
"""

import asyncio
import random
import selectors
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import apsw
import asyncpg
import orjson

from election import log as election_log
from election.checkin import Channel, CheckIn, Message
from election.day import Election, ElectionDay, Precinct, Watcher
from election.ids import PrecinctId, WatcherId, message_id
from election.roster import roster_of
from intake.drain import Drain
from intake.journal import Journal, JournalUnavailableError, _settle
from intake.journal_file import Draft
from intake.journal_folder import JournalFolder
from intake.reader import check_ins_of, readings_of
from intake.roster_snapshot import Rosters
from intake.telemetry import Telemetry
from tally.follow import Follower
from tally.ledger import Ledger

NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
TEXTS = 24
INTAKES = 2
TROUBLE_SECONDS = 6.0  # faults happen before this; afterwards the world is left to recover
PATIENCE_SECONDS = 600.0  # virtual
DEADLOCK_SECONDS = 1.0  # PostgreSQL's deadlock_timeout
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


class NoNetwork(selectors.DefaultSelector):
    """Nothing of this world comes from the kernel; not asking it is a tenth of a schedule."""

    def select(self, timeout: float | None = None) -> list[Any]:
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Never waits: when nothing is ready, it is later."""

    def __init__(self) -> None:
        super().__init__(NoNetwork())
        self.virtual = 0.0

    def time(self) -> float:
        return self.virtual

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self.virtual = max(self.virtual, self._scheduled[0]._when)
        super()._run_once()


@dataclass
class Plants:
    """Bugs to be found. None of them by default."""

    mark_first: bool = False
    follow_by_seq: bool = False
    ledger: type[Ledger] = Ledger


class Row(tuple):
    """As asyncpg's: by position, and the two columns that are asked for by name."""

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__({"xid": 14, "seq": 15}.get(key, key))


@dataclass
class Database:
    """Tables, transactions and listeners. `up` False: nobody gets in."""

    world: "World"
    messages: dict[UUID, tuple] = field(default_factory=dict)
    check_ins: dict[UUID, tuple] = field(default_factory=dict)  # id -> (columns, xid, seq)
    running: dict[int, "Transaction"] = field(default_factory=dict)
    listeners: dict["Connection", Any] = field(default_factory=dict)
    next_xid: int = 100
    next_seq: int = 1
    up: bool = True

    async def connect(self, *_: Any, **__: Any) -> "Connection":
        await self.world.nap()
        if not self.up:
            raise ConnectionRefusedError
        return Connection(self)

    def committed(self) -> list[tuple[tuple, int, int]]:
        return [row for row in self.check_ins.values() if row[1] not in self.running]


@dataclass(eq=False)
class Transaction:
    """Rows of a running transaction are in the tables already, and taken out again if it aborts."""

    database: Database
    xid: int = 0
    made: list[tuple[dict, UUID]] = field(default_factory=list)
    commit_sent: bool = False
    notifies: bool = False
    waits_for: int = 0  # the xid of whom it waits for; 0: nobody

    def write(self, table: dict, key: UUID, row: tuple) -> None:
        table[key] = row
        self.made.append((table, key))

    def begin_writing(self) -> None:
        if not self.xid:
            self.xid = self.database.next_xid
            self.database.next_xid += 1
            self.database.running[self.xid] = self

    def in_a_circle(self) -> bool:
        """Whether the one it waits for waits, over any number of others, for it."""
        seen = set[int]()
        at: Transaction | None = self
        while at is not None and at.waits_for and at.waits_for not in seen:
            seen.add(at.waits_for)
            at = self.database.running.get(at.waits_for)
        return self.xid in seen

    def end(self, commit: bool) -> None:
        self.database.running.pop(self.xid, None)
        if not commit:
            for table, key in self.made:
                table.pop(key, None)
        elif self.notifies:
            for heard in list(self.database.listeners.values()):
                heard()
        self.made = []


class Connection:
    """What the code asks of asyncpg."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._world = database.world
        self._open = True
        self._within: Transaction | None = None

    def is_closed(self) -> bool:
        return not self._open

    def is_in_transaction(self) -> bool:
        return self._within is not None

    def terminate(self) -> None:
        """The client is gone; the server finds out in its own time."""
        if self._open:
            self._open = False
            self._database.listeners.pop(self, None)
            if self._within is not None:
                self._world.spawn(self._orphan(self._within))
                self._within = None

    async def _orphan(self, transaction: Transaction) -> None:
        await asyncio.sleep(self._world.chance.uniform(0, 1.5))
        transaction.end(commit=transaction.commit_sent and self._world.chance.random() < 0.5)

    def add_log_listener(self, _: Any) -> None: ...

    def remove_log_listener(self, _: Any) -> None: ...

    async def add_listener(self, channel: str, heard: Any) -> None:
        await self._trip()
        if channel == election_log.WAKE_CHANNEL:
            self._database.listeners[self] = heard

    def transaction(self, **_: Any) -> "Connection":
        return self

    async def __aenter__(self) -> "Connection":
        await self._trip()
        self._within = Transaction(self._database)
        return self

    async def __aexit__(self, kind: Any, *_: Any) -> None:
        transaction = self._within
        if transaction is None or not self._open:
            return
        if kind is not None:
            self._within = None
            transaction.end(commit=False)
            return
        transaction.commit_sent = True
        await self._trip()
        self._within = None
        transaction.end(commit=True)
        await self._trip()  # the word that it is done may get lost

    async def _trip(self) -> None:
        await self._world.nap()
        if self._open and (not self._database.up or self._world.unlucky(0.02)):
            self.terminate()
        if not self._open:
            raise ConnectionResetError

    async def execute(self, statement: str, value: str) -> None:
        await self._trip()
        database, transaction = self._database, self._within
        assert transaction is not None
        if "pg_notify" in statement:
            transaction.notifies = True
            return
        transaction.begin_writing()
        of_messages = statement == election_log._APPEND_MESSAGES
        table: dict[UUID, tuple] = database.messages if of_messages else database.check_ins
        rows = [_typed(row) for row in orjson.loads(value)]
        if "order by 1" in statement:
            rows.sort(key=lambda row: row[0])
        for row in rows:
            key = row[0]
            await self._held_by_nobody_else(transaction, table, key)
            if key in table:
                continue
            if of_messages:
                transaction.write(table, key, (row, transaction.xid))
            else:
                transaction.write(table, key, (row, transaction.xid, database.next_seq))
                database.next_seq += 1
            if self._world.unlucky(0.5):
                await asyncio.sleep(self._world.chance.random() * 0.2)  # others insert between our rows

    async def _held_by_nobody_else(
        self, transaction: Transaction, table: dict[UUID, tuple], key: UUID
    ) -> None:
        """On conflict: waits for the end of the other transaction."""
        waited = 0.0
        while key in table and (holder := table[key][1]) != transaction.xid:
            if holder not in self._database.running:
                break
            transaction.waits_for = holder
            await asyncio.sleep(0.02)
            waited += 0.02
            if not self._open:
                raise ConnectionResetError
            if waited > DEADLOCK_SECONDS and transaction.in_a_circle():
                transaction.waits_for = 0
                self._world.deadlocks += 1
                raise asyncpg.DeadlockDetectedError
        transaction.waits_for = 0

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        await self._trip()
        database = self._database
        if statement == election_log._WORDS:
            return [{"message_id": key, "body": self._database.messages[key][0][5]} for key in values[0]]
        if statement == election_log._REACH:
            horizon = min(database.running, default=database.next_xid)
            return [(any(row[1] >= horizon for row in database.committed()), horizon, database.next_xid)]
        assert statement == election_log._FOLLOW
        xid, seq, limit, _ = values
        rows = database.committed()
        if self._world.plants.follow_by_seq:
            found = sorted((r for r in rows if r[2] > seq), key=lambda r: r[2])
        else:
            horizon = min(database.running, default=database.next_xid)
            found = [r for r in rows if (r[1], r[2]) > (int(xid), seq) and r[1] < horizon]
            found.sort(key=lambda r: (r[1], r[2]))
        result = [_followed(*row) for row in found[:limit]]
        await self._trip()
        return result


def _typed(row: dict[str, Any]) -> tuple:
    """The columns of a row that came as JSON."""
    return tuple(
        UUID(value)
        if column.endswith(("message_id", "check_in_id")) and not column.startswith("provider")
        else datetime.fromisoformat(value)
        if column.endswith("_at")
        else value
        for column, value in row.items()
    )


def _followed(columns: tuple, xid: int, seq: int) -> Row:
    row = list(columns)
    observed, sent, received = row[8:11]
    row[9] = None if sent == observed else sent
    row[10] = None if received == sent else received
    row[12] = row[12] or None
    return Row((*row, xid, seq))


class SteppedJournal(Journal):
    """The real journal, its thread's work done by the loop, with a disk that takes time and may fail."""

    world: "World"

    @classmethod
    async def begin(cls, folder: Path, world: "World") -> "SteppedJournal":
        folder.mkdir(parents=True, exist_ok=True)
        journal = cls(JournalFolder(folder, world, 1 << 29), -1)
        journal.world = world
        journal.pending = []
        journal.dead = False
        journal.death = asyncio.get_running_loop().create_future()
        return journal

    pending: list[Any]
    dead: bool
    death: asyncio.Future[None]

    async def append(self, draft: Draft) -> tuple[Message, bool]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting += 1
        self.pending.append((draft, partial(_settle, future)))
        if len(self.pending) == 1:
            self.world.spawn(self._commit())
        return await future

    async def _commit(self) -> None:
        await self.world.nap()
        if self.dead:
            return
        batch, self.pending = self.pending, []
        file = self._folder.current
        if file is not None and self.world.unlucky(0.03):
            self._break(file)
        stored = self._folder.store([draft for draft, _ in batch])
        answers = [(heard, result) for (_, heard), result in zip(batch, stored, strict=True)]
        await self.world.nap()  # durable, and nobody knows yet
        if not self.dead:
            self._answer(answers, len(batch))

    def _break(self, file: Any) -> None:
        """The next write fails: before anything was written, or although everything was."""
        append, written = file.append, self.world.unlucky(0.5, always=True)

        def fail(*arguments: Any) -> Any:
            if written:
                append(*arguments)
            raise apsw.IOError("simulated")

        file.append = fail

    async def _ask(self, job: Any) -> Any:
        await self.world.nap()
        if self.dead:
            raise ConnectionError("this process is dead")
        value = job()
        await self.world.nap()
        return value

    def die(self) -> None:
        self.dead = True
        self.death.set_result(None)
        for file in self._folder.files():
            with suppress(apsw.Error):
                file.close()


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
        self.journal: SteppedJournal | None = None
        self._task: asyncio.Task[None] | None = None
        self.drain: Drain | None = None

    async def start(self) -> None:
        self.journal = await SteppedJournal.begin(self._folder, self._world)
        rosters = Rosters(self._folder)
        rosters.current = ROSTER
        rosters._by_version[ROSTER.version] = ROSTER
        rosters.known.set()
        kind = MarkingFirst if self._world.plants.mark_first else Drain
        self.drain = kind(self.journal, rosters, "", self._world.telemetry, batch=7, linger=0.01)
        self._task = asyncio.get_running_loop().create_task(self.drain.run())

    def die(self) -> None:
        if self.journal is None:
            return
        self.journal.die()
        assert self.drain is not None
        assert self._task is not None
        if self.drain._connection is not None:
            self.drain._connection.terminate()
        self._task.cancel()
        self._world.graves.append(self._task)
        self.journal = None

    async def take(self, draft: Draft) -> None:
        """Returns once it is acknowledged. Raises where it is not."""
        await self._world.nap()
        journal = self.journal
        if journal is None:
            raise ConnectionRefusedError
        answered = asyncio.ensure_future(journal.append(draft))
        await asyncio.wait({answered, journal.death}, return_when=asyncio.FIRST_COMPLETED)
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
        draft = Draft(
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
    "sent_at", "roster_version", "journal", "journal_seq", "rehearsal",
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
