"""Where watchers stand: by the plan, at random, the largest first. `python -m bench.watchers`

Whole days whose truth is known: made-up counties, and those of the scorers' data (`bench.days`). So many
watchers, who count exactly every hour and a half or so, stand by the plan (`plan_watchers`), at random
(several draws), or at the largest precincts. Told of each: how far the total projected is from the truth (%,
`ape`), and from what is projected with a watcher in every precinct (%, root mean square, `apart`): no choice
of places mends the rest. `seen`: of the votes missing in precincts that lag, those in precincts that show as
lagging. At the end: how many watchers a rule needs for each one that a random choice needs, if errors fall
with the root of their number: the square of the ratio of errors, a geometric mean over sizes.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beluga.county.county import make_county
from beluga.county.ground_truth import ground_truth
from bench.days import DAYS, SCORERS, scorer
from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.day import Election, ElectionDay, Precinct
from election.domain.ids import PrecinctId, WatcherId, check_in_id, message_id
from election.folder import read_election
from tally.projection.projection import Tally
from tally.projection.watcher_plan import plan_watchers

Array = NDArray[np.float64]
EVERY = 1.5  # hours between a watcher's counts


@dataclass(frozen=True)
class TrueDay:
    """A day with its truth: `counts[i, m]`, precinct i at moment m of `MOMENTS` evenly spaced ones."""

    name: str
    election: Election
    counts: Array

    @property
    def opens(self) -> float:
        return self.election.precincts[0].opens_at(self.election.day).timestamp()

    @property
    def hours(self) -> float:
        return (self.election.precincts[0].closes_at(self.election.day).timestamp() - self.opens) / 3600.0


def made_up(precincts: int, seeds: range) -> Iterator[TrueDay]:
    """Days of made-up counties, nobody watching yet."""
    for seed in seeds:
        county = make_county(seed, precincts)
        places = tuple(replace(p, site_id="", expected_votes=None) for p in county.election.precincts)
        election = replace(county.election, precincts=places, watchers=())
        yield TrueDay(f"made-up {seed}", election, ground_truth(county, seed).counts)


def real(name: str, scorers: Path) -> Iterator[TrueDay]:
    """Days of a folder of the scorers' data."""
    module = scorer(scorers, "score_days")
    day, units, hourly = module.load(scorers.parent / "data" / DAYS[name])
    opens, closes = module.hour_of(day["opens"]), module.hour_of(day["closes"])
    grid, share = module.generic_day()
    for target in day["targets"]:
        now, _, counts = module.anchors(hourly, units, target, opens, closes, grid, share)
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "election"
            past = units[units.election < target]
            module.write(folder, day, now, units, past, hourly, True, grid, share)
            yield TrueDay(target, read_election(folder), counts)


def counted(day: TrueDay, at: NDArray[np.intp]) -> list[CheckIn]:
    """What watchers of these precincts send. A precinct's counts are the same whoever else watches."""
    found = []
    hours, moments = day.hours, np.arange(day.counts.shape[1])
    for i in at.tolist():
        random = np.random.default_rng([3, i])
        hour = 0.5 + random.exponential(EVERY)
        while hour < hours:
            votes = int(np.interp(hour / hours * moments[-1], moments, day.counts[i]))
            mid = message_id("bench", f"{i}.{hour}")
            precinct = day.election.precincts[i].precinct_id
            sent = _moment(day, hour)
            found.append(CheckIn(
                check_in_id(mid, 0), mid, 0, Kind.COUNT, Channel.SMS, precinct, WatcherId(f"w{i}"), f"w{i}",
                sent, sent, sent, votes,
            ))  # fmt: skip
            hour += 0.4 + random.exponential(EVERY - 0.4)
    return found


def _moment(day: TrueDay, hour: float) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(round(day.opens + 3600.0 * hour), UTC)


def scored(day: TrueDay, at: NDArray[np.intp], hours: list[float]) -> list[tuple[float, float]]:
    """(total projected, share of the missing votes that show) at each hour."""
    tally = Tally(day.election)
    tally.add(counted(day, at))
    truth = day.counts[:, -1]
    expected = tally.inputs.expected * truth.sum() / tally.inputs.expected.sum()
    missing = np.where(truth < 0.85 * expected, expected - truth, 0.0)
    found = []
    for hour in hours:
        projection, total = tally.project_with_total(day.opens + 3600.0 * hour)
        lagging = np.array(projection.columns["state"]) == "lagging"
        found.append((total.projected_final, float(missing[lagging].sum() / missing.sum())))
    return found


def orders(day: TrueDay, most: int, draws: int) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Precincts in the order in which they get a watcher, by name of the rule."""
    index = {p.precinct_id: i for i, p in enumerate(day.election.precincts)}
    plan = plan_watchers(day.election, most)
    yield "plan", np.array([index[p] for visit in plan.visits for p in visit.precinct_ids])
    yield "largest", np.argsort(-Tally(day.election).inputs.expected, kind="stable")
    for draw in range(draws):
        yield "random", np.random.default_rng([7, draw]).permutation(len(index))


def rows_of(day: TrueDay, sizes: list[int], clocks: list[float], draws: int) -> Iterator[dict[str, Any]]:
    """A row of figures for each rule, number of watchers and hour after opening."""
    n, truth = len(day.election.precincts), day.counts[:, -1].sum()
    hours = [h for h in clocks if h < day.hours]
    best = scored(day, np.arange(n), hours)
    for rule, order in orders(day, min(max(sizes), n), draws):
        for size in (s for s in sizes if s <= n):
            for hour, (total, seen), (whole, _) in zip(
                hours, scored(day, order[:size], hours), best, strict=True
            ):
                yield {"rule": rule, "watchers": size, "hour": hour, "ape": 100 * abs(total / truth - 1),
                       "apart2": (100 * np.log(total / whole)) ** 2, "seen": seen}  # fmt: skip


def told(name: str, rows: list[dict[str, Any]]) -> None:
    import pandas as pd

    table = pd.DataFrame(rows).groupby(["hour", "watchers", "rule"]).mean()
    table["apart"] = np.sqrt(table.pop("apart2"))
    print(f"{name}\n{table.unstack('rule').round(2).to_string()}")
    for measure in ("apart", "ape"):
        wide = table[measure].unstack("rule")
        for rule in ("plan", "largest"):
            ratio = np.log(wide[rule] / wide["random"]).groupby(level="hour").mean()
            shares = "; ".join(f"{h:g} h {np.exp(2 * r):.2f}" for h, r in ratio.items())
            print(f"watchers by the {rule} for one at random, same {measure}: {shares}")
    print(flush=True)


def low(name: str, days: Iterator[TrueDay], hour: float, auc: Any) -> None:
    """How `p_low_unwatched` tells who lags where nobody counts: three in ten watch, at random."""
    chances, truly, ranks = [], [], []
    for day in days:
        n = len(day.election.precincts)
        watched = np.random.default_rng(3).permutation(n)[: int(0.3 * n)]
        tally = Tally(day.election)
        tally.add(counted(day, watched))
        projection = tally.project(day.opens + 3600.0 * hour)
        truth = day.counts[:, -1]
        expected = tally.inputs.expected * truth.sum() / tally.inputs.expected.sum()
        bare = np.setdiff1d(np.arange(n), watched)
        chances.append(projection.columns["p_low_unwatched"][bare])
        truly.append((truth < 0.85 * expected)[bare])
        ranks.append(auc(chances[-1], truly[-1]))
    p, lagging = np.concatenate(chances), np.concatenate(truly)
    print(f"{name}, {hour:g} h after opening: AUC by day {np.round(ranks, 2).tolist()}")
    for fifth in np.array_split(np.argsort(p, kind="stable"), 5):
        mean, share = p[fifth].mean(), lagging[fifth].mean()
        print(f"  of {len(fifth):,} with a mean chance of {mean:.2f}, {share:.2f} lag")


def speed() -> None:
    """A hundred choices among 10,000 precincts."""
    random = np.random.default_rng(1)
    sizes = random.lognormal(6.2, 0.5, 10_000)
    day = ElectionDay("Bench", made_up_day.date, "UTC", made_up_day.opens, made_up_day.closes)
    places = tuple(
        Precinct(PrecinctId(f"P{i}"), f"P{i}", int(3 * s), f"C{i % 60}", f"G{i % 1200}", expected_votes=s)
        for i, s in enumerate(sizes.tolist())
    )
    began = time.process_time()
    plan_watchers(Election(day, places), 100)
    print(f"a plan of 100 watchers for 10,000 precincts: {time.process_time() - began:.2f} s, inputs and all")


made_up_day = make_county(1, 8).election.day


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", default="made-up,georgia", help="of made-up, georgia, italy, liguria")
    p.add_argument("--scorers", type=Path, default=SCORERS)
    p.add_argument("--sizes", default="25,50,100,200,400")
    p.add_argument("--hours", default="5,8,11", help="after opening")
    p.add_argument("--days", type=int, default=6, help="made-up ones")
    p.add_argument("--precincts", type=int, default=600, help="of a made-up county")
    p.add_argument("--draws", type=int, default=4, help="random ones for each day")
    p.add_argument("--speed", action="store_true")
    p.add_argument("--low", action="store_true", help="who is probably low though nobody counts there")
    a = p.parse_args()
    if a.speed:
        speed()
        return
    sizes, hours = [int(s) for s in a.sizes.split(",")], [float(h) for h in a.hours.split(",")]
    for name in a.data.split(","):
        if name != "made-up" and not a.scorers.exists():
            sys.exit(f"no scorers at {a.scorers}: name them with --scorers")
        days = made_up(a.precincts, range(a.days)) if name == "made-up" else real(name, a.scorers)
        if a.low:
            low(name, iter(days), hours[len(hours) // 2], scorer(a.scorers, "score_days").auc)
            continue
        told(name, [row for day in days for row in rows_of(day, sizes, hours, a.draws)])


if __name__ == "__main__":
    main()
