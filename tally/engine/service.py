"""The engine: takes in what the follower reads, has it projected step by step, and publishes what changed.

Theory of operation. One worker thread owns the `Stepper` with its `Tally`; one coroutine hands it work and
commits what comes back, so that the event loop never waits and nothing is shared. Check-ins that arrive while
the worker is busy, or within the conflation window, make up the next step together. A step projects the
precincts touched. The first step of a new minute reads every precinct into columns (which nobody changes
again) and hands them to a second thread, which refits the day's state and projects everything, while steps go
on with the state they have: no check-in waits for a refit. The step that finds the refit done projects what
was touched meanwhile with it; that is also when time alone turns precincts (silent, closed). Between two
refits the engine differs from `Tally.project` only by entries that reached it after a minute they belong
to; the next refit has them.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from election.domain.checkin import CheckIn
from election.domain.day import Election
from election.log.columns import Counts
from election.runtime.clock import Clock
from tally.board.board_json import board_bytes
from tally.board.edition import Counties
from tally.engine.change_topics import news_of
from tally.engine.history import History
from tally.engine.publisher import Publisher
from tally.engine.step import Batch, Question, Step, Stepper

T = TypeVar("T")

PENDING = 100_000  # check-ins waiting for the worker before the follower is asked to wait
IDLE_SECONDS = 0.25  # real seconds between looks at the clock when nothing arrives


class Engine:
    """Sink of the follower. `publisher` is the feed's source, `history` answers about past minutes."""

    def __init__(
        self,
        clock: Clock,
        *,
        conflate_seconds: float = 0.2,
        refit_rest: float = 4.0,
        rehearsal: bool = False,
    ) -> None:
        self.clock = clock
        self.publisher = Publisher(clock, conflate_seconds=conflate_seconds, rehearsal=rehearsal)
        self.history = History(self.ask)
        self._conflate_seconds = conflate_seconds
        self._refit_rest = refit_rest
        self._next: Election | None = None
        self._pending: list[CheckIn] = []
        self._blocks: list[tuple[Counts, Mapping[int, str]]] = []
        self._caught_up = False
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="tally")
        self._fitter = ThreadPoolExecutor(1, thread_name_prefix="refit")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stepper: Stepper | None = None
        self._published: Stepper | None = None  # whose edition the publisher has

    # ------------------------------------------------------------------ sink

    def begin(self, election: Election) -> None:
        """Begin another election (or the same, imported anew): everything is read again."""
        self._next = election
        self._pending = []
        self._blocks = []
        self.history.forget()
        self._caught_up = False
        self._room.set()
        self._wake.set()

    async def take(self, check_ins: Sequence[CheckIn]) -> None:
        """Take the next check-ins of the log."""
        await self._room.wait()
        self._pending.extend(check_ins)
        if self.publisher.edition is not None:
            for topic in news_of(check_ins):
                self.publisher.add_topic(topic)
        if len(self._pending) >= PENDING:
            self._room.clear()
        self._wake.set()

    async def take_counts(self, counts: Counts, senders: Mapping[int, str]) -> None:
        """Take plain counts in columns, as a restart reads them."""
        await self._room.wait()
        self._blocks.append((counts, senders))
        if sum(len(block) for block, _ in self._blocks) >= PENDING:
            self._room.clear()
        self._wake.set()

    def caught_up(self) -> None:
        """Note that the log has been read to its end: from now on each step is published."""
        if not self._caught_up:
            self._caught_up = True
            self._wake.set()

    # ------------------------------------------------------------------ questions

    async def ask(self, question: Question[T]) -> T | None:
        """Put a question to the tally in its own thread. None until it has an election and a projection."""

        def answer() -> T | None:
            return None if self._stepper is None else self._stepper.answer(question)

        return await asyncio.get_running_loop().run_in_executor(self._worker, answer)

    async def standings(self, as_of: float | None = None, counties: Counties = None) -> bytes | None:
        """The board's JSON as of a past minute, or of the last whole one; None without an election."""
        at = self._now() if as_of is None else as_of
        return await self.ask(lambda tally, _, __: board_bytes(tally, at, counties))

    # ------------------------------------------------------------------ running

    async def run(self) -> None:
        """Take in, project and publish until cancelled."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                self._wake.clear()
                if self._next is not None:
                    await self._begin_next()
                elif self._stepper is not None:
                    await self._step(self._stepper)
        finally:
            self._loop = None
            for threads in (self._worker, self._fitter):
                threads.shutdown(wait=False, cancel_futures=True)
            self.history.close()

    async def _begin_next(self) -> None:
        """Make the next election's tally. As objects an election weighs as much as the tally keeps of it."""
        election, self._next = self._next, None
        assert election is not None  # the caller has looked
        day, self._stepper = election.day, None
        self._stepper = await asyncio.get_running_loop().run_in_executor(
            self._worker, Stepper, election, self._fitter, self._refit_rest, self._woken
        )
        self.publisher.day = day
        self._wake.set()

    async def _step(self, stepper: Stepper) -> None:
        """Run one step in the worker's thread, and publish it."""
        batch = Batch(self._pending, self._blocks, self._caught_up)
        self._pending, self._blocks = [], []
        self._room.set()
        edition = self.publisher.edition if self._published is stepper else None
        started = time.monotonic()
        step: Step = await asyncio.get_running_loop().run_in_executor(
            self._worker, stepper.step, batch, self._now, edition
        )
        if self._next is not None:
            return  # another election has begun meanwhile: this step speaks of the old one
        self.history.forget(batch.oldest)
        self.publisher.commit(step, batch.check_ins)
        if step.fresh is not None:
            self._published = stepper
        if step.refitted:
            self.history.settle()
        if step.plan is not None:
            await asyncio.sleep(max(0.0, self._conflate_seconds - (time.monotonic() - started)))

    def _woken(self) -> None:
        """Wake the loop from another thread: the next step need not wait for a check-in."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)

    def _now(self) -> float:
        return self.clock.now().timestamp()
