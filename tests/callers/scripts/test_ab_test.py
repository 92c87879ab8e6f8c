"""The rule that stops a trial of scripts: rarely wrong however often one looks, and right soon enough."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from callers.scripts.ab_test import Rule, TrialVerdict, VariantCalls, judge, tallies
from election.wire.callers import Outcome

RULE = Rule(alpha=0.05, spread=0.1, most_answers=600)


def run(rates: tuple[float, ...], seed: int, rule: Rule = RULE) -> TrialVerdict:
    """A whole trial, looked at after every round of answers."""
    chance = random.Random(seed)
    successes = [0] * len(rates)
    for answers in range(1, rule.most_answers + 1):
        for n, rate in enumerate(rates):
            successes[n] += chance.random() < rate
        verdict = judge([VariantCalls(f"v{n}", answers, answers, s) for n, s in enumerate(successes)], rule)
        if verdict.over:
            return verdict
    raise AssertionError("a trial must end")


@pytest.mark.parametrize("rates", [(0.3, 0.3), (0.5, 0.5, 0.5), (0.06, 0.06)])
def test_equal_scripts_are_seldom_told_apart_however_often_one_looks(rates: tuple[float, ...]) -> None:
    wrong = sum(run(rates, seed).winner is not None for seed in range(120))
    assert binomtest(wrong, 120, 0.05, alternative="greater").pvalue > 0.01, wrong


def test_a_better_script_is_found_before_the_end() -> None:
    found = [run((0.3, 0.5), seed) for seed in range(40)]
    assert sum(v.winner == "v1" for v in found) >= 38
    assert all(v.winner != "v0" for v in found)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_intervals_are_wilsons(pair: tuple[int, int]) -> None:
    answers, successes = pair
    low, high = VariantCalls("a", answers, answers, successes).interval()
    expected = binomtest(successes, answers).proportion_ci(0.95, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_only_calls_in_which_somebody_listened_are_answers() -> None:
    calls = {("a", Outcome.WILL_VOTE): 3, ("a", Outcome.NO_ANSWER): 9, ("a", Outcome.REFUSED): 1,
             ("b", Outcome.ALREADY_VOTED): 2}  # fmt: skip
    assert tallies(["a", "b"], calls) == [VariantCalls("a", 13, 4, 3), VariantCalls("b", 2, 0, 0)]
