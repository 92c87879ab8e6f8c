"""Turnout as the people reached by callers tell it: a second eye where no watcher sends. Pure.

Each household counts by its first conversation alone. Whoever is reached at time t with turnout score s has
voted with probability s (θ F(t) − k/S) / (1 − s k/S): S is the sum of scores of the precinct's list (who
voted early is not on it), F the share of the day's votes cast by t, and k of the list were struck off by
then, whom nobody calls. With k = 0 it is s θ F(t); θ S is the list's turnout by close. Scores enter as
proportions only, since callers reach likely voters first; equal ones cancel. The posterior of the turnout,
uniform between 1 % and 100 % of the list, is that of these binomials.

What the numbers cannot tell is common to a day: whether people who have voted pick up more or less often,
and say so. The precincts that have a count as well tell its size: δ, the mean of log (people reached /
counted), and τ, what precincts scatter about it beyond chance; before any has told, δ is 0 ± 25 % and τ 15
%. Both, and the day's own course since the calls, widen the interval. `docs/model.md` has how often it
held.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tally.model.normal import below_normal

Array = NDArray[np.float64]

LEAST_REACHED = 15  # households; fewer say nothing
LEAST_VOTED = 5  # of a precinct that has a count as well: fewer would make its ratio noise
LEAST_LISTED = 0.5  # of the precinct's electors: a shorter list is somebody's choice of voters
LEAST_BESIDE = 10  # precincts with both, to say that it is calibrated
BIAS_SD, SPREAD_SD, SPREAD_WORTH = 0.25, 0.15, 5.0  # log; the last one in precincts
_Z80, _Z95 = 1.2816, 1.96
_GRID = np.linspace(math.log(0.01), 0.0, 300)  # log turnout of the list by close
_FINE = np.linspace(math.log(0.002), math.log(2.0), 600)


@dataclass(frozen=True, slots=True)
class HeardHour:
    """Households of one precinct first spoken to within an hour."""

    day_share: float  # F at the mean time of the calls
    reached: int
    voted: int  # of these, said that they have
    expected: float  # sum of their turnout scores, 0..1 each
    struck: int = 0  # of the precinct's list by then


@dataclass(frozen=True, slots=True)
class HeardPlace:
    """What callers heard in a precinct. `electors`: who can still vote in person, by the election folder;
    `tilt_variance`: of the log of its own course, as the model has it.
    """

    electors: float
    listed: int
    expected: float  # sum of turnout scores of everybody listed
    hours: tuple[HeardHour, ...]
    tilt_variance: float = 0.0

    @property
    def reached(self) -> int:
        return sum(h.reached for h in self.hours)

    @property
    def voted(self) -> int:
        return sum(h.voted for h in self.hours)


@dataclass(frozen=True, slots=True)
class Heard:
    """Log of the votes cast by some time: mean and variance, as chance and the day's course leave it."""

    log_votes: float
    variance: float
    weights: Array = field(repr=False)
    course_sd: float


@dataclass(frozen=True, slots=True)
class ReachedBias:
    """How people reached stood to the counts where there were both, and how far that is known."""

    log_ratio: float = 0.0
    ratio_sd: float = BIAS_SD
    spread: float = SPREAD_SD
    precincts: int = 0
    inside: int = 0  # whose count lay in the 80 % interval that the others gave

    @property
    def ratio(self) -> float:
        return math.exp(self.log_ratio)

    @property
    def calibrated(self) -> bool:
        """Whether as many lay inside as four in five allow, give or take two standard deviations."""
        low = 0.8 * self.precincts - 2 * math.sqrt(0.16 * self.precincts)
        return self.precincts >= LEAST_BESIDE and self.inside >= low


@dataclass(frozen=True, slots=True)
class ReachedEstimate:
    """Votes cast in person by a time, by what people reached said."""

    votes: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float


def hear(place: HeardPlace, day_share: float) -> Heard | None:
    """Votes cast when `day_share` of the day's are in; None where few were reached or the list is short."""
    short = place.listed < LEAST_LISTED * place.electors
    if place.reached < LEAST_REACHED or short or place.expected <= 0 or day_share <= 0:
        return None
    theta = np.exp(_GRID) * place.listed / place.expected
    log_weights = _GRID.copy()  # uniform in turnout, on a grid of logarithms
    for hour in place.hours:
        score = hour.expected / hour.reached
        struck = hour.struck / place.expected
        p = score * (theta * hour.day_share - struck) / max(1.0 - score * struck, 0.01)
        p = np.clip(p, 1e-4, 1.0 - 1e-4)
        log_weights += hour.voted * np.log(p) + (hour.reached - hour.voted) * np.log1p(-p)
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    mean = float(weights @ _GRID)
    chance = float(weights @ (_GRID - mean) ** 2)
    middle = sum(h.day_share * h.reached for h in place.hours) / place.reached
    course = place.tilt_variance * abs((1.0 - middle) ** 1.5 - (1.0 - day_share) ** 1.5)
    scale = math.log(place.electors * day_share)
    return Heard(scale + mean, chance + course, weights, math.sqrt(course))


def bias_of(beside: Sequence[tuple[Heard, float]]) -> ReachedBias:
    """From precincts with both: what was heard, and the votes counted by the same time."""
    if not beside:
        return ReachedBias()
    differences = np.array([heard.log_votes - math.log(votes) for heard, votes in beside])
    variances = np.array([heard.variance for heard, _ in beside])
    found = _bias(differences, variances)
    inside = 0
    if len(beside) > 1:
        kept = ~np.eye(len(beside), dtype=bool)
        for i, others in enumerate(kept):
            ratio, ratio_sd, spread = _bias(differences[others], variances[others])
            sd = math.sqrt(float(variances[i]) + ratio_sd**2 + spread**2)
            inside += abs(float(differences[i]) - ratio) <= _Z80 * sd
    return ReachedBias(*found, precincts=len(beside), inside=inside)


def _bias(differences: Array, variances: Array) -> tuple[float, float, float]:
    """Mean of the log ratios, its SD, and their scatter beyond chance (DerSimonian and Laird 1986; few
    precincts are worth less than what was assumed).
    """
    n = len(differences)
    weight = 1.0 / (variances + 1e-6)
    total = float(weight.sum())
    about = float(weight @ (differences - (weight @ differences) / total) ** 2)
    by_chance = total - float(weight @ weight) / total
    scatter = max(0.0, (about - (n - 1)) / by_chance) if n > 1 else 0.0
    spread = (SPREAD_WORTH * SPREAD_SD**2 + (n - 1) * scatter) / (SPREAD_WORTH + n - 1)
    weight = 1.0 / (variances + spread)
    sure = float(weight.sum()) + BIAS_SD**-2
    return float(weight @ differences) / sure, math.sqrt(1.0 / sure), math.sqrt(spread)


def estimate(place: HeardPlace, heard: Heard, day_share: float, bias: ReachedBias) -> ReachedEstimate:
    """What was heard, rid of the day's bias, with the interval that all of it leaves."""
    sd = math.sqrt(bias.ratio_sd**2 + bias.spread**2 + heard.course_sd**2)
    below = below_normal((_FINE[:, None] - (_GRID - bias.log_ratio)[None, :]) / sd) @ heard.weights
    scale = place.electors * day_share
    most = place.electors

    def votes(part: float) -> float:
        return min(most, scale * math.exp(float(np.interp(part, below, _FINE))))

    return ReachedEstimate(votes(0.5), votes(0.1), votes(0.9), votes(0.025), votes(0.975))
