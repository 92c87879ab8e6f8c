"""Which caller works where, at this service and at others, and where each should go next. No I/O."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heapreplace

from callers.dispatch.allocation import CallerPool, CallersByPlace, Need, allocate
from callers.rules.limits import Limits

ON_DUTY = timedelta(minutes=15)  # stack time; who has not asked for so long is gone
_SURPLUS = 1.25  # callers move on only when a precinct has clearly more than its share


@dataclass(frozen=True, slots=True)
class _Seen:
    precinct_id: str
    caller_pool: CallerPool
    at: datetime | None = None  # None: at another service


class _Neediest:
    """The precinct of each county that lacks most callers, found without a look at all.

    A heap by county of (callers above the share, precinct): at the last spread, and who was sent since.
    """

    def __init__(self, above: Callable[[str], int], precincts: Iterable[tuple[str, str]] = ()) -> None:
        self._above = above
        self._heaps: dict[str, list[tuple[int, str]]] = {}
        for precinct, county in precincts:
            self._heaps.setdefault(county, []).append((above(precinct), precinct))
        for heap in self._heaps.values():
            heapify(heap)

    def send(self, caller_pool: CallerPool, lacking: Mapping[str, bool]) -> str:
        """The precinct to try first; "" where there is none. Thousands of callers may ask at once.

        Whoever asks next is sent elsewhere, though this caller has not been given a voter there yet.
        """
        tops = [
            (not lacking.get(county), self._top(heap), county)
            for county, heap in self._heaps.items()
            if caller_pool.may(county)
        ]
        if not tops:
            return ""
        _, (above, precinct), county = min(tops)
        heapreplace(self._heaps[county], (above + 1, precinct))
        return precinct

    def _top(self, heap: list[tuple[int, str]]) -> tuple[int, str]:
        while (now := self._above(heap[0][1])) > heap[0][0]:  # more have come since
            heapreplace(heap, (now, heap[0][1]))
        return heap[0]


class CallerPlacement:
    """Callers on duty. `county_of` a precinct; "" where it has none or nobody knows it."""

    def __init__(self, county_of: Callable[[str], str]) -> None:
        self._county_of = county_of
        self._here: dict[str, _Seen] = {}
        self._elsewhere: dict[str, _Seen] = {}
        self._caller_pools: Counter[tuple[CallerPool, str]] = Counter()  # callers by pool and county
        self._spread = CallersByPlace()
        self._neediest = _Neediest(self._above)
        self.counts: Counter[str] = Counter()  # callers by precinct

    @property
    def shares(self) -> Mapping[str, int]:
        """How many callers each precinct should have."""
        return self._spread.precincts

    def callers(self) -> Counter[CallerPool]:
        """How many are on duty, by pool."""
        return Counter(seen.caller_pool for seen in (self._elsewhere | self._here).values())

    def take_in(self, others: Iterable[tuple[str, str, CallerPool]]) -> None:
        """Takes in where callers worked last, at whichever service: caller, precinct, pool."""
        self._elsewhere = {caller: _Seen(precinct, caller_pool) for caller, precinct, caller_pool in others}

    def share(self, needs: Sequence[Need], limits: Limits, now: datetime) -> None:
        """Spreads everybody on duty anew."""
        self._here = {c: seen for c, seen in self._here.items() if seen.at and now - seen.at < ON_DUTY}
        everybody = (self._elsewhere | self._here).values()
        self.counts = Counter(seen.precinct_id for seen in everybody)
        self._caller_pools = Counter(
            (seen.caller_pool, self._county_of(seen.precinct_id)) for seen in everybody
        )
        self._spread = allocate(needs, self.callers(), limits)
        self._neediest = _Neediest(
            self._above, ((need.precinct_id, self._county_of(need.precinct_id)) for need in needs)
        )

    def first_choices(
        self, caller_id: str, caller_pool: CallerPool, runs: Callable[[str], bool]
    ) -> list[str]:
        """The precincts that run to try first, at most two: where the caller is, unless others need them
        more; then counties that their pool still owes callers, and there the precinct that lacks most.
        """
        seen = self._last(caller_id)
        here = seen.precinct_id if seen else ""
        found = []
        if runs(here) and caller_pool.may(self._county_of(here)) and not self._surplus(caller_pool, here):
            found.append(here)
        best = self._neediest.send(caller_pool, self._lacking(caller_pool, seen))
        if best and best not in found and runs(best):
            found.append(best)
        return found

    def all_choices(
        self, caller_id: str, caller_pool: CallerPool, live: Iterable[str], runs: Callable[[str], bool]
    ) -> list[str]:
        """All live precincts that run, best first: for where the first choices have nobody to call. Takes
        3 ms where 1,800 are open."""
        seen = self._last(caller_id)
        here, lacking = seen.precinct_id if seen else "", self._lacking(caller_pool, seen)
        county = {p: self._county_of(p) for p in live if runs(p)}

        def key(precinct: str) -> tuple[bool, int, str]:
            missing = self.shares.get(precinct, 0) - (self.counts[precinct] - (precinct == here))
            return not lacking.get(county[precinct]), -missing, precinct

        return sorted((p for p, its in county.items() if caller_pool.may(its)), key=key)

    def _above(self, precinct: str) -> int:
        return self.counts[precinct] - self.shares.get(precinct, 0)

    def _surplus(self, caller_pool: CallerPool, precinct: str) -> bool:
        county = self._county_of(precinct)
        return (
            self.counts[precinct] > self.shares.get(precinct, 0) * _SURPLUS + 1
            or self._caller_pools[caller_pool, county]
            > self._spread.caller_pools.get((caller_pool, county), 0) * _SURPLUS + 1
        )

    def _lacking(self, caller_pool: CallerPool, seen: _Seen | None) -> dict[str, bool]:
        """Counties with fewer of this pool than it should have there, the caller who asks not counted."""
        there = self._county_of(seen.precinct_id) if seen and seen.caller_pool == caller_pool else None
        return {
            county: self._caller_pools[caller_pool, county] - (county == there) < n
            for (its, county), n in self._spread.caller_pools.items()
            if its == caller_pool
        }

    def works(self, caller_id: str, caller_pool: CallerPool, precinct_id: str, now: datetime) -> None:
        """A caller was given a voter there."""
        self._uncount(self._last(caller_id))
        self._here[caller_id] = _Seen(precinct_id, caller_pool, now)
        self.counts[precinct_id] += 1
        self._caller_pools[caller_pool, self._county_of(precinct_id)] += 1

    def leaves(self, caller_id: str) -> None:
        """A caller has stopped."""
        self._uncount(self._last(caller_id))
        self._here.pop(caller_id, None)
        self._elsewhere.pop(caller_id, None)

    def _last(self, caller_id: str) -> _Seen | None:
        return self._here.get(caller_id) or self._elsewhere.get(caller_id)

    def _uncount(self, seen: _Seen | None) -> None:
        if seen:
            self.counts[seen.precinct_id] -= 1
            self._caller_pools[seen.caller_pool, self._county_of(seen.precinct_id)] -= 1
