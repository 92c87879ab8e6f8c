"""Which precincts are called, and by how many callers. Pure: values in, values out.

Objective. With k callers a precinct gains
    U(k) = V (1 - exp(-k c / V)),    V = p_lagging * min(missing, reachable * w)
votes: c votes a caller brings until the polls close, w votes a reached voter is worth; V bounds the gain
because neither more votes than are missing nor more voters than can be reached can be won. Maximise the sum
of U_i(k_i) with sum k_i <= callers and k_i <= cap_i.

Greedy is optimal. Each U_i is concave, so its marginal gains m_i(1) >= m_i(2) >= ... fall. Any allocation
of n callers collects n marginal gains, a prefix of each precinct's row. Greedy collects the n largest of
all rows: when it takes m_i(j), each earlier gain of that row was larger or equal and has been taken, so
what it takes are prefixes, too. No set of n gains has a larger sum; hence no allocation has. Caps cut rows
short and change nothing.
The first gain m(1) = V (1 - exp(-c/V)) grows with V (its derivative is 1 - (1 + u) exp(-u) > 0 with u = c/V),
so with more precincts than callers only the `callers` largest V need be looked at.
Orders by staff come first: a precinct with `callers_wanted` is filled (greedily among such precincts where
there are too few callers) before the automatic ones share the rest. A heap makes it O(precincts + callers
log callers).
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import exp, expm1

from election.wire.feed import PrecinctInfo, Standing, State


@dataclass(frozen=True, slots=True)
class Limits:
    """What staff allow to happen without them."""

    automatic: bool = True
    least_probability: float = 0.7
    least_missing: float = 10.0  # votes; below that a dispatch is not worth a caller's walk to the phone
    most_precincts: int = 500  # open at once by themselves
    most_callers: int = 50  # in one precinct, by themselves
    line_minutes: int = 45  # a wait as long as this makes lag that calls cannot mend
    line_people: int = 100
    votes_per_caller: float = 3.0  # brought until close
    votes_per_voter: float = 0.1  # a reached voter is worth


@dataclass(frozen=True, slots=True)
class Need:
    """A precinct that asks for callers. `missing` in votes, `reachable` in voters."""

    precinct_id: str
    probability: float
    missing: float
    reachable: int
    callers_wanted: int | None = None

    def worth(self, limits: Limits) -> float:
        """V of the objective, in votes."""
        return self.probability * min(self.missing, self.reachable * limits.votes_per_voter)


def allocate(needs: Sequence[Need], callers: int, limits: Limits) -> dict[str, int]:
    """How many callers each precinct gets; precincts that get none are left out."""
    ordered = [n for n in needs if n.callers_wanted and n.reachable]
    shared = [n for n in needs if not n.callers_wanted]
    given = _greedy(ordered, callers, limits, {n.precinct_id: n.callers_wanted or 0 for n in ordered})
    rest = callers - sum(given.values())
    caps = {n.precinct_id: min(limits.most_callers, n.reachable) for n in shared}
    return given | _greedy(shared, rest, limits, caps)


def _greedy(needs: Sequence[Need], callers: int, limits: Limits, caps: Mapping[str, int]) -> dict[str, int]:
    c, each = limits.votes_per_caller, limits.votes_per_voter
    # A precinct that staff ordered may not lag at all; it still gets its callers, last of all.
    worths = [
        (max(need.probability * min(need.missing, need.reachable * each), 1e-6), need.precinct_id)
        for need in needs
        if caps[need.precinct_id] > 0
    ]
    if len(worths) > callers:  # the first caller's gain grows with V: only the best so many can get one
        worths = heapq.nlargest(callers, worths)
    heap = [(worth * expm1(-c / worth), precinct, worth) for worth, precinct in worths]
    heapq.heapify(heap)
    given: dict[str, int] = {}
    while heap and callers > 0:
        _, precinct, worth = heap[0]
        if given.get(precinct, 0) >= caps[precinct]:
            heapq.heappop(heap)
            continue
        count = given[precinct] = given.get(precinct, 0) + 1
        callers -= 1
        heapq.heapreplace(heap, (worth * exp(-count * c / worth) * expm1(-c / worth), precinct, worth))
    return given


@dataclass(frozen=True, slots=True)
class Open:
    """A live dispatch, as decisions need it."""

    precinct_id: str
    automatic: bool
    closes_at: datetime
    hold: str = ""
    seen_behind: bool = False
    callers_wanted: int | None = None


@dataclass(frozen=True, slots=True)
class Start:
    precinct_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class End:
    precinct_id: str
    reason: str
    by: str = "callers"


@dataclass(frozen=True, slots=True)
class Hold:
    """An empty reason lets it run again."""

    precinct_id: str
    reason: str


Decision = Start | End | Hold


@dataclass(frozen=True, slots=True)
class Seen:
    """The standings as last heard, by precinct; `fresh` is false where the feed is away or old."""

    standings: Mapping[str, Standing]
    precincts: Mapping[str, PrecinctInfo]
    fresh: bool
    remaining: Mapping[str, int] = field(default_factory=dict)  # voters left, where we have counted
    stopped_by_staff: frozenset[str] = frozenset()


def obstacle(standing: Standing, limits: Limits) -> str:
    """Why calls cannot help there now; empty where they can."""
    if standing.incidents:
        return f"{standing.incidents} open incident{'s' * (standing.incidents > 1)} there"
    if (standing.line_minutes or 0) >= limits.line_minutes:
        return f"the line is {standing.line_minutes} minutes long"
    if (standing.line_people or 0) >= limits.line_people:
        return f"{standing.line_people} people stand in line"
    if standing.state is State.DOUBTFUL:
        return "the reports from there disagree"
    return ""


def decide(live: Sequence[Open], seen: Seen, now: datetime, limits: Limits) -> list[Decision]:
    """What to start, end, hold or let go on. Old standings start nothing and end nothing but closed polls."""
    decisions: list[Decision] = []
    running = 0
    for dispatch in live:
        change = _review(dispatch, seen, now, limits)
        if change:
            decisions.append(change)
        running += not isinstance(change, End)
    if limits.automatic and seen.fresh:
        taken = {d.precinct_id for d in live} | seen.stopped_by_staff
        starts = [n for n in _lagging(seen, now, limits) if n.precinct_id not in taken]
        room = max(0, limits.most_precincts - running)
        for need in sorted(starts, key=lambda n: (-n.worth(limits), n.precinct_id))[:room]:
            decisions.append(Start(need.precinct_id, _because(need)))
    return decisions


def _review(dispatch: Open, seen: Seen, now: datetime, limits: Limits) -> End | Hold | None:
    precinct = dispatch.precinct_id
    if now >= dispatch.closes_at:
        return End(precinct, "the polls have closed", "clock")
    if seen.remaining.get(precinct, 1) == 0:
        return End(precinct, "everybody on the list has been reached or taken off it")
    standing = seen.standings.get(precinct)
    if standing is None or not seen.fresh:
        return None
    if standing.state is State.CLOSED:
        return End(precinct, "the polls have closed")
    if standing.state is State.ON_PACE and dispatch.seen_behind:
        return End(precinct, "it has caught up with its peers")
    hold = obstacle(standing, limits) if dispatch.automatic else ""
    return Hold(precinct, hold) if hold != dispatch.hold else None


def _lagging(seen: Seen, now: datetime, limits: Limits) -> list[Need]:
    found = []
    lagging = State.LAGGING
    for precinct, standing in seen.standings.items():
        info = seen.precincts.get(precinct)
        if (
            standing.state is lagging
            and standing.p_lagging >= limits.least_probability
            and standing.shortfall >= limits.least_missing
            and seen.remaining.get(precinct, 1) > 0
            and not obstacle(standing, limits)
            and info is not None
            and info.closes_at > now.timestamp()
        ):
            found.append(
                Need(
                    precinct, standing.p_lagging, standing.shortfall, seen.remaining.get(precinct, 1_000_000)
                )
            )
    return found


def proposals(
    seen: Seen, live: Sequence[Open], callers: int, now: datetime, limits: Limits
) -> list[tuple[Need, int]]:
    """Where callers would go if staff agreed: lagging precincts without a dispatch, most votes first."""
    taken = {d.precinct_id for d in live}
    needs = [n for n in _lagging(seen, now, limits) if n.precinct_id not in taken] if seen.fresh else []
    shares = allocate(needs, callers, limits)
    pairs = [(n, shares[n.precinct_id]) for n in needs if n.precinct_id in shares]
    return sorted(pairs, key=lambda pair: (-pair[0].worth(limits), pair[0].precinct_id))


def _because(need: Need) -> str:
    return f"{need.missing:.0f} votes missing, {need.probability:.0%} sure that it lags behind its peers"
