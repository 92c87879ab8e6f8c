"""How many callers each precinct gets, and from which caller pools. Pure: values in, values out.

Objective. With k callers a precinct gains
    U(k) = V (1 - exp(-k c / V)),    V = p_lagging * min(missing, reachable * w)
votes: c votes a caller brings until the polls close, w votes a reached voter is worth; V bounds the gain
because neither more votes than are missing nor more voters than can be reached can be won. Maximise the sum
of U_i(k_i) where k_i <= cap_i, over all k that the callers can fill: each works in one precinct, in a county
where their pool may call.

Greedy is optimal. Think of cap_i places in each precinct, and weigh the j-th by its marginal gain m_i(j).
Sets of places that can all be filled at once, each by another caller who may call there, are the independent
sets of a transversal matroid, and in a matroid the greedy set (the heaviest place that leaves the set
fillable, again and again) is a heaviest one (Edmonds 1971). The places of a precinct are alike to the
matroid, and each U_i is concave, so m_i(1) >= m_i(2) >= ...: greedy takes them in order, what it takes are
prefixes, and its weight is the sum of the U_i(k_i). Any other allocation fills such a set, too, and weighs
no more.

Whether a place can be filled depends on its county alone. `_CallerPools` keeps who fills what as a flow from
pools to counties; where no caller is free for a county, others may make room by moving (an augmenting path).
A county without a path never gets one again (what greedy rejects stays rejected), so each fails once.

The first gain m(1) = V (1 - exp(-c/V)) grows with V (its derivative is 1 - (1 + u) exp(-u) > 0, u = c/V), so
of a county to which n callers may go only the n largest V need be looked at.

Orders by staff come first: precincts with `callers_wanted` are filled (greedily among themselves) before the
automatic ones share the rest. Where gains are equal (nothing is known of precincts that staff opened, or the
feed is away) the precinct with fewer callers comes first, so that they spread evenly. Of all ways to fill the
same places, callers are kept in their own counties as far as the order of filling allows; that much is a
preference, not an optimum.
"""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, expm1

from callers.rules.limits import Limits

LEAST_WORTH = 1e-6  # votes; a precinct that staff ordered may not lag at all, and comes last of the ordered


@dataclass(frozen=True, slots=True)
class Need:
    """A precinct that asks for callers. `missing` in votes, `reachable` in voters."""

    precinct_id: str
    probability: float
    missing: float
    reachable: int
    callers_wanted: int | None = None
    county: str = ""

    def worth(self, limits: Limits) -> float:
        """V of the objective, in votes."""
        return self.probability * min(self.missing, self.reachable * limits.votes_per_voter)


@dataclass(frozen=True, slots=True)
class CallerPool:
    """Callers who are alike: their own counties, and whether they may call elsewhere, too.

    Without counties of their own they call anywhere.
    """

    counties: frozenset[str] = frozenset()
    elsewhere: bool = True

    def may(self, county: str) -> bool:
        """Whether they may call there."""
        return self.elsewhere or not self.counties or county in self.counties


ANYWHERE = CallerPool()


def gain(need: Need, callers: int, limits: Limits) -> float:
    """U(k) of the objective: the votes that so many callers are expected to bring."""
    worth = need.worth(limits)
    return -worth * expm1(-callers * limits.votes_per_caller / worth) if worth > 0 else 0.0


@dataclass(frozen=True, slots=True)
class CallersByPlace:
    """Callers by precinct, and by pool and county. What gets none is left out."""

    precincts: Mapping[str, int] = field(default_factory=dict)
    caller_pools: Mapping[tuple[CallerPool, str], int] = field(default_factory=dict)


def allocate(needs: Sequence[Need], callers: Mapping[CallerPool, int], limits: Limits) -> CallersByPlace:
    """Spreads `callers`, so many of each pool, over `needs`."""
    caller_pools = _CallerPools(callers)
    ordered = [n for n in needs if n.callers_wanted and n.reachable]
    shared = [n for n in needs if not n.callers_wanted]
    given = _greedy(ordered, caller_pools, limits, {n.precinct_id: n.callers_wanted or 0 for n in ordered})
    caps = {n.precinct_id: min(limits.most_callers, n.reachable) for n in shared}
    given |= _greedy(shared, caller_pools, limits, caps)
    return CallersByPlace(given, {key: n for key, n in caller_pools.placed.items() if n})


def _greedy(
    needs: Sequence[Need], caller_pools: "_CallerPools", limits: Limits, caps: Mapping[str, int]
) -> dict[str, int]:
    c, each = limits.votes_per_caller, limits.votes_per_voter
    counties: dict[str, list[tuple[float, str]]] = {}
    for need in needs:
        if caps[need.precinct_id] > 0:
            worth = max(need.probability * min(need.missing, need.reachable * each), LEAST_WORTH)
            counties.setdefault(need.county, []).append((worth, need.precinct_id))
    heap = []
    for county, worths in counties.items():
        most = caller_pools.most(county)
        for worth, precinct in worths if len(worths) <= most else heapq.nlargest(most, worths):
            heap.append((worth * expm1(-c / worth), 0, precinct, worth, county))
    heapq.heapify(heap)
    given: dict[str, int] = {}
    while heap and caller_pools.left:
        _, count, precinct, worth, county = heap[0]
        if count >= caps[precinct] or not caller_pools.take(county):
            heapq.heappop(heap)
            continue
        given[precinct] = count = count + 1
        gain = worth * exp(-count * c / worth) * expm1(-c / worth)
        heapq.heapreplace(heap, (gain, count, precinct, worth, county))
    return given


class _CallerPools:
    """Callers not yet placed (`left`), and who is placed where."""

    def __init__(self, callers: Mapping[CallerPool, int]) -> None:
        self._callers = {caller_pool: n for caller_pool, n in callers.items() if n > 0}
        self._free = dict(self._callers)
        self._asked: dict[str, list[CallerPool]] = {}  # county -> who may be free for it, the last first
        self._full: set[str] = set()
        self.left = sum(self._free.values())
        self.placed: Counter[tuple[CallerPool, str]] = Counter()

    def most(self, county: str) -> int:
        """How many callers may call there at all."""
        return sum(n for caller_pool, n in self._callers.items() if caller_pool.may(county))

    def take(self, county: str) -> bool:
        """Places one more caller in a county, moving others where that makes room; whether it could."""
        if county in self._full:
            return False
        caller_pool = self._next(county)
        if caller_pool is None:
            caller_pool = self._make_room(county)
        if caller_pool is None:
            self._full.add(county)
            return False
        self.placed[caller_pool, county] += 1
        self.left -= 1
        return True

    def _next(self, county: str) -> CallerPool | None:
        """A caller who is free: of this county first, and first who may call nowhere else."""
        asked = self._asked.get(county)
        if asked is None:
            asked = self._asked[county] = sorted(
                (caller_pool for caller_pool in self._free if caller_pool.may(county)),
                key=lambda caller_pool: (
                    county not in caller_pool.counties,
                    caller_pool.elsewhere,
                    len(caller_pool.counties),
                    sorted(caller_pool.counties),
                ),
                reverse=True,
            )
        while asked:
            caller_pool = asked[-1]
            if self._free[caller_pool]:
                self._free[caller_pool] -= 1
                return caller_pool
            asked.pop()  # nobody of a pool ever becomes free again
        return None

    def _make_room(self, county: str) -> CallerPool | None:
        """Moves callers from county to county until one is free for this one (breadth first)."""
        came: dict[str, tuple[str, CallerPool] | None] = {county: None}  # whence, and who moves there
        queue = [county]
        for wanted in queue:
            for (caller_pool, place), n in sorted(self.placed.items(), key=_in_order):
                if not n or place in came or not caller_pool.may(wanted):
                    continue
                came[place] = wanted, caller_pool
                queue.append(place)
                free = self._next(place)
                if free is None:
                    continue
                mover = free
                while (step := came[place]) is not None:
                    self.placed[mover, place] += 1
                    wanted, mover = step
                    self.placed[mover, place] -= 1
                    place = wanted
                return mover
        return None


def _in_order(item: tuple[tuple[CallerPool, str], int]) -> tuple[str, list[str], bool]:
    (caller_pool, place), _ = item
    return place, sorted(caller_pool.counties), caller_pool.elsewhere
