"""People reached as a second eye: conditional on strike-offs, corrected by counts, as wide as it must be."""

import math

from bench.reached import cover
from tally.model.reached_turnout import (
    LEAST_REACHED,
    HeardHour,
    HeardPlace,
    ReachedBias,
    bias_of,
    estimate,
    hear,
)

SURE = ReachedBias(ratio_sd=0.01, spread=0.01)


def place(*hours: HeardHour, listed: int = 1000, electors: float = 1000) -> HeardPlace:
    return HeardPlace(electors, listed, 0.5 * listed, hours)


def votes(heard_place: HeardPlace, share: float = 0.5, bias: ReachedBias = SURE) -> float:
    heard = hear(heard_place, share)
    assert heard is not None
    return estimate(heard_place, heard, share, bias).votes


def test_the_share_who_have_voted_is_the_turnout_and_grows_with_the_day() -> None:
    noon = HeardHour(0.5, 400, 120, 200.0)
    assert abs(votes(place(noon)) - 300) < 10
    assert abs(votes(place(noon), 0.75) - 450) < 15, "by the curve, since the calls"
    assert abs(votes(place(noon, electors=1500)) - 450) < 15, "the list stands for the rest of the roll"


def test_likely_voters_who_are_called_first_stand_for_themselves() -> None:
    likely = HeardHour(0.5, 400, 216, 360.0)  # scores of .9 where the list has .5: 54 % of them, 30 % of all
    assert abs(votes(place(likely)) - 300) < 12


def test_who_was_struck_off_is_not_called_and_counts_all_the_same() -> None:
    # 300 of 1,000 have voted, 200 of them struck off: of the 800 left to call 12.5 %
    left = HeardHour(0.5, 400, 50, 200.0, struck=200)
    assert abs(votes(place(left)) - 300) < 15
    assert votes(place(HeardHour(0.5, 400, 50, 200.0))) < 150, "what the share alone would say"


def test_few_people_or_a_chosen_list_say_nothing() -> None:
    assert hear(place(HeardHour(0.5, LEAST_REACHED - 1, 3, 7.0)), 0.5) is None
    assert hear(place(HeardHour(0.5, 60, 20, 30.0), listed=400), 0.5) is None
    assert hear(place(HeardHour(0.0, 60, 0, 30.0)), 0.0) is None, "before the polls open"


def test_counts_beside_it_say_how_far_people_reached_are_off() -> None:
    both = place(HeardHour(0.5, 400, 120, 200.0))
    heard = hear(both, 0.5)
    assert heard is not None
    nobody = bias_of([])
    assert not nobody.calibrated and nobody.ratio == 1
    high = bias_of([(heard, 240.0)] * 20)  # they say 300
    assert abs(high.ratio - 1.25) < 0.03 and high.inside == 20 and high.calibrated
    assert abs(votes(both, bias=high) - 240) < 10
    assert high.ratio_sd < nobody.ratio_sd and high.spread < nobody.spread
    wild = bias_of([(heard, 300 * math.exp(s)) for s in (0.9, -0.9) * 10])
    assert wild.spread > 0.8, "precincts that scatter make every interval wide"


def test_on_simulated_days_the_intervals_hold_as_often_as_they_say_and_a_plain_share_does_not() -> None:
    found = cover(5, days=4, silent=12, beside=12)
    assert found.estimates == 48
    assert 0.70 <= found.in80 <= 0.95 and found.in95 >= 0.90 and found.calibrated == 4
    assert found.plain95 < 0.5
