"""A precinct's state and the sentence that explains it. Pure.

Hysteresis is over evidence, not over minutes of the clock, so that a state is a function of the set of
check-ins: a precinct that was lagging by its previous count stays so until the newest brings it below
`lag_release`. Silence has its own state and never becomes lag (law L5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from election.domain.official import SENDER as OFFICIAL
from election.wire.feed import PrecinctState
from tally.model.constants import Constants
from tally.packed.count_columns import Array, Codes, Flags
from tally.standing.columns import CODE
from tally.standing.reasons import PEOPLE, ROW, SHARED, Sort, ago


@dataclass(frozen=True, slots=True)
class Evidence:
    """Known facts of precincts at `clock`, in columns. Times are epoch seconds, votes in-person."""

    clock: Array
    opens: Array
    closes: Array
    zone: NDArray[np.integer[Any]]  # index of the time zone
    counted: Flags
    votes: Array  # these four mean nothing where nothing is counted
    observed: Array
    final: Flags
    shared: Flags  # the last count is the precinct's share of the whole polling site's
    rhythm: Array  # usual seconds between counts, 0 unknown
    held: Flags  # a count later than the last accepted one is held
    disagree: Flags  # two watchers disagree
    p: Array
    p_before: Array  # by the previous accepted count
    missing: Array  # votes missing against its peers by close
    behind_now: Array  # … at the last count
    line_minutes: Codes  # negative: none
    line_people: Codes
    incidents: Codes


def states_of(e: Evidence, zones: Sequence[ZoneInfo], k: Constants) -> tuple[NDArray[np.int8], NDArray[Any]]:
    """Codes of `PrecinctState`, and the numbers of the sentences (`reasons.ROW`)."""
    n, counted = len(e.clock), e.counted
    said, codes = np.zeros(n, ROW), np.full(n, CODE[PrecinctState.SILENT], dtype=np.int8)
    closed = e.clock >= e.closes
    only_held = ~closed & ~counted & e.held
    unopened = ~closed & ~counted & ~e.held & (e.clock < e.opens)
    age = e.clock - e.observed
    silent = ~closed & counted & (age > np.maximum(k.silent_hours * 3600.0, k.silent_rhythm * e.rhythm))
    fresh = ~closed & counted & ~silent
    held, disagree = fresh & e.held, fresh & ~e.held & e.disagree
    compared = fresh & ~e.held & ~e.disagree  # with its peers
    behind = compared & (e.missing > k.lag_floor) & (e.p > min(k.watch_probability, k.lag_release))
    sure = behind & (e.p > k.lag_probability)
    still = behind & ~sure & (e.p > k.lag_release) & (e.p_before > k.lag_probability)
    behind = sure | still | behind & (e.p > k.watch_probability)
    ahead = np.where(compared & ~behind, np.maximum(np.rint(-e.behind_now), 0.0), 0.0)
    codes[closed], codes[compared] = CODE[PrecinctState.CLOSED], CODE[PrecinctState.ON_PACE]
    codes[behind], codes[sure | still] = CODE[PrecinctState.WATCH], CODE[PrecinctState.LAGGING]
    codes[only_held | held | disagree] = CODE[PrecinctState.DOUBTFUL]
    for sort, where in (
        (Sort.CLOSED, closed & counted), (Sort.CLOSED_UNCOUNTED, closed & ~counted),
        (Sort.CLOSED_FINAL, closed & counted & e.final), (Sort.NOT_OPEN, unopened), (Sort.SILENT, silent),
        (Sort.WITHIN, compared), (Sort.AHEAD, ahead > 0), (Sort.BEHIND, behind), (Sort.STILL_BEHIND, still),
        (Sort.ONLY_HELD, only_held), (Sort.HELD, held), (Sort.VERBATIM, disagree),
    ):  # fmt: skip
        said["sort"][where] = sort
    timed = closed | unopened | silent | compared
    moment = np.where(closed, e.closes, np.where(unopened, e.opens, e.observed))
    said["minute"][timed] = local_minutes(moment[timed], e.zone[timed], zones)
    aged = silent | compared
    said["ago"][aged] = np.maximum(np.rint(age[aged] / 60.0), 0.0)
    voted = closed & counted | silent | held
    said["votes"][voted] = e.votes[voted]
    said["sure"][behind] = np.minimum(np.rint(100.0 * e.p[behind]), 99.0)
    said["number"] = ahead
    said["number"][behind] = np.maximum(np.rint(e.behind_now[behind]), 0.0)
    waiting = closed & counted & ~e.final  # … in line, people; else minutes where they are given
    people = waiting | compared & (e.line_minutes <= 0)
    line = np.where(people, e.line_people, e.line_minutes)
    lined = (waiting | compared) & (line > 0)
    said["line"][lined] = line[lined]
    said["flags"][compared] = SHARED * e.shared[compared] | PEOPLE * (people & lined)[compared]
    said["incidents"][compared] = e.incidents[compared]
    return codes, said


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
                within = f"within {ago(round((at - before) / 60))}"
                if OFFICIAL in (sender, other):
                    official, ours = (votes, earlier) if sender == OFFICIAL else (earlier, votes)
                    return f"the official number is {official}, a watcher's {ours}, {within}"
                return f"two watchers disagree: {earlier} and {votes} {within}"
            break
    return ""


def local_minutes(
    seconds: Array, zone: NDArray[np.integer[Any]], zones: Sequence[ZoneInfo]
) -> NDArray[np.int16]:
    """Minute of the local day at each time."""
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


@lru_cache(maxsize=16_384)  # a refit asks for the same minutes of the day thousands of times
def _local(minute: int, zone: ZoneInfo) -> int:
    at = datetime.fromtimestamp(60 * minute, zone)
    return 60 * at.hour + at.minute
