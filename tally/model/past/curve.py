"""The course of a day: which share of its votes is in by when, and how surely.

A curve is a row of cumulative shares at `GRID + 1` equal steps of the polling day, from opening (0) to close
(1). A precinct's curve is its own past one, shrunk to its group's, county's and everybody's as far as past
days disagree with each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from election.domain.day import CurvePoint, Election, ElectionDay
from tally.model.constants import Constants
from tally.model.counts.verdicts import slices
from tally.model.past.displacement import displacement
from tally.model.past.past_tilts import past_tilts

Array = NDArray[np.float64]
GRID = 60  # steps of the day: a quarter of an hour or less
IN_CACHE = 16_384  # rows of factors at a time

# Philadelphia's volunteers, 2018 and 2019 (Sixty-Six Wards), polls 7 to 20: the middle of their ranges.
DEFAULT_DAY = ((0.0, 0.0), (1 / 13, 0.115), (5 / 13, 0.41), (8 / 13, 0.57), (10 / 13, 0.72), (12 / 13, 0.915),
               (1.0, 1.0))  # fmt: skip
# Saturdays and Sundays, on which nobody votes after work: means of Romania's three days (2020 and 2024, by
# the hour), Poland's (2015, 2020 and 2025, at noon and five) and Hungary's (2014 and 2018, at eleven, one and
# five), by part of the day, as electoral authorities published them. Georgia and Italy did not choose it.
DEFAULT_DAY_OF_REST = ((0.0, 0.0), (0.1, 0.06), (0.2, 0.16), (0.357, 0.35), (0.54, 0.575), (0.714, 0.757),
                       (0.85, 0.908), (0.93, 0.967), (1.0, 1.0))  # fmt: skip
SATURDAY = 5
LAST_HOUR = 3600.0
# Past days of the election that the SDs of hourly shares were chosen on; today departs from a mean of n days
# with 1 + 1/n of one day's variance.
DAYS_CHOSEN = 2
RECENT = 0.7  # weight of each election further back: of its course, and of its turnout
FEW_PLACES = 6  # fewer say nothing of how places differ
OF_THE_DAY = 1 / 3  # of the variance between places, that which is another each day, where one day is known


def default_curve(day: date | None = None) -> Array:
    """The built-in curve, for elections that bring none: of working days, or of days of rest."""
    rest = day is not None and day.weekday() >= SATURDAY
    at, share = zip(*(DEFAULT_DAY_OF_REST if rest else DEFAULT_DAY), strict=True)
    return np.asarray(np.interp(np.linspace(0, 1, GRID + 1), at, share))


def parts_of_day(
    at: Array, opens: Array, closes: Array, planned_opens: Array, planned_closes: Array
) -> Array:
    """How far the polling day has come at each time, 0..1. All times epoch seconds.

    A late opening squeezes the day into what is left of it. An extension stretches only the last planned
    hour: voters in the morning do not know yet that the polls will stay open.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        knee = np.maximum(planned_closes - LAST_HOUR, opens)
        whole = np.maximum(planned_closes - opens, 60.0)
        done = (knee - opens) / whole
        late = done + (1.0 - done) * (at - knee) / (closes - knee)
        extended = np.where(at <= knee, (at - opens) / whole, late)
        part = np.where(closes <= planned_closes, (at - opens) / (closes - opens), extended)
    return np.asarray(np.where(at <= opens, 0.0, np.where(at >= closes, 1.0, part)))


def part_of_day(at: float, opens: float, closes: float, planned_opens: float, planned_closes: float) -> float:
    """`parts_of_day` of one time."""
    columns = (np.array([time]) for time in (at, opens, closes, planned_opens, planned_closes))
    return float(parts_of_day(*columns)[0])


def share_at(curve: Array, part: float) -> float:
    """Cumulative share at one part of the day (scalar, linear between grid points)."""
    place = part * GRID
    low = min(int(place), GRID - 1)
    return float(curve[low]) + (place - low) * (float(curve[low + 1]) - float(curve[low]))


class Curves:
    """Every precinct's curve, and the covariance of what today may do otherwise.

    `table[c]` are the distinct curves, `of[p]` says which is precinct p's, `overall` is everybody's;
    `factors` (GRID + 1, R): deviations of log cumulative share as R standard normal amounts, zero at close.
    """

    def __init__(self, election: Election, constants: Constants) -> None:
        scopes = _by_scope(election.day, election.curve)
        overall = scopes.get("all")
        if not overall:
            weightless = [c for days in scopes.values() for c in days.values()]
            overall = (
                {"": np.mean(weightless, axis=0)} if weightless else {"": default_curve(election.day.date)}
            )
        weight = _recency(scopes)
        self.overall = _mean(overall, weight)
        trust = {level: _trust(scopes, level, overall) for level in ("county", "group", "precinct")}
        table: list[Array] = [self.overall]
        known: dict[tuple[str, str, str], int] = {}
        of: list[int] = []
        for p in election.precincts if scopes else ():
            chain = (f"county:{p.county}", f"group:{p.group}", f"precinct:{p.precinct_id}")
            county, group, own = (name if name in scopes else "" for name in chain)
            key = (county, group, own)
            if not any(key):
                of.append(0)
                continue
            if key not in known:
                curve = self.overall
                for name in key:
                    if name:
                        past = _mean(scopes[name], weight)
                        w = trust[name.split(":", 1)[0]]
                        curve = w * past + (1 - w) * curve
                known[key] = len(table)
                table.append(curve)
            of.append(known[key])
        self.table = np.ascontiguousarray(np.array(table))
        self.of = np.array(of or [0] * len(election.precincts), dtype=np.intp)
        self.past_tilts = past_tilts(scopes, overall)
        places = _between_places(election, scopes, overall)
        doubt = 1.0 if places is not None else constants.share_placeless if scopes else constants.share_blind
        days = _worth(overall, weight) if scopes else DAYS_CHOSEN
        fewer = (1.0 + 1.0 / days) / (1.0 + 1.0 / DAYS_CHOSEN)
        covariance = covariance_of(self.overall, list(overall.values()), places, (doubt, fewer), constants)
        self.factors = _factors(covariance, constants)

    def shares(self, positions: NDArray[np.intp], parts: Array) -> Array:
        """Cumulative share of each precinct at its part of the day."""
        place = parts * GRID
        low = np.minimum(place.astype(np.intp), GRID - 1)
        rows = self.of[positions]
        before = self.table[rows, low]
        return np.asarray(before + (place - low) * (self.table[rows, low + 1] - before))

    def deviations(self, parts: Array) -> Array:
        """Rows of `factors` at parts of the day, (n, R)."""
        place = parts * GRID
        low = np.minimum(place.astype(np.intp), GRID - 1)
        steps = np.diff(self.factors, axis=0)
        found = np.empty((len(parts), self.factors.shape[1]))
        for i in slices(len(parts), IN_CACHE):
            part = np.take(steps, low[i], axis=0)
            part *= (place[i] - low[i])[:, None]
            part += np.take(self.factors, low[i], axis=0)
            found[i] = part
        return found


def _by_scope(day: ElectionDay, points: Iterable[CurvePoint]) -> dict[str, dict[str, Array]]:
    """scope -> past election -> curve on the grid."""
    opens = datetime.combine(day.date, day.opens)
    length = (datetime.combine(day.date, day.closes) - opens).total_seconds()
    parts: dict[time, float] = {}
    raw: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for point in points:
        if point.time not in parts:
            parts[point.time] = (datetime.combine(day.date, point.time) - opens).total_seconds() / length
        raw[point.scope, point.election].append((parts[point.time], point.share))
    grid = np.linspace(0, 1, GRID + 1)
    found: dict[str, dict[str, Array]] = defaultdict(dict)
    for (scope, election), pairs in raw.items():
        kept = sorted((u, s) for u, s in pairs if 0 < u < 1)
        at = [0.0, *(u for u, _ in kept), 1.0]
        share = np.maximum.accumulate([0.0, *(min(max(s, 0.0), 1.0) for _, s in kept), 1.0])
        found[scope][election] = np.interp(grid, at, share)
    return found


def _recency(scopes: Mapping[str, Mapping[str, Array]]) -> dict[str, float]:
    """Weight of each past day: the same as its turnout has."""
    names = sorted({name for days in scopes.values() for name in days}, reverse=True)
    return {name: RECENT**i for i, name in enumerate(names)}


def _mean(days: Mapping[str, Array], weight: Mapping[str, float]) -> Array:
    weights = [weight.get(name, 1.0) for name in days]
    return np.asarray(np.average(list(days.values()), axis=0, weights=weights))


def _worth(days: Mapping[str, Array], weight: Mapping[str, float]) -> float:
    """How many days of equal weight the weighted mean of these is worth (Kish 1965)."""
    w = np.array([weight.get(name, 1.0) for name in days])
    return float(w.sum() ** 2 / np.sum(w * w))


def _trust(scopes: dict[str, dict[str, Array]], level: str, overall: dict[str, Array]) -> float:
    """How much of a place's departure from everybody's curve comes again at the next election, 0..0.95.

    The correlation of departures between past elections, stepped up to the mean of k of them
    (Spearman-Brown). With one past election, a half.
    """
    prefix = level + ":"
    products, squares, pairs, days = 0.0, 0.0, 0, 1
    for name, by_election in scopes.items():
        if not name.startswith(prefix) or len(by_election) < 2:
            continue
        departures = [c - overall[e] for e, c in by_election.items() if e in overall]
        days = max(days, len(departures))
        for i, one in enumerate(departures):
            for other in departures[i + 1 :]:
                products += float(one @ other)
                squares += float(one @ one + other @ other) / 2
                pairs += 1
    if pairs < 5 or squares <= 0:
        return 0.5
    r = min(max(products / squares, 0.0), 0.95)
    return min(days * r / (1 + (days - 1) * r), 0.95)


def _between_places(
    election: Election, scopes: dict[str, dict[str, Array]], overall: dict[str, Array]
) -> Array | None:
    """Covariance between places of log shares of the day's steps, weighted by voters, (GRID, GRID).

    What one county does otherwise than the others on one day is what a whole day may do otherwise than the
    days before it: early in the heat, late after work, idle at noon. What it does otherwise on every day (the
    south votes late) is none of that, and taken off where two days are known. Counties, as sums of their
    groups where they have no curve of their own; groups where there are few counties; None where these are
    few too.
    """
    size: dict[str, float] = defaultdict(float)
    home: dict[str, str] = {}
    for p in election.precincts if scopes else ():
        county, group = f"county:{p.county}", f"group:{p.group}"
        size[county] += p.registered
        size[group] += p.registered
        home[county], home[group] = county, county
    sums: dict[tuple[str, str], Array] = {}
    alone: dict[tuple[str, str], Array] = {}
    for name, days in scopes.items():
        for past, curve in days.items():
            if name not in home or past not in overall:
                continue
            row = size[name] * np.append(curve, 1.0)  # the last is the weight
            alone[name, past] = row
            if name == home[name] or home[name] not in scopes:
                key = (home[name], past)
                sums[key] = sums[key] + row if key in sums else row
    if len({name for name, _ in sums}) < FEW_PLACES:
        sums = alone
    if len({name for name, _ in sums}) < FEW_PLACES:
        return None
    rows = np.array(list(sums.values()))
    usual = np.array([np.append(overall[past], 1.0) for _, past in sums])
    apart = log_steps(rows[:, :-1] / rows[:, -1:]) - log_steps(usual[:, :-1])
    return from_day_to_day(np.clip(apart, -1.0, 1.0), rows[:, -1], [name for name, _ in sums])


def from_day_to_day(apart: Array, weight: Array, of: list[str]) -> Array:
    """Covariance of what places (`of`, a row a day) do otherwise on one day than on their others."""
    place = np.unique(of, return_inverse=True)[1]
    days = np.bincount(place)
    if np.count_nonzero(days > 1) < FEW_PLACES:
        return np.asarray(OF_THE_DAY * ((apart * weight[:, None]).T @ apart) / weight.sum())
    usual = np.stack([np.bincount(place, column) for column in apart.T], axis=1) / days[:, None]
    apart = apart - usual[place]
    return np.asarray((apart * weight[:, None]).T @ apart / np.sum(weight * (1.0 - 1.0 / days[place])))


def log_steps(curves: Array) -> Array:
    """Log shares of the day's steps, a row a curve."""
    return np.asarray(np.log(np.maximum(np.diff(curves, axis=1), 1e-4)))


def covariance_of(
    overall: Array, past: list[Array], places: Array | None, widths: tuple[float, float], k: Constants
) -> Array:
    """Covariance of log cumulative share at the end of each step: voters displaced within the day and a
    Gaussian process on hourly shares (their SDs times `doubt`), how places differ, and what past elections
    did differently from their mean; all times `fewer`.
    """
    doubt, fewer = widths
    middle = (np.arange(GRID) + 0.5) / GRID
    edge = np.abs(2 * middle - 1) ** 3
    sd = doubt * (k.share_sd_midday + (k.share_sd_edge - k.share_sd_midday) * edge)
    apart = (middle[:, None] - middle[None, :]) / k.share_length
    gp = sd[:, None] * np.exp(-0.5 * apart**2) * sd[None, :]
    share = np.maximum(np.diff(overall), 1e-5)
    share /= share.sum()
    cumulative = np.cumsum(share)
    # d log F(x_i) / d h_j = f_j (1[j <= i] / F_i - 1), exactly 0 at close
    m = share[None, :] * (np.tril(np.ones((GRID, GRID))) / cumulative[:, None] - 1.0)
    hourly = gp if places is None else gp + places
    covariance = fewer * (m @ hourly @ m.T + doubt**2 * displacement(share, k))
    if len(past) > 1:
        steps = np.array([np.maximum(np.diff(p), 1e-5) for p in past])
        apart_from_mean = np.log(steps / np.mean(steps, axis=0)) @ m.T
        covariance += fewer * (apart_from_mean.T @ apart_from_mean) / (len(past) - 1)
    return np.asarray(covariance)


def _factors(covariance: Array, k: Constants) -> Array:
    """Its leading eigenvectors, times their SDs, on the grid."""
    values, vectors = np.linalg.eigh(covariance)
    order = np.argsort(-values, kind="stable")[: k.curve_factors]
    kept = vectors[:, order] * np.sqrt(np.maximum(values[order], 0.0))
    kept *= np.where(kept[0] < 0, -1.0, 1.0)  # a sign of its own, so that machines agree
    kept[-1] = 0.0
    return np.ascontiguousarray(np.vstack([kept[:1], kept]))
