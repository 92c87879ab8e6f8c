"""Many callers' statements in one transaction, so that they share its write to disk.

Theory of operation. A commit costs a write to disk whatever it holds. So what arrives while a transaction
runs waits, and goes together into the next one (as in the journal): nobody waits for a timer, a lone request
goes at once, and the busier the service, the larger its batches. Two lanes overlap one's computing with the
other's write. Within a transaction requests come in the order of their keys; two transactions that lock the
same rows therefore meet in one order and cannot wait for each other.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from election.postgres.database import UNREACHABLE

LARGEST = 64  # requests in one transaction: more would make the first of them wait too long for the last
LANES = 2


@dataclass(frozen=True, slots=True)
class _Waiting:
    key: str
    arguments: Sequence[Any]
    answer: "asyncio.Future[asyncpg.Record]"


class SharedTransactions:
    """One statement, which gives exactly one row for each set of arguments."""

    def __init__(
        self, pool: asyncpg.Pool, statement: str, *, largest: int = LARGEST, lanes: int = LANES
    ) -> None:
        self._pool = pool
        self._statement = statement
        self._largest = largest
        self._lanes = lanes
        self._waiting: list[_Waiting] = []
        self._running: set[asyncio.Task[None]] = set()

    async def row(self, key: object, *arguments: Any) -> asyncpg.Record:
        """The statement's row for these arguments, committed. `key` names what it locks."""
        answer: asyncio.Future[asyncpg.Record] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(str(key), arguments, answer))
        if len(self._running) < self._lanes:
            lane = asyncio.create_task(self._run())
            self._running.add(lane)
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[: self._largest]
                del self._waiting[: self._largest]
                batch = sorted((w for w in batch if not w.answer.done()), key=lambda w: w.key)
                if batch:
                    await self._commit(batch)
        finally:
            # Here, and not when the task is known to be over: who asks in between would wait for nobody.
            if lane := asyncio.current_task():
                self._running.discard(lane)

    async def _commit(self, batch: list[_Waiting]) -> None:
        try:
            rows = await self._pool.fetchmany(self._statement, [w.arguments for w in batch])
        except Exception as error:
            if len(batch) == 1 or isinstance(error, UNREACHABLE):
                for waiting in batch:
                    if not waiting.answer.done():
                        waiting.answer.set_exception(error)
                return
            for waiting in batch:  # one of them is at fault, and only that one shall get the error
                await self._commit([waiting])
            return
        for waiting, row in zip(batch, rows, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(row)
