"""The engine: holds the tally, takes in what the follower reads, and publishes what changed.

Theory of operation. One worker thread owns the `Tally`; one coroutine hands it work and commits what comes
back, so that the event loop never waits and nothing is shared. Check-ins that arrive while the worker is
busy, or within the conflation window, make up the next step together. A step projects the precincts
touched. The first step of a new minute takes a look at every precinct (columns that nobody changes again)
and hands it to a second thread, which refits the day's state and projects everything, while steps go on
with the state they have: no check-in waits for a refit. The step that finds the refit done projects what
was touched meanwhile with it; that is also when time alone turns precincts (silent, closed). Between two
refits the engine differs from `Tally.project` only by entries that reached it after a minute they belong
to; the next refit has them.
"""

import asyncio
import math
import secrets
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import structlog

from election.domain.checkin import CheckIn
from election.domain.day import Election, ElectionDay
from election.log.columns import Counts
from election.runtime.clock import Clock
from election.wire.feed import VERSION
from tally.board.board_json import aggregates_of, board_bytes, incidents_of, infos_of, past_of
from tally.board.edition import Change, Counties, Edition, PendingUpdate, ViewScope
from tally.engine.change_topics import news_of
from tally.engine.heap import give_back
from tally.ledger import columns_view
from tally.model.day_fit import DayFit
from tally.projection.projection import MINUTE, Tally
from tally.standing.columns import Projection
from tally.standing.rounding import Columns, Row, published

T = TypeVar("T")

PENDING = 100_000  # check-ins waiting for the worker before the follower is asked to wait
IDLE_SECONDS = 0.25  # real seconds between looks at the clock when nothing arrives
PAST_BYTES = 32_000_000  # of past minutes' snapshots kept, deflated
SETTLE_SECONDS = 1.0  # the next look at the clock has replaced what a refit's step still held
REFIT_SECONDS = 1.0  # real seconds between refits at least, however fast a rehearsal runs


@dataclass(slots=True)
class _Held:
    """What the worker thread owns."""

    tally: Tally
    projection: Projection | None = None
    state: DayFit | None = None
    next_refit: float = 0.0  # monotonic
    touched: set[int] = field(default_factory=set)
    refit: "Future[tuple[Projection, DayFit]] | None" = None
    refit_began: float = 0.0  # monotonic
    since: set[int] = field(default_factory=set)  # touched since the refit's look
    sums_owed: bool = False  # precincts were projected that no aggregate has yet
    next_sums: float = 0.0  # monotonic
    desks_told: int = -1  # version of what waits at the desks


@dataclass(frozen=True, slots=True)
class _Step:
    """What a step found. `fresh` is the first edition of an election."""

    plan: PendingUpdate | None = None
    fresh: Edition | None = None
    infos: Columns | None = None
    refitted: bool = False


class Engine:
    """Sink of the follower, source of the feed. `run()` until cancelled."""

    def __init__(
        self,
        clock: Clock,
        *,
        conflate_seconds: float = 0.2,
        refit_rest: float = 4.0,
        rehearsal: bool = False,
    ) -> None:
        self.clock = clock
        self.day: ElectionDay | None = None
        self.engine_id = secrets.token_hex(6)
        self.edition: Edition | None = None
        self.on_change: Callable[[Change], None] = lambda _: None
        self.on_restart: Callable[[], None] = lambda: None
        self.on_published: Callable[[Sequence[CheckIn]], None] = lambda _: None
        self.behind: Callable[[], float] = lambda: 0.0
        self._conflate_seconds = conflate_seconds
        self._refit_rest = refit_rest
        self._rehearsal = rehearsal
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
        self._held: _Held | None = None
        self._edition_of: _Held | None = None
        self._calls: Row | None = None  # what the call desk said last
        self._news: set[str] = set()  # not told yet
        self._historian = ThreadPoolExecutor(1, thread_name_prefix="past")
        self._replaying = asyncio.Lock()
        self._pasts: dict[tuple[float, ViewScope], bytes] = {}
        self._late = math.inf  # oldest receipt taken in since the past was last read
        self._log = structlog.get_logger().bind(part="engine")

    # ------------------------------------------------------------------ sink

    def begin(self, election: Election) -> None:
        """Another election (or the same, imported anew): everything is read again."""
        self._next = election
        self._pending = []
        self._blocks = []
        self._pasts.clear()
        self._late = -math.inf
        self._caught_up = False
        self._room.set()
        self._wake.set()

    async def take(self, check_ins: Sequence[CheckIn]) -> None:
        """The next check-ins of the log."""
        await self._room.wait()
        self._pending.extend(check_ins)
        if self.edition is not None:
            for name in news_of(check_ins):
                self.hear_news(name)
        if len(self._pending) >= PENDING:
            self._room.clear()
        self._wake.set()

    async def take_counts(self, counts: Counts, senders: Mapping[int, str]) -> None:
        """Plain counts in columns, as a restart reads them."""
        await self._room.wait()
        self._blocks.append((counts, senders))
        if sum(len(block) for block, _ in self._blocks) >= PENDING:
            self._room.clear()
        self._wake.set()

    def caught_up(self) -> None:
        """The log has been read to its end: from now on each step is published."""
        if not self._caught_up:
            self._caught_up = True
            self._wake.set()

    def hear_calls(self, calls: Row) -> None:
        """What the call desk said: goes out at once where it is new."""
        self._calls = calls
        if self.edition is None:
            return
        change = self.edition.tell_calls(self.clock.now().timestamp(), calls)
        if change is not None:
            self.on_change(change)

    def hear_news(self, name: str) -> None:
        """Something of `tally.engine.change_topics.ALL` has changed: said with the next delta, or in one of
        its own.
        """
        if self.edition is None:
            return  # whoever gets the first snapshot looks at everything
        if not self._news:
            asyncio.get_running_loop().call_later(self._conflate_seconds, self._tell_news)
        self._news.add(name)

    def _tell_news(self) -> None:
        if self._news and self.edition is not None:
            told, self._news = self._news, set()
            self.on_change(self.edition.tell_news(self.clock.now().timestamp(), told))

    # ------------------------------------------------------------------ source

    @property
    def stored_behind(self) -> float:
        return self.behind()

    def clock_row(self) -> Row:
        return {"now": round(self.clock.now().timestamp(), 3), "speed": self.clock.speed}

    def hello(self) -> Row:
        day = self.day
        return {
            "type": "hello",
            "v": VERSION,
            "engine": self.engine_id,
            "election": day.name if day else "",
            "date": day.date.isoformat() if day else "",
            "timezone": day.timezone if day else "UTC",
            "rehearsal": self._rehearsal,
            "clock": self.clock_row(),
        }

    # ------------------------------------------------------------------ questions

    async def ask(self, question: Callable[[Tally, Projection, DayFit], T]) -> T | None:
        """Puts a question to the tally in its own thread. None until it has an election and a projection."""

        def answer() -> T | None:
            held = self._held
            if held is None or held.projection is None or held.state is None:
                return None
            return question(held.tally, held.projection, held.state)

        return await asyncio.get_running_loop().run_in_executor(self._worker, answer)

    async def standings(self, as_of: float | None = None, counties: Counties = None) -> bytes | None:
        """The sheet as of a past minute, or of the last whole one. Canonical JSON."""
        at = self.clock.now().timestamp() if as_of is None else as_of
        return await self.ask(lambda tally, _, __: board_bytes(tally, at, counties))

    async def past(self, at: float, view_scope: ViewScope) -> bytes | None:
        """The board as known at a past minute, as a snapshot's bytes. None while there is no election yet.

        The last few are kept: a past minute changes only where the log brings something received by then.
        """
        minute = at // MINUTE * MINUTE
        loop = asyncio.get_running_loop()
        async with self._replaying:
            kept = self._pasts.get((minute, view_scope))
            if kept is not None:
                return await loop.run_in_executor(self._historian, zlib.decompress, kept)
            self._late = math.inf
            body = await self._written(minute, view_scope)
            if body is None:
                return None
            self._settle()
            packed = await loop.run_in_executor(self._historian, zlib.compress, body, 1)
            if minute < self._late:
                self._pasts[minute, view_scope] = packed
            while len(self._pasts) > 1 and sum(map(len, self._pasts.values())) > PAST_BYTES:
                del self._pasts[next(iter(self._pasts))]
            return body

    async def _written(self, minute: float, view_scope: ViewScope) -> bytes | None:
        prepared = await self.ask(lambda tally, _, __: past_of(tally, minute))
        if prepared is None:
            return None
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._historian, lambda: prepared().snapshot_bytes(view_scope))

    async def ask_past(self, at: float, question: Callable[[Tally, Projection, DayFit], T]) -> T | None:
        """Puts a question to the tally as known at a past minute. None until it has an election.

        The question looks at entries up to `projection.minute` only. Everything is projected for it: a replay
        asks seldom, and one at a time.
        """
        minute = at // MINUTE * MINUTE
        async with self._replaying:
            looked = await self.ask(
                lambda tally, _, __: (tally, columns_view.all_precincts(tally.ledger, minute))
            )
            if looked is None:
                return None
            tally, table = looked
            begin = asyncio.get_running_loop().run_in_executor(self._historian, tally.begin, minute, table)
            projection, state = await begin
            return await self.ask(
                lambda now, _, __: question(tally, projection, state) if now is tally else None
            )

    # ------------------------------------------------------------------ running

    async def run(self) -> None:
        """Takes in, projects and publishes until cancelled."""
        loop = self._loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                self._wake.clear()
                if self._next is not None:
                    election, self._next = self._next, None
                    self._held = None
                    tally = await loop.run_in_executor(self._worker, Tally, election)
                    self._held, self.day = _Held(tally), election.day
                    del election, tally  # as objects it weighs as much as all that the tally keeps of it
                    self._wake.set()
                    continue
                if self._held is None:
                    continue
                batch, self._pending = self._pending, []
                blocks, self._blocks = self._blocks, []
                caught_up = self._caught_up
                self._room.set()
                started = time.monotonic()
                step = await loop.run_in_executor(
                    self._worker, self._step, self._held, blocks, batch, caught_up
                )
                if self._superseded():
                    continue  # another election has begun meanwhile: this step speaks of the old one
                self._forget_pasts(-math.inf if blocks else _oldest(batch))
                self._commit(step, batch)
                if step.refitted:
                    self._settle()
                if step.plan is not None:
                    await asyncio.sleep(max(0.0, self._conflate_seconds - (time.monotonic() - started)))
        finally:
            self._loop = None
            for threads in (self._worker, self._fitter, self._historian):
                threads.shutdown(wait=False, cancel_futures=True)

    def _settle(self) -> None:
        """Gives back what large work has left behind, when its last values have been let go of."""
        if self._loop is not None:
            self._loop.call_later(SETTLE_SECONDS, self._give_back)

    def _give_back(self) -> None:
        if self._loop is not None:  # else the threads are no more
            self._historian.submit(give_back)

    def _forget_pasts(self, late: float) -> None:
        """What was received at `late` or after has been filed: minutes that it belongs to are read anew."""
        self._late = min(self._late, late)
        for key in [key for key in self._pasts if key[0] >= late]:
            del self._pasts[key]

    def _superseded(self) -> bool:
        return self._next is not None

    def _step(
        self,
        held: _Held,
        blocks: list[tuple[Counts, Mapping[int, str]]],
        batch: list[CheckIn],
        caught_up: bool,
    ) -> _Step:
        tally = held.tally
        touched = tally.add(batch)
        for counts, senders in blocks:
            tally.ledger.add_counts(counts, senders)
        if held.projection is not None:  # the first one is of all precincts
            if blocks:
                touched.update(range(len(tally.ledger.ids)))
            held.touched |= touched
            held.since |= touched
        if not caught_up:
            return _Step()
        if held.projection is None:
            tally.ledger.store.settle()
        now = self.clock.now().timestamp()
        # A sender's clock may run ahead of ours by a little: what has been received counts.
        as_of = max(now, tally.ledger.newest)
        due = self._refit(held, math.floor(now / MINUTE) * MINUTE, as_of)
        desks = None
        if tally.ledger.desk_queue.version != held.desks_told:
            held.desks_told = tally.ledger.desk_queue.version
            desks = tally.ledger.desk_queue.groups()
        summing = held.sums_owed and time.monotonic() >= held.next_sums
        if not (due or held.touched or summing or desks is not None):
            return _Step()
        assert held.projection is not None and held.state is not None
        positions = sorted(held.touched)
        held.touched = set()
        tally.update(held.projection, held.state, positions, as_of)
        held.projection.as_of = as_of
        held.sums_owed |= bool(positions)
        aggregates = (
            self._sums(held) if due or (held.sums_owed and time.monotonic() >= held.next_sums) else []
        )
        told = np.arange(len(tally.ledger.ids)) if due else np.array(positions, dtype=np.intp)
        columns = published(held.projection, None if due else told)
        new = PendingUpdate(now, told, columns, aggregates, incidents_of(tally), desks)
        if self.edition is None or self._edition_of is not held:
            beside = PendingUpdate(now, aggregates=aggregates, incidents=new.incidents, desks=desks)
            return _Step(plan=beside, fresh=Edition(infos_of(tally), columns), refitted=True)
        return _Step(plan=self.edition.plan(new), infos=infos_of(tally) if due else None, refitted=due)

    def _sums(self, held: _Held) -> list[Row]:
        """Aggregates: of all precincts whatever has changed, so not more often than a tenth of the time."""
        assert held.projection is not None and held.state is not None
        began = time.monotonic()
        found = aggregates_of(held.tally, held.projection, held.state)
        held.sums_owed = False
        held.next_sums = time.monotonic() + 10 * (time.monotonic() - began)
        return found

    def _refit(self, held: _Held, minute: float, as_of: float) -> bool:
        """Begins a refit where one is due, and takes in one that is done. Whether every row may be new."""
        if held.projection is None:  # nothing to go on with meanwhile
            began = time.monotonic()
            held.projection, held.state = held.tally.start(minute)
        elif held.refit is not None and held.refit.done():
            began = held.refit_began
            held.projection, held.state = held.refit.result()
            held.touched |= held.since
            held.refit = None
        else:
            stale = held.projection.minute != minute and time.monotonic() >= held.next_refit
            if held.refit is None and stale:
                held.refit_began = time.monotonic()
                held.since = set()
                table = columns_view.all_precincts(held.tally.ledger, minute)
                held.refit = self._fitter.submit(held.tally.begin, minute, table)
                held.refit.add_done_callback(self._refitted)
            return False
        # The fit has everything received by its minute; what came since is projected again, and so is what
        # the log brought after the look was taken.
        held.touched |= set(held.tally.ledger.touched_between(held.projection.minute, as_of))
        took = time.monotonic() - began
        held.next_refit = time.monotonic() + max(REFIT_SECONDS, self._refit_rest * took)
        return True

    def _refitted(self, _: object) -> None:
        """Called in the refit's thread: the next step need not wait for a check-in."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)

    def _commit(self, step: _Step, batch: list[CheckIn]) -> None:
        if step.plan is None:
            return
        if step.fresh is not None:
            restarting = self.edition is not None
            self.edition, self._edition_of = step.fresh, self._held
            self.engine_id = secrets.token_hex(6)
            self.edition.commit(step.plan)
            self.edition.calls = self._calls
            self._log.info("standings_ready", precincts=len(step.fresh))
            if restarting:
                self.on_restart()
            return
        assert self.edition is not None
        if step.infos is not None and _moved(self.edition.infos, step.infos):
            self.edition.commit(step.plan)
            self.on_change(self.edition.restate(step.plan.at, step.infos))
        elif (change := self.edition.commit(step.plan)) is not None:
            told, self._news = self._news, set()
            self.on_change(replace(change, news=tuple(sorted(told))))
        self.on_published(batch)


def _oldest(batch: Sequence[CheckIn]) -> float:
    return min(c.received_at for c in batch).timestamp() if batch else math.inf


def _moved(old: Columns, new: Columns) -> bool:
    """Whether polling hours have changed anywhere."""
    return any(not old[name].same(new[name]) for name in ("opens_at", "closes_at"))
