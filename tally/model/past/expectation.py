"""Expectation of each precinct: in-person votes by close, and covariates that may explain misses.

Expectation is the campaign's own figure where it gives one; else past turnout (weighted to the recent,
shrunk to the group, county and all); else the rate of the places around; always less what was cast early
or by mail. Never below one vote and never above the roll.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from election.domain.day import Election
from tally.model.constants import Constants
from tally.model.past.curve import Curves
from tally.model.past.early_votes import in_person
from tally.model.past.past_tilts import feature_tilt_sd
from tally.model.past.past_votes import PastTurnout, filled, from_history, unlike
from tally.model.past.scales import Scales, alone, learnt, of_precincts, priors
from tally.packed.columns import Names

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

MOST_OWN_SD = 0.8  # of a precinct's own votes, where most of them are cast before the day


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
    tilt_variance: Array  # of each precinct's own course, times (1 - F)^1.5
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
    history = from_history(election, registered, group, county, constants)
    blind = np.isnan(given) & np.isnan(history.expected)
    scales = priors(constants)
    if np.isnan(given).all():  # a campaign's own figure errs otherwise than the past
        scales = learnt(history.departures, county, group, constants)
        if unlike(election):
            scales = replace(scales, level=constants.level_unlike * scales.level)
    if n and alone(group):
        scales = of_precincts(scales)
    past, own_sd, scales = _less_early(history, np.isnan(given), registered, already, scales)
    expected = np.where(np.isnan(given), past, given)
    rate = filled(np.where(blind, np.nan, expected / registered), registered, group, county)
    expected = np.where(blind, rate * registered, expected)
    cap = np.maximum(registered - already, 1.0)
    expected = np.clip(expected, 1.0, np.maximum(cap, 1.0))
    curves = Curves(election, constants)
    features = _features(registered, expected, group, n, curves)
    sds = np.concatenate(
        [np.full(features.shape[1], constants.feature_sd), np.ones(history.factors.shape[1])]
    )
    return Inputs(
        ids=ids or Names(p.precinct_id for p in precincts),
        registered=registered,
        cap=np.maximum(cap, expected),
        expected=expected,
        county=county,
        counties=tuple(Names(counties)),  # … of their own: one that is kept holds the memory about it
        group=group,
        group_county=group_county,
        features=np.ascontiguousarray(np.hstack([features, history.factors])),
        feature_sd=sds,
        tilts=features.shape[1],
        feature_tilt_sd=_tilt_sd(election, curves, features, registered, constants),
        watched_ahead=constants.watched_ahead if np.isnan(given).all() and not blind.all() else 0.0,
        precinct_sd=np.where(
            blind,
            constants.precinct_sd_blind,
            np.where(np.isnan(own_sd), scales.precincts(expected), own_sd),
        ),
        tilt_variance=constants.precinct_tilt_sd**2
        + constants.precinct_tilt_voters
        / np.maximum(np.where(registered > 1, registered, 2 * expected), 40.0),
        level_sd=constants.level_sd_blind if blind.all() else scales.level,
        scales=scales,
        curves=curves,
        has_history=not bool(blind.all()),
        widening=1.0 if election.curve else constants.blind_widening,
        caveat=_caveat(bool(blind.all()), bool(election.curve)),
        usual=float(np.log(expected).mean()) if n else 0.0,
        sizes_sd=float(np.log(expected).std()) if n else 0.0,
    )


def _less_early(
    history: PastTurnout, asked: NDArray[np.bool_], registered: Array, already: Array, scales: Scales
) -> tuple[Array, Array, Scales]:
    """(votes expected on the day, SD of each precinct's own where that is no longer by size, scales) when
    `already` are cast."""
    early = asked & ~np.isnan(history.expected) & history.gross
    own = np.full(len(registered), np.nan)
    if not early.any() or not already[early].any():
        return history.expected, own, scales
    usual = scales.precincts(history.expected[early])
    left = in_person(
        history.expected[early], already[early], registered[early], scales.level, usual, history.usual_early
    )
    expected = history.expected.copy()
    expected[early], own[early] = left.votes, np.minimum(left.wider * usual, MOST_OWN_SD)
    shared = 1.0 + float(registered[early].sum() / registered.sum()) * (left.shared_wider - 1.0)
    level = max(left.level_sd, scales.level)
    return (
        expected,
        own,
        replace(scales, level=level, county=shared * scales.county, group=shared * scales.group),
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


def _features(registered: Array, expected: Array, group: Codes, n: int, curves: Curves) -> Array:
    """Standardised: size of the precinct, size of its place, expected rate, and how early its place votes."""
    place = np.bincount(group, registered)[group].astype(np.float64)
    if alone(group):  # the same thing twice
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
