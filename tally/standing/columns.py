"""Standings of every precinct in columns, as the model has them: what is published is
`standing/rounding.py`'s.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from election.wire.feed import PrecinctState as Name
from election.wire.feed import Standing
from tally.packed.columns import Names
from tally.standing.reasons import Sentences

FLOATS = ("expected_now", "expected_final", "projected_final", "lo80", "hi80", "lo95", "hi95", "p_lagging",
          "shortfall", "gap", "p_low_unwatched", "watcher_value")  # fmt: skip
INTEGERS = ("reports", "held", "last_votes", "last_observed_at", "last_received_at", "line_minutes",
            "line_people", "incidents", "on_post", "struck_off", "final_in")  # fmt: skip
OPTIONAL = frozenset({"last_votes", "last_observed_at", "last_received_at", "line_minutes", "line_people"})
TIMES = frozenset({"last_observed_at", "last_received_at"})
WORDED = frozenset({"state", "reason"})
CODE = {state.value: code for code, state in enumerate(Name)}
NAMES = tuple(state.value for state in Name)
MISSING = -1  # how the optional integers say None


class States(Sequence[str]):
    """States by name, of which the codes are kept."""

    def __init__(self, codes: NDArray[np.int8]) -> None:
        self._codes = codes

    def __len__(self) -> int:
        return len(self._codes)

    def __getitem__(self, i: Any) -> Any:
        return NAMES[self._codes[i]]

    def __iter__(self) -> Iterator[str]:
        return (NAMES[code] for code in self._codes.tolist())


class Projection:
    """Standings of every precinct, columnar, in the order of `Election.precincts`.

    `columns[name]` are numpy arrays named as the fields of `election.wire.feed.Standing` (optional integers
    hold -1 for None), except `state` and `reason`, which are sequences of str.
    """

    def __init__(self, ids: Names, minute: float) -> None:
        n = len(ids)
        self.ids = ids
        self.minute = minute  # the state was fitted as of this
        self.as_of = minute
        self.columns: dict[str, Any] = {name: np.zeros(n) for name in FLOATS}
        for name in INTEGERS:
            kind = np.int64 if name in TIMES else np.int32
            self.columns[name] = np.full(n, MISSING if name in OPTIONAL else 0, dtype=kind)
        self.codes = np.full(
            n, CODE[Name.SILENT.value], dtype=np.int8
        )  # states, as indices of `PrecinctState`
        self.columns["state"] = States(self.codes)
        self.columns["reason"] = Sentences.none(n)
        # pieces that aggregates need
        self.mean = np.zeros(n)
        self.gain = np.zeros(n)
        self.part = np.ones(n)
        self.share = np.ones(n)
        self.own_variance = np.zeros(n)
        self.log_median = np.zeros(n)
        self.channel = np.zeros(n, dtype=np.int8)  # of the newest accepted count
        self.visit_value = np.zeros(n)  # of a count there, as of `minute`
        self.updated: dict[int, float] = {}  # precincts projected anew since, and as of when

    def standing(self, position: int) -> Standing:
        """One precinct's row as the wire has it."""
        values: dict[str, Any] = {"precinct_id": self.ids[position]}
        for name in FLOATS:
            values[name] = float(self.columns[name][position])
        for name in INTEGERS:
            value = int(self.columns[name][position])
            values[name] = None if value == MISSING and name in OPTIONAL else value
        values["state"] = Name(self.columns["state"][position])
        values["reason"] = self.columns["reason"][position]
        return Standing.model_construct(**values)

    def wire_columns(self) -> dict[str, list[object]]:
        """All standings as a snapshot's `standings`."""
        found: dict[str, list[object]] = {}
        for name, column in self.columns.items():
            if name in WORDED:
                found[name] = list(column)
            elif name in OPTIONAL:
                found[name] = [None if v == MISSING else v for v in column.tolist()]
            else:
                found[name] = column.tolist()
        return found
