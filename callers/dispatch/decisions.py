"""Which precincts are called: what starts, ends and rests, and why. Pure: values in, values out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from callers.dispatch.allocation import CallerPool, Need, allocate
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
    """A dispatch that rests for a reason; an empty one lets it run again."""

    precinct_id: str
    reason: str


Decision = Start | End | Hold


@dataclass(frozen=True, slots=True)
class Seen:
    """The standings as last received, by precinct; `fresh` is false where the feed is away or old."""

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
    if standing.state is PrecinctState.DOUBTFUL:
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
    if standing.state is PrecinctState.CLOSED:
        return End(precinct, "the polls have closed")
    if standing.state is PrecinctState.ON_PACE and dispatch.seen_behind:
        return End(precinct, "it has caught up with its peers")
    hold = obstacle(standing, limits) if dispatch.automatic else ""
    return Hold(precinct, hold) if hold != dispatch.hold else None


def _lagging(seen: Seen, now: datetime, limits: Limits) -> list[Need]:
    found = []
    lagging = PrecinctState.LAGGING
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
                    precinct,
                    standing.p_lagging,
                    standing.shortfall,
                    seen.remaining.get(precinct, 1_000_000),
                    county=info.county,
                )
            )
    return found


def proposals(
    seen: Seen, live: Sequence[Open], callers: Mapping[CallerPool, int], now: datetime, limits: Limits
) -> list[tuple[Need, int]]:
    """Where callers would go if staff agreed: lagging precincts without a dispatch, most votes first."""
    taken = {d.precinct_id for d in live}
    needs = [n for n in _lagging(seen, now, limits) if n.precinct_id not in taken] if seen.fresh else []
    shares = allocate(needs, callers, limits).precincts
    pairs = [(n, shares[n.precinct_id]) for n in needs if n.precinct_id in shares]
    return sorted(pairs, key=lambda pair: (-pair[0].worth(limits), pair[0].precinct_id))


def _because(need: Need) -> str:
    return f"{need.missing:.0f} votes missing, {need.probability:.0%} sure that it lags behind its peers"
