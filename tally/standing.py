"""A precinct's state and the one sentence that explains it. Pure: numbers in, words out.

Hysteresis is over evidence, not over minutes of the clock, so that a state is a function of the set of
check-ins: a precinct that was lagging by its previous count stays so until the newest brings it below
`lag_release`. Silence has its own state and never becomes lag (law L5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from election.wire.feed import State
from tally.constants import Constants


@dataclass(slots=True)
class Evidence:
    """What is known of one precinct at `clock`. Times are epoch seconds, votes in-person."""

    clock: float
    opens: float
    closes: float
    zone: ZoneInfo
    last_votes: int | None
    last_observed: float | None
    last_received: float | None  # of the last count, accepted or not
    rhythm: float  # usual seconds between counts, 0 unknown
    held_after: int  # counts held since the last accepted one
    held_reason: str
    disagree: str  # two watchers who disagree, in words; empty when none do
    final: bool
    p: float
    p_before: float  # by the previous accepted count
    missing: float  # votes missing against its peers by close
    behind_now: float  # … at the last count
    line_minutes: int | None = None
    line_people: int | None = None
    incidents: int = 0
    shared: bool = False  # the last count is its share of the whole polling site's


def state_of(e: Evidence, k: Constants) -> tuple[State, str]:
    """The state and its reason."""
    if e.clock >= e.closes:
        return State.CLOSED, _closed(e)
    if e.last_votes is None:
        if e.held_after:
            return State.DOUBTFUL, f"its only count is held: {e.held_reason}"
        if e.clock < e.opens:
            return State.SILENT, f"polls open at {_at(e.opens, e.zone)}"
        return State.SILENT, "no count yet"
    assert e.last_observed is not None  # comes with last_votes
    age = e.clock - e.last_observed
    if age > silent_after(e.rhythm, k):
        return (
            State.SILENT,
            f"no count for {_ago(age)}; last {e.last_votes} at {_at(e.last_observed, e.zone)}",
        )
    if e.held_after:
        return State.DOUBTFUL, f"newest count is held: {e.held_reason}; last good one {e.last_votes}"
    if e.disagree:
        return State.DOUBTFUL, e.disagree
    last = f"last count {_ago(age)} ago"
    beside = _beside(e)
    at = _at(e.last_observed, e.zone)
    if e.missing > k.lag_floor and e.p > min(k.watch_probability, k.lag_release):
        sure = f"{min(round(100 * e.p), 99)} % sure"
        behind = f"{max(round(e.behind_now), 0)} behind its peers at {at}, {sure}; {last}"
        if e.p > k.lag_probability:
            return State.LAGGING, behind + beside
        if e.p > k.lag_release and e.p_before > k.lag_probability:
            return State.LAGGING, behind + "; no better than at the count before" + beside
        if e.p > k.watch_probability:
            return State.WATCH, behind + beside
    ahead = round(-e.behind_now)
    if ahead > 0:
        return State.ON_PACE, f"{ahead} ahead of its peers at {at}; {last}{beside}"
    return State.ON_PACE, f"within its peers' range at {at}; {last}{beside}"


def silent_after(rhythm: float, k: Constants) -> float:
    """Seconds without a count after which a precinct is silent: relative to its own rhythm."""
    return max(k.silent_hours * 3600.0, k.silent_rhythm * rhythm)


def rhythm_of(observed: Sequence[float]) -> float:
    """Median seconds between counts; 0 with fewer than three."""
    if len(observed) < 3:
        return 0.0
    gaps = sorted(b - a for a, b in pairwise(observed))
    return gaps[len(gaps) // 2]


def disagreement(counts: Sequence[tuple[float, str, int]], k: Constants) -> str:
    """Two senders who look at the same line and see different numbers: in words, or empty.

    `counts` are (observed, sender, votes) of live counts, in order of time; only the newest pair matters.
    """
    if len(counts) < 2:
        return ""
    at, sender, votes = counts[-1]
    for before, other, earlier in reversed(counts[:-1]):
        if at - before > k.doubt_seconds:
            break
        if other != sender:
            if abs(votes - earlier) > max(k.doubt_ratio * max(votes, earlier), 15):
                return f"two watchers disagree: {earlier} and {votes} within {_ago(at - before)}"
            break
    return ""


def rank(p: float, missing: float) -> float:
    """Order of the worklist: probability of lag times votes missing."""
    return p * max(missing, 0.0)


def _closed(e: Evidence) -> str:
    at = _at(e.closes, e.zone)
    if e.last_votes is None:
        return f"polls closed at {at}; no count"
    if e.final:
        return f"polls closed at {at}; final count {e.last_votes}"
    waiting = f"; {e.line_people} were in line" if e.line_people else ""
    return f"polls closed at {at}; last count {e.last_votes}, no final yet{waiting}"


def _beside(e: Evidence) -> str:
    """What else could hold throughput down: sending callers would not help there."""
    parts = []
    if e.line_minutes:
        parts.append(f"line of {e.line_minutes} min")
    elif e.line_people:
        parts.append(f"{e.line_people} people in line")
    if e.incidents:
        parts.append("1 open incident" if e.incidents == 1 else f"{e.incidents} open incidents")
    if e.shared:
        parts.append("by its share of the site's count")
    return "; " + ", ".join(parts) if parts else ""


def _at(seconds: float, zone: ZoneInfo) -> str:
    return _clock(int(seconds // 60), zone)


@lru_cache(maxsize=16_384)  # a refit asks for the same minutes of the day thousands of times
def _clock(minute: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(60 * minute, zone).strftime("%H:%M")


def _ago(seconds: float) -> str:
    minutes = max(round(seconds / 60), 0)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d}"
