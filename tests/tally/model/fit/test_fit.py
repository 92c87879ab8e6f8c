"""The fit: steps, surprises, strays, past factors, and who stood in line at close."""

import math
from dataclasses import replace
from datetime import time

import numpy as np
import pytest

from election.domain.checkin import Kind
from election.domain.day import CurvePoint, Election, Method, PastVotes, Precinct
from election.domain.ids import PrecinctId
from tally.model.constants import Constants
from tally.model.fit.fit import Rows, Steps, fit
from tally.model.past.curve import GRID, Curves
from tally.model.past.expectation import Inputs, inputs_of
from tally.projection.projection import Tally
from tests.tally.elections import DAY, at, entry, small_election

K = Constants()


def county(n: int = 600) -> Inputs:
    return inputs_of(
        Election(
            DAY,
            tuple(
                Precinct(PrecinctId(f"P{i}"), f"P{i}", 1500, f"C{i % 4}", f"G{i % 24}", expected_votes=600.0)
                for i in range(n)
            ),
        )
    )


def levels(inputs: Inputs, residual: float, part: float, seed: int = 1) -> Rows:
    """Everybody seen once at `part`, so far from what was expected."""
    n = len(inputs.ids)
    every, parts = np.arange(n), np.full(n, part)
    share = inputs.curves.shares(every, parts)
    y = residual + np.random.default_rng(seed).normal(0, 0.2, n)
    return Rows(every, y, parts, share, 600 * share * np.exp(y))


def test_a_large_surprise_at_noon_is_believed_and_a_small_one_shared_with_the_curve() -> None:
    inputs = county()
    small = fit(inputs, levels(inputs, 0.1, 0.4), K).s[0] / 0.1
    large = fit(inputs, levels(inputs, 0.6, 0.4), K).s[0] / 0.6
    assert 0.2 < small < large - 0.15
    assert large > 0.7


def test_growth_tells_an_early_day_from_a_busy_one() -> None:
    """The same counts at noon; one day's precincts grow as usual from then on, the other's less."""
    inputs = county()
    noon, later = levels(inputs, 0.2, 0.4), np.full(600, 0.6)
    share = inputs.curves.shares(noon.at, later)

    def grown(by: float) -> float:
        now = replace(noon, residual=noon.residual + by, part=later, share=share)
        steps = Steps(noon.at, np.full(600, by), (noon.part, later), (noon.share, share), noon.votes,
                      np.zeros(600))  # fmt: skip
        return float(fit(inputs, replace(now, steps=steps), K).bend[int(0.4 * GRID)])

    assert grown(-0.12) > grown(0.0) + 0.05


def test_strays_do_not_pull_the_level() -> None:
    """A third of the precincts is heard of once, half of that under another's code, all too high."""
    inputs = county()
    rows = levels(inputs, 0.05, 0.8)
    draw = np.random.default_rng(2).random(600)
    once, stray = draw < 1 / 3, draw < 1 / 6
    y = np.where(stray, 1.0, rows.residual)
    told = replace(rows, residual=y, support=np.where(once, 1, 5).astype(np.intp))
    clean = fit(inputs, rows, K).level.mean()
    assert abs(fit(inputs, told, K).level.mean() - clean) < 0.025
    untold = replace(told, support=None)
    assert fit(inputs, untold, K).level.mean() - clean > 0.03
    assert fit(inputs, told, K).bad[0] > 0.3 > 0.05 > fit(inputs, told, K).bad[2]


def shaped(places: int, *days: float) -> Election:
    """Counties that differ, the even from the odd, by so much in their shares by 18:00 of past days."""
    precincts = tuple(Precinct(PrecinctId(f"P{i}"), f"P{i}", 1500, f"C{i}", "") for i in range(places))
    points = []
    for year, apart in enumerate(days or (0.05,), 2022):
        points += [CurvePoint("all", time(18), 0.80, str(year))]
        points += [
            CurvePoint(f"county:C{i}", time(18), 0.80 + apart * (-1) ** i, str(year)) for i in range(places)
        ]
    return Election(DAY, precincts, curve=tuple(points))


def late(election: Election) -> float:
    """SD of the log of a day's share at 18:00."""
    return float(np.sqrt((Curves(election, K).factors[int(11 / 13 * GRID)] ** 2).sum()))


def test_the_day_may_depart_as_counties_do() -> None:
    assert late(shaped(12, 0.05)) > late(shaped(12, 0.0)) + 0.001
    assert late(small_election()) > late(shaped(3))  # no past curve at all


def test_what_places_do_alike_on_every_day_is_no_sign_of_what_a_day_may_do() -> None:
    """A south that always votes late; and one that voted late last time and early the time before."""
    habit, change, nothing = (late(shaped(12, *days)) for days in ((0.05, 0.05), (0.05, -0.05), (0.0, 0.0)))
    assert habit == pytest.approx(nothing, rel=0.02)
    assert change > 1.2 * habit


def test_the_day_departs_from_its_course_of_late_rather_than_of_old() -> None:
    points = [CurvePoint("all", time(13), share, day) for day, share in (("2020", 0.4), ("2022", 0.5))]
    overall = Curves(replace(small_election(), curve=tuple(points)), K).overall
    assert overall[28] == pytest.approx((0.7 * 0.4 + 0.5) / 1.7, abs=0.01)


def test_four_past_elections_give_factors_and_three_do_not() -> None:
    rng = np.random.default_rng(4)
    kind = np.where(np.arange(60) < 30, 1.0, -1.0)  # half of them turn out for presidents only
    precincts = tuple(Precinct(PrecinctId(f"P{i}"), f"P{i}", 1000, "C", f"G{i}") for i in range(60))

    def past(elections: int) -> Election:
        rows = tuple(
            PastVotes(PrecinctId(f"P{i}"), f"{2000 + e}", int(450 * math.exp(v)), Method.IN_PERSON, 1000)
            for e in range(elections)
            for i, v in enumerate(0.2 * kind * (-1) ** e + rng.normal(0, 0.02, 60))
        )
        return Election(DAY, precincts, rows)

    three, four = inputs_of(past(3)), inputs_of(past(4))
    assert four.features.shape[1] == three.features.shape[1] + 2
    first = four.features[:, four.tilts]
    assert abs(np.corrcoef(first, kind)[0, 1]) > 0.95
    # today is a president's day: seeing half of the precincts tells of the others
    seen = np.arange(0, 60, 2)
    share = four.curves.shares(seen, np.full(30, 0.7))
    y = 0.25 * kind[seen] + rng.normal(0, 0.03, 30)
    rows = Rows(seen, y, np.full(30, 0.7), share, four.expected[seen] * share * np.exp(y))
    level = fit(four, rows, K).level
    unseen = np.arange(1, 60, 2)
    assert level[unseen][kind[unseen] > 0].mean() - level[unseen][kind[unseen] < 0].mean() > 0.3


def test_who_stood_in_line_at_close_will_vote() -> None:
    log = [
        entry(1, 500, 12.9, observed=13.0, late=0.2),
        entry(2, None, 12.95, kind=Kind.LINE, people=40),
    ]
    tally = Tally(small_election())
    tally.add(log)
    assert tally.project(at(14.0).timestamp()).columns["projected_final"][1] >= 540.0
    tally.add([entry(3, 520, 13.6, kind=Kind.FINAL)])
    assert tally.project(at(14.0).timestamp()).columns["projected_final"][1] == pytest.approx(520, abs=4)
