"""The sheet: what a tally says as of a time, rounded and in columns. The same function serves the feed, the
API, the board's replay and the recount, so that equal sets of check-ins give equal bytes (law L4).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from election.wire.feed import VERSION, Standing
from tally.edition import WHOLE, Row, Sight, aggregate_row, columns_of, encode
from tally.entries import FOREVER, OpenIncident
from tally.model import State
from tally.projection import MINUTE, MISSING, OPTIONAL, Projection, Tally
from tally.waiting import Groups, desks_of

_VOTES = ("expected_now", "expected_final", "projected_final", "lo80", "hi80", "lo95", "hi95", "shortfall")
_DECIMALS = {"p_lagging": 2, "gap": 3}
_FIELDS = tuple(Standing.model_fields)


def rows_of(projection: Projection, positions: list[int] | None = None) -> list[Row]:
    """Standings as published, of some precincts or of all."""
    columns: list[list[Any]] = []
    for name in _FIELDS:
        if name == "precinct_id":
            column: Any = projection.ids
        else:
            column = projection.columns[name]
        if isinstance(column, (list, tuple)):
            columns.append(list(column) if positions is None else [column[p] for p in positions])
            continue
        if positions is not None:
            column = column[positions]
        if name in _VOTES or name in _DECIMALS:
            column = column.round(_DECIMALS.get(name, 0)) + 0.0  # + 0.0: no negative zero
        values = column.tolist()
        columns.append([None if v == MISSING else v for v in values] if name in OPTIONAL else values)
    return [dict(zip(_FIELDS, row, strict=True)) for row in zip(*columns, strict=True)]


def infos_of(tally: Tally, as_of: float = FOREVER) -> list[Row]:
    """Precincts as the feed's `PrecinctInfo`, with their hours as decided by then."""
    day = tally.election.day
    infos = []
    for position, precinct in enumerate(tally.election.precincts):
        opens, closes = tally.ledger.hours(position, as_of)
        infos.append(
            {
                "precinct_id": precinct.precinct_id,
                "name": precinct.name,
                "county": precinct.county,
                "group": precinct.group,
                "site_id": precinct.site_id,
                "registered": precinct.registered,
                "already_voted": precinct.already_voted,
                "opens_at": int(opens),
                "closes_at": int(closes),
                "timezone": precinct.timezone or day.timezone,
                "lat": precinct.lat,
                "lon": precinct.lon,
            }
        )
    return infos


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
    return [incident_row(i) for i in tally.ledger.incidents(as_of)]


def aggregates_of(tally: Tally, projection: Projection, state: State) -> list[Row]:
    """The whole election and every county, as published."""
    return [aggregate_row(a) for a in tally.aggregates(projection, state)]


def sheet(tally: Tally, as_of: float) -> Row:
    """Everything known as of a whole minute at or before `as_of` (epoch seconds)."""
    minute = as_of // 60 * 60
    projection, state = tally.start(minute)
    return {
        "as_of": int(minute),
        "election": tally.election.day.name,
        "date": tally.election.day.date.isoformat(),
        **columns_of(
            infos_of(tally, minute),
            rows_of(projection),
            aggregates_of(tally, projection, state),
            incidents_of(tally, minute),
        ),
    }


@dataclass(frozen=True, slots=True)
class Past:
    """The board as it was at a whole minute, before anybody's counties are taken into account."""

    minute: float
    infos: list[Row]
    rows: list[Row]
    aggregates: list[Row]
    incidents: list[Row]
    desks: Groups

    def snapshot_bytes(self, sight: Sight = WHOLE) -> bytes:
        """As a `Snapshot` message: a clock that stands, no number, no call desk (it keeps no past)."""
        return encode(
            {
                "type": "snapshot",
                "v": VERSION,
                "seq": 0,
                "at": self.minute,
                "clock": {"now": self.minute, "speed": 0.0},
                "desks": desks_of(self.desks, sight.counties) if sight.desks else None,
                "calls": None,
                **columns_of(self.infos, self.rows, self.aggregates, self.incidents, sight.counties),
            }
        )


def past_of(tally: Tally, as_of: float) -> Callable[[], Past]:
    """The board as known at a minute. Reads the ledger now; what it returns may run in another thread."""
    minute = as_of // MINUTE * MINUTE
    look = tally.ledger.look_everywhere(minute)
    infos, incidents = infos_of(tally, minute), incidents_of(tally, minute)
    desks = tally.ledger.waiting.groups(minute)

    def projected() -> Past:
        projection, state = tally.begin(minute, look)
        aggregates = aggregates_of(tally, projection, state)
        return Past(minute, infos, rows_of(projection), aggregates, incidents, desks)

    return projected


def sheet_bytes(tally: Tally, as_of: float) -> bytes:
    """The sheet as canonical JSON: what `GET /standings` answers and `beluga recount` compares."""
    return encode(sheet(tally, as_of))
