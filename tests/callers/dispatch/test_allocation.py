"""Callers go where they bring most votes, within the counties where they may call."""

import random
from collections import Counter
from collections.abc import Mapping
from itertools import product
from math import exp

from hypothesis import given
from hypothesis import strategies as st

from callers.dispatch.allocation import CallerPool, CallersByPlace, Need, allocate
from callers.rules.limits import Limits

LIMITS = Limits()
ANYWHERE = CallerPool()
ONLY_A, ONLY_B = (CallerPool(frozenset(c), elsewhere=False) for c in "AB")
RATHER_A = CallerPool(frozenset("A"))


def gain(need: Need, callers: int) -> float:
    worth = need.worth(LIMITS)
    return worth * (1 - exp(-callers * LIMITS.votes_per_caller / worth)) if worth else 0.0


def total(needs: list[Need], spread: CallersByPlace) -> float:
    return sum(gain(n, spread.precincts.get(n.precinct_id, 0)) for n in needs)


def can_fill(places: Mapping[str, int], callers: Mapping[CallerPool, int]) -> bool:
    """Hall's condition, over every set of counties: they ask for no more callers than may go there."""
    counties = [c for c, n in places.items() if n]
    for chosen in product((False, True), repeat=len(counties)):
        these = {c for c, yes in zip(counties, chosen, strict=True) if yes}
        free = sum(n for caller_pool, n in callers.items() if any(caller_pool.may(c) for c in these))
        if sum(places[c] for c in these) > free:
            return False
    return True


some_needs = st.lists(
    st.tuples(st.floats(0.1, 1), st.floats(1, 60), st.integers(10, 900), st.sampled_from("ABC")),
    min_size=1, max_size=4,
).map(lambda rows: [Need(f"p{n}", p, m, r, county=c) for n, (p, m, r, c) in enumerate(rows)])  # fmt: skip
caller_pools = st.builds(
    CallerPool,
    st.frozensets(st.sampled_from("ABC"), min_size=1, max_size=2),
    st.sampled_from([False, False, True]),
)
some_callers = st.dictionaries(caller_pools | st.just(ANYWHERE), st.integers(1, 3), max_size=3)


@given(needs=some_needs, callers=some_callers)
def test_no_other_allocation_that_callers_can_fill_brings_more_votes(
    needs: list[Need], callers: dict[CallerPool, int]
) -> None:
    spread = allocate(needs, callers, LIMITS)
    number = sum(callers.values())
    best = 0.0
    for ks in product(range(number + 1), repeat=len(needs)):
        places: Counter[str] = Counter()
        for need, k in zip(needs, ks, strict=True):
            places[need.county] += k
        if sum(ks) <= number and can_fill(places, callers):
            best = max(best, sum(gain(n, k) for n, k in zip(needs, ks, strict=True)))
    assert total(needs, spread) >= best - 1e-6


@given(needs=some_needs, callers=some_callers)
def test_nobody_is_sent_where_they_may_not_call_or_to_two_places(
    needs: list[Need], callers: dict[CallerPool, int]
) -> None:
    spread = allocate(needs, callers, LIMITS)
    by_county: Counter[str] = Counter()
    for need in needs:
        by_county[need.county] += spread.precincts.get(need.precinct_id, 0)
    sent, used = Counter[str](), Counter[CallerPool]()
    for (caller_pool, county), n in spread.caller_pools.items():
        assert n > 0
        assert caller_pool.may(county)
        sent[county] += n
        used[caller_pool] += n
    assert +by_county == sent
    assert all(n <= callers[caller_pool] for caller_pool, n in used.items())


def test_staff_orders_are_filled_first() -> None:
    wanted = Need("ordered", 0.0, 0.0, 50, callers_wanted=4)
    shares = allocate([Need("big", 0.99, 500, 5000), wanted], {ANYWHERE: 6}, LIMITS)
    assert shares.precincts == {"ordered": 4, "big": 2}


def test_who_may_call_anywhere_makes_room_for_who_may_not() -> None:
    """The richer county comes first; its places go on to those who may call nowhere else."""
    needs = [Need("a", 1.0, 60, 5000, county="A"), Need("b", 1.0, 20, 5000, county="B")]
    spread = allocate(needs, {ONLY_A: 2, RATHER_A: 1}, LIMITS)
    assert spread.precincts == {"a": 2, "b": 1}
    assert spread.caller_pools == {(ONLY_A, "A"): 2, (RATHER_A, "B"): 1}
    far = [Need("b", 1.0, 60, 5000, county="B"), Need("a", 1.0, 20, 5000, county="A")]
    spread = allocate(far, {ANYWHERE: 1, ONLY_B: 1}, LIMITS)
    assert spread.caller_pools == {(ONLY_B, "B"): 1, (ANYWHERE, "A" if spread.precincts.get("a") else "B"): 1}


def test_callers_stay_in_their_own_county_where_it_costs_no_vote() -> None:
    needs = [Need("a", 1.0, 50, 5000, county="A"), Need("b", 1.0, 50, 5000, county="B")]
    rather_b = CallerPool(frozenset("B"))
    spread = allocate(needs, {RATHER_A: 3, rather_b: 3}, LIMITS)
    assert spread.caller_pools == {(RATHER_A, "A"): 3, (rather_b, "B"): 3}


def test_a_county_where_nobody_may_call_gets_nobody_and_keeps_no_one_from_the_rest() -> None:
    needs = [Need("b", 1.0, 500, 5000, county="B"), Need("a", 0.9, 20, 5000, county="A")]
    assert allocate(needs, {ONLY_A: 2}, LIMITS).precincts == {"a": 2}


def test_every_caller_is_shared_out_among_ten_thousand_precincts() -> None:
    rng = random.Random(1)
    many = [
        Need(f"p{n}", rng.random(), rng.uniform(1, 300), rng.randrange(1, 900), county=f"C{n % 67}")
        for n in range(10_000)
    ]
    at_home = {CallerPool(frozenset([f"C{n}"]), elsewhere=n % 2 == 0): 20 for n in range(67)}
    spread = allocate(many, at_home | {ANYWHERE: 660}, LIMITS)  # how long it takes: bench/allocation.py
    assert sum(spread.precincts.values()) == 2_000


def test_where_nothing_is_known_callers_spread_evenly() -> None:
    needs = [Need(f"p{n}", 0.0, 0.0, 300) for n in range(30)]
    assert set(allocate(needs, {ANYWHERE: 75}, Limits()).precincts.values()) == {2, 3}
