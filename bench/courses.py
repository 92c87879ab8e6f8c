"""The covariance of a day's course, chosen by courses alone. `python -m bench.courses`

Twelve days of three countries (the scorers' data): each is predicted from the others of its country, and
scored by the normal log-likelihood of its departure (log share) at the hours published, a point. For each SD
of displacement and each part of the hourly shares' SDs: the mean of countries, and what the others choose
without each day and each country. No total enters.
"""

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.days import DAYS, SCORERS, scorer
from tally.model.constants import Constants
from tally.model.past.curve import DAYS_CHOSEN, GRID, covariance_of, from_day_to_day, log_steps

Array = NDArray[np.float64]
READ = 0.006  # SD of a published share, and of what lies between
SHIFTS = (0.0, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035)
HOURLY = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
WHOLE_HOURLY = (0.13, 0.26)  # what HOURLY is a part of: SDs midday and at the edges


@dataclass(frozen=True)
class TrueCourse:
    """One day: votes of each county at GRID + 1 moments, and the parts of the day that were published."""

    country: str
    day: str
    counties: dict[str, Array]
    parts: list[float]


def published(name: str, scorers: Path) -> list[TrueCourse]:
    """Days of a folder of whole days."""
    import pandas as pd  # type: ignore[import-untyped]

    module, found = scorer(scorers, "score_days"), []
    day, units, hourly = module.load(scorers.parent / "data" / DAYS[name])
    opens, closes = module.hour_of(day["opens"]), module.hour_of(day["closes"])
    grid, share = module.generic_day()
    for election in sorted(units.election.unique()):
        now, at, counts = module.anchors(hourly, units, election, opens, closes, grid, share)
        if not len(now):
            continue  # voting began the evening before
        sums = pd.DataFrame(counts).groupby(now.region.to_numpy()).sum()
        parts = [(t - opens) / (closes - opens) for t in at]
        found.append(TrueCourse(name, election, dict(zip(sums.index, sums.to_numpy(), strict=True)), parts))
    return found


def romania(scorers: Path) -> list[TrueCourse]:
    """Its day of 2024 and both of 2020, by the hour."""
    import pandas as pd

    precincts, counts, history = scorer(scorers, "score_turnout").load()
    parts = [hour / 15 for hour in range(1, 15)]
    fine = np.stack([np.interp(np.linspace(0, 15, GRID + 1), np.arange(16), row) for row in counts])
    of_day = {"2024-06-09": (fine, precincts.county.to_numpy())}
    home = precincts.groupby("municipality_id").county.first()
    hours = [c for c in history.columns if c.endswith(":00")]
    for election, rows in history.groupby("election"):
        kept = rows[rows.municipality_id.isin(home.index) & (rows.votes > 0)]
        cum = np.concatenate([np.zeros((len(kept), 1)), kept[hours].to_numpy(float)], axis=1)
        cum[:, -1] = kept.votes
        at = np.linspace(0, cum.shape[1] - 1, GRID + 1)
        fine = np.stack([np.interp(at, np.arange(cum.shape[1]), row) for row in cum])
        of_day[election] = fine, home.reindex(kept.municipality_id).to_numpy()
    found = []
    for election, (fine, county) in of_day.items():
        sums = pd.DataFrame(fine).groupby(county).sum()
        found.append(
            TrueCourse("romania", election, dict(zip(sums.index, sums.to_numpy(), strict=True)), parts)
        )
    return found


def known_of(today: TrueCourse, others: list[TrueCourse]) -> tuple[list[Array], Array]:
    """Courses of the other days in today's counties, and how counties differ from day to day."""
    past, apart, weight, of = [], [], [], []
    for other in others:
        rows = {c: v for c, v in other.counties.items() if c in today.counties and v[-1] > 0}
        whole = np.sum(list(rows.values()), axis=0)
        past.append(whole / whole[-1])
        for county, votes in rows.items():
            steps = log_steps((votes / votes[-1])[None]) - log_steps(past[-1][None])
            apart.append(np.clip(steps[0], -1.0, 1.0))
            weight.append(votes[-1])
            of.append(county)
    return past, from_day_to_day(np.array(apart), np.array(weight), of)


def scored(today: TrueCourse, known: tuple[list[Array], Array], k: Constants) -> float:
    """Log-likelihood of the day's departure from the others', a point."""
    past, places = known
    fewer = (1.0 + 1.0 / len(past)) / (1.0 + 1.0 / DAYS_CHOSEN)
    overall = np.mean(past, axis=0)
    covariance = covariance_of(overall, past, places, (1.0, fewer), k)
    at = np.array([round(part * GRID) for part in today.parts])
    votes = np.sum(list(today.counties.values()), axis=0)
    off = np.log(votes[at] / votes[-1] / overall[at])
    inside = covariance[np.ix_(at - 1, at - 1)] + READ**2 * np.eye(len(at))
    return float(-0.5 * (np.linalg.slogdet(inside)[1] + off @ np.linalg.solve(inside, off)) / len(at))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--scorers", type=Path, default=SCORERS)
    a = p.parse_args()
    if not a.scorers.exists():
        sys.exit(f"no scorers at {a.scorers}: name them with --scorers")
    days = [*published("georgia", a.scorers), *published("italy", a.scorers), *romania(a.scorers)]
    known = [
        known_of(today, [d for d in days if d.country == today.country and d.day != today.day])
        for today in days
    ]
    scores: dict[tuple[float, float], dict[tuple[str, str], float]] = defaultdict(dict)
    for shift, part in product(SHIFTS, HOURLY):
        midday, edge = (max(part * sd, 1e-4) for sd in WHOLE_HOURLY)
        k = replace(Constants(), displacement_sd=shift, share_sd_midday=midday, share_sd_edge=edge)
        for today, others in zip(days, known, strict=True):
            scores[shift, part][today.country, today.day] = scored(today, others, k)

    def mean(choice: tuple[float, float], without: Any = ()) -> float:
        by_country: dict[str, list[float]] = defaultdict(list)
        for (country, day), value in scores[choice].items():
            if country not in without and day not in without:
                by_country[country].append(value)
        return float(np.mean([np.mean(values) for values in by_country.values()]))

    for choice in sorted(scores, key=mean, reverse=True)[:8]:
        print(f"displacement {choice[0]}, hourly x {choice[1]}: {mean(choice):.3f}")
    print(f"none, hourly x 1: {mean((0.0, 1.0)):.3f}; .02, x .8: {mean((0.02, 0.8)):.3f}")
    for name in [d.day for d in days] + sorted({d.country for d in days}):
        means = {choice: mean(choice, (name,)) for choice in scores}
        print(f"without {name}: {max(means, key=means.__getitem__)}")


if __name__ == "__main__":
    main()
