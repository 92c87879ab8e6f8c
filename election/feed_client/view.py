"""The fold of the feed's messages (docs/feed.md), the same for every service, and the age of what it holds.

`FeedView` is a value that messages are put into; `connection.follow_feed` keeps one current. A snapshot
replaces what was there, a delta replaces the rows it names, a beat moves nothing. Where a number is missing,
`apply` returns False: the connection is then opened anew, for a snapshot.

Theory of age. A view can be old in two ways: no message has come for a while (the feed is away, or the
network), or messages come but the tally behind them has had no answer from its database (`stored_behind` of
each beat). The second is worse: the feed looks lively. `age` is the sum of both, `fresh` asks for both, and
nobody decides by anything else (law L6). A snapshot or delta says nothing about the database, so that
`stored_behind` stands until the next beat; the tally sends one within a second of any change of it.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

from election.runtime.cooperative import slices

BEHIND_SECONDS = 60.0  # by which the tally may lack what the database stores, and still be followed
SLICE = 250  # precincts at once, about a millisecond

Row = dict[str, Any]
S = TypeVar("S")
P = TypeVar("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RowReader(Generic[T]):
    """How rows of precincts become values: `make` is given the fields named; without names, all of them."""

    make: Callable[[Row], T]
    fields: tuple[str, ...] = ()

    def of_columns(self, columns: dict[str, list[Any]]) -> Iterator[tuple[str, T]]:
        """(precinct, value) of each row of a snapshot. Raises `KeyError` without ids."""
        if not columns:
            return
        # a tally that is older than its reader lacks the fields added since: they have their default
        names = tuple(name for name in self.fields if name in columns) or tuple(columns)
        for key, *values in zip(columns["precinct_id"], *(columns[name] for name in names), strict=True):
            yield key, self.make(dict(zip(names, values, strict=True)))

    def of_row(self, row: Row) -> tuple[str, T]:
        """(precinct, value) of a row of a delta."""
        given = {name: row[name] for name in self.fields if name in row} if self.fields else row
        return row["precinct_id"], self.make(given)


class FeedView(Generic[S, P]):
    """The feed's last state: values by precinct, aggregates by scope, incidents by check-in, calls.

    `precincts` is None where a service needs nothing of what does not change; then none are kept.
    """

    def __init__(
        self,
        standings: RowReader[S],
        precincts: RowReader[P] | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make_standings, self._make_precincts = standings, precincts
        self._monotonic = monotonic
        self._last: float | None = None  # when the last message came, once there was a snapshot
        self.seq: int | None = None  # of the connection there is; None: no snapshot yet
        self.rehearsal: bool | None = None
        self.at = 0.0  # the stack's time of the last message, epoch seconds
        self.stored_behind = 0.0  # real seconds since the tally last had everything the database stores
        self.precincts: dict[str, P] = {}
        self.standings: dict[str, S] = {}
        self.aggregates: dict[str, Row] = {}
        self.incidents: dict[str, Row] = {}
        self.calls: Row | None = None  # the call desk as it last answered; None: never, or not told
        self.changed = asyncio.Event()  # set by every message that changes a row
        self.roster_changed = asyncio.Event()  # who watches where is another

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields of standings that are all this view needs of a precinct; none: it needs all there is."""
        return self._make_standings.fields if self._make_precincts is None else ()

    def age(self) -> float | None:
        """Real seconds for which what is held here may have been out of date; None before the first
        snapshot.
        """
        return None if self._last is None else self._monotonic() - self._last + self.stored_behind

    def fresh(self, seconds: float, *, behind: float = BEHIND_SECONDS) -> bool:
        """Whether the last message is at most so old, and the tally was at most `behind` its database
        then.
        """
        return (
            self._last is not None
            and self._monotonic() - self._last <= seconds
            and self.stored_behind <= behind
        )

    def lost(self) -> None:
        """The connection is gone: numbers begin anew; rows stay, and grow old."""
        self.seq = None

    def apply(self, text: str | bytes) -> bool:
        """Puts one message in; False where a number is missing and a new snapshot is needed."""
        return all(self.applying(text))

    def applying(self, text: str | bytes) -> Iterator[bool]:
        """As `apply`, a slice of the precincts at a time: all at once would keep the event loop's others
        waiting.

        True after each slice; False, and nothing more, where a number is missing. A snapshot counts when it
        is whole: until then everything is as it was.
        """
        message = orjson.loads(text)
        kind = message.get("type")
        if kind == "hello":
            self.rehearsal = bool(message.get("rehearsal"))
            return
        if kind == "snapshot":
            yield from self._replace(message)
        elif kind == "delta":
            if self.seq is None or message["seq"] > self.seq + 1:
                yield False
                return
            if message["seq"] > self.seq:
                yield from self._change(message)
        elif kind == "beat":
            self.stored_behind = float(message.get("stored_behind") or 0.0)
            if self.seq is not None and message["seq"] > self.seq:
                yield False
                return
        if self.seq is not None:
            self._last = self._monotonic()
            self.at = float(message.get("at", self.at))

    def _replace(self, message: Row) -> Iterator[bool]:
        precincts: dict[str, P] = {}
        if self._make_precincts is not None:
            for some in slices(self._make_precincts.of_columns(message["precincts"]), SLICE):
                precincts.update(some)
                yield True
        standings: dict[str, S] = {}
        for each in slices(self._make_standings.of_columns(message["standings"]), SLICE):
            standings.update(each)
            yield True
        self.precincts, self.standings, self.seq = precincts, standings, message["seq"]
        self.aggregates = {row["scope"]: row for row in message.get("aggregates", ())}
        self.incidents = {row["check_in_id"]: row for row in message.get("incidents", ())}
        self.calls = message.get("calls")
        self.changed.set()

    def _change(self, message: Row) -> Iterator[bool]:
        for some in slices(map(self._make_standings.of_row, message["standings"]), SLICE):
            self.standings.update(some)
            yield True
        self.seq = message["seq"]
        self.aggregates |= {row["scope"]: row for row in message.get("aggregates", ())}
        self.incidents |= {row["check_in_id"]: row for row in message.get("incidents", ())}
        self.calls = message.get("calls") or self.calls
        if "roster" in message.get("news", ()):
            self.roster_changed.set()
        self.changed.set()
