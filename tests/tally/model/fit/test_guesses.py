"""Estimates of the public: learnt widths, several heard together, falls that are no errors."""

from dataclasses import replace

import numpy as np

from election.domain.checkin import CheckIn
from tally.ledger import columns_view
from tally.model.constants import Constants
from tally.model.fit import guesses
from tally.projection.projection import Tally
from tests.tally.elections import OPENS, entry, small_election

K = Constants()
NOW = OPENS.timestamp() + 8 * 3600.0


def estimates(sd: float, precincts: int = 120, source: str = "public") -> list[CheckIn]:
    """Six estimates of each precinct, half an hour apart, of a day that goes as expected."""
    random = np.random.default_rng(5)
    tally = Tally(small_election(precincts))
    found = []
    for p in range(precincts):
        for i in range(6):
            hours = 4.0 + 0.5 * i
            share = float(tally.inputs.curves.shares(np.array([p]), np.array([hours / 13.0]))[0])
            votes = round(600.0 * share * float(np.exp(random.normal(0.0, sd))))
            found.append(entry(10 * p + i + 1, votes, hours, f"P{p}", sender=source, watcher=None))
    return found


def learnt(sd: float) -> float:
    tally = Tally(small_election(120))
    tally.add(estimates(sd))
    table = columns_view.all_precincts(tally.ledger, NOW)
    return guesses.learnt_sd(table, tally.gating.measure(table, K.guess_sd), K)


def test_how_far_estimates_are_off_is_learnt_from_the_day() -> None:
    assert 0.03 < learnt(0.05) < 0.08
    assert 0.14 < learnt(0.20) < 0.25  # the core of a Student-t


def test_an_estimate_may_fall_where_a_count_may_not() -> None:
    told = [
        entry(1, 300, 5.0, sender="public", watcher=None),
        entry(2, 290, 5.5, sender="public", watcher=None),
    ]
    for source, held in (("public", 0), ("watcher", 1)):
        tally = Tally(small_election(12))
        tally.add(replace(e, sender=source) for e in told)
        assert (
            int(tally.project(NOW).columns["held"][1]) + 2 - int(tally.project(NOW).columns["reports"][1])
            >= held
        )
        if source == "public":
            assert int(tally.project(NOW).columns["reports"][1]) == 2


def test_an_estimate_leaves_a_wider_band_than_a_count_and_a_floor_below_itself() -> None:
    wide, narrow = Tally(small_election(12)), Tally(small_election(12))
    wide.add([entry(1, 300, 7.0, sender="public", watcher=None)])
    narrow.add([entry(1, 300, 7.0)])
    guess, count = (t.project(NOW).columns for t in (wide, narrow))
    assert guess["hi80"][1] - guess["lo80"][1] > count["hi80"][1] - count["lo80"][1]
    assert (guess["lo95"] >= 0).all() and count["lo95"][1] >= 300.0


def test_estimates_of_a_precinct_are_heard_together() -> None:
    """The last of a chain that hardly falls is too high; the mean of all is not."""
    tally = Tally(small_election(120))
    tally.add(estimates(0.15))
    table = columns_view.all_precincts(tally.ledger, NOW)
    state, gated = tally._fit(table)
    merged = guesses.merged(tally.inputs, table, gated.accepted, gated.measured, state, K)
    assert merged is not None
    last = table.last(gated.accepted)
    alone, together = gated.measured.residual[last], merged[0][last]
    assert np.std(together) < 0.75 * np.std(alone)
    assert abs(np.mean(together)) <= abs(np.mean(alone))


def test_updates_of_estimates_end_at_the_bytes_of_a_recount() -> None:
    entries = estimates(0.15, 12)
    begun, all_at_once = Tally(small_election(12)), Tally(small_election(12))
    all_at_once.add(entries)
    begun.add(reversed(entries))
    minute = NOW // 60 * 60
    projection, state = begun.start(minute)
    late = entry(9_999, 420, 7.9, "P3", sender="public", watcher=None, late=0.1 + 1 / 120)
    begun.update(projection, state, begun.add([late]), minute + 30)
    all_at_once.add([late])
    again = all_at_once.project(minute + 30)
    for name in ("projected_final", "lo80", "hi95", "p_lagging"):
        assert (projection.columns[name] == again.columns[name]).all()
