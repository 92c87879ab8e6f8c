"""What people reached say stands beside the tally for silent precincts; the standings never know of it."""

from election.wire.callers import ReachedHour, ReachedPrecinct
from election.wire.feed import Calls
from tally.board.board_json import board_bytes
from tally.projection.projection import Tally
from tally.projection.reached import reached_turnout
from tests.tally.elections import at, entry, small_election


def heard(precinct_id: str, reached: int = 90, voted: int = 18) -> ReachedPrecinct:
    hour = ReachedHour(at=at(3.0).timestamp(), reached=reached, voted=voted, expected=reached / 2, struck=0)
    return ReachedPrecinct(precinct_id=precinct_id, listed=1400, expected=700.0, hours=[hour])


def test_silent_precincts_get_an_estimate_and_counted_ones_are_what_it_is_checked_by() -> None:
    tally = Tally(small_election())
    counted = [f"P{i}" for i in range(1, 12)]
    tally.add(entry(n, votes=240, hours=4.0, precinct=p, watcher=None) for n, p in enumerate(counted, 1))
    now = at(4.1).timestamp()
    before = board_bytes(tally, now)
    projection, _ = tally.start(now // 60 * 60)
    assert projection.columns["state"][0] == "silent"
    row = reached_turnout(tally, projection, [heard(f"P{i}") for i in range(12)] + [heard("elsewhere")])
    calls = Calls.model_validate(row)
    assert [r.precinct_id for r in calls.reached] == ["P0"], "never beside a count"
    one = calls.reached[0]
    assert (one.reached, one.voted, one.at) == (90, 18, int(now // 60 * 60))
    assert one.lo95 < one.lo80 < one.votes < one.hi80 < one.hi95
    check = calls.reached_check
    assert check is not None and check.precincts == 11 and check.calibrated
    assert abs(one.votes - 240) < 30, "in the same proportion to what was said as elsewhere"
    assert board_bytes(tally, now) == before


def test_too_few_reached_say_nothing() -> None:
    tally = Tally(small_election())
    projection, _ = tally.start(at(4.0).timestamp())
    calls = Calls.model_validate(reached_turnout(tally, projection, [heard("P0", 9, 3)]))
    assert calls.reached == [] and calls.reached_check is not None and not calls.reached_check.calibrated
