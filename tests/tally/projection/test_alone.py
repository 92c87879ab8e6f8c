"""One precinct projected alone agrees with all of them projected in columns: what decides to the bit, and all
that is published."""

import random

import numpy as np
import pytest
from hypothesis import given

from election.domain.checkin import CheckIn, Kind
from election.domain.day import Election
from tally.model.day_fit import DayFit
from tally.projection import projection as projecting
from tally.projection.projection import Projection, Tally
from tests.tally.days import a_day, an_election
from tests.tally.elections import at, entry, small_election
from tests.tally.projection.test_laws import LAWS, logs, moments

TO_THE_BIT = ("mean", "gain", "part", "share", "log_median", "codes", "channel")


def both_ways(
    tally: Tally, started: tuple[Projection, DayFit], as_of: float
) -> tuple[Projection, Projection]:
    """Every precinct projected anew with the same state: one by one, and in columns."""
    _, state = started
    found = []
    for few in (10**9, 0):
        out = Projection(tally.inputs.ids, started[0].minute)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(projecting, "FEW", few)
            tally.update(out, state, range(len(out.ids)), as_of)
        found.append(out)
    return found[0], found[1]


def agree(log: list[CheckIn], election: Election, minute: float, as_of: float) -> None:
    tally = Tally(election)
    tally.add(log)
    alone, together = both_ways(tally, tally.start(minute), as_of)
    assert alone.wire_columns() == together.wire_columns()
    for name in TO_THE_BIT:
        assert np.array_equal(getattr(alone, name), getattr(together, name)), name
    assert np.allclose(alone.own_variance, together.own_variance, rtol=1e-12)


@LAWS
@given(logs(), moments)
def test_whatever_was_said_and_decided(log: list[CheckIn], as_of: float) -> None:
    agree(log, small_election(), as_of - 3600.0, as_of)


@pytest.mark.parametrize("seed", range(3))
def test_over_a_day_with_slips_corrections_lines_and_incidents(seed: int) -> None:
    election = an_election(60)
    log = [check_in for _, check_in in a_day(seed, 60, reports=12, until=800.0)]
    opens = election.precincts[0].opens_at(election.day).timestamp()
    for hours in (0.5, 3.0, 7.0, 12.9, 13.5):
        agree(log, election, opens + 3600.0 * (hours - 0.4), opens + 3600.0 * hours)


def test_of_many_precincts_one_of_which_has_said_the_same_twice_and_others_stray() -> None:
    chance, log, number = random.Random(5), [], 0
    for p in range(200):
        stray = 3.0 if p % 19 == 0 else 1.0
        for i in range(chance.randint(0, 4)):
            number += 1
            hours = 1.0 + 2.5 * i + chance.random()
            votes = round(stray * chance.gauss(600, 80) * hours / 13)
            log.append(entry(number, max(votes, 0), hours, f"P{p}", watcher=f"x{p}"))
    log += [entry(9_001, 200, 4.0, "P3", watcher="a"), entry(9_002, 200, 4.0, "P3", watcher="b")]
    log.append(entry(9_003, 700, 12.9, "P4", Kind.FINAL, watcher="a"))
    agree(log, small_election(200), at(10).timestamp(), at(12.95).timestamp())
