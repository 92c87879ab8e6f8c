"""A precinct's state and what explains it. Pure.

Hysteresis is over evidence, not over minutes of the clock, so that a state is a function of the set of
check-ins: a precinct that was lagging by its previous count stays so until the newest brings it below
`lag_release`. Silence has its own state and never becomes lag (law L5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from election.wire.feed import PrecinctState
from tally.model.constants import Constants
from tally.packed.count_columns import Array, Codes, Flags
from tally.standing.columns import CODE
from tally.standing.reasons import PEOPLE, ROW, SHARED, Said, Sort, ago


@dataclass(slots=True)
class Evidence:
    """What is known of one precinct at `clock`. Times are epoch seconds, votes in-person."""

    clock: float
    opens: float
    closes: float
    zone: ZoneInfo
    last_votes: int | None
    last_observed: float | None
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


def state_of(e: Evidence, k: Constants) -> tuple[PrecinctState, Said]:
    """The state and its reason."""
    if e.clock >= e.closes:
        return PrecinctState.CLOSED, _closed(e)
    if e.last_votes is None:
        if e.held_after:
            return PrecinctState.DOUBTFUL, Said(Sort.ONLY_HELD, text=e.held_reason)
        if e.clock < e.opens:
            return PrecinctState.SILENT, Said(Sort.NOT_OPEN, minute=local_minute(e.opens, e.zone))
        return PrecinctState.SILENT, Said(Sort.NO_COUNT)
    assert e.last_observed is not None  # comes with last_votes
    age = e.clock - e.last_observed
    minute, ago, votes = local_minute(e.last_observed, e.zone), _minutes(age), e.last_votes
    if age > silent_after(e.rhythm, k):
        return PrecinctState.SILENT, Said(Sort.SILENT, minute=minute, ago=ago, votes=votes)
    if e.held_after:
        return PrecinctState.DOUBTFUL, Said(Sort.HELD, votes=votes, text=e.held_reason)
    if e.disagree:
        return PrecinctState.DOUBTFUL, Said(Sort.TOLD, text=e.disagree)
    line = e.line_minutes or e.line_people or 0
    flags = (PEOPLE if line and not e.line_minutes else 0) | (SHARED if e.shared else 0)
    if e.missing > k.lag_floor and e.p > min(k.watch_probability, k.lag_release):
        sure, number = min(round(100 * e.p), 99), max(round(e.behind_now), 0)
        behind = Said(Sort.BEHIND, flags, sure, minute, ago, 0, number, line, e.incidents)
        if e.p > k.lag_probability:
            return PrecinctState.LAGGING, behind
        if e.p > k.lag_release and e.p_before > k.lag_probability:
            return PrecinctState.LAGGING, behind._replace(sort=Sort.STILL_BEHIND)
        if e.p > k.watch_probability:
            return PrecinctState.WATCH, behind
    ahead = max(round(-e.behind_now), 0)
    sort = Sort.AHEAD if ahead else Sort.WITHIN
    return PrecinctState.ON_PACE, Said(sort, flags, 0, minute, ago, 0, ahead, line, e.incidents)


@dataclass(frozen=True, slots=True)
class Many:
    """Columns of `Evidence`, of precincts where nothing is held and nobody disagrees."""

    clock: Array
    opens: Array
    closes: Array
    zone: NDArray[np.integer[Any]]  # which of some zones
    counted: Flags
    votes: Array  # these four mean nothing where nothing is counted
    observed: Array
    final: Flags
    shared: Flags
    rhythm: Array
    p: Array
    p_before: Array
    missing: Array
    behind_now: Array
    line_minutes: Codes  # negative: none
    line_people: Codes
    incidents: Codes


def states_of(m: Many, zones: Sequence[ZoneInfo], k: Constants) -> tuple[NDArray[np.int8], NDArray[Any]]:
    """`state_of` of many at once: codes of `PrecinctState`, and what the sentences say (`sentences.ROW`)."""
    n, counted = len(m.clock), m.counted
    said, codes = np.zeros(n, ROW), np.full(n, CODE[PrecinctState.SILENT], dtype=np.int8)
    closed = m.clock >= m.closes
    unopened = ~closed & ~counted & (m.clock < m.opens)
    age = m.clock - m.observed
    silent = ~closed & counted & (age > np.maximum(k.silent_hours * 3600.0, k.silent_rhythm * m.rhythm))
    told = ~closed & counted & ~silent  # how it does beside its peers
    behind = told & (m.missing > k.lag_floor) & (m.p > min(k.watch_probability, k.lag_release))
    sure = behind & (m.p > k.lag_probability)
    still = behind & ~sure & (m.p > k.lag_release) & (m.p_before > k.lag_probability)
    behind = sure | still | behind & (m.p > k.watch_probability)
    ahead = np.where(told & ~behind, np.maximum(np.rint(-m.behind_now), 0.0), 0.0)
    codes[closed], codes[told] = CODE[PrecinctState.CLOSED], CODE[PrecinctState.ON_PACE]
    codes[behind], codes[sure | still] = CODE[PrecinctState.WATCH], CODE[PrecinctState.LAGGING]
    for sort, where in (
        (Sort.CLOSED, closed & counted), (Sort.CLOSED_UNCOUNTED, closed & ~counted),
        (Sort.CLOSED_FINAL, closed & counted & m.final), (Sort.NOT_OPEN, unopened), (Sort.SILENT, silent),
        (Sort.WITHIN, told), (Sort.AHEAD, ahead > 0), (Sort.BEHIND, behind), (Sort.STILL_BEHIND, still),
    ):  # fmt: skip
        said["sort"][where] = sort
    timed = closed | unopened | silent | told
    moment = np.where(closed, m.closes, np.where(unopened, m.opens, m.observed))
    said["minute"][timed] = local_minutes(moment[timed], m.zone[timed], zones)
    aged = silent | told
    said["ago"][aged] = np.maximum(np.rint(age[aged] / 60.0), 0.0)
    voted = closed & counted | silent
    said["votes"][voted] = m.votes[voted]
    said["sure"][behind] = np.minimum(np.rint(100.0 * m.p[behind]), 99.0)
    said["number"] = ahead
    said["number"][behind] = np.maximum(np.rint(m.behind_now[behind]), 0.0)
    waiting = closed & counted & ~m.final  # … in line, people; else minutes where they are given
    people = waiting | told & (m.line_minutes <= 0)
    line = np.where(people, m.line_people, m.line_minutes)
    lined = (waiting | told) & (line > 0)
    said["line"][lined] = line[lined]
    said["flags"][told] = SHARED * m.shared[told] | PEOPLE * (people & lined)[told]
    said["incidents"][told] = m.incidents[told]
    return codes, said


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
                return f"two watchers disagree: {earlier} and {votes} within {ago(_minutes(at - before))}"
            break
    return ""


def rank(p: float, missing: float) -> float:
    """Order of the worklist: probability of lag times votes missing."""
    return p * max(missing, 0.0)


def _closed(e: Evidence) -> Said:
    minute = local_minute(e.closes, e.zone)
    if e.last_votes is None:
        return Said(Sort.CLOSED_UNCOUNTED, minute=minute)
    if e.final:
        return Said(Sort.CLOSED_FINAL, minute=minute, votes=e.last_votes)
    return Said(Sort.CLOSED, minute=minute, votes=e.last_votes, line=e.line_people or 0)


def local_minutes(
    seconds: Array, zone: NDArray[np.integer[Any]], zones: Sequence[ZoneInfo]
) -> NDArray[np.int16]:
    """`local_minute` of many."""
    minutes, which = np.unique((seconds // 60).astype(np.int64), return_inverse=True)
    found = np.zeros(len(seconds), dtype=np.int16)
    for code, one in enumerate(zones):
        here = zone == code
        if here.any():
            table = np.zeros(len(minutes), dtype=np.int16)
            used = np.unique(which[here])
            table[used] = [_local(minute, one) for minute in minutes[used].tolist()]
            found[here] = table[which[here]]
    return found


def local_minute(seconds: float, zone: ZoneInfo) -> int:
    """The minute of the local day."""
    return _local(int(seconds // 60), zone)


@lru_cache(maxsize=16_384)  # a refit asks for the same minutes of the day thousands of times
def _local(minute: int, zone: ZoneInfo) -> int:
    at = datetime.fromtimestamp(60 * minute, zone)
    return 60 * at.hour + at.minute


def _minutes(seconds: float) -> int:
    return max(round(seconds / 60), 0)
