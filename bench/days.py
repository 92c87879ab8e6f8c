"""Accuracy of the turnout model on whole election days, in one process. `python -m bench.days`

Takes simulation and days from the scorers (`--scorers`, default `../shared/bench`; data beside it) and drives
`Tally` directly: the same election folders, reports and figures as `score_days.py` and `score_turnout.py`
give through the command line, in a fraction of the time. `--cache` keeps what is simulated.
"""

import argparse
import importlib.util
import pickle
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from beluga.proof.report_entries import check_in_of
from election.domain.checkin import CheckIn
from election.domain.day import Election
from election.folder import read_election, read_reports
from tally.model.constants import Constants
from tally.projection.projection import Tally

SCORERS = Path(__file__).resolve().parent.parent.parent / "shared" / "bench"
DAYS = {"georgia": "georgia_2012_2016", "italy": "italy_2020_2026", "liguria": "liguria_2024"}


@dataclass(frozen=True)
class Case:
    """One simulated day: what the tally is told, and how it ended."""

    target: str
    seed: int
    election: Election
    entries: list[CheckIn]
    truth: Any
    expected: Any
    times: dict[float, float]  # hour of the clock -> epoch seconds


def scorer(folder: Path, name: str) -> ModuleType:
    """A scorer as a module."""
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _entries(root: Path, columns: dict[str, Any], election: Election) -> list[CheckIn]:
    import pandas as pd  # type: ignore[import-untyped]

    pd.DataFrame(columns).sort_values("received_at").to_csv(root / "reports.csv", index=False)
    places = election.places()
    return [
        check_in_of(r, places[r.precinct_id])
        for r in read_reports(root / "reports.csv", election, sites=True)
    ]


def days(name: str, a: argparse.Namespace) -> Iterator[Case]:
    """Cases of a folder of whole days."""
    import pandas as pd

    module = scorer(a.scorers, "score_days")
    day, units, hourly = module.load(a.scorers.parent / "data" / DAYS[name])
    opens, closes = module.hour_of(day["opens"]), module.hour_of(day["closes"])
    grid, share = module.generic_day()
    for target in a.targets.split(",") if a.targets else day["targets"]:
        now, _, counts = module.anchors(hourly, units, target, opens, closes, grid, share)
        past = units.iloc[:0] if a.no_history else units[units.election < target]
        with tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch)
            expected = module.write(
                root / "election", day, now, units, past, hourly, not a.no_curve, grid, share
            )
            election = read_election(root / "election")
            ids = now.index.str.replace(".", "-", regex=False).to_numpy()

            def moment(hour: float, target: str = target) -> Any:
                """By the clock on the wall: Liguria voted on the day on which it went back."""
                wall = pd.Timestamp(target[:10]) + pd.Timedelta(hours=hour)
                return wall.tz_localize(day["timezone"])

            def iso(hours: Any) -> list[str]:
                return [moment(float(h) + opens).isoformat(timespec="seconds") for h in hours]

            times = {c: moment(c).timestamp() for c in a.clocks}
            for seed in a.seed_list:
                unit, hour, votes, received, public = module.simulate(
                    counts, expected, closes - opens, seed, a
                )
                columns = {
                    "precinct_id": ids[unit],
                    "observed_at": iso(hour),
                    "received_at": iso(received),
                    "votes": votes.astype(int),
                    "source": np.where(public, "public", "watcher"),
                }
                yield Case(
                    target, seed, election, _entries(root, columns, election), counts[:, -1], expected, times
                )


def romania(a: argparse.Namespace) -> Iterator[Case]:
    """Cases of the real day with hourly counts."""
    module = scorer(a.scorers, "score_turnout")
    precincts, counts, history = module.load()
    ids = precincts.precinct_id.to_numpy()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        expected = module.write_election(root / "election", precincts, history)
        election = read_election(root / "election")
        zero = np.datetime64("2024-06-09T04:00:00").astype("datetime64[s]").astype(int)  # 07:00 there
        for seed in a.seed_list:
            unit, hour, votes, received = module.simulate(counts, seed, a.watch, a.every, a.dirty)
            columns = {
                "precinct_id": ids[unit],
                "observed_at": module.iso(hour),
                "received_at": module.iso(received),
                "votes": votes.astype(int),
            }
            times = {c: float(zero + 3600 * (c - 7)) for c in a.clocks}
            yield Case(
                "romania", seed, election, _entries(root, columns, election), counts[:, -1], expected, times
            )


def kept(name: str, a: argparse.Namespace) -> list[Case]:
    """Cases of a data set, from the cache where it has them."""
    found: list[Case] = []
    for seed in a.seed_list:
        one = argparse.Namespace(**vars(a) | {"seed_list": [seed]})
        words = (name, a.targets, seed, a.clocks, a.watch, a.every, a.dirty, a.public, a.pull, a.no_curve,
                 a.no_history)  # fmt: skip
        path = a.cache and Path(a.cache) / ("-".join(str(w) for w in words) + ".pickle")
        if path and path.exists():
            found += [Case(*row) for row in pickle.loads(path.read_bytes())]
            continue
        cases = list(romania(one) if name == "romania" else days(name, one))
        found += cases
        if path:
            rows = [tuple(getattr(c, f.name) for f in fields(Case)) for c in cases]
            path.write_bytes(pickle.dumps(rows))
    return found


def measured(case: Case, k: Constants, auc: Any) -> list[dict[str, Any]]:
    """A row of figures for each time of the clock, as the scorers have them."""
    tally = Tally(case.election, k)
    index = {p: i for i, p in enumerate(tally.inputs.ids)}
    tally.add(case.entries)
    truth, rows = case.truth, []
    whole = truth.sum()
    lagging = truth / (case.expected * whole / case.expected.sum()) < 0.85
    for clock, at in case.times.items():
        projection, total = tally.project_with_total(at)
        c, seen = projection.columns, np.zeros(len(truth), bool)
        seen[[index[e.precinct_id or ""] for e in case.entries if e.received_at.timestamp() <= at]] = True
        projected = c["projected_final"]
        flagged = (np.array(c["state"]) == "lagging") & seen

        # proper scores, the less the better: of the total's band as a normal's, of precincts' 80 % band
        # (Gneiting & Raftery 2007), both of logarithms
        sd = float(np.log(total.hi95 / total.lo95) / 3.92)
        z = np.log(whole / total.projected_final) / max(sd, 1e-4)
        low, high, end = (np.log(np.maximum(v[seen], 0.5)) for v in (c["lo80"], c["hi80"], truth))
        missed = np.maximum(low - end, 0.0) + np.maximum(end - high, 0.0)

        def inside(low: str, high: str, c: Any = c, seen: Any = seen) -> float:
            return float(((truth >= c[low]) & (truth <= c[high]))[seen].mean())

        rows.append({
            "target": case.target, "time": clock, "seed": case.seed,
            "bias": total.projected_final / whole - 1, "ape": abs(total.projected_final / whole - 1),
            "mape": float((np.abs(projected - truth) / truth)[seen].mean()),
            "c80": inside("lo80", "hi80"), "c95": inside("lo95", "hi95"),
            "t80": float(total.lo80 <= whole <= total.hi80), "t95": float(total.lo95 <= whole <= total.hi95),
            "width": float(np.log(total.hi80 / total.lo80) / 2.563),
            "auc": auc(c["p_lagging"][seen], lagging[seen]),
            "prec": float(lagging[flagged].mean()) if flagged.any() else np.nan,
            "rec": float(lagging[flagged].sum() / max(lagging[seen].sum(), 1)),
            "caveat": float(bool(total.caveat)), "log_score": float(0.5 * z * z + np.log(max(sd, 1e-4))),
            "interval_score": float((high - low + 10.0 * missed).mean()),
        })  # fmt: skip
    return rows


def add_settings(p: argparse.ArgumentParser) -> None:
    """The scorers' settings, and which days."""
    p.add_argument("--scorers", type=Path, default=SCORERS)
    p.add_argument("--data", default="georgia,italy,romania", help="of georgia, italy, liguria, romania")
    p.add_argument("--targets", default="")
    p.add_argument("--seeds", default="0", type=_whole_numbers, dest="seed_list")
    p.add_argument("--times", default="10,12,15,18", type=_numbers, dest="clocks")
    for name, value in (("watch", 0.3), ("every", 1.5), ("dirty", 0.03), ("public", 0.3), ("pull", 0.3)):
        p.add_argument(f"--{name}", type=float, default=value)
    p.add_argument("--no-curve", action="store_true")
    p.add_argument("--no-history", action="store_true")
    p.add_argument("--cache", default="", help="a folder that keeps what is simulated")


def _whole_numbers(text: str) -> list[int]:
    return [int(s) for s in text.split(",")]


def _numbers(text: str) -> list[float]:
    return [float(t) for t in text.split(",")]


def main() -> None:
    import pandas as pd

    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_settings(p)
    p.add_argument("--set", action="append", default=[], help="a constant, as level_sd=.2")
    p.add_argument("--by-target", action="store_true")
    a = p.parse_args()
    if not a.scorers.exists():
        sys.exit(f"no scorers at {a.scorers}: name them with --scorers")
    given = dict(pair.split("=") for pair in a.set)
    default = Constants()
    k = replace(default, **{name: type(getattr(default, name))(v) for name, v in given.items()})
    auc = scorer(a.scorers, "score_days").auc
    for name in a.data.split(","):
        rows = [row for case in kept(name, a) for row in measured(case, k, auc)]
        table = pd.DataFrame(rows).drop(columns="seed")
        if a.by_target:
            print(table.groupby(["target", "time"]).mean().round(3).to_string())
        print(f"{name}\n{table.groupby('time').mean(numeric_only=True).round(3).to_string()}", flush=True)


if __name__ == "__main__":
    main()
