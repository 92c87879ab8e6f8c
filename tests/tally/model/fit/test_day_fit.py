"""Expectation, curve and fit: known answers on small days."""

import math
from dataclasses import replace
from datetime import date, time

import numpy as np
import pytest

from election.domain.day import CurvePoint, Election, Method, PastVotes, Precinct
from election.domain.ids import PrecinctId
from tally.model.constants import Constants
from tally.model.fit.day_fit import Latest, finals, peers, spread
from tally.model.fit.fit import Rows, fit
from tally.model.past.curve import Curves, part_of_day
from tally.model.past.expectation import Inputs, inputs_of
from tests.tally.elections import DAY, small_election

K = Constants()


def past(precinct: str, year: str, votes: int, method: Method = Method.TOTAL) -> PastVotes:
    return PastVotes(PrecinctId(precinct), year, votes, method, 1000)


def history_election(rows: tuple[PastVotes, ...], already: int = 0) -> Election:
    precincts = tuple(
        Precinct(PrecinctId(p), p, 1000, county="C", group="G", already_voted=already)
        for p in ("A", "B", "C")
    )
    return Election(DAY, precincts, rows)


def test_the_campaigns_own_figure_wins() -> None:
    assert inputs_of(small_election()).expected == pytest.approx(np.full(12, 600.0))


def test_history_leans_to_the_group_and_fills_new_precincts() -> None:
    rows = (past("A", "2018", 500), past("A", "2022", 500), past("B", "2018", 300), past("B", "2022", 300))
    expected = inputs_of(history_election(rows)).expected
    assert 480 < expected[0] < 500
    assert 300 < expected[1] < 320
    assert 380 < expected[2] < 420  # C is new: what its group does


def test_early_and_mail_votes_come_off_once() -> None:
    whole = inputs_of(history_election((past("A", "2022", 500),), already=100)).expected[0]
    in_person = inputs_of(
        history_election((past("A", "2022", 400, Method.IN_PERSON),), already=100)
    ).expected[0]
    assert whole == pytest.approx(400, abs=10)  # less what still comes in by mail
    assert in_person == pytest.approx(400, abs=1)


def test_without_any_past_the_bands_are_wide() -> None:
    blind = inputs_of(history_election(()))
    assert not blind.has_history
    assert blind.level_sd == K.level_sd_blind


def test_a_group_curve_is_shrunk_to_everybodys() -> None:
    points = [CurvePoint("all", time(13), 0.5, "2022"), CurvePoint("group:G1", time(13), 0.7, "2022")]
    curves = Curves(replace(small_election(), curve=tuple(points)), K)
    at_13 = curves.table[curves.of[:4], 28]  # 13:00 is 6/13 of the day
    assert at_13[0] == at_13[2]
    assert at_13[0] < at_13[1] < at_13[0] + 0.2


def test_on_a_day_of_rest_nobody_votes_after_work() -> None:
    small = small_election()
    sunday = replace(small, day=replace(small.day, date=date(2026, 11, 8)))
    working, rest = Curves(small, K).overall, Curves(sunday, K).overall
    assert rest[6] < working[6]  # nor before it
    assert rest[45] > working[45] + 0.05
    assert rest[-1] == working[-1] == 1.0
    assert np.all(np.diff(rest) > 0)


def test_deviations_of_the_curve_vanish_at_close() -> None:
    curves = Curves(small_election(), K)
    assert np.all(curves.factors[-1] == 0.0)
    sd = np.sqrt((curves.factors**2).sum(axis=1))
    assert 0.1 < sd[6] < 0.35  # a first hour may be off by a quarter


def test_part_of_day_with_late_opening_and_extension() -> None:
    hour = 3600.0
    assert part_of_day(5 * hour, 0, 10 * hour, 0, 10 * hour) == 0.5
    assert part_of_day(5 * hour, hour, 10 * hour, 0, 10 * hour) == pytest.approx(4 / 9)
    assert part_of_day(5 * hour, 0, 12 * hour, 0, 10 * hour) == 0.5  # mornings do not know of it
    assert part_of_day(10 * hour, 0, 12 * hour, 0, 10 * hour) == pytest.approx(0.9 + 0.1 / 3)
    assert part_of_day(12 * hour, 0, 12 * hour, 0, 10 * hour) == 1.0


def day_of(n: int, level: float, seed: int = 3) -> tuple[Election, Rows, Latest, np.ndarray]:
    """`n` precincts of 24 groups in 4 counties drawn from the model itself, a third of them seen at 2 pm."""
    rng = np.random.default_rng(seed)
    precincts = tuple(
        Precinct(PrecinctId(f"P{i}"), f"P{i}", 1500, f"C{i % 4}", f"G{i % 24}", expected_votes=600.0)
        for i in range(n)
    )
    election = Election(DAY, precincts)
    inputs = inputs_of(election)
    effect = (
        rng.normal(0, K.group_sd, 24)[np.arange(n) % 24] + rng.normal(0, K.county_sd, 4)[np.arange(n) % 4]
    )
    final = 600 * np.exp(level + effect + rng.normal(0, K.precinct_sd, n))
    at = np.flatnonzero(rng.random(n) < 1 / 3)
    part = np.full(len(at), 7 / 13)
    share = inputs.curves.shares(at, part)
    votes = np.round(final[at] * share * np.exp(rng.normal(0, 0.05, len(at))))
    residual = np.log((votes + 0.5) / (600 * share))
    everywhere = [np.full(n, np.nan), np.ones(n), np.ones(n), np.zeros(n)]
    for column, values in zip(everywhere, (votes, part, share, residual), strict=True):
        column[at] = values
    support = np.full(n, 3, dtype=np.intp)
    latest = Latest(np.arange(n), *everywhere, support)
    return election, Rows(at, residual, part, share, votes), latest, final


def test_the_days_level_is_learnt_for_silent_precincts_too() -> None:
    election, rows, latest, final = day_of(1200, 0.1)
    inputs = inputs_of(election)
    state = peers(inputs, fit(inputs, rows, K), latest, K)
    known = finals(inputs, state, latest, K)
    silent = np.isnan(latest.votes)
    projected = np.exp(known.log_median)
    assert abs(np.median(projected[silent] / final[silent]) - 1) < 0.06
    error = np.abs(np.log(projected / final))
    assert error[~silent].mean() < 0.6 * error[silent].mean()
    assert error[silent].mean() < np.abs(np.log(600 * math.exp(0.1) / final[silent])).mean() + 0.02


def test_bands_of_a_sum_are_wider_than_independence_says_and_narrower_than_certainty() -> None:
    election, rows, latest, _ = day_of(600, 0.1)
    inputs = inputs_of(election)
    state = peers(inputs, fit(inputs, rows, K), latest, K)
    known = finals(inputs, state, latest, K)
    mean = np.exp(known.log_median)
    whole = math.sqrt(spread(inputs, state, known, mean, K).total) / mean.sum()
    each = np.sqrt(known.own_variance + known.shared_variance)
    alone = math.sqrt(np.sum((mean * each) ** 2)) / mean.sum()
    assert alone < whole < float(each.mean())


def test_no_rows_give_the_prior() -> None:
    inputs = inputs_of(small_election())
    state = fit(inputs, Rows(np.zeros(0, dtype=np.intp), *[np.zeros(0)] * 4), K)
    assert np.all(state.level == 0)
    assert state.covariance[0, 0] == pytest.approx(K.level_sd**2)


def test_one_wild_row_moves_the_level_little() -> None:
    election, rows, _, _ = day_of(600, 0.1)
    inputs = inputs_of(election)
    residual = rows.residual.copy()
    residual[0] += math.log(10)
    wild = Rows(rows.at, residual, rows.part, rows.share, rows.votes)
    assert abs(fit(inputs, wild, K).s[0] - fit(inputs, rows, K).s[0]) < 0.005


def test_the_past_of_todays_kind_speaks_first_and_one_of_no_known_kind_widens_the_level() -> None:
    def of(today: str, names: tuple[str, ...]) -> Inputs:
        votes = {"a-president": 600, "b-local": 300}
        history = tuple(
            PastVotes(PrecinctId(f"P{i}"), e, votes.get(e, 400), Method.IN_PERSON, 1000)
            for e in names
            for i in range(40)
        )
        precincts = tuple(Precinct(PrecinctId(f"P{i}"), f"P{i}", 1000) for i in range(40))
        day = replace(DAY, name=today)
        return inputs_of(Election(day, precincts, history=history))

    both = ("a-president", "b-local")
    general, local, other = (of(today, both) for today in ("President 2026", "Local 2026", "Referendum 2026"))
    assert general.expected.mean() > 500 > 400 > local.expected.mean()
    assert other.level_sd == pytest.approx(K.level_unlike * general.level_sd)
    unsaid = of("2026", both)
    assert unsaid.level_sd == general.level_sd
    assert local.expected.mean() < unsaid.expected.mean() < general.expected.mean()
