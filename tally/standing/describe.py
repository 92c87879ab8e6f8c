"""From figures to each precinct's state and what explains it: all at once, but for those that need words."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from tally.model.constants import Constants
from tally.model.verdicts import NOTHING_REJECTED, GateResult
from tally.packed.count_columns import Array, Codes, CountColumns, segments
from tally.standing import classify as standing
from tally.standing.columns import CODE, Projection


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

    def __getitem__(self, position: int) -> ZoneInfo:
        return self.all[self.code.item(position)]


def describe(
    out: Projection,
    gated: GateResult,
    last: Codes,
    zones: Zones,
    k: Constants,
    *,
    clocks: Array,
    missing: Array,
    p: Array,
    p_before: Array,
) -> None:
    """Writes state and reason of each precinct.

    `last`: newest accepted counts; `missing`: votes by close against what its peers do; `p`, `p_before`:
    chances of lagging by those and by the ones before.
    """
    table, at = gated.table, gated.table.at
    n, counted = len(at), last >= 0

    def newest(column: NDArray[np.generic]) -> Array:
        """A column of reports, of each precinct's newest accepted one."""
        found = np.zeros(n)
        found[counted] = column[last[counted]]
        return found

    votes = newest(table.votes)
    missing = np.where(counted, missing, 0.0)
    behind_now = (np.exp(-out.columns["gap"][at]) - 1.0) * votes
    m = standing.Many(
        clocks, table.opens, table.closes, zones.code[at], counted, votes, newest(table.observed),
        newest(table.final) > 0, newest(table.whole) > 0, _rhythm(gated), p, p_before, missing, behind_now,
        table.line_minutes, table.line_people, table.incidents,
    )  # fmt: skip
    sentences = out.columns["reason"]
    out.codes[at], rows = standing.states_of(m, zones.all, k)
    sentences.put(at, type(sentences)(rows))
    disagree = _disagreements(table, k)
    for i in sorted(disagree.keys() | {i for i, left in gated.rejections.items() if left.held}):
        left, position, has = gated.rejections.get(i, NOTHING_REJECTED), int(at[i]), bool(counted[i])
        minutes, people = table.line_minutes.item(i), table.line_people.item(i)
        evidence = standing.Evidence(
            clock=clocks.item(i),
            opens=table.opens.item(i),
            closes=table.closes.item(i),
            zone=zones[position],
            last_votes=int(votes.item(i)) if has else None,
            last_observed=m.observed.item(i) if has else None,
            rhythm=m.rhythm.item(i),
            held_after=left.held,
            held_reason=left.reason,
            disagree=disagree.get(i, ""),
            final=bool(m.final[i]),
            p=p.item(i),
            p_before=p_before.item(i),
            missing=missing.item(i),
            behind_now=behind_now.item(i),
            line_minutes=minutes if minutes >= 0 else None,
            line_people=people if people >= 0 else None,
            incidents=table.incidents.item(i),
            shared=bool(m.shared[i]),
        )
        state, sentences[position] = standing.state_of(evidence, k)
        out.codes[position] = CODE[state]


def _rhythm(gated: GateResult) -> Array:
    """Usual seconds between accepted counts (`standing.rhythm_of`); 0 where there are too few of them."""
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
        counts = list(zip(table.observed[here].tolist(), map(str, code[here].tolist()),
                          table.votes[here].astype(int).tolist(), strict=True))  # fmt: skip
        if words := standing.disagreement(counts, k):
            found[i] = words
    return found
