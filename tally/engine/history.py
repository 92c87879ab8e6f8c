"""The board of past minutes: projected from the tally as known then, and the last few kept."""

import asyncio
import math
import zlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from election.runtime.heap import give_back
from tally.board.board_json import past_of
from tally.board.edition import ViewScope
from tally.engine.step import Question
from tally.ledger import columns_view
from tally.projection.projection import MINUTE

T = TypeVar("T")

KEPT_BYTES = 32_000_000  # of past minutes' snapshots, deflated
SETTLE_SECONDS = 1.0  # by then large work's last values have been let go of


class AskTally(Protocol):
    """Puts a question to the tally in its own thread; None until it has an election and a projection."""

    def __call__(self, question: Question[T], /) -> Awaitable[T | None]: ...


class History:
    """Answers about past minutes, one at a time, in a thread of its own."""

    def __init__(self, ask: AskTally) -> None:
        self._ask = ask
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="past")
        self._one = asyncio.Lock()
        self._boards: dict[tuple[float, ViewScope], bytes] = {}  # deflated
        self._late = math.inf  # oldest receipt filed since a board was last read
        self._closed = False

    async def board(self, at: float, view_scope: ViewScope) -> bytes | None:
        """The board as known at a past minute, as a snapshot's bytes. None while there is no election yet.

        A past minute changes only where the log brings something received by then: until then it is kept.
        """
        minute = at // MINUTE * MINUTE
        async with self._one:
            kept = self._boards.get((minute, view_scope))
            if kept is not None:
                return await self._run(lambda: zlib.decompress(kept))
            self._late = math.inf
            prepared = await self._ask(lambda tally, _, __: past_of(tally, minute))
            if prepared is None:
                return None
            body = await self._run(lambda: prepared().snapshot_bytes(view_scope))
            self.settle()
            packed = await self._run(lambda: zlib.compress(body, 1))
            if minute < self._late:
                self._boards[minute, view_scope] = packed
            while len(self._boards) > 1 and sum(map(len, self._boards.values())) > KEPT_BYTES:
                del self._boards[next(iter(self._boards))]
            return body

    async def ask(self, at: float, question: Question[T]) -> T | None:
        """Put a question to the tally as known at a past minute. None until it has an election.

        The question looks at entries up to `projection.minute` only. Everything is projected for it: a replay
        asks seldom, and one at a time.
        """
        minute = at // MINUTE * MINUTE
        async with self._one:
            prepared = await self._ask(
                lambda tally, _, __: (tally, columns_view.all_precincts(tally.ledger, minute))
            )
            if prepared is None:
                return None
            tally, table = prepared
            projection, state = await self._run(lambda: tally.begin(minute, table))
            return await self._ask(
                lambda now, _, __: question(tally, projection, state) if now is tally else None
            )

    def forget(self, since: float = -math.inf) -> None:
        """Drop minutes at or after `since`: an entry received then has been filed."""
        self._late = min(self._late, since)
        for key in [key for key in self._boards if key[0] >= since]:
            del self._boards[key]

    def settle(self) -> None:
        """Give freed memory back to the system soon, when large work's last values have been let go of."""
        asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._give_back)

    def _give_back(self) -> None:
        if not self._closed:
            self._thread.submit(give_back)

    def close(self) -> None:
        """End the thread; whatever waits for it is cancelled."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
