"""Which of several scripts works better: outcome table, intervals, and a rule for stopping. Pure.

Assignment: by a hash of the voter's id (`give_lease`), so that a voter hears the same words whoever calls.
An *answer* is a call in which somebody listened; a *success* is a promise to vote.

The rule is stated before the first call, and looking at it all day does not spoil it (`sequential.py`). With
more than two variants each is compared with the best of the others, and alpha is divided by the number of
pairs (Bonferroni). v uses (s + 1/2) / (n + 1), which is never 0 or 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from callers.scripts.sequential import likelihood_ratio
from election.wire.callers import Outcome

SUCCESS = frozenset({Outcome.WILL_VOTE, Outcome.WILL_VOTE_AT})
# Somebody who can vote listened: what is asked for and when one is at work are answers, too.
ANSWERS = SUCCESS | {
    Outcome.REFUSED, Outcome.CALL_BACK, Outcome.DO_NOT_CALL, Outcome.ABUSIVE, Outcome.NEEDS_RIDE,
    Outcome.NEEDS_INFORMATION, Outcome.AT_WORK,
}  # fmt: skip
LEAST_ANSWERS = 30  # of each variant, before a normal approximation says anything


@dataclass(frozen=True, slots=True)
class Rule:
    """Stated in advance. `spread`: the size of difference one expects, as a share, e.g. 0.05."""

    alpha: float = 0.05
    spread: float = 0.05
    most_answers: int = 2_000


@dataclass(frozen=True, slots=True)
class VariantCalls:
    """One variant's calls."""

    variant: str
    calls: int
    answers: int
    successes: int

    @property
    def rate(self) -> float:
        return self.successes / self.answers if self.answers else 0.0

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Wilson's score interval of the rate, for one look at it (JASA 22, 1927)."""
        if not self.answers:
            return 0.0, 1.0
        z, n, p = NormalDist().inv_cdf(0.5 + level / 2), self.answers, self.rate
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)

    @property
    def _variance(self) -> float:
        p = (self.successes + 0.5) / (self.answers + 1)
        return p * (1 - p) / max(1, self.answers)


@dataclass(frozen=True, slots=True)
class TrialVerdict:
    """`winner` is None while the trial goes on, or where it ended undecided."""

    over: bool
    winner: str | None
    sentence: str


def tallies(variants: Sequence[str], calls: Mapping[tuple[str, Outcome], int]) -> list[VariantCalls]:
    """`calls[variant, outcome]` counted, in the variants' order."""
    found = []
    for variant in variants:
        own = {outcome: n for (name, outcome), n in calls.items() if name == variant}
        answers = sum(n for outcome, n in own.items() if outcome in ANSWERS)
        successes = sum(n for outcome, n in own.items() if outcome in SUCCESS)
        found.append(VariantCalls(variant, sum(own.values()), answers, successes))
    return found


def ratio(one: VariantCalls, other: VariantCalls, spread: float) -> float:
    """The test's likelihood ratio of a difference against none."""
    return likelihood_ratio(one.rate - other.rate, one._variance + other._variance, spread)


def judge(found: Sequence[VariantCalls], rule: Rule) -> TrialVerdict:
    """Whether the trial is over."""
    best, second = sorted(found, key=lambda t: (-t.rate, t.variant))[:2]
    pairs = len(found) * (len(found) - 1) // 2
    least = min(t.answers for t in found)
    if least >= LEAST_ANSWERS and ratio(best, second, rule.spread) >= pairs / rule.alpha:
        gain = best.rate - second.rate
        return TrialVerdict(
            True, best.variant, f"{best.variant} wins: {gain:.1%} more promises than the next"
        )
    if least >= rule.most_answers:
        return TrialVerdict(True, None, f"no difference found after {least} answers each")
    return TrialVerdict(False, None, f"{least} of at most {rule.most_answers} answers each")
