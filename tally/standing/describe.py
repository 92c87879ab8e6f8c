"""From figures to each precinct's state and the sentence that explains it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from election.domain.official import SENDER as OFFICIAL
from tally.model.constants import Constants
from tally.model.counts.verdicts import GateResult
from tally.packed.count_columns import Array, Codes, CountColumns, Flags, segments
from tally.standing import classify as standing
from tally.standing.columns import Projection
from tally.standing.reasons import Sentences, Sort


class Zones:
    """Which time zone each precinct is in."""

    def __init__(self, of: Sequence[ZoneInfo]) -> None:
        codes: dict[str, int] = {}
        self.all: list[ZoneInfo] = []
        self.code = np.zeros(len(of), dtype=np.int16)
        for i, zone in enumerate(of):
            if zone.key not in codes:
                codes[zone.key] = len(codes)
                self.all.append(zone)
            self.code[i] = codes[zone.key]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Precincts against their peers, as of `clocks` (epoch seconds)."""

    clocks: Array
    missing: Array  # votes by close against what their peers do
    p: Array  # chance of lagging by the newest accepted count
    p_before: Array  # … by the one before


def describe(
    out: Projection, gated: GateResult, last: Codes, beside: Comparison, *, zones: Zones, k: Constants
) -> None:
    """Write state and reason of each precinct; `last` are the newest accepted counts."""
    table, at = gated.table, gated.table.at
    n, counted = len(at), last >= 0

    def newest(column: NDArray[np.generic]) -> Array:
        """A column of reports, of each precinct's newest accepted one."""
        found = np.zeros(n)
        found[counted] = column[last[counted]]
        return found

    votes = newest(table.votes)
    final = newest(table.final) > 0
    out.columns["final_in"][at] = final
    held = {i: left.reason for i, left in gated.rejections.items() if left.held}
    disagree = _disagreements(table, k)
    codes, rows = standing.states_of(
        standing.Evidence(
            clock=beside.clocks,
            opens=table.opens,
            closes=table.closes,
            zone=zones.code[at],
            counted=counted,
            votes=votes,
            observed=newest(table.observed),
            final=final,
            shared=newest(table.whole) > 0,
            rhythm=_rhythm(gated),
            held=_marked(held, n),
            disagree=_marked(disagree, n),
            p=beside.p,
            p_before=beside.p_before,
            missing=np.where(counted, beside.missing, 0.0),
            behind_now=(np.exp(-out.columns["gap"][at]) - 1.0) * votes,
            line_minutes=table.line_minutes,
            line_people=table.line_people,
            incidents=table.incidents,
        ),
        zones.all,
        k,
    )
    texts = {i: text for i, text in held.items() if rows["sort"][i] in (Sort.ONLY_HELD, Sort.HELD)}
    texts |= {i: text for i, text in disagree.items() if rows["sort"][i] == Sort.VERBATIM}
    out.codes[at] = codes
    out.columns["reason"].put(at, Sentences(rows, texts))


def _marked(chosen: Iterable[int], n: int) -> Flags:
    found = np.zeros(n, dtype=np.bool_)
    found[list(chosen)] = True
    return found


def _rhythm(gated: GateResult) -> Array:
    """Median seconds between accepted counts; 0 with fewer than three."""
    table = gated.table
    found = np.zeros(len(table.at))
    if len(table.votes) < 3:
        return found
    owner, observed = table.owner[gated.accepted], table.observed[gated.accepted]
    gaps = np.diff(observed)
    same = owner[1:] == owner[:-1]
    gaps, owner = gaps[same], owner[1:][same]
    order = np.lexsort((gaps, owner))
    who, starts = segments(owner)
    sizes = np.diff(starts)
    median = gaps[order][starts[:-1] + sizes // 2] if len(who) else gaps
    enough = sizes >= 2
    found[who[enough]] = median[enough]
    return found


def _disagreements(table: CountColumns, k: Constants) -> dict[int, str]:
    """Precincts whose newest counts come from watchers who disagree, and how."""
    if len(table.votes) < 2:
        return {}
    owner, code = table.owner, table.sender
    if (code == code[0]).all():
        return {}
    mixed = np.unique(owner[1:][(owner[1:] == owner[:-1]) & (code[1:] != code[:-1])])
    found = {}
    for i, s in zip(mixed.tolist(), np.searchsorted(table.slot, mixed).tolist(), strict=True):
        here = slice(int(table.starts[s]), int(table.starts[s + 1]))
        who = zip(code[here].tolist(), table.official[here].tolist(), strict=True)
        senders = [OFFICIAL if official else str(one) for one, official in who]
        votes = table.votes[here].astype(int).tolist()
        counts = list(zip(table.observed[here].tolist(), senders, votes, strict=True))
        if words := standing.disagreement(counts, k):
            found[i] = words
    return found
