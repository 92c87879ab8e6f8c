"""Watchers who round: how many do is learnt, and their counts are heard for what they are worth."""

from dataclasses import replace

import numpy as np

from election.domain.checkin import CheckIn
from tally.ledger import columns_view
from tally.model.counts import round_counts
from tally.projection.projection import Tally
from tests.tally.elections import OPENS, entry, small_election

NOW = OPENS.timestamp() + 8 * 3600.0
PLACES = 80


def counts(unit: int, rounding: int) -> list[CheckIn]:
    """Five counts of each precinct, of which the first so many are rounded to `unit`."""
    random = np.random.default_rng(5)
    tally = Tally(small_election(PLACES))
    found = []
    for p in range(PLACES):
        usual = 600.0 * float(np.exp(random.normal(0.0, 0.15)))
        for i in range(5):
            hours = 3.0 + i
            share = float(tally.inputs.curves.shares(np.array([p]), np.array([hours / 13.0]))[0])
            votes = usual * share
            votes = round(votes / unit) * unit if p < rounding else round(votes)
            found.append(entry(10 * p + i + 1, int(votes), hours, f"P{p}", sender=f"w{p}", watcher=None))
    return found


def filed(entries: list[CheckIn]) -> Tally:
    tally = Tally(small_election(PLACES))
    tally.add(entries)
    return tally


def test_how_many_round_and_to_what_is_learnt_from_the_day() -> None:
    ten, fifty, hundred = round_counts.learnt_shares(
        columns_view.all_precincts(filed(counts(50, 24)).ledger, NOW)
    )
    assert 0.2 < fifty < 0.35
    assert ten < 0.05
    assert hundred < 0.05


def test_where_nobody_rounds_digits_say_nothing() -> None:
    tally = filed(counts(1, 0))
    table = columns_view.all_precincts(tally.ledger, NOW)
    rounding = round_counts.rounding(table, round_counts.learnt_shares(table))
    assert rounding is None or rounding.max() < 10.0**2 / 12.0


def test_a_rounded_count_leaves_a_wider_band_than_the_same_one_counted() -> None:
    entries = counts(100, 40)
    c = filed(entries).project(NOW).columns
    width = np.log(c["hi80"] / np.maximum(c["lo80"], 1.0))
    assert width[:40].min() > width[40:].max()


def test_a_count_is_not_judged_by_its_own_digits() -> None:
    entries = counts(50, 24)
    mine = [i for i, e in enumerate(entries) if e.precinct_id == "P50"][-1]
    projected = [
        filed([replace(e, votes=votes) if i == mine else e for i, e in enumerate(entries)])
        .project(NOW)
        .columns["projected_final"][50]
        for votes in (299, 300, 301)
    ]
    assert projected[0] <= projected[1] <= projected[2]


def test_updates_of_rounded_counts_end_at_the_bytes_of_a_recount() -> None:
    entries = counts(50, 24)
    begun, all_at_once = filed(entries), filed(entries[::-1])
    minute = NOW // 60 * 60
    projection, state = begun.start(minute)
    late = entry(9_999, 450, 7.9, "P3", sender="w3", watcher=None, late=0.1 + 1 / 120)
    begun.update(projection, state, begun.add([late]), minute + 30)
    all_at_once.add([late])
    again = all_at_once.project(minute + 30)
    for name in ("projected_final", "lo80", "hi95", "p_lagging"):
        assert (projection.columns[name] == again.columns[name]).all()
