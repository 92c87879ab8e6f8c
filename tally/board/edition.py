"""Editions: the standings as published, numbered; what changed from one to the next; who may see what.

Values only. A change goes out when a reader would notice it: at once for what was reported or decided, past
a threshold for what drifts with the clock or with a refit, and the rest a few rows at a time, so that a refit
of 180,000 precincts does not flood 1,000 viewers every minute.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from election.wire.feed import VERSION, Aggregate
from tally.ledger.desk_queue import Groups, desks_of
from tally.standing.reasons import Sentences
from tally.standing.rounding import FIELDS, STEPS, VOTES, Columns, Row, rows, taken, wire

Counties = frozenset[str] | None  # None: the whole election
Positions = NDArray[np.intp]


class ViewScope(NamedTuple):
    """Scope of a viewer: counties, whether it has the war room's desks, and what fields of standings it asked
    for alone (it is sent no precincts then: what does not change it knows from elsewhere).
    """

    counties: Counties = None
    desks: bool = True
    fields: tuple[str, ...] = ()  # none: all of them


WHOLE = ViewScope()
DRIFT_ROWS = 500  # small changes sent with each edition, at most
WHOLE_SHARE = 0.4  # above this share of all rows a columnar snapshot is smaller than a delta

# Each count anywhere moves the value of all others, by much in the morning: it waits its turn.
_NOTICED = tuple(name for name in VOTES if name != "watcher_value")
_DRIFTING = frozenset((*VOTES, *STEPS, "reason"))
_AGGREGATE_VOTES = ("expected_final", "projected_final", "lo80", "hi80", "lo95", "hi95")
_AT_ONCE = tuple(name for name in FIELDS if name not in _DRIFTING and name != "precinct_id")
NOWHERE: Positions = np.zeros(0, dtype=np.intp)


def aggregate_row(aggregate: Aggregate) -> Row:
    """An aggregate as published."""
    row = dict(aggregate.__dict__)
    row["thin"] = [dict(reach.__dict__) for reach in aggregate.thin]
    for name in _AGGREGATE_VOTES:
        row[name] = float(round(row[name]))
    row["coverage"] = round(row["coverage"], 3) + 0.0
    return row


def turned(old: Columns, new: Columns) -> NDArray[np.bool_]:
    """Mask of the rows changed by a report, a decision or a turn of state: not mere drift."""
    found = np.zeros(len(new["state"]), dtype=np.bool_)
    for name in _AT_ONCE:
        found |= old[name] != new[name]
    return found


def drifted(old: Columns, new: Columns) -> NDArray[np.bool_]:
    """Mask of the rows that have drifted by as much as a reader would notice."""
    scale = np.maximum(3.0, 0.02 * new["expected_final"])
    found = np.abs(old["p_lagging"] - new["p_lagging"]) >= 0.05 * STEPS["p_lagging"]
    unwatched = np.abs(old["p_low_unwatched"] - new["p_low_unwatched"])
    found |= unwatched >= 0.05 * STEPS["p_low_unwatched"]
    found |= np.abs(old["gap"] - new["gap"]) >= 0.02 * STEPS["gap"]
    for name in _NOTICED:
        found |= np.abs(old[name] - new[name]) > scale
    return np.asarray(found)


def differ(old: Columns, new: Columns) -> NDArray[np.bool_]:
    """Mask of the rows that have changed."""
    found = turned(old, new)
    for name in (*VOTES, *STEPS):
        found |= old[name] != new[name]
    return np.asarray(found | new["reason"].differ(old["reason"]))


@dataclass(frozen=True, slots=True)
class Change:
    """From `seq - 1` to `seq`. `whole`: so much changed that viewers get a snapshot in its place."""

    seq: int
    at: float
    standings: tuple[Row, ...] = ()
    aggregates: tuple[Row, ...] = ()
    incidents: tuple[Row, ...] = ()
    whole: bool = False
    desks: Groups | None = None  # None: unchanged
    calls: Row | None = None  # None: unchanged
    news: tuple[str, ...] = ()  # of `tally.engine.change_topics.ALL`


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """Contents of the next edition: `columns` of the precincts at `positions`."""

    at: float
    positions: Positions = field(default_factory=lambda: NOWHERE)
    columns: Columns = field(default_factory=dict)
    aggregates: Sequence[Row] = ()
    incidents: Sequence[Row] = ()
    desks: Groups | None = None  # None: unchanged


@dataclass(slots=True)
class Edition:
    """Standings as last sent to viewers, with their precincts: `infos` and `columns` go together."""

    infos: Columns
    columns: Columns
    aggregates: dict[str, Row] = field(default_factory=dict)
    incidents: dict[int, Row] = field(default_factory=dict)
    desks: Groups = field(default_factory=dict)
    calls: Row | None = None
    seq: int = 0
    at: float = 0.0
    _last_sent: NDArray[np.int32] = field(init=False)  # seq in which each row was last sent

    def __post_init__(self) -> None:
        self._last_sent = np.zeros(len(self.infos["precinct_id"]), dtype=np.int32)

    def __len__(self) -> int:
        return len(self._last_sent)

    def rows(self) -> list[Row]:
        """Every standing as it was last sent."""
        return rows(self.columns)

    def advance(self, plan: PendingUpdate) -> Change | None:
        """Take in new values; returns the change to send, or None where a reader would notice nothing."""
        return self.commit(self.plan(plan))

    def plan(self, new: PendingUpdate) -> PendingUpdate:
        """Choose the new values to send. Changes nothing, so that another thread may work it out."""
        chosen = NOWHERE
        if len(new.positions):
            old = taken(self.columns, new.positions)
            at_once = turned(old, new.columns) | drifted(old, new.columns)
            chosen = np.flatnonzero(at_once)
            later = np.flatnonzero(differ(old, new.columns) & ~at_once)
            room = max(0, DRIFT_ROWS - len(chosen))
            if len(later) > room:
                told = self._last_sent[new.positions[later]]
                later = later[np.lexsort((new.positions[later], told))[:room]]
            chosen = np.concatenate([chosen, later])
        return PendingUpdate(
            new.at,
            new.positions[chosen],
            taken(new.columns, chosen) if len(chosen) else {},
            [a for a in new.aggregates if self.aggregates.get(a["scope"]) != a],
            [i for i in new.incidents if self.incidents.get(i["number"]) != i],
            None if new.desks == self.desks else new.desks,
        )

    def commit(self, plan: PendingUpdate) -> Change | None:
        """Make a plan the next edition; returns None where nothing changes."""
        n = len(plan.positions)
        if not (n or plan.aggregates or plan.incidents or plan.desks is not None):
            return None
        self.seq += 1
        self.at = plan.at
        if n:
            self._last_sent[plan.positions] = self.seq
            for name, column in plan.columns.items():
                mine = self.columns[name]
                if isinstance(mine, Sentences):
                    mine.put(plan.positions, column)
                elif isinstance(mine, np.ndarray):  # ids stay what they are
                    mine[plan.positions] = column
        self.aggregates.update((a["scope"], a) for a in plan.aggregates)
        self.incidents.update((i["number"], i) for i in plan.incidents)
        if plan.desks is not None:
            self.desks = plan.desks
        if n > max(DRIFT_ROWS, WHOLE_SHARE * len(self)):
            return Change(self.seq, plan.at, whole=True)
        standings = tuple(rows(plan.columns)) if n else ()
        return Change(
            self.seq, plan.at, standings, tuple(plan.aggregates), tuple(plan.incidents), desks=plan.desks
        )

    def update_calls(self, at: float, calls: Row) -> Change | None:
        """Put in the call desk's answer; returns None where nothing is new."""
        if calls == self.calls:
            return None
        self.calls = calls
        self.seq += 1
        self.at = at
        return Change(self.seq, at, calls=calls)

    def add_news(self, at: float, news: Iterable[str]) -> Change:
        """Number the news of topics that pages ask for themselves."""
        self.seq += 1
        self.at = at
        return Change(self.seq, at, news=tuple(sorted(news)))

    def restate(self, at: float, infos: Columns) -> Change:
        """Precincts themselves have changed (their hours): everybody gets a snapshot."""
        self.infos = infos
        self.seq += 1
        self.at = at
        return Change(self.seq, at, whole=True)

    # ------------------------------------------------------------------ bytes

    def sees(self, counties: Counties, precinct_id: str | None, known: bool = False) -> bool:
        """Whether a viewer limited to `counties` may see a precinct (None: an incident without a place).

        `known`: no viewer sees one that this election does not have.
        """
        if counties is None and not known:
            return True
        position = -1 if precinct_id is None else self.columns["precinct_id"].find(precinct_id)
        return position >= 0 and (counties is None or self.infos["county"][position] in counties)

    def delta_bytes(self, change: Change, view_scope: ViewScope = WHOLE) -> bytes:
        """A change as a `Delta` message. Empty lists still go out: they keep the numbering whole."""
        counties = view_scope.counties
        return encode(
            {
                "type": "delta",
                "v": VERSION,
                "seq": change.seq,
                "at": change.at,
                "standings": self._standings(change.standings, view_scope),
                "aggregates": [a for a in change.aggregates if sees_scope(counties, a["scope"])],
                "incidents": [i for i in change.incidents if self.sees(counties, i["precinct_id"])],
                "desks": None
                if change.desks is None or not view_scope.desks
                else desks_of(change.desks, counties),
                "calls": self._calls(change.calls, view_scope),
                "news": change.news if view_scope.desks else (),
            }
        )

    def _standings(self, standings: Sequence[Row], view_scope: ViewScope) -> Sequence[Row]:
        if view_scope.counties is not None:
            standings = [r for r in standings if self.sees(view_scope.counties, r["precinct_id"])]
        if not view_scope.fields:
            return standings
        names = ("precinct_id", *view_scope.fields)
        return [{name: row[name] for name in names} for row in standings]

    def _calls(self, calls: Row | None, view_scope: ViewScope) -> Row | None:
        """The call desk's answer, as a viewer may see it."""
        if calls is None or not view_scope.desks or view_scope.counties is None:
            return calls if view_scope.desks else None
        lists = {
            name: [row for row in rows if self.sees(view_scope.counties, row["precinct_id"])]
            for name, rows in calls.items()
            if isinstance(rows, list)
        }
        return calls | lists

    def snapshot(self, clock: Row, view_scope: ViewScope = WHOLE) -> Callable[[], bytes]:
        """Everything sent so far as a `Snapshot`: the function returned may be called in another thread
        (a large county's takes a second to word and write) while the edition goes on."""
        known = {
            "type": "snapshot",
            "v": VERSION,
            "seq": self.seq,
            "at": self.at,
            "clock": clock,
            "desks": desks_of(self.desks, view_scope.counties) if view_scope.desks else None,
            "calls": self._calls(self.calls, view_scope),
        }
        wanted = {"precinct_id", *view_scope.fields} if view_scope.fields else self.columns.keys()
        columns = {
            name: column if name == "precinct_id" else column.copy()
            for name, column in self.columns.items()
            if name in wanted
        }
        infos = self.infos
        sums, incidents = list(self.aggregates.values()), list(self.incidents.values())

        def written() -> bytes:
            board = board_of(infos, columns, sums, incidents, view_scope.counties)
            return encode(known | board | ({"precincts": {}} if view_scope.fields else {}))

        return written

    def snapshot_bytes(self, clock: Row, view_scope: ViewScope = WHOLE) -> bytes:
        """`snapshot`, at once."""
        return self.snapshot(clock, view_scope)()


def board_of(
    infos: Columns, columns: Columns, aggregates: Iterable[Row], incidents: Iterable[Row],
    counties: Counties = None,
) -> Row:  # fmt: skip
    """The body of a snapshot: a pure function of its arguments, sorted where order carries no meaning."""
    chosen = None
    if counties is not None:
        chosen = np.flatnonzero(infos["county"].among(counties))
        seen = {infos["precinct_id"][i] for i in chosen.tolist()}
        incidents = [i for i in incidents if i["precinct_id"] in seen]
        aggregates = [a for a in aggregates if sees_scope(counties, a["scope"])]
    places = infos if chosen is None else taken(infos, chosen)
    return {
        "precincts": {k: v if isinstance(v, list) else v.tolist() for k, v in places.items()},
        "standings": wire(columns, chosen),
        "aggregates": sorted(aggregates, key=lambda a: str(a["scope"])),
        "incidents": sorted(incidents, key=lambda i: int(i["number"])),
    }


def sees_scope(counties: Counties, scope: str) -> bool:
    """Whether a viewer limited to `counties` may see an aggregate."""
    return counties is None or (scope.startswith("county:") and scope.removeprefix("county:") in counties)


def encode(message: Row) -> bytes:
    """Canonical JSON: equal values give equal bytes."""
    return orjson.dumps(message, option=orjson.OPT_SORT_KEYS)
