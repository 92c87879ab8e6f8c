"""A model of what PostgreSQL promises, in place of it.

Sequence numbers are taken at insertion, transactions commit in any order, a reader sees what is committed and
below the oldest running transaction; a session whose client died may yet commit what it was told to; of
transactions that wait for each other in a circle one is aborted after a second.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from election.log import check_in_log as election_log

if TYPE_CHECKING:
    from tests.simulation.world import World

DEADLOCK_SECONDS = 1.0  # PostgreSQL's deadlock_timeout


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
