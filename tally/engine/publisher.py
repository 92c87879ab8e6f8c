"""The last edition and its numbering, for the feed: hello, clock, and every change as it is committed."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from election.domain.checkin import CheckIn
from election.domain.day import ElectionDay
from election.runtime.clock import Clock
from election.wire.feed import VERSION
from tally.board.edition import Change, Edition
from tally.engine.step import Step
from tally.standing.rounding import Columns, Row


class Publisher:
    """Source of the feed. Lives in the event loop's thread."""

    def __init__(self, clock: Clock, *, conflate_seconds: float, rehearsal: bool) -> None:
        self.day: ElectionDay | None = None
        self.engine_id = secrets.token_hex(6)
        self.edition: Edition | None = None  # None until there is an election
        self.on_change: Callable[[Change], None] = lambda _: None
        self.on_restart: Callable[[], None] = lambda: None  # the numbering begins anew
        self.on_published: Callable[[Sequence[CheckIn]], None] = lambda _: None
        self.behind: Callable[[], float] = lambda: 0.0
        self._clock = clock
        self._conflate_seconds = conflate_seconds
        self._rehearsal = rehearsal
        self._calls: Row | None = None  # the call desk's last answer
        self._topics: set[str] = set()  # changed and not yet published
        self._log = structlog.get_logger().bind(part="engine")

    @property
    def stored_behind(self) -> float:
        return self.behind()

    def clock_row(self) -> Row:
        return {"now": round(self._now(), 3), "speed": self._clock.speed}

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

    def update_calls(self, calls: Row) -> None:
        """Publish the call desk's answer at once, where it is new."""
        self._calls = calls
        if self.edition is None:
            return
        change = self.edition.update_calls(self._now(), calls)
        if change is not None:
            self.on_change(change)

    def add_topic(self, topic: str) -> None:
        """Publish that a topic (`change_topics.ALL`) has changed, with the next delta or in its own."""
        if self.edition is None:
            return  # a viewer's first snapshot makes its page ask for everything
        if not self._topics:
            asyncio.get_running_loop().call_later(self._conflate_seconds, self._publish_topics)
        self._topics.add(topic)

    def _publish_topics(self) -> None:
        if self._topics and self.edition is not None:
            topics, self._topics = self._topics, set()
            self.on_change(self.edition.add_news(self._now(), topics))

    def commit(self, step: Step, check_ins: Sequence[CheckIn]) -> None:
        """Make a step the next edition and publish it; `check_ins` are those that it took in."""
        if step.plan is None:
            return
        if step.fresh is not None:
            self._begin(step.fresh, step)
            return
        assert self.edition is not None  # a first step has a fresh one
        if step.infos is not None and _moved(self.edition.infos, step.infos):
            self.edition.commit(step.plan)
            self.on_change(self.edition.restate(step.plan.at, step.infos))
        elif (change := self.edition.commit(step.plan)) is not None:
            topics, self._topics = self._topics, set()
            self.on_change(replace(change, news=tuple(sorted(topics))))
        self.on_published(check_ins)

    def _begin(self, fresh: Edition, step: Step) -> None:
        assert step.plan is not None  # comes with a fresh edition
        restarting = self.edition is not None
        self.edition = fresh
        self.engine_id = secrets.token_hex(6)
        fresh.commit(step.plan)
        fresh.calls = self._calls
        self._log.info("standings_ready", precincts=len(fresh))
        if restarting:
            self.on_restart()

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _moved(old: Columns, new: Columns) -> bool:
    """Whether polling hours have changed anywhere."""
    return any(not old[name].same(new[name]) for name in ("opens_at", "closes_at"))
