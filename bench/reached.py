"""Whether people reached tell a precinct's turnout: simulated days, pure.

    python -m bench.reached [--days 100] [--silent 20] [--beside 40]

Precincts of made-up voters who live in households, with turnout scores that are right on average and
wrong one by one; callers reach the likeliest first, some answer, and what the model cannot know is drawn for
each day and precinct: whether people who have voted pick up more or less often, how many of them do not say
so, how many say so who have not. In a third of the precincts watchers struck voters off by number until they
fell silent: nobody calls these. In `beside` of the precincts there is a count as well. Wanted, over all days
and silent precincts: the 80 % interval holds what was cast in 75 to 90 % (in more where no precinct has a
count), the 95 % interval in at least 91 %. `plain`: the share of people reached times the electors, with the
interval of a share. Exit status 1 if not.
"""

import argparse
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tally.model.past.curve import default_curve, share_at
from tally.model.reached_turnout import (
    HeardHour,
    HeardPlace,
    ReachedBias,
    ReachedEstimate,
    bias_of,
    estimate,
    hear,
)

Array = NDArray[np.float64]
HOURS = 13  # polls open; callers begin in the third
ANSWERS = 0.4
TILT_VARIANCE = 0.02  # of a precinct's own course


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was heard in a precinct, and what had been cast there when it was asked."""

    place: HeardPlace
    day_share: float
    cast: int


@dataclass(frozen=True, slots=True)
class Cover:
    """Of how many estimates the intervals held what was cast."""

    estimates: int
    in80: float
    in95: float
    plain95: float
    ratio: float  # median of estimate to what was cast
    width80: float  # median of the 80 % interval's half-width, as a share
    calibrated: int  # days on which the precincts beside said so

    @property
    def holds(self) -> bool:
        """Whether the intervals held often enough; without a count anywhere they may be too wide."""
        return 0.75 <= self.in80 <= (0.90 if self.calibrated else 1.0) and self.in95 >= 0.91


def a_precinct(rng: np.random.Generator, pickup: float, says: float, boasts: float) -> Simulated:
    """One precinct at some hour of its day. `pickup`: odds of an answer of who has voted to who has not."""
    curve = default_curve()
    households = int(rng.integers(250, 900))
    sizes = 1 + rng.binomial(2, 0.35, households)
    home = np.repeat(np.arange(households), sizes)
    leaning = rng.normal(0, 0.7, households)[home] + rng.normal(0, 0.7, len(home))
    chance = 1 / (1 + np.exp(-(leaning + 0.3)))
    score = np.clip(np.round(20 * (chance + rng.normal(0, 0.1, len(home)))) / 20, 0.05, 0.95)
    votes = rng.random(len(home)) < np.clip(chance * math.exp(rng.normal(0, 0.25)), 0, 0.98)
    tilt = rng.normal(0, math.sqrt(TILT_VARIANCE))
    hours = np.arange(HOURS + 1)
    shares = np.array([share_at(curve, h / HOURS) for h in hours])
    shares = shares * np.exp(tilt * (1 - shares) ** 0.75)
    cast_at = np.where(votes, np.interp(rng.random(len(home)), shares / shares[-1], hours), np.inf)
    watched = rng.random() < 1 / 3
    left_at = rng.uniform(2, 7) if watched else 0.0
    seen = rng.random(len(home)) < rng.uniform(0.5, 1)
    struck_at = np.where((cast_at < left_at) & seen, cast_at, np.inf)
    pickup *= math.exp(rng.normal(0, 0.1))
    begins, now = rng.uniform(2, 6), rng.uniform(8, 12.5)
    firsts = np.r_[0, np.cumsum(sizes)]
    queue = np.lexsort((rng.random(households), -np.maximum.reduceat(score, firsts[:-1])))
    called_at = begins + np.arange(households) / rng.uniform(20, 120)
    found: dict[int, list[tuple[float, bool, float, int]]] = {}
    for household, at in zip(queue, called_at, strict=True):
        if at >= now:
            break
        for i in range(
            firsts[household], firsts[household + 1]
        ):  # the first who speaks counts for the household
            if struck_at[i] <= at:
                continue
            has = cast_at[i] <= at
            if rng.random() < min(0.95, ANSWERS * (pickup if has else 1.0)):
                said = rng.random() < (says if has else boasts)
                found.setdefault(int(at), []).append((at, said, score[i], int((struck_at <= at).sum())))
                break
    told = tuple(
        HeardHour(
            share_at(curve, float(np.mean([h[0] for h in heard])) / HOURS), len(heard),
            sum(h[1] for h in heard), float(sum(h[2] for h in heard)), heard[-1][3],
        )
        for heard in found.values()
    )  # fmt: skip
    place = HeardPlace(len(home), len(home), float(score.sum()), told, TILT_VARIANCE)
    return Simulated(place, share_at(curve, now / HOURS), int((cast_at <= now).sum()))


def a_day(rng: np.random.Generator, precincts: int) -> list[Simulated]:
    """Precincts of one day: what is unknown of all of them alike is drawn once."""
    pickup, says, boasts = math.exp(rng.normal(0, 0.2)), rng.uniform(0.85, 1), rng.uniform(0, 0.03)
    return [a_precinct(rng, pickup, says, boasts) for _ in range(precincts)]


def plain_holds(one: Simulated) -> bool:
    """Whether the share of all reached, taken for the whole list, holds it: what a glance would say."""
    n, said = one.place.reached, one.place.voted / one.place.reached
    sd = math.sqrt(max(said * (1 - said), 0.25 / n) / n)
    return abs(one.cast / one.place.electors - said) <= 1.96 * sd


def cover(seed: int, days: int, silent: int, beside: int) -> Cover:
    """Estimates of `silent` precincts a day, `beside` others having a count as well."""
    rng = np.random.default_rng(seed)
    found: list[tuple[Simulated, ReachedEstimate]] = []
    calibrated = 0
    for _ in range(days):
        day = a_day(rng, silent + beside)
        bias = bias_beside(day[silent:])
        calibrated += bias.calibrated
        for one in day[:silent]:
            if (heard := hear(one.place, one.day_share)) is not None:
                found.append((one, estimate(one.place, heard, one.day_share, bias)))
    ratios = [e.votes / max(1, s.cast) for s, e in found]
    return Cover(
        len(found),
        _share(e.lo80 <= s.cast <= e.hi80 for s, e in found),
        _share(e.lo95 <= s.cast <= e.hi95 for s, e in found),
        _share(plain_holds(s) for s, _ in found),
        float(np.median(ratios)),
        float(np.median([(e.hi80 - e.lo80) / 2 / e.votes for _, e in found])),
        calibrated,
    )


def bias_beside(day: list[Simulated]) -> ReachedBias:
    """By the precincts that have a count."""
    heard = [(hear(s.place, s.day_share), s) for s in day if s.place.voted >= 5 and s.cast]
    return bias_of([(h, s.cast) for h, s in heard if h is not None])


def _share(held: Iterable[bool]) -> float:
    return float(np.mean(list(held)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--days", type=int, default=100)
    parser.add_argument("--silent", type=int, default=20)
    parser.add_argument("--beside", type=int, default=40)
    options = parser.parse_args()
    good = True
    print("precincts beside  estimates  in 80 %  in 95 %  plain in 95 %  ratio  half-width  calibrated days")
    for beside in (0, options.beside):
        c = cover(1, options.days, options.silent, beside)
        print(
            f"{beside:16}  {c.estimates:9,}  {c.in80:7.1%}  {c.in95:7.1%}  {c.plain95:13.1%}  {c.ratio:5.2f}"
            f"  {c.width80:10.1%}  {c.calibrated:4} of {options.days}"
        )
        good = good and c.holds
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
