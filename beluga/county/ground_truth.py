"""How a made-up election day really goes: what the tally is to find out from a few texts.

Each precinct has a true final and a true curve. Some lag from an hour on, some from the start; the watchers
of others fall silent though people go on voting there (silence is not lag).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from beluga.county.county import HOURLY, County, cumulative
from election.domain.day import Precinct

MOOD = -0.05  # the whole day against expectation, log
LAGGING = 0.08  # share of precincts that truly fall behind
SILENT = 0.06  # share whose watcher stops texting
STEP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """`counts[i, s]`: in-person votes at precinct i, s five-minute steps after the polls open."""

    opens: datetime
    closes: datetime
    counts: NDArray[np.float64]
    lagging: NDArray[np.bool_]
    silent_from: NDArray[np.float64]  # hours after opening; infinite for most

    def votes(self, index: int, at: datetime) -> int:
        """Votes cast in person at precinct `index` by then."""
        steps = (at - self.opens) / STEP
        last = self.counts.shape[1] - 1
        return int(np.interp(min(max(steps, 0.0), last), np.arange(last + 1), self.counts[index]))

    def voted_by(self, index: int, rank: float) -> datetime | None:
        """When the voter at place `rank` (0..1) of the roll votes in person; None if never."""
        row = self.counts[index]
        if rank >= row[-1]:
            return None
        return self.opens + STEP * int(np.searchsorted(row, rank, side="right"))


def ground_truth(county: County, seed: int) -> GroundTruth:
    """The day of this county under this seed."""
    rng = np.random.default_rng([seed, 7])
    precincts, day = county.election.precincts, county.election.day
    opens, closes = precincts[0].opens_at(day), precincts[0].closes_at(day)
    hours = int((closes - opens) / timedelta(hours=1))
    steps = hours * 12
    town_mood = rng.normal(0, 0.05, int(county.town.max()) + 1)
    hourly = HOURLY[:hours] * np.exp(rng.normal(0, 0.08, hours))
    lagging = rng.random(len(precincts)) < LAGGING
    lagging[rng.integers(len(precincts))] = True
    counts = np.empty((len(precincts), steps + 1))
    grid = np.linspace(0, hours, steps + 1)
    for index, precinct in enumerate(precincts):
        own = hourly * np.exp(rng.normal(0, 0.10, hours))
        level = MOOD + town_mood[county.town[index]] + rng.normal(0, 0.09)
        share = np.interp(grid, np.arange(hours + 1), cumulative(own))
        if lagging[index]:
            # Half lag all day (a level), half from some hour on (people stop coming).
            if rng.random() < 0.5:
                level -= rng.uniform(0.3, 0.55)
            else:
                turn, left = rng.uniform(2.0, 6.0), rng.uniform(0.25, 0.5)
                kept = np.interp(turn, grid, share)
                share = np.where(grid <= turn, share, kept + (share - kept) * left)
        final = min(_expected(precinct) * np.exp(level), 0.9 * precinct.registered)
        counts[index] = np.floor(final * share)
    silent = np.where(rng.random(len(precincts)) < SILENT, rng.uniform(1.0, 8.0, len(precincts)), np.inf)
    silent[lagging & (rng.random(len(precincts)) < 0.8)] = np.inf
    return GroundTruth(opens, closes, counts, lagging, silent)


def _expected(precinct: Precinct) -> float:
    return precinct.expected_votes if precinct.expected_votes is not None else 0.4 * precinct.registered
