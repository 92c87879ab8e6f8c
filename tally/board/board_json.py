"""Board JSON: a tally as of a time, rounded and in columns. The same function serves the feed, the
API, the board's replay and the recount, so that equal sets of check-ins give equal bytes (law L4).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from election.wire.feed import VERSION
from tally.board.edition import WHOLE, Counties, ViewScope, aggregate_row, board_of, encode
from tally.entries.entries import FOREVER, OpenIncident
from tally.ledger import columns_view
from tally.ledger.desk_queue import Groups, desks_of
from tally.model.fit.day_fit import DayFit
from tally.packed.columns import DictionaryColumn
from tally.projection.projection import MINUTE, Tally
from tally.standing.columns import Projection
from tally.standing.rounding import Columns, Row, published, rows


def rows_of(projection: Projection, positions: Sequence[int] | None = None) -> list[Row]:
    """Standings as published, one dict a precinct, of some precincts or of all."""
    return rows(published(projection, None if positions is None else np.array(positions, dtype=np.intp)))


def infos_of(tally: Tally, as_of: float = FOREVER) -> Columns:
    """Precincts as columns of the feed's `PrecinctInfo`, with their hours as decided by then."""
    ledger = tally.ledger
    opens, closes = ledger.hours.opens.astype(np.int64), ledger.hours.closes.astype(np.int64)
    for position in ledger.hours.decided:
        opens[position], closes[position] = ledger.hours.of(position, as_of)
    return tally.places | {"opens_at": DictionaryColumn(opens), "closes_at": DictionaryColumn(closes)}


def info_of(tally: Tally, position: int, as_of: float = FOREVER) -> Row:
    """One precinct as the feed's `PrecinctInfo`, with its hours as decided by then."""
    opens, closes = tally.ledger.hours.of(position, as_of)
    place = {
        name: column.item(position) if isinstance(column, np.ndarray) else column[position]
        for name, column in tally.places.items()
    }
    return place | {"opens_at": int(opens), "closes_at": int(closes)}


def incident_row(incident: OpenIncident) -> Row:
    """An incident as published."""
    return {
        "number": incident.number,
        "check_in_id": str(UUID(bytes=incident.check_in_id)),
        "precinct_id": incident.precinct_id,
        "text": incident.text,
        "at": int(incident.at),
        "status": incident.status,
    }


def incidents_of(tally: Tally, as_of: float = FOREVER) -> list[Row]:
    """All incidents received by then, resolved ones too."""
    return [incident_row(i) for i in tally.ledger.incidents.known(as_of)]


def aggregates_of(tally: Tally, projection: Projection, state: DayFit) -> list[Row]:
    """The whole election and every county, as published."""
    return [aggregate_row(a) for a in tally.aggregates(projection, state)]


@dataclass(frozen=True, slots=True)
class Past:
    """The board as it was at a whole minute, before anybody's counties are taken into account."""

    minute: float
    infos: Columns
    columns: Columns
    aggregates: list[Row]
    incidents: list[Row]
    desks: Groups

    def board(self, counties: Counties = None) -> Row:
        return board_of(self.infos, self.columns, self.aggregates, self.incidents, counties)

    def snapshot_bytes(self, view_scope: ViewScope = WHOLE) -> bytes:
        """As a `Snapshot` message: a clock that stands, no number, no call desk (it keeps no past)."""
        return encode(
            {
                "type": "snapshot",
                "v": VERSION,
                "seq": 0,
                "at": self.minute,
                "clock": {"now": self.minute, "speed": 0.0},
                "desks": desks_of(self.desks, view_scope.counties) if view_scope.desks else None,
                "calls": None,
                **self.board(view_scope.counties),
            }
        )


def past_of(tally: Tally, as_of: float) -> Callable[[], Past]:
    """The board as known at a minute. Reads the ledger now; what it returns may run in another thread."""
    minute = as_of // MINUTE * MINUTE
    table = columns_view.all_precincts(tally.ledger, minute)
    infos, incidents = infos_of(tally, minute), incidents_of(tally, minute)
    desks = tally.ledger.desk_queue.groups(minute)

    def projected() -> Past:
        projection, state = tally.begin(minute, table)
        aggregates = aggregates_of(tally, projection, state)
        return Past(minute, infos, published(projection), aggregates, incidents, desks)

    return projected


def board_json(tally: Tally, as_of: float, counties: Counties = None) -> Row:
    """Everything known as of a whole minute at or before `as_of` (epoch seconds)."""
    past = past_of(tally, as_of)()
    day = tally.day
    return {
        "as_of": int(past.minute),
        "election": day.name,
        "date": day.date.isoformat(),
        **past.board(counties),
    }


def board_bytes(tally: Tally, as_of: float, counties: Counties = None) -> bytes:
    """The board as canonical JSON: what `GET /standings` answers and `beluga recount` compares."""
    return encode(board_json(tally, as_of, counties))
