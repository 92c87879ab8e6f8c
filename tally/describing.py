"""From figures to each precinct's state and sentence: many precincts, one sentence at a time."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from tally import standing
from tally.constants import Constants
from tally.counts import Array, Codes, Look, segments
from tally.judging import NOTHING_LEFT, Gated
from tally.standings import CODE, Projection


def describe(
    out: Projection,
    gated: Gated,
    last: Codes,
    zones: Sequence[ZoneInfo],
    k: Constants,
    *,
    clocks: Array,
    p: Array,
    p_before: Array,
) -> None:
    """Writes state and sentence of each precinct. Those without a count share a sentence by their hours.

    `last`: newest accepted counts; `p`, `p_before`: chances of lagging by those and by the ones before.
    """
    c, look, at = out.columns, gated.look, gated.look.at
    states, reasons, codes = c["state"], c["reason"], out.codes
    rhythm, disagree = _rhythm(gated), _disagreements(look, k)
    silent: dict[tuple[Any, ...], tuple[str, str]] = {}
    columns = zip(at.tolist(), last.tolist(), clocks.tolist(), look.opens.tolist(), look.closes.tolist(),
                  look.line_minutes.tolist(), look.line_people.tolist(), look.incidents.tolist(),
                  strict=True)  # fmt: skip
    votes, observed, final = look.votes.tolist(), look.observed.tolist(), look.final.tolist()
    received, whole = look.last_received.tolist(), look.whole.tolist()
    behind = (np.exp(-c["gap"][at]) - 1.0).tolist()
    p_now, p_then, missing = p.tolist(), p_before.tolist(), out.missing[at].tolist()
    for i, (position, newest, clock, opens, closes, minutes, people, incidents) in enumerate(columns):
        left = gated.left.get(i, NOTHING_LEFT)
        zone = zones[position]
        plain = newest < 0 and not left.held and minutes < 0 and people < 0 and not incidents
        key = (clock, opens, closes, zone)
        if plain and key in silent:
            states[position], reasons[position] = silent[key]
            codes[position] = CODE[states[position]]
            continue
        counted = newest >= 0
        evidence = standing.Evidence(
            clock=clock,
            opens=opens,
            closes=closes,
            zone=zone,
            last_votes=int(votes[newest]) if counted else None,
            last_observed=observed[newest] if counted else None,
            last_received=received[i] if received[i] >= 0 else None,
            rhythm=rhythm.get(i, 0.0),
            held_after=left.held,
            held_reason=left.reason,
            disagree=disagree.get(i, ""),
            final=counted and final[newest],
            p=p_now[i],
            p_before=p_then[i],
            missing=missing[i] if counted else 0.0,
            behind_now=behind[i] * votes[newest] if counted else 0.0,
            line_minutes=minutes if minutes >= 0 else None,
            line_people=people if people >= 0 else None,
            incidents=incidents,
            shared=counted and whole[newest],
        )
        state, reason = standing.state_of(evidence, k)
        name = state.value
        states[position], reasons[position] = name, reason
        codes[position] = CODE[name]
        if plain:
            silent[key] = (name, reason)


def _rhythm(gated: Gated) -> dict[int, float]:
    """Usual seconds between accepted counts (`standing.rhythm_of`), of precincts with enough of them."""
    look = gated.look
    if len(look.votes) < 3:
        return {}
    owner, observed = look.owner[gated.accepted], look.observed[gated.accepted]
    gaps = np.diff(observed)
    same = owner[1:] == owner[:-1]
    gaps, owner = gaps[same], owner[1:][same]
    order = np.lexsort((gaps, owner))
    who, starts = segments(owner)
    sizes = np.diff(starts)
    median = gaps[order][starts[:-1] + sizes // 2] if len(who) else gaps
    enough = sizes >= 2
    return dict(zip(who[enough].tolist(), median[enough].tolist(), strict=True))


def _disagreements(look: Look, k: Constants) -> dict[int, str]:
    """Precincts whose newest counts come from watchers who disagree, and how."""
    if len(look.votes) < 2:
        return {}
    owner, code = look.owner, look.sender
    if (code == code[0]).all():
        return {}
    mixed = np.unique(owner[1:][(owner[1:] == owner[:-1]) & (code[1:] != code[:-1])])
    found = {}
    for i, s in zip(mixed.tolist(), np.searchsorted(look.slot, mixed).tolist(), strict=True):
        here = slice(int(look.starts[s]), int(look.starts[s + 1]))
        counts = list(zip(look.observed[here].tolist(), map(str, code[here].tolist()),
                          look.votes[here].astype(int).tolist(), strict=True))  # fmt: skip
        if words := standing.disagreement(counts, k):
            found[i] = words
    return found
