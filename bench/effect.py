"""Whether `beluga effect` finds what calls bring: a planted effect, over many seeds. Pure simulation.

    python -m bench.effect [--seeds 20] [--households 60000] [--share 0.05] [--planted 0.1]

A made-up election by household, without services: one to four voters, precincts that differ, and a queue that
calls the likeliest voters first, so that who is called early votes more often anyhow. The control group is
chosen as the database does it, by a keyed hash; households get their turn hour by hour until the callers'
hours are used up. Canvassers visit some households, before or after their turn: whoever is spoken to at the
door before it leaves the queue, as in the database, and is compared with nobody. Who was called and asks for
a ride is mostly driven, and then mostly votes. A contact, by telephone or at the door, brings `planted` votes
on average, those of rides among them. People who are at home vote more often anyhow. The interval is looked
at each hour.
Wanted of 20 seeds: at close it covers the planted effect in at least 17 and excludes zero in at least 15.
Exit status 1 if not.
"""

import argparse
import sys
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from callers.effect.control_group import key_of
from callers.effect.effect import Effect, HouseholdCounts, Stratum, effect_of

HOURS = 12
REACHED = 0.7  # share of the households whose turn comes before close
LISTENS = 0.45  # of the calls, as phone banks report it
TRIES = 2  # calls to a phone that nobody answers
VISITED = 0.1  # of the households; the control group's are left alone
AT_DOOR = 0.5  # answer there
RIDES, DRIVEN = 0.03, 0.75  # of contacts ask for one; of those who would stay at home so many vote then
AT_HOME = 0.4  # log odds by which people who answer are likelier to vote anyhow, per SD
LEAST_COVERED, LEAST_FOUND = 0.85, 0.75


@dataclass(frozen=True, slots=True)
class Day:
    """One seed's looks, an hour apart, and the effect that its contacts really had by close."""

    looks: list[Effect]
    brought: float

    @property
    def last(self) -> Effect:
        return self.looks[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--households", type=int, default=60_000)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--planted", type=float, default=0.1, help="Votes a contact brings.")
    options = parser.parse_args()
    covered = found = always = 0
    print("seed  turns called/control  contacts  brought  votes for each 100 contacts")
    for seed in range(options.seeds):
        day = a_day(seed, options.households, options.share, options.planted)
        last = day.last
        print(
            f"{seed:4}  {last.called.households:12,}/{last.control.households:<7,}  {last.called.x:8,}"
            f"  {100 * day.brought:7.1f}  {words(last)}"
        )
        covered += holds(last, options.planted)
        always += all(holds(look, options.planted) for look in day.looks)
        found += last.low is not None and (last.low > 0 or (last.high or 0.0) < 0)
    print(
        f"covers the planted {100 * options.planted:g} in {covered} of {options.seeds} at close, in {always}"
        f" at every one of {HOURS} looks; excludes zero in {found}"
    )
    if covered < LEAST_COVERED * options.seeds or found < LEAST_FOUND * options.seeds:
        sys.exit(1)


def words(one: Effect) -> str:
    """The interval, or what is lacking."""
    if one.votes is None or one.low is None or one.high is None:
        return one.lacking
    return f"{100 * one.votes:.1f} ({100 * one.low:.1f} to {100 * one.high:.1f})"


def holds(one: Effect, planted: float) -> bool:
    """Whether an interval holds it; one that says nothing holds everything."""
    return one.low is None or one.high is None or one.low <= planted <= one.high


def a_day(seed: int, households: int, share: float, planted: float) -> Day:
    """A day of calls with this seed."""
    rng = np.random.default_rng([seed, 20])
    size = rng.choice(4, households, p=[0.35, 0.4, 0.15, 0.1]) + 1
    precinct = rng.normal(0, 0.35, 400)[rng.integers(400, size=households)]
    score = rng.normal(0, 1, households)
    home = rng.normal(0, 1, households)
    answering = np.clip(1 + 0.3 * home, 0.2, 1.8)
    willing = 1 / (1 + np.exp(-(-0.8 + precinct + 0.7 * score + AT_HOME * home)))
    turn = np.argsort(
        np.argsort(-(score + rng.normal(0, 0.5, households)))
    )  # the likeliest first, as in a queue
    hour = turn * HOURS / (households * REACHED)  # beyond HOURS: their turn never comes
    control = in_control(seed, households, share)
    votes = rng.binomial(size, willing)
    # Until somebody listens, TRIES calls at most; the effect is on who would have stayed at home.
    listens = 1 - (1 - LISTENS * answering) ** TRIES
    visited = ~control & (rng.random(households) < VISITED)
    at_door = visited & (rng.random(households) < AT_DOOR * answering)
    before = at_door & (rng.random(households) < 0.5)  # the queue never comes to them
    hour = np.where(before, HOURS, hour)
    called = ~control & (hour < HOURS) & (rng.random(households) < listens)
    x = np.where(hour < HOURS, called.astype(np.int64) + (at_door & ~before), 0)
    stay = (votes < size) & (x > 0)
    riders = stay & (rng.random(households) < RIDES * x)
    driven = riders & (rng.random(households) < DRIVEN)
    left = np.where(stay & ~riders, x, 0)
    rate = max(0.0, planted * x.sum() - DRIVEN * riders.sum()) / max(left.sum(), 1)
    extra = driven | (rng.random(households) < rate * left)
    y = votes + extra
    # The campaign's turnout scores, as good as they are: nobody knows what moves a precinct on the day.
    expected = np.round(4 * size / (1 + np.exp(-(-0.8 + 0.7 * score + rng.normal(0, 0.5, households)))))
    alike = [expected == n for n in np.unique(expected)]
    looks = []
    for until in range(1, HOURS + 1):
        seen = hour < until
        looks.append(
            effect_of(
                [
                    Stratum(summed(y, x, seen & like & ~control), summed(y, x, seen & like & control))
                    for like in alike
                ]
            )
        )
    return Day(looks, float(extra.sum() / x.sum()))


def in_control(seed: int, households: int, share: float) -> NDArray[np.bool_]:
    """As `control_rank` in the database: the first four bytes of a keyed hash of the phone."""
    key = key_of(f"bench {seed}")
    ranks = (
        int.from_bytes(sha256(key + f"+1{2150000000 + n}".encode()).digest()[:4], "big")
        for n in range(households)
    )
    return np.fromiter(ranks, np.float64, households) / 2**32 < share


def summed(y: NDArray[np.int64], x: NDArray[np.int64], which: NDArray[np.bool_]) -> HouseholdCounts:
    """Sums over some households."""
    y, x = y[which], x[which]
    return HouseholdCounts(len(y), int(y.sum()), int(x.sum()), int(y @ y), int(x @ y), int(x @ x))


if __name__ == "__main__":
    main()
