"""A caller stays until others need them more, and goes where their crew owes callers."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from callers.dispatch.allocation import CallerPool, Need
from callers.dispatch.placement import ON_DUTY, CallerPlacement
from callers.rules.limits import Limits

NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
COUNTIES = {"a1": "A", "a2": "A", "b1": "B"}
ANYWHERE, ONLY_B, RATHER_B = (
    CallerPool(),
    CallerPool(frozenset("B"), elsewhere=False),
    CallerPool(frozenset("B")),
)
ALIKE = [Need(p, 1.0, 60, 900, county=c) for p, c in COUNTIES.items()]


def at_work() -> CallerPlacement:
    return CallerPlacement(lambda precinct: COUNTIES.get(precinct, ""))


def choices(where: CallerPlacement, caller: str, caller_pool: CallerPool) -> list[str]:
    first = where.first_choices(caller, caller_pool, lambda p: p in COUNTIES)
    others = where.all_choices(caller, caller_pool, COUNTIES, lambda p: p in COUNTIES)
    return first + [p for p in others if p not in first]


def test_who_may_call_in_one_county_alone_is_offered_nothing_else() -> None:
    where = at_work()
    assert choices(where, "ana", ONLY_B) == ["b1"]
    where.works("ana", ONLY_B, "b1", NOON)
    where.share(ALIKE, Limits(), NOON)
    assert choices(where, "ana", ONLY_B) == ["b1"]
    assert set(choices(where, "ben", ANYWHERE)) == {"a1", "a2", "b1"}


def test_a_caller_stays_and_moves_on_when_others_need_them_more() -> None:
    where = at_work()
    for n in range(12):
        where.works(f"c{n}", ANYWHERE, "a1", NOON)
    where.share(ALIKE, Limits(), NOON)
    assert where.shares == {"a1": 4, "a2": 4, "b1": 4}
    assert choices(where, "c0", ANYWHERE)[-1] == "a1"
    for n in range(6):
        where.works(f"c{n}", ANYWHERE, ("a2", "b1")[n % 2], NOON)
    assert choices(where, "c11", ANYWHERE)[0] == "a1"


def test_their_own_county_comes_first_where_both_lack_callers() -> None:
    where = at_work()
    where.take_in([("ana", "", RATHER_B), ("ben", "", ANYWHERE), ("cat", "", ANYWHERE)])
    where.share(ALIKE, Limits(), NOON)
    assert choices(where, "ana", RATHER_B)[0] == "b1"
    assert choices(where, "ben", ANYWHERE)[0] in ("a1", "a2")


def test_who_has_not_asked_for_long_is_no_longer_counted() -> None:
    where = at_work()
    where.works("ana", ANYWHERE, "a1", NOON)
    where.share(ALIKE, Limits(), NOON + ON_DUTY - timedelta(seconds=1))
    assert sum(where.callers().values()) == 1
    where.share(ALIKE, Limits(), NOON + ON_DUTY)
    assert not where.callers()


def test_a_caller_is_counted_in_one_place() -> None:
    where = at_work()
    where.take_in([("ana", "a1", ANYWHERE)])
    where.share(ALIKE, Limits(), NOON)
    where.works("ana", ANYWHERE, "b1", NOON)
    assert +where.counts == {"b1": 1}
    where.leaves("ana")
    assert not +where.counts
    assert not where.callers()


def test_a_crowd_that_asks_at_once_is_not_sent_to_one_place() -> None:
    """Whether or not they have been given voters yet, and whether or not the shares count them."""
    places = CallerPlacement(lambda _: "")
    needs = [Need(f"p{n}", 0.9, 80.0, 300) for n in range(30)]
    live = [need.precinct_id for need in needs]
    places.share(needs, Limits(), NOON)
    sent = Counter(places.first_choices(f"c{n}", ANYWHERE, lambda p: p in live)[0] for n in range(75))
    assert set(sent.values()) == {2, 3}
    for n in range(75):
        places.works(f"c{n}", ANYWHERE, f"p{n % 5}", NOON)
    places.share(needs, Limits(), NOON)
    later = [places.first_choices(f"d{n}", ANYWHERE, lambda p: p in live)[0] for n in range(50)]
    assert not {f"p{n}" for n in range(5)} & set(later), "five precincts have far more than their share"
    assert max(Counter(later).values()) == 3, "which is a share"
