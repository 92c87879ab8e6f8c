"""Standings as published: rounded to what a board shows, in columns, so that equal tallies give equal bytes.

Votes are whole numbers, probabilities have two decimals, gaps three. A million rows would not fit as objects;
a *row* (a wire `Standing` as a dict) is made only where one is sent alone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from election.wire.feed import PrecinctState, Standing
from tally.packed.columns import Names
from tally.standing.columns import MISSING, OPTIONAL, TIMES, Projection
from tally.standing.reasons import Sentences

Row = dict[str, Any]
Columns = dict[
    str, Any
]  # as long as each other: arrays, lists, or those of `packed/columns.py` and `Sentences`

FIELDS = tuple(Standing.model_fields)
VOTES = ("expected_now", "expected_final", "projected_final", "lo80", "hi80", "lo95", "hi95", "shortfall",
         "watcher_value")  # fmt: skip
STEPS = {
    "p_lagging": 100.0,
    "p_low_unwatched": 100.0,
    "gap": 1_000.0,
}  # kept as whole numbers of these parts of one
FEW = frozenset({"reports", "held", "incidents", "on_post", "final_in"})
MOST = 32_000  # … of which no precinct has more
STATES = tuple(state.value for state in PrecinctState)
_CODES = {state: code for code, state in enumerate(STATES)}
_STATES = np.array(STATES, dtype=object)


def published(projection: Projection, positions: NDArray[np.intp] | None = None) -> Columns:
    """Standings of some precincts or of all."""
    found: Columns = {}
    for name in FIELDS:
        if name == "precinct_id":
            found[name] = projection.ids if positions is None else projection.ids.taken(positions)
            continue
        if name == "reason":
            said = projection.columns[name]
            found[name] = said.copy() if positions is None else said.taken(positions)
            continue
        column = projection.codes if name == "state" else projection.columns[name]
        if positions is not None:
            column = column[positions]
        if name in STEPS:
            found[name] = _steps(name, column)
        elif name in FEW:
            found[name] = np.minimum(column, MOST).astype(np.int16)
        elif name in VOTES:
            found[name] = column.round().astype(np.int32)
        elif name == "state":
            found[name] = column.copy()
        else:
            found[name] = column.astype(np.int64 if name in TIMES else np.int32)
    return found


def _steps(name: str, column: NDArray[Any]) -> NDArray[np.int16]:
    return np.clip(np.rint(column * STEPS[name]), -MOST // 2, MOST // 2).astype(np.int16)


def columns_of_standings(standings: Sequence[Standing]) -> Columns:
    """The same from wire values."""
    found: Columns = {}
    for name in FIELDS:
        values = [getattr(s, name) for s in standings]
        if name == "precinct_id":
            found[name] = Names(values)
        elif name == "reason":
            found[name] = Sentences.of(values)
        elif name == "state":
            found[name] = np.array([_CODES[v.value] for v in values], dtype=np.int8)
        elif name in STEPS:
            found[name] = _steps(name, np.array(values, dtype=np.float64))
        else:
            whole = [MISSING if v is None else round(v) for v in values]
            found[name] = np.array(whole, dtype=np.int64 if name in TIMES else np.int32)
    return found


def taken(columns: Columns, chosen: NDArray[np.intp]) -> Columns:
    """Some rows, as columns."""

    def of(column: Any) -> Any:
        if isinstance(column, list):
            return [column[i] for i in chosen.tolist()]
        return column[chosen] if isinstance(column, np.ndarray) else column.taken(chosen)

    return {name: of(column) for name, column in columns.items()}


def wire(columns: Columns, chosen: NDArray[np.intp] | None = None) -> dict[str, list[Any]]:
    """Plain lists of all rows or some, as a snapshot's `standings` has them."""
    if chosen is not None:
        columns = taken(columns, chosen)
    found: dict[str, list[Any]] = {}
    for name, column in columns.items():
        if isinstance(column, list):
            found[name] = column
        elif name == "state":
            found[name] = _STATES[column].tolist()
        elif name in STEPS:
            found[name] = (column / STEPS[name]).tolist()
        else:
            values = column.tolist()
            found[name] = [None if v == MISSING else v for v in values] if name in OPTIONAL else values
    return found


def rows(columns: Columns) -> list[Row]:
    """One dict a precinct, as a delta's `standings` has them."""
    lists = wire(columns)
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
