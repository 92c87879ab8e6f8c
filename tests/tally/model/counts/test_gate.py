"""The gate keeps the most plausible non-decreasing chain and says why the rest is out."""

import math
from dataclasses import fields
from itertools import combinations, pairwise

import numpy as np

from tally.model.constants import Constants
from tally.model.counts import gate
from tally.model.past.curve import default_curve, share_at

K = Constants()
CURVE = default_curve()
EXPECTED, CAP = 600.0, 1500.0


def candidates(*counts: tuple[float, int], **marks: set[int]) -> list[gate.CountCandidate]:
    """Counts as (hours since opening, votes) of a 13-hour day at a precinct expected to reach 600."""
    found = []
    for i, (hours, votes) in enumerate(counts):
        share = share_at(CURVE, hours / 13)
        off = math.log((votes + 0.5) / (EXPECTED * share))
        found.append(
            gate.CountCandidate(
                votes, share, off, 0.3, i in marks.get("asked", ()), i in marks.get("sure", ())
            )
        )
    return found


def kept(*counts: tuple[float, int], **marks: set[int]) -> list[int]:
    return [counts[i][1] for i in accepted(candidates(*counts, **marks))]


def accepted(counts: list[gate.CountCandidate]) -> list[int]:
    """Indices of the counts that the gate accepts of one precinct."""
    columns = (np.array(column) for column in zip(*counts, strict=True))
    chosen = gate.Candidates(*columns, cap=np.full(len(counts), CAP), reading=np.zeros(len(counts)))
    starts = np.array([0, len(counts)], dtype=np.intp)
    return np.flatnonzero(gate.chains(chosen, starts, K)).tolist()


def test_an_ordinary_day_passes_whole() -> None:
    assert kept((2, 105), (4, 200), (6, 280), (9, 390), (12, 545)) == [105, 200, 280, 390, 545]


def test_a_digit_too_many_is_left_out_wherever_it_comes() -> None:
    assert kept((2, 1050), (4, 200), (6, 280)) == [200, 280]
    assert kept((2, 105), (4, 2000), (6, 280)) == [105, 280]
    assert kept((2, 105), (4, 200), (6, 2800)) == [105, 200]


def test_a_digit_too_few_and_a_count_since_last_time_are_left_out() -> None:
    assert kept((2, 105), (4, 20), (6, 280)) == [105, 280]
    assert kept((2, 105), (4, 200), (6, 80)) == [105, 200]


def test_a_single_impossible_count_is_held() -> None:
    assert kept((2, 9000)) == []


def test_an_unchanged_number_is_a_valid_count() -> None:
    assert kept((4, 200), (4.3, 200)) == [200, 200]


def test_staff_overrule_the_gate() -> None:
    assert kept((2, 9000), sure={0}) == [9000]


def test_what_intake_asks_about_needs_more_evidence() -> None:
    lone = (4.0, 640)
    assert kept(lone) == [640]
    assert kept(lone, asked={0}) == []
    assert kept((3, 500), lone, (5, 760), asked={1}) == [500, 640, 760]


def test_each_refusal_is_worded() -> None:
    counts = candidates((2, 105), (4, 60), (6, 280))
    assert gate.why(counts, accepted(counts), 1, CAP) == (True, "below an accepted count (105)")
    high = candidates((2, 9000))
    assert gate.why(high, [], 0, CAP) == (False, "more votes than voters on the roll")


def test_a_precinct_judged_alone_agrees_with_all_judged_at_once() -> None:
    random = np.random.default_rng(4)
    sizes = random.integers(1, 12, 300)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
    total = int(starts[-1])
    share = np.concatenate([np.sort(random.uniform(0.01, 1.0, n)) for n in sizes])
    slip = random.choice([1.0, 1.0, 1.0, 10.0, 0.1], total)
    off = random.normal(0, 0.2, total) + np.log(slip)
    columns = gate.Candidates(
        np.floor(EXPECTED * share * np.exp(off)), share, off, np.full(total, 0.3),
        random.random(total) < 0.1, random.random(total) < 0.02, np.full(total, CAP),
        reading=np.zeros(total),
    )  # fmt: skip
    together = gate.chains(columns, starts, K)
    assert 0.3 < together.mean() < 1.0
    for a, b in pairwise(starts.tolist()):
        alone = gate.Candidates(*(getattr(columns, f.name)[a:b] for f in fields(columns)))
        assert (gate.chains(alone, np.array([0, b - a], dtype=np.intp), K) == together[a:b]).all()


def cost_of(chosen: tuple[int, ...], counts: list[gate.CountCandidate]) -> float:
    """What a chain costs: an implausible start, each step off the curve, each count left out."""

    def tail(value: float, sd: float) -> float:
        return math.log(sd * math.sqrt(2 * math.pi)) + (K.tail + 1) / 2 * math.log1p(
            (value / sd) ** 2 / K.tail
        )

    cost = 0.0
    for i, c in enumerate(counts):
        if i not in chosen:
            cost += 1e6 if c.sure else K.bad_cost
        elif not c.sure:
            cost += K.asked_cost * c.asked + 6.0 * (c.votes > 1.1 * CAP + 20)
    if chosen:
        cost += tail(counts[chosen[0]].off, counts[chosen[0]].level_sd)
    for a, b in pairwise(counts[i] for i in chosen):
        if b.votes < a.votes:
            return math.inf
        growth = math.log(max(b.share, 1e-4) / max(a.share, 1e-4))
        thin = K.thinning * max(1 - math.exp(-growth), 0.0) / (a.votes + 3)
        cost += tail(b.off - a.off, math.sqrt((K.gate_step_sd * growth) ** 2 + thin + K.gate_watcher_sd**2))
    return cost


def test_no_other_chain_is_cheaper() -> None:
    random = np.random.default_rng(7)
    for _ in range(150):
        n = int(random.integers(1, 8))
        hours = np.sort(random.uniform(0.3, 13, n)).tolist()
        wrong = random.choice([1, 1, 1, 10, 0.1, 2, 0.7], n)
        votes = [int(EXPECTED * share_at(CURVE, h / 13) * f) for h, f in zip(hours, wrong, strict=True)]
        marks = {name: set(np.flatnonzero(random.random(n) < 0.1).tolist()) for name in ("asked", "sure")}
        counts = candidates(*zip(hours, votes, strict=True), **marks)
        found = tuple(accepted(counts))
        every = (s for size in range(n + 1) for s in combinations(range(n), size))
        least = min(cost_of(chosen, counts) for chosen in every)
        assert math.isclose(cost_of(found, counts), least, abs_tol=1e-6)


def test_thousands_of_counts_from_one_precinct_are_judged_too() -> None:
    hours = np.linspace(0.5, 12.5, 1200)
    counts = [(float(h), 1 + int(EXPECTED * share_at(CURVE, h / 13))) for h in hours]
    counts[600] = (counts[600][0], 9 * counts[600][1])
    assert kept(*counts) == [votes for i, (_, votes) in enumerate(counts) if i != 600]


def test_why_reads_as_a_sentence_after_its_number() -> None:
    said = {key: gate.as_clause(words) for key, words in gate.WORDS.items()}
    assert said["step"] == "does not fit the counts before and after it"
    assert said["asked"] == "waits for the watcher to confirm it"
    assert said["ahead"].startswith("is far above")
    assert gate.as_clause("below an accepted count (412)") == "is below an accepted count (412)"
