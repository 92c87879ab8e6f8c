"""Votes by now, like with like: an estimate of all precincts beside what was expected of all."""

import pytest

from election.domain.checkin import CheckIn
from election.wire.feed import Aggregate
from tally.model.past.curve import default_curve, share_at
from tally.projection.projection import Tally
from tests.tally.elections import at, entry, small_election

ELECTION = small_election()
WATCHED = 6  # of its twelve precincts
CURVE = default_curve()


def totals(check_ins: list[CheckIn], hours: float) -> Aggregate:
    tally = Tally(ELECTION)
    tally.add(check_ins)
    return tally.project_with_total(at(hours).timestamp())[1]


def counts(rate: float, *times: float) -> list[CheckIn]:
    """Half of the precincts count at these hours, `rate` times what is expected of them by then."""
    expected = Tally(ELECTION).inputs.expected
    return [
        entry(100 * p + i, round(rate * expected[p] * share_at(CURVE, hours / 13)), hours, precinct=f"P{p}",
              watcher=f"x{p}")
        for p in range(WATCHED) for i, hours in enumerate(times, 1)
    ]  # fmt: skip


def test_precincts_that_nobody_watches_do_not_make_the_day_look_behind() -> None:
    total = totals(counts(1.0, 3.0, 5.0, 6.9), 7.0)
    assert total.counted < 0.6 * total.expected_now  # what a chart of both would have shown
    assert total.estimated_now == pytest.approx(total.expected_now, rel=0.05)
    assert total.expected_lo80 < total.expected_now < total.expected_hi80
    assert total.counted == pytest.approx(total.expected_counted, rel=0.01)


def test_a_day_ahead_is_ahead_in_both_comparisons_and_counts_narrow_the_band() -> None:
    total = totals(counts(1.2, 3.0, 5.0, 6.9), 7.0)
    assert total.estimated_now > 1.1 * total.expected_now
    assert total.counted > 1.15 * total.expected_counted
    estimated = total.estimated_hi80 / total.estimated_lo80
    assert estimated < total.expected_hi80 / total.expected_lo80


def test_an_old_count_is_held_against_what_was_expected_when_it_was_made() -> None:
    total = totals(counts(1.0, 3.0), 9.0)
    assert total.counted == pytest.approx(total.expected_counted, rel=0.01)
    assert total.estimated_now > 1.5 * total.counted


def test_before_the_polls_open_there_are_no_votes_and_after_they_close_the_estimate_is_the_projection() -> (
    None
):
    early = totals([], -1.0)
    assert (early.expected_now, early.estimated_now, early.expected_hi80) == (0, 0, 0)
    late = totals(counts(1.1, 12.9), 13.5)
    assert late.expected_now == pytest.approx(late.expected_final, abs=1)
    assert late.estimated_now == pytest.approx(late.projected_final, abs=1)
