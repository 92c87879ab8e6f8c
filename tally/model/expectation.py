"""Expectation of each precinct: in-person votes by close, and covariates that may explain misses.

Expectation is the campaign's own figure where it gives one; else past turnout (weighted to the recent,
shrunk to the group, county and all); else the rate of the places around; always less what was cast early
or by mail. Never below one vote and never above the roll.
"""

import math
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from election.domain.day import Election, Method, PastVotes
from election.domain.kinds import ElectionKind, kind_of
from tally.model.constants import Constants
from tally.model.curve import Curves
from tally.model.past_tilts import feature_tilt_sd
from tally.model.scales import Departure, Scales, learnt, priors
from tally.packed.columns import Names

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

RECENT = 0.7  # weight of each election further back
OTHER_KIND = 0.3  # … of an election of another kind
REGRESS = 60.0  # votes' worth of faith in the group's rate against the precinct's own
ALONE = 0.9  # groups a precinct, from which on they say no more of a precinct than itself
BLIND_RATE = 0.45  # turnout of a place with no past at all; its intervals say so


@dataclass(frozen=True)
class Inputs:
    """The election as the model sees it: one row a precinct, in the order of `Election.precincts`."""

    ids: Names
    registered: Array
    cap: Array  # no more in-person votes than this
    expected: Array
    county: Codes
    counties: tuple[str, ...]
    group: Codes  # every group lies in one county
    group_county: Codes
    features: Array  # (n, Q), each with unit prior SD times `feature_sd`
    feature_sd: Array  # (Q,)
    tilts: int  # the first so many features also tilt the curve
    feature_tilt_sd: float
    watched_ahead: float  # SDs of their own by which watched precincts do better than silent ones
    precinct_sd: Array
    level_sd: float
    scales: Scales
    curves: Curves
    has_history: bool
    widening: float  # times the SD of errors that all share
    caveat: str  # what the election folder leaves unknown; empty where nothing
    usual: float = 0.0  # log size of a precinct …
    sizes_sd: float = 0.0  # … and the SD of that

    def others(self, at: Codes, k: Constants) -> tuple[Array, float]:
        """Where another precinct's count would lie from what is expected of `at` (log), and its SD."""
        centre = self.usual - np.log(self.expected[at])
        return centre, max(k.bad_sd, math.hypot(self.sizes_sd, k.bad_beside_sd))


def inputs_of(election: Election, constants: Constants | None = None, ids: Names | None = None) -> Inputs:
    """Everything about the election that does not change with reports. `ids`: those of its precincts."""
    constants = constants or Constants()
    precincts = election.precincts
    n = len(precincts)
    registered = np.array([max(p.registered, 1) for p in precincts], dtype=float)
    already = np.array([max(p.already_voted, 0) for p in precincts], dtype=float)
    counties = tuple(sorted({p.county for p in precincts}))
    county_code = {name: i for i, name in enumerate(counties)}
    county = np.array([county_code[p.county] for p in precincts], dtype=np.intp)
    group, group_county = _groups(election, county)
    given = np.array([np.nan if p.expected_votes is None else p.expected_votes for p in precincts])
    past, gross, factors, departures = _from_history(election, registered, group, county)
    blind = np.isnan(given) & np.isnan(past)
    expected = np.where(np.isnan(given), past - gross * already, given)
    rate = _filled(np.where(blind, np.nan, expected / registered), registered, group, county)
    expected = np.where(blind, rate * registered, expected)
    cap = np.maximum(registered - already, 1.0)
    expected = np.clip(expected, 1.0, np.maximum(cap, 1.0))
    scales = priors(constants)
    if np.isnan(given).all():  # a campaign's own figure errs otherwise than the past
        scales = learnt(departures, county, group, constants)
        if _unlike(election):
            scales = replace(scales, level=constants.level_unlike * scales.level)
    curves = Curves(election, constants)
    features = _features(registered, expected, group, n, curves)
    sds = np.concatenate([np.full(features.shape[1], constants.feature_sd), np.ones(factors.shape[1])])
    return Inputs(
        ids=ids or Names(p.precinct_id for p in precincts),
        registered=registered,
        cap=np.maximum(cap, expected),
        expected=expected,
        county=county,
        counties=tuple(Names(counties)),  # … of their own: one that is kept holds the memory about it
        group=group,
        group_county=group_county,
        features=np.ascontiguousarray(np.hstack([features, factors])),
        feature_sd=sds,
        tilts=features.shape[1],
        feature_tilt_sd=_tilt_sd(election, curves, features, registered, constants),
        watched_ahead=constants.watched_ahead if np.isnan(given).all() and not blind.all() else 0.0,
        precinct_sd=np.where(blind, constants.precinct_sd_blind, scales.precincts(expected)),
        level_sd=constants.level_sd_blind if blind.all() else scales.level,
        scales=scales,
        curves=curves,
        has_history=not bool(blind.all()),
        widening=1.0 if election.curve else constants.blind_widening,
        caveat=_caveat(bool(blind.all()), bool(election.curve)),
        usual=float(np.log(expected).mean()) if n else 0.0,
        sizes_sd=float(np.log(expected).std()) if n else 0.0,
    )


def _tilt_sd(election: Election, curves: Curves, features: Array, registered: Array, k: Constants) -> float:
    """`feature_tilt_sd` of the election's own past days."""
    at: dict[str, list[int]] = {name: [] for name in curves.past_tilts.names}
    for i, p in enumerate(election.precincts) if at else ():
        for name in (f"county:{p.county}", f"group:{p.group}"):
            if name in at:
                at[name].append(i)
    codes = {name: np.array(rows, dtype=np.intp) for name, rows in at.items() if rows}
    return feature_tilt_sd(curves.past_tilts, codes, features, registered, k.feature_tilt_sd)


def _caveat(blind: bool, curve: bool) -> str:
    """What cannot be known without a past, in words."""
    if blind and not curve:
        return (
            "Neither past turnout nor a past day's course is known: only counts speak, along a built-in day."
        )
    if blind:
        return "Past turnout is not known: only counts speak."
    return "" if curve else "No past day's course is known: counts are projected along a built-in day."


def _groups(election: Election, county: Codes) -> tuple[Codes, Codes]:
    """Group codes; a precinct without a group is a group of its own, one over two counties is two."""
    codes: dict[tuple[int, str], int] = {}
    of: list[int] = []
    where: list[int] = []
    for i, p in enumerate(election.precincts):
        key = (int(county[i]), p.group or f"\0{i}")
        if key not in codes:
            codes[key] = len(codes)
            where.append(int(county[i]))
        of.append(codes[key])
    return np.array(of, dtype=np.intp), np.array(where, dtype=np.intp)


def _filled(rate: Array, weight: Array, group: Codes, county: Codes) -> Array:
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


def _from_history(
    election: Election, registered: Array, group: Codes, county: Codes
) -> tuple[Array, Array, Array, list[Departure]]:
    """Expectations of each precinct from past elections, and what those did otherwise than expected.

    Votes (NaN without a past); 1 where they include early and mail votes, so that today's are still to be
    taken off; and SVD factors where four elections or more allow (n, 0..4): deviations of log turnout that
    came and went together.
    """
    n = len(registered)
    if not election.history:
        return np.full(n, np.nan), np.zeros(n), np.zeros((n, 0)), []
    index: dict[str, int] = {p.precinct_id: i for i, p in enumerate(election.precincts)}
    names = sorted({h.election for h in election.history})
    votes = np.full((n, len(names)), np.nan)
    gross = np.ones(n)
    for e, rows in _by_election(election.history).items():
        for i, v, size, whole in _in_person(rows, index, registered):
            votes[i, names.index(e)] = v / max(size, 1.0)
            gross[i] = min(gross[i], float(whole))
    rates = np.clip(votes, 1e-3, 1.0)
    kinds = _kinds(election, names)
    today = kind_of(election.day.name, election.day.kind)
    expected = _predicted(rates, _alike(kinds, today), (registered, group, county))
    departures = []
    for last in range(1, len(names)):
        weights = _alike(kinds[:last], kinds[last])
        before = _predicted(rates[:, :last], weights, (registered, group, county))
        departures.append(Departure(np.log(rates[:, last] * registered / before), before))
    return expected, gross, _svd_factors(rates), departures


def _kinds(election: Election, names: list[str]) -> list[ElectionKind]:
    """Of past elections, in the order of their names."""
    given = {h.election: h.kind for h in election.history if h.kind}
    return [kind_of(name, given.get(name, "")) for name in names]


def _unlike(election: Election) -> bool:
    """Whether today's kind is known, and that of no past election is it or may be it."""
    today = kind_of(election.day.name, election.day.kind)
    past = set(_kinds(election, sorted({h.election for h in election.history})))
    return bool(past) and today != ElectionKind.UNKNOWN and not past & {today, ElectionKind.UNKNOWN}


def _alike(kinds: list[ElectionKind], today: ElectionKind) -> Array:
    """How much each past election, the oldest first, says of one of the kind `today`."""
    may = {today, ElectionKind.UNKNOWN}
    other = today != ElectionKind.UNKNOWN
    same = np.array([OTHER_KIND if other and kind not in may else 1.0 for kind in kinds])
    return np.asarray(same * RECENT ** np.arange(len(kinds))[::-1])


def _predicted(rates: Array, weight: Array, places: tuple[Array, Codes, Codes]) -> Array:
    """Votes expected from past rates (n, elections), each of so much weight; NaN without any."""
    registered, group, county = places
    weights = np.where(np.isnan(rates), 0.0, weight[None, :])
    total = weights.sum(axis=1)
    own = np.where(
        total > 0, np.nansum(weights * np.nan_to_num(rates), axis=1) / np.maximum(total, 1e-9), np.nan
    )
    around = _filled(own, registered, np.asarray(group), county)
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


def _in_person(
    rows: list[PastVotes], index: dict[str, int], registered: Array
) -> list[tuple[int, float, float, bool]]:
    """(position, votes, voters on the roll then, early and mail votes included) of one past election.

    In-person figures where given; else the total, from which today's own `already_voted` is taken off later:
    who votes early today may have voted in person then.
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
        if Method.IN_PERSON in m:
            found.append((i, m[Method.IN_PERSON], sizes[i], False))
        else:
            found.append((i, m.get(Method.TOTAL, sum(m.values())), sizes[i], True))
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


def _features(registered: Array, expected: Array, group: Codes, n: int, curves: Curves) -> Array:
    """Standardised: size of the precinct, size of its place, expected rate, and how early its place votes."""
    place = np.bincount(group, registered)[group].astype(np.float64)
    if len(np.unique(group)) > ALONE * n:  # every precinct its own group: the same thing twice
        place = np.ones(n)
    early = curves.table[curves.of, curves.table.shape[1] // 3]
    columns = [
        np.log(registered),
        np.log(place),
        np.log(expected / registered),
        np.log(np.maximum(early, 1e-3)),
    ]
    found = np.empty((n, len(columns)))
    for j, column in enumerate(columns):
        sd = column.std()
        found[:, j] = np.clip((column - column.mean()) / sd, -2.5, 2.5) if sd > 1e-6 else 0.0
    return found
