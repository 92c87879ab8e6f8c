"""Official counts: heard almost as a watcher's, and doubted aloud where the two disagree."""

from dataclasses import replace

import numpy as np

from election.domain.checkin import CheckIn
from election.wire.feed import PrecinctState
from tally.ledger import columns_view
from tally.model.counts.official_counts import OFFICIAL_SD, reading
from tally.projection.projection import Tally
from tests.tally.elections import OPENS, entry, small_election

NOW = OPENS.timestamp() + 6 * 3600.0


def official(number: int, votes: int, hours: float, precinct: str = "P1") -> CheckIn:
    return entry(number, votes, hours, precinct, watcher=None, sender="official")


def test_an_official_number_counts_and_leaves_a_little_more_open_than_a_watchers() -> None:
    bands = {}
    for source in ("official", "watcher"):
        tally = Tally(small_election(12))
        told = official(1, 300, 5.0)
        tally.add([told if source == "official" else replace(told, sender="+15550000001")])
        row = tally.project(NOW).standing(1)
        assert row.state is not PrecinctState.SILENT and row.last_votes == 300
        bands[source] = row.hi80 - row.lo80
    assert bands["watcher"] < bands["official"] < 1.1 * bands["watcher"]


def test_official_counts_alone_have_its_noise() -> None:
    tally = Tally(small_election(12))
    tally.add(
        [official(1, 300, 5.0), entry(2, 310, 5.2), entry(3, 310, 5.2, "P2", watcher=None, sender="public")]
    )
    table = columns_view.all_precincts(tally.ledger, NOW)
    assert reading(table).tolist() == [OFFICIAL_SD**2, 0.0, 0.0]
    assert np.array_equal(table.guess, [False, False, True])


def test_disagreement_with_a_watcher_is_doubt_with_both_numbers() -> None:
    tally = Tally(small_election(12))
    tally.add([entry(1, 300, 5.0, watcher="w1"), official(2, 410, 5.2)])
    row = tally.project(NOW - 1800).standing(1)
    assert row.state is PrecinctState.DOUBTFUL
    assert "the official number is 410, a watcher's 300, within 12 min" in row.reason
    near = Tally(small_election(12))
    near.add([entry(1, 300, 5.0, watcher="w1"), official(2, 320, 5.2)])
    assert near.project(NOW - 1800).standing(1).state is not PrecinctState.DOUBTFUL
