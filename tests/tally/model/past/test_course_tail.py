"""A day that follows another course than the past's: the past is believed less, and bands say so."""

from dataclasses import replace

import numpy as np

from election.domain.checkin import CheckIn
from election.wire.feed import Aggregate
from tally.model.constants import Constants
from tally.projection.projection import Tally
from tests.tally.elections import OPENS, entry, small_election

PLACES = 120
NOW = OPENS.timestamp() + 9 * 3600.0


def counts(power: float) -> list[CheckIn]:
    """Hourly counts of a day whose cumulative shares are the past's to a power."""
    tally = Tally(small_election(PLACES))
    found = []
    for p in range(PLACES):
        hours = np.arange(2.0, 9.0)
        shares = tally.inputs.curves.shares(np.full(7, p), hours / 13.0) ** power
        found += [
            entry(10 * p + i + 1, round(600 * share), hour, f"P{p}", sender=f"w{p}", watcher=None)
            for i, (hour, share) in enumerate(zip(hours.tolist(), shares.tolist(), strict=True))
        ]
    return found


def total(power: float, tail: float) -> Aggregate:
    tally = Tally(small_election(PLACES), replace(Constants(), course_tail=tail))
    tally.add(counts(power))
    return tally.project_with_total(NOW)[1]


def test_a_usual_day_is_projected_as_if_its_course_were_normal() -> None:
    assert total(1.0, Constants().course_tail) == total(1.0, 1e9)


def test_a_course_far_from_the_past_leaves_a_wider_band_about_a_nearer_total() -> None:
    tailed, normal = total(3.0, Constants().course_tail), total(3.0, 1e9)
    assert tailed.hi95 / tailed.lo95 > 1.05 * normal.hi95 / normal.lo95
    truth = 600.0 * PLACES
    assert abs(np.log(tailed.projected_final / truth)) < abs(np.log(normal.projected_final / truth))
