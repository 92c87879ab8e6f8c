"""Past elections, as they speak of each precinct: what they expect of it, and what they did otherwise.

Turnout of the past, weighted to the recent and to today's kind, shrunk to the group. Each past election is
predicted from those before it, too: its departures tell how far such expectations go wrong.
"""

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from election.domain.day import Election, Method, PastVotes
from election.domain.kinds import ElectionKind, kind_of
from tally.model.constants import Constants
from tally.model.past.curve import RECENT
from tally.model.past.early_votes import PastMethods, usual_share
from tally.model.past.scales import Departure

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

REGRESS = 60.0  # votes' worth of faith in the group's rate against the precinct's own
BLIND_RATE = 0.45  # turnout of a place with no past at all; its intervals say so


@dataclass(frozen=True)
class PastTurnout:
    """What past elections say of each precinct; NaN where they say nothing."""

    expected: Array  # votes of today's day, or by all methods where `gross`
    gross: NDArray[np.bool_]  # early and mail votes are in it: today's are still to be taken off
    factors: Array  # (n, 0..4): deviations of log turnout that came and went together
    departures: list[Departure]
    usual_early: PastMethods


def from_history(
    election: Election, registered: Array, group: Codes, county: Codes, k: Constants
) -> PastTurnout:
    """Expectations of each precinct from past elections, and what those did otherwise than expected."""
    n = len(registered)
    if not election.history:
        return PastTurnout(np.full(n, np.nan), np.zeros(n, bool), np.zeros((n, 0)), [], PastMethods())
    index: dict[str, int] = {p.precinct_id: i for i, p in enumerate(election.precincts)}
    names = sorted({h.election for h in election.history})
    on_the_day, whole = np.full((n, len(names)), np.nan), np.full((n, len(names)), np.nan)
    for e, rows in _by_election(election.history).items():
        for i, day, every, size in _by_method(rows, index, registered):
            on_the_day[i, names.index(e)] = day / max(size, 1.0)
            whole[i, names.index(e)] = every / max(size, 1.0)
    kinds = _kinds(election, names)
    today = kind_of(election.day.name, election.day.kind)
    weight, places = _alike(kinds, today, k), (registered, group, county)
    early_today = any(p.already_voted > 0 for p in election.precincts)
    # votes by all methods where some election tells them and today's early ones are known; else the day's own
    gross = np.asarray(~np.isnan(whole).all(axis=1)) if early_today else np.zeros(n, bool)
    known = np.where(np.isnan(on_the_day), whole, on_the_day)
    rates = np.clip(np.where(gross[:, None], whole, known), 1e-3, 1.0)
    expected = _predicted(rates, weight, places)
    departures = []
    for last in range(1, len(names)):
        weights = _alike(kinds[:last], kinds[last], k)
        before = _predicted(rates[:, :last], weights, places)
        departures.append(Departure(np.log(rates[:, last] * registered / before), before))
    return PastTurnout(
        expected, gross, _svd_factors(rates), departures, _usual_early(on_the_day, whole, registered, weight)
    )


def _usual_early(on_the_day: Array, whole: Array, registered: Array, weight: Array) -> PastMethods:
    """Share of votes cast early in past elections that tell both."""
    told = ~np.isnan(on_the_day) & ~np.isnan(whole)
    sums = [np.sum(np.where(told, v, 0.0) * registered[:, None], axis=0) for v in (on_the_day, whole)]
    kept = np.flatnonzero(sums[1] > sums[0])
    return usual_share(1.0 - sums[0][kept] / sums[1][kept], weight[kept])


def _kinds(election: Election, names: list[str]) -> list[ElectionKind]:
    """Of past elections, in the order of their names."""
    given = {h.election: h.kind for h in election.history if h.kind}
    return [kind_of(name, given.get(name, "")) for name in names]


def unlike(election: Election) -> bool:
    """Whether today's kind is known, and that of no past election is it or may be it."""
    today = kind_of(election.day.name, election.day.kind)
    past = set(_kinds(election, sorted({h.election for h in election.history})))
    return bool(past) and today != ElectionKind.UNKNOWN and not past & {today, ElectionKind.UNKNOWN}


def _alike(kinds: list[ElectionKind], today: ElectionKind, k: Constants) -> Array:
    """How much each past election, the oldest first, says of one of the kind `today`."""
    may = {today, ElectionKind.UNKNOWN}
    other = today != ElectionKind.UNKNOWN
    same = np.array([k.other_kind if other and kind not in may else 1.0 for kind in kinds])
    return np.asarray(same * RECENT ** np.arange(len(kinds))[::-1])


def _predicted(rates: Array, weight: Array, places: tuple[Array, Codes, Codes]) -> Array:
    """Votes expected from past rates (n, elections), each of so much weight; NaN without any."""
    registered, group, county = places
    weights = np.where(np.isnan(rates), 0.0, weight[None, :])
    total = weights.sum(axis=1)
    own = np.where(
        total > 0, np.nansum(weights * np.nan_to_num(rates), axis=1) / np.maximum(total, 1e-9), np.nan
    )
    around = filled(own, registered, np.asarray(group), county)
    means_g = np.bincount(group, np.nan_to_num(own) * registered * (total > 0))
    means_w = np.bincount(group, registered * (total > 0))
    mean = np.where(means_w > 0, means_g / np.maximum(means_w, 1e-9), np.nan)[group]
    mean = np.where(np.isnan(mean), around, mean)
    faith = registered * np.minimum(total, 3.0)
    shrunk = (own * faith + mean * REGRESS) / (faith + REGRESS)
    return np.asarray(np.where(np.isnan(own), np.nan, shrunk) * registered)


def _by_election(history: tuple[PastVotes, ...]) -> dict[str, list[PastVotes]]:
    found: dict[str, list[PastVotes]] = defaultdict(list)
    for row in history:
        found[row.election].append(row)
    return found


def _by_method(
    rows: list[PastVotes], index: dict[str, int], registered: Array
) -> list[tuple[int, float, float, float]]:
    """(position, votes in person, votes by all methods, voters on the roll then) of one past election.

    NaN: unknown. Votes in person alone say nothing of the others, a total nothing of how it came together.
    """
    by_precinct: dict[int, dict[Method, float]] = defaultdict(dict)
    sizes: dict[int, float] = {}
    for row in rows:
        i = index.get(row.precinct_id)
        if i is None:
            continue
        by_precinct[i][row.method] = by_precinct[i].get(row.method, 0.0) + row.votes
        sizes[i] = float(row.registered or registered[i])
    found = []
    for i in sorted(by_precinct):
        m = by_precinct[i]
        day = m.get(Method.IN_PERSON, math.nan)
        parts = sum(votes for method, votes in m.items() if method != Method.TOTAL)
        every = m.get(Method.TOTAL, math.nan if set(m) == {Method.IN_PERSON} else parts)
        found.append((i, day, every, sizes[i]))
    return found


def _svd_factors(rates: Array) -> Array:
    n, elections = rates.shape
    full = np.asarray(~np.isnan(rates).any(axis=1))
    if elections < 4 or full.sum() < 30:
        return np.zeros((n, 0))
    y = np.log(np.where(np.isnan(rates), 1.0, rates))
    y = np.where(full[:, None], y, 0.0)
    centre = y[full].mean(axis=0)
    residual = np.where(full[:, None], y - centre, 0.0)
    residual -= residual.mean(axis=1, keepdims=True)
    u, s, _ = np.linalg.svd(residual, full_matrices=False)
    keep = min(4, elections - 2)
    signs = np.where(u[np.argmax(np.abs(u[:, :keep]), axis=0), np.arange(keep)] < 0, -1.0, 1.0)
    return np.asarray(u[:, :keep] * s[:keep] * signs / np.sqrt(elections - 1))


def filled(rate: Array, weight: Array, group: Codes, county: Codes) -> Array:
    """Rates, with gaps filled from the group, then the county, then all."""
    known = ~np.isnan(rate)
    if not known.any():
        return np.full_like(rate, BLIND_RATE)
    value = np.where(known, rate, 0.0) * weight
    weight = np.where(known, weight, 0.0)
    overall = value.sum() / weight.sum()
    filled = rate.copy()
    for codes in (group, county):
        top, bottom = np.bincount(codes, value), np.bincount(codes, weight)
        mean = np.where(bottom > 0, top / np.maximum(bottom, 1e-9), np.nan)[codes]
        filled = np.where(np.isnan(filled), mean, filled)
    return np.where(np.isnan(filled), overall, filled)
