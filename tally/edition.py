"""Editions: the standings as published, numbered; what changed from one to the next; who may see what.

Values only. A *row* is a wire `Standing` as a dict, rounded to what a board shows, so that two engines with
the same set of check-ins publish the same bytes. A change goes out when a reader would notice it: at once
for what was reported or decided, past a threshold for what drifts with the clock or with a refit, and the
rest a few rows at a time, so that a refit of 180,000 precincts does not flood 1,000 viewers every minute.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from election.wire.feed import VERSION, Aggregate, Standing
from tally.waiting import Groups, desks_of

Row = dict[str, Any]
Counties = frozenset[str] | None  # None: the whole election


class Sight(NamedTuple):
    """What a viewer may see: counties, and whether what waits at the war room's desks."""

    counties: Counties = None
    desks: bool = True


WHOLE = Sight()
DRIFT_ROWS = 500  # small changes sent with each edition, at most
WHOLE_SHARE = 0.4  # above this share of all rows a columnar snapshot is smaller than a delta

# Displayed precision: votes to 1, probabilities to .01, gap to .001.
_VOTES = ("expected_now", "expected_final", "projected_final", "lo80", "hi80", "lo95", "hi95", "shortfall")
_DRIFTING = frozenset((*_VOTES, "p_lagging", "gap", "reason"))
_AGGREGATE_VOTES = ("expected_final", "projected_final", "lo80", "hi80", "lo95", "hi95")
_FIELDS = tuple(Standing.model_fields)
_AT_ONCE = tuple(name for name in _FIELDS if name not in _DRIFTING)


def row_of(standing: Standing) -> Row:
    """A standing as published."""
    row = dict(standing.__dict__)
    row["state"] = standing.state.value
    for name in _VOTES:
        row[name] = float(round(row[name]))
    row["p_lagging"] = round(row["p_lagging"], 2) + 0.0
    row["gap"] = round(row["gap"], 3) + 0.0  # + 0.0: no negative zero
    return row


def aggregate_row(aggregate: Aggregate) -> Row:
    """An aggregate as published."""
    row = dict(aggregate.__dict__)
    for name in _AGGREGATE_VOTES:
        row[name] = float(round(row[name]))
    row["coverage"] = round(row["coverage"], 3) + 0.0
    return row


def differs_at_once(old: Row, new: Row) -> bool:
    """Whether something was reported, decided or turned: not mere drift."""
    return any(old[name] != new[name] for name in _AT_ONCE)


def drifted(old: Row, new: Row) -> bool:
    """Whether what drifts has moved by as much as a reader would notice."""
    scale = max(3.0, 0.02 * new["expected_final"])
    return (
        any(abs(old[name] - new[name]) > scale for name in _VOTES)
        or abs(old["p_lagging"] - new["p_lagging"]) >= 0.05
        or abs(old["gap"] - new["gap"]) >= 0.02
    )


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


@dataclass(frozen=True, slots=True)
class Plan:
    """What the next edition will say."""

    at: float
    rows: list[tuple[int, Row]]
    aggregates: list[Row]
    incidents: list[Row]
    desks: Groups | None = None  # None: unchanged


@dataclass(slots=True)
class Edition:
    """What viewers have been told, and the precincts it is about. `rows[i]` belongs to `infos[i]`."""

    infos: Sequence[Row]
    rows: list[Row]
    aggregates: dict[str, Row] = field(default_factory=dict)
    incidents: dict[int, Row] = field(default_factory=dict)
    desks: Groups = field(default_factory=dict)
    calls: Row | None = None
    seq: int = 0
    at: float = 0.0
    county_of: dict[str, str] = field(init=False)
    _told: list[int] = field(init=False)  # seq in which each row was last sent

    def __post_init__(self) -> None:
        self.county_of = {info["precinct_id"]: info["county"] for info in self.infos}
        self._told = [0] * len(self.rows)

    def advance(
        self,
        at: float,
        rows: Iterable[tuple[int, Row]],
        aggregates: Iterable[Row] = (),
        incidents: Iterable[Row] = (),
    ) -> Change | None:
        """Takes in new values and returns what to send, or None where a reader would notice nothing."""
        return self.commit(self.plan(at, rows, aggregates, incidents))

    def plan(
        self,
        at: float,
        rows: Iterable[tuple[int, Row]],
        aggregates: Iterable[Row] = (),
        incidents: Iterable[Row] = (),
    ) -> Plan:
        """What of the new values to send. Changes nothing, so that another thread may work it out."""
        now: list[tuple[int, Row]] = []
        later: list[tuple[int, Row]] = []
        for position, row in rows:
            old = self.rows[position]
            if old == row:
                continue
            at_once = differs_at_once(old, row) or drifted(old, row)
            (now if at_once else later).append((position, row))
        later.sort(key=lambda item: (self._told[item[0]], item[0]))
        now += later[: max(0, DRIFT_ROWS - len(now))]
        return Plan(
            at,
            now,
            [a for a in aggregates if self.aggregates.get(a["scope"]) != a],
            [i for i in incidents if self.incidents.get(i["number"]) != i],
        )

    def commit(self, plan: Plan) -> Change | None:
        """Makes a plan the next edition."""
        desks = None if plan.desks == self.desks else plan.desks
        if not (plan.rows or plan.aggregates or plan.incidents or desks is not None):
            return None
        self.seq += 1
        self.at = plan.at
        for position, row in plan.rows:
            self.rows[position] = row
            self._told[position] = self.seq
        self.aggregates.update((a["scope"], a) for a in plan.aggregates)
        self.incidents.update((i["number"], i) for i in plan.incidents)
        if desks is not None:
            self.desks = desks
        if len(plan.rows) > max(DRIFT_ROWS, WHOLE_SHARE * len(self.rows)):
            return Change(self.seq, plan.at, whole=True)
        return Change(
            self.seq, plan.at, tuple(r for _, r in plan.rows), tuple(plan.aggregates), tuple(plan.incidents),
            desks=desks,
        )  # fmt: skip

    def tell_calls(self, at: float, calls: Row) -> Change | None:
        """The call desk has answered; None where nothing is new."""
        if calls == self.calls:
            return None
        self.calls = calls
        self.seq += 1
        self.at = at
        return Change(self.seq, at, calls=calls)

    def restate(self, at: float, infos: Sequence[Row]) -> Change:
        """Precincts themselves have changed (their hours): everybody gets a snapshot."""
        self.infos = infos
        self.seq += 1
        self.at = at
        return Change(self.seq, at, whole=True)

    # ------------------------------------------------------------------ bytes

    def sees(self, counties: Counties, precinct_id: str | None) -> bool:
        """Whether a viewer limited to `counties` may see a precinct (None: an incident without a place)."""
        return counties is None or (precinct_id is not None and self.county_of.get(precinct_id) in counties)

    def delta_bytes(self, change: Change, sight: Sight = WHOLE) -> bytes:
        """A change as a `Delta` message. Empty lists still go out: they keep the numbering whole."""
        counties = sight.counties
        return encode(
            {
                "type": "delta",
                "v": VERSION,
                "seq": change.seq,
                "at": change.at,
                "standings": [r for r in change.standings if self.sees(counties, r["precinct_id"])],
                "aggregates": [a for a in change.aggregates if sees_scope(counties, a["scope"])],
                "incidents": [i for i in change.incidents if self.sees(counties, i["precinct_id"])],
                "desks": None
                if change.desks is None or not sight.desks
                else desks_of(change.desks, counties),
                "calls": self._calls(change.calls, sight),
            }
        )

    def _calls(self, calls: Row | None, sight: Sight) -> Row | None:
        """What the call desk does, as a viewer may see it."""
        if calls is None or not sight.desks or sight.counties is None:
            return calls if sight.desks else None
        lists = {
            name: [row for row in calls[name] if self.sees(sight.counties, row["precinct_id"])]
            for name in ("dispatches", "proposals")
        }
        return calls | lists

    def snapshot_bytes(self, clock: Row, sight: Sight = WHOLE) -> bytes:
        """Everything told so far as a `Snapshot` message."""
        return encode(
            {
                "type": "snapshot",
                "v": VERSION,
                "seq": self.seq,
                "at": self.at,
                "clock": clock,
                "desks": desks_of(self.desks, sight.counties) if sight.desks else None,
                "calls": self._calls(self.calls, sight),
                **self.columns(sight.counties),
            }
        )

    def columns(self, counties: Counties = None) -> Row:
        """Precincts and standings by column, aggregates and incidents, as `counties` may see them."""
        return columns_of(
            self.infos, self.rows, list(self.aggregates.values()), list(self.incidents.values()), counties
        )


def columns_of(
    infos: Sequence[Row], rows: Sequence[Row], aggregates: Sequence[Row], incidents: Sequence[Row],
    counties: Counties = None,
) -> Row:  # fmt: skip
    """The body of a snapshot: a pure function of its arguments, sorted where order carries no meaning."""
    if counties is not None:
        chosen = [i for i, info in enumerate(infos) if info["county"] in counties]
        infos, rows = [infos[i] for i in chosen], [rows[i] for i in chosen]
        seen = {info["precinct_id"] for info in infos}
        incidents = [i for i in incidents if i["precinct_id"] in seen]
        aggregates = [a for a in aggregates if sees_scope(counties, a["scope"])]
    names = list(infos[0]) if infos else []
    return {
        "precincts": {name: [info[name] for info in infos] for name in names},
        "standings": {name: [row[name] for row in rows] for name in _FIELDS},
        "aggregates": sorted(aggregates, key=lambda a: str(a["scope"])),
        "incidents": sorted(incidents, key=lambda i: int(i["number"])),
    }


def sees_scope(counties: Counties, scope: str) -> bool:
    """Whether a viewer limited to `counties` may see an aggregate."""
    return counties is None or (scope.startswith("county:") and scope.removeprefix("county:") in counties)


def encode(message: Row) -> bytes:
    """Canonical JSON: equal values give equal bytes."""
    return orjson.dumps(message, option=orjson.OPT_SORT_KEYS)
