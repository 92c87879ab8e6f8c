"""What people reached by callers say of turnout in silent precincts, for the feed. No standing reads it."""

from collections.abc import Sequence

from election.wire.callers import ReachedPrecinct
from election.wire.feed import PrecinctState
from tally.entries.entries import FOREVER
from tally.model.past.curve import part_of_day, share_at
from tally.model.reached_turnout import (
    LEAST_VOTED,
    Heard,
    HeardHour,
    HeardPlace,
    bias_of,
    estimate,
    hear,
)
from tally.projection.projection import MINUTE, Tally
from tally.standing.columns import Projection
from tally.standing.rounding import Row

COUNTED_LATELY = 90 * MINUTE  # a count that is older says little of now
LEAST_COUNTED = 20  # votes
_TRUSTED = frozenset(
    {PrecinctState.ON_PACE, PrecinctState.WATCH, PrecinctState.LAGGING, PrecinctState.CLOSED}
)


def reached_turnout(tally: Tally, projection: Projection, reached: Sequence[ReachedPrecinct]) -> Row:
    """`Calls.reached` and `Calls.reached_check` as of the projection's minute."""
    now, columns = projection.minute, projection.columns
    silent: list[tuple[str, HeardPlace, Heard, float]] = []
    beside: list[tuple[Heard, float]] = []
    for one in reached:
        position = tally.ledger.index.get(one.precinct_id)
        if position is None:
            continue
        place = _place(tally, position, one)
        state, votes = columns["state"][position], columns["last_votes"][position]
        if state == PrecinctState.SILENT:
            share = _share(tally, position, now)
            if heard := hear(place, share):
                silent.append((one.precinct_id, place, heard, share))
        elif state in _TRUSTED and votes >= LEAST_COUNTED:
            counted_at = columns["last_observed_at"][position]
            telling = place.voted >= LEAST_VOTED and now - counted_at <= COUNTED_LATELY
            if telling and (heard := hear(place, _share(tally, position, counted_at))):
                beside.append((heard, float(votes)))
    bias = bias_of(beside)
    rows = []
    for precinct_id, place, heard, share in silent:
        found = estimate(place, heard, share, bias)
        row: Row = {
            "precinct_id": precinct_id,
            "at": int(now),
            "reached": place.reached,
            "voted": place.voted,
        }
        for name in ("votes", "lo80", "hi80", "lo95", "hi95"):
            row[name] = round(getattr(found, name))
        rows.append(row)
    check = {
        "precincts": bias.precincts,
        "inside": bias.inside,
        "ratio": round(bias.ratio, 2),
        "calibrated": bias.calibrated,
    }
    return {"reached": rows, "reached_check": check}


def _place(tally: Tally, position: int, one: ReachedPrecinct) -> HeardPlace:
    inputs = tally.inputs
    places = tally.places
    electors = max(1, int(places["registered"][position]) - int(places["already_voted"][position]))
    hours = tuple(
        HeardHour(_share(tally, position, h.at), h.reached, h.voted, h.expected, h.struck) for h in one.hours
    )
    variance = float(inputs.tilt_variance[position])
    return HeardPlace(float(electors), one.listed, one.expected, hours, variance)


def _share(tally: Tally, position: int, at: float) -> float:
    """Share of the day's in-person votes that are cast there by `at`, by the precinct's curve."""
    curves, hours = tally.inputs.curves, tally.ledger.hours
    part = part_of_day(at, *hours.of(position, FOREVER), *hours.of(position, -FOREVER))
    return share_at(curves.table[curves.of[position]], part)
