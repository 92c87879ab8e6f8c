"""Which precincts are called: what starts, ends and rests, and why. Pure: values in, values out."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callers.dispatch.allocation import CallerPool, Need, allocate, gain
from callers.rules.limits import Limits
from election.wire.feed import PrecinctInfo, PrecinctState, Standing


@dataclass(frozen=True, slots=True)
class Open:
    """A live dispatch, as decisions need it."""

    precinct_id: str
    automatic: bool
    closes_at: datetime
    hold: str = ""
    seen_behind: bool = False
    callers_wanted: int | None = None
    paused_by: str = ""  # staff, who let it rest


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
class Pause:
    """A dispatch that rests for a reason; an empty one lets it run again."""

    precinct_id: str
    reason: str


Decision = Start | End | Pause

USED_UP = "list used up: everybody on it has been reached or taken off it"
NOT_LISTED = "no voter there is on our roll"
BEHIND = (PrecinctState.LAGGING, PrecinctState.WATCH)
LEAST_VOTES = 0.5  # expected by close: fewer are no offer
SPENT_IN = timedelta(hours=2)  # a caller brings `votes_per_caller` in so long; less time, fewer votes


@dataclass(frozen=True, slots=True)
class FeedEvidence:
    """What decisions go by: standings as last received; `fresh` is false where the feed is away or old."""

    standings: Mapping[str, Standing]
    precincts: Mapping[str, PrecinctInfo]
    fresh: bool
    remaining: Mapping[str, int] = field(default_factory=dict)  # voters left, where we have counted
    stopped_by_staff: frozenset[str] = frozenset()
    unlisted: Collection[str] = frozenset()  # of which no voter is on the roll
    roll: bool = True  # whether there is one: without it nobody is to be called from here


def paused(by: str) -> str:
    """Why a dispatch rests that staff paused."""
    return f"paused by {by}"


def obstacle(standing: Standing, limits: Limits) -> str:
    """Why calls cannot help there now; empty where they can."""
    if standing.incidents:
        return f"{standing.incidents} open incident{'s' * (standing.incidents > 1)} there"
    if line := long_line(standing, limits):
        return line
    if standing.state is PrecinctState.DOUBTFUL:
        return "the reports from there disagree"
    return ""


def long_line(standing: Standing, limits: Limits) -> str:
    """A line so long that who is called could not vote: it holds staff's orders, too."""
    if (standing.line_minutes or 0) >= limits.line_minutes:
        return f"line {standing.line_minutes} min"
    if (standing.line_people or 0) >= limits.line_people:
        return f"{standing.line_people} people in line"
    return ""


def decide(live: Sequence[Open], seen: FeedEvidence, now: datetime, limits: Limits) -> list[Decision]:
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


def _review(dispatch: Open, seen: FeedEvidence, now: datetime, limits: Limits) -> End | Pause | None:
    precinct = dispatch.precinct_id
    if now >= dispatch.closes_at:
        return End(precinct, "the polls have closed", "clock")
    if seen.remaining.get(precinct, 1) == 0:
        return End(precinct, USED_UP)
    standing = seen.standings.get(precinct)
    if standing is None or not seen.fresh:
        return None
    if standing.state is PrecinctState.CLOSED:
        return End(precinct, "the polls have closed")
    if standing.state is PrecinctState.ON_PACE and dispatch.seen_behind:
        return End(precinct, "it has caught up with its peers")
    hold = obstacle(standing, limits) if dispatch.automatic else long_line(standing, limits)
    if dispatch.paused_by:
        hold = paused(dispatch.paused_by)
    return Pause(precinct, hold) if hold != dispatch.hold else None


def _lagging(seen: FeedEvidence, now: datetime, limits: Limits) -> list[Need]:
    found = []
    lagging = PrecinctState.LAGGING
    for precinct, standing in seen.standings.items():
        info = seen.precincts.get(precinct)
        if (
            standing.state is lagging
            and _surely(standing, limits)
            and seen.remaining.get(precinct, 1) > 0
            and not obstacle(standing, limits)
            and info is not None
            and info.closes_at > now.timestamp()
        ):
            found.append(
                Need(
                    precinct,
                    standing.p_lagging,
                    standing.shortfall,
                    seen.remaining.get(precinct, 1_000_000),
                    county=info.county,
                )
            )
    return found


def _surely(standing: Standing, limits: Limits) -> bool:
    """Whether it lags so surely and by so many votes that callers may go there without staff."""
    return standing.p_lagging >= limits.least_probability and standing.shortfall >= limits.least_missing


@dataclass(frozen=True, slots=True)
class Offer:
    """So many callers to a precinct, and the votes that they are expected to bring by close."""

    need: Need
    callers: int
    votes: float
    urgent: bool


def offers(  # noqa: PLR0917
    seen: FeedEvidence, live: Sequence[Open], callers: Mapping[CallerPool, int], now: datetime,
    limits: Limits, dials: Callable[[str], bool] = lambda zone: True,
) -> list[Offer]:  # fmt: skip
    """Where callers would go if staff agreed: behind or watched, without a dispatch, where calls can help.

    What surely lags comes first, then the most votes. `dials`: whether it is calling time in a zone.
    """
    if not seen.fresh:
        return []
    taken = {d.precinct_id for d in live}
    needs, left = [], {}
    for precinct, standing in seen.standings.items():
        info = seen.precincts.get(precinct)
        if standing.state not in BEHIND or precinct in taken or info is None:
            continue
        if precinct not in seen.remaining or _hindrance(standing, info, seen, now, limits, dials):
            continue
        reachable = seen.remaining[precinct]
        needs.append(Need(precinct, standing.p_lagging, standing.shortfall, reachable, county=info.county))
        left[precinct] = min(1.0, (info.closes_at - now.timestamp()) / SPENT_IN.total_seconds())
    shares = allocate(needs, callers, limits).precincts
    found = []
    for need in needs:
        standing, count = seen.standings[need.precinct_id], shares.get(need.precinct_id, 0)
        votes = gain(need, count, limits) * left[need.precinct_id]
        if votes >= LEAST_VOTES:
            urgent = standing.state is PrecinctState.LAGGING and _surely(standing, limits)
            found.append(Offer(need, count, votes, urgent))
    return sorted(found, key=lambda o: (not o.urgent, -o.votes, o.need.precinct_id))


def obstacles(
    seen: FeedEvidence, live: Sequence[Open], now: datetime, limits: Limits,
    dials: Callable[[str], bool] = lambda zone: True,
) -> dict[str, str]:  # fmt: skip
    """Why callers cannot help now, of each precinct that is behind or watched and has no dispatch.

    Nothing where there is no roll (an early day, counts alone): calling is then no part of this stack.
    """
    if not seen.fresh or not seen.roll:
        return {}
    taken = {d.precinct_id for d in live}
    found = {}
    for precinct, standing in seen.standings.items():
        info = seen.precincts.get(precinct)
        if standing.state not in BEHIND or precinct in taken or info is None:
            continue
        if reason := _hindrance(standing, info, seen, now, limits, dials):
            found[precinct] = reason
    return found


def _hindrance(  # noqa: PLR0917
    standing: Standing, info: PrecinctInfo, seen: FeedEvidence, now: datetime, limits: Limits,
    dials: Callable[[str], bool],
) -> str:  # fmt: skip
    if info.closes_at <= now.timestamp():
        return "the polls have closed"
    if hold := obstacle(standing, limits):
        return hold
    if not dials(info.timezone):
        return "outside calling hours"
    remaining = seen.remaining.get(standing.precinct_id)  # None: not counted yet
    if remaining == 0:
        return NOT_LISTED if standing.precinct_id in seen.unlisted else "nobody left to call"
    if (
        remaining
        and standing.p_lagging * min(standing.shortfall, remaining * limits.votes_per_voter) < LEAST_VOTES
    ):
        return "calls would bring less than one vote"
    return ""


def _because(need: Need) -> str:
    return f"{need.missing:.0f} votes missing, {need.probability:.0%} sure that it lags behind its peers"
