"""Steps of the tally: check-ins filed and projected, and refits that run beside them.

Runs in the engine's worker thread (`service.py` tells how the threads share nothing).
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from election.domain.checkin import CheckIn
from election.domain.day import Election
from election.log.columns import Counts
from tally.board.board_json import aggregates_of, incidents_of, infos_of
from tally.board.edition import Edition, PendingUpdate
from tally.ledger import columns_view
from tally.ledger.desk_queue import Groups
from tally.model.fit.day_fit import DayFit
from tally.projection.projection import MINUTE, Tally
from tally.standing.columns import Projection
from tally.standing.rounding import Columns, Row, published

T = TypeVar("T")
Question = Callable[[Tally, Projection, DayFit], T]

REFIT_SECONDS = 1.0  # real seconds between refits at least, however fast a rehearsal runs
SUMS_REST = 10.0  # pause after aggregates, as a multiple of what they took


@dataclass(frozen=True, slots=True)
class Batch:
    """Check-ins that one step takes in."""

    check_ins: Sequence[CheckIn] = ()
    blocks: Sequence[tuple[Counts, Mapping[int, str]]] = ()  # plain counts in columns, with their senders
    caught_up: bool = True  # the log has been read to its end

    @property
    def oldest(self) -> float:
        """Earliest receipt, epoch seconds; -inf where blocks may hold any, inf without check-ins."""
        if self.blocks:
            return -math.inf
        return min(c.received_at for c in self.check_ins).timestamp() if self.check_ins else math.inf


@dataclass(frozen=True, slots=True)
class Step:
    """Result of a step. `fresh` is the first edition of an election."""

    plan: PendingUpdate | None = None
    fresh: Edition | None = None
    infos: Columns | None = None
    refitted: bool = False


@dataclass(frozen=True, slots=True)
class _Refit:
    """A refit under way in its own thread."""

    result: "Future[tuple[Projection, DayFit]]"
    began: float  # monotonic


class Stepper:
    """One election's tally with its projection. `on_refitted` is called in the refit's thread."""

    def __init__(
        self,
        election: Election,
        fitter: ThreadPoolExecutor,
        refit_rest: float,
        on_refitted: Callable[[], None],
    ) -> None:
        """`refit_rest`: pause after a refit, as a multiple of what it took."""
        self.tally = Tally(election)
        self._fitter, self._refit_rest, self._on_refitted = fitter, refit_rest, on_refitted
        self._fitted: tuple[Projection, DayFit] | None = None
        self._touched: set[int] = set()
        self._refit: _Refit | None = None
        self._since: set[int] = set()  # touched since the refit's columns were taken
        self._next_refit = 0.0  # monotonic
        self._sums_owed = False  # precincts were projected that no aggregate has yet
        self._next_sums = 0.0  # monotonic
        self._desks_version = -1  # of the desk queue in the last step

    def answer(self, question: Question[T]) -> T | None:
        """Ask the tally; None before its first projection."""
        return None if self._fitted is None else question(self.tally, *self._fitted)

    def step(self, batch: Batch, now: Callable[[], float], edition: Edition | None) -> Step:
        """File a batch and project what it touched. `edition`: this election's last one, or None."""
        self._file(batch)
        if not batch.caught_up:
            return Step()
        tally = self.tally
        if self._fitted is None:
            tally.ledger.store.settle()
        moment = now()
        # A sender's clock may run ahead of ours by a little: what has been received counts.
        as_of = max(moment, tally.ledger.newest)
        due = self._take_refit(math.floor(moment / MINUTE) * MINUTE, as_of)
        desks = self._desks()
        if not (due or self._touched or self._sums_due or desks is not None):
            return Step()
        assert self._fitted is not None  # the first refit is not waited for elsewhere
        projection, state = self._fitted
        positions, self._touched = sorted(self._touched), set()
        tally.update(projection, state, positions, as_of)
        projection.as_of = as_of
        self._sums_owed |= bool(positions)
        aggregates = self._sums(projection, state) if due or self._sums_due else []
        changed = np.arange(len(tally.ledger.ids)) if due else np.array(positions, dtype=np.intp)
        columns = published(projection, None if due else changed)
        new = PendingUpdate(moment, changed, columns, aggregates, incidents_of(tally), desks)
        if edition is None:
            beside = PendingUpdate(moment, aggregates=aggregates, incidents=new.incidents, desks=desks)
            return Step(plan=beside, fresh=Edition(infos_of(tally), columns), refitted=True)
        return Step(plan=edition.plan(new), infos=infos_of(tally) if due else None, refitted=due)

    def _file(self, batch: Batch) -> None:
        tally = self.tally
        touched = tally.add(batch.check_ins)
        for counts, senders in batch.blocks:
            tally.ledger.add_counts(counts, senders)
        if self._fitted is not None:  # the first one is of all precincts
            if batch.blocks:
                touched.update(range(len(tally.ledger.ids)))
            self._touched |= touched
            self._since |= touched

    def _desks(self) -> Groups | None:
        """Items waiting at the desks; None where none can have changed."""
        queue = self.tally.ledger.desk_queue
        if queue.version == self._desks_version:
            return None
        self._desks_version = queue.version
        return queue.groups()

    @property
    def _sums_due(self) -> bool:
        return self._sums_owed and time.monotonic() >= self._next_sums

    def _sums(self, projection: Projection, state: DayFit) -> list[Row]:
        """Aggregates: of all precincts whatever has changed, so not more often than a tenth of the time."""
        began = time.monotonic()
        found = aggregates_of(self.tally, projection, state)
        self._sums_owed = False
        self._next_sums = time.monotonic() + SUMS_REST * (time.monotonic() - began)
        return found

    def _take_refit(self, minute: float, as_of: float) -> bool:
        """Begin a refit where one is due, take in one that is done; returns whether every row may be new."""
        if self._fitted is None:  # nothing to go on with meanwhile
            began = time.monotonic()
            self._fitted = self.tally.start(minute)
        elif self._refit is not None and self._refit.result.done():
            began = self._refit.began
            self._fitted = self._refit.result.result()
            self._touched |= self._since
            self._refit = None
        else:
            stale = self._fitted[0].minute != minute and time.monotonic() >= self._next_refit
            if self._refit is None and stale:
                self._begin_refit(minute)
            return False
        # The fit has everything received by its minute; what came since is projected again, and so is what
        # the log brought after its columns were taken.
        self._touched |= set(self.tally.ledger.touched_between(self._fitted[0].minute, as_of))
        took = time.monotonic() - began
        self._next_refit = time.monotonic() + max(REFIT_SECONDS, self._refit_rest * took)
        return True

    def _begin_refit(self, minute: float) -> None:
        began = time.monotonic()
        self._since = set()
        table = columns_view.all_precincts(self.tally.ledger, minute)
        result = self._fitter.submit(self.tally.begin, minute, table)
        self._refit = _Refit(result, began)
        result.add_done_callback(lambda _: self._on_refitted())
