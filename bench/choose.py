"""Constants of the turnout model chosen leave-one-election-out. `python -m bench.choose level_unlike=1,1.5,2`

For each constant and each of its values, all elections of the data sets are projected; what an election would
have got had the constant been chosen on the others alone is the honest figure. Two proper scores (the less
the better, `bench/days.py`): of the total's band, and of reporting precincts' 80 % bands. `--cache` keeps
what is simulated, so that a value costs some seconds a day.
"""

import argparse
import sys
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from bench.days import add_settings, kept, measured, scorer
from tally.model.constants import Constants

SCORES = {"total": "log_score", "precincts": "interval_score", "both": "both"}


def scores(a: argparse.Namespace, given: dict[str, list[float]]) -> Any:
    """A row for each election, data set and choice of values: means over seeds and hours."""
    import pandas as pd

    auc, rows = scorer(a.scorers, "score_days").auc, []
    for name in a.data.split(","):
        for case in kept(name, a):
            for choice in product(*given.values()):
                default = Constants()
                values = {key: type(getattr(default, key))(v) for key, v in zip(given, choice, strict=True)}
                for row in measured(case, replace(default, **values), auc):
                    rows.append({"data": name, "choice": choice, **row})
    table = pd.DataFrame(rows)
    table["both"] = table.log_score + table.interval_score
    return table


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("constant", nargs="+", help="name=value,value,…")
    p.add_argument("--by", choices=SCORES, default="total", help="the score that chooses")
    add_settings(p)
    a = p.parse_args()
    if not a.scorers.exists():
        sys.exit(f"no scorers at {a.scorers}: name them with --scorers")
    given = {
        name: [float(v) for v in values.split(",")]
        for name, _, values in (word.partition("=") for word in a.constant)
    }
    by = SCORES[a.by]
    table = scores(a, given)
    figures = ["ape", "bias", "log_score", "interval_score", "c80", "c95", "t80", "t95"]
    print(table.groupby(["data", "choice"])[figures].mean().round(3).to_string())
    hours = table.pivot_table(index=["data", "choice"], columns="time", values="ape")
    print(f"\ntotal APE\n{hours.round(3).to_string()}")
    each = table.groupby(["data", "target", "choice"])[by].mean().unstack()
    # data sets weigh the same, however many elections they have
    elections = each.index.get_level_values("data")
    weight = np.array([1.0 / (elections == name).sum() for name in elections])
    whole = each.mul(weight, axis=0)
    print(f"\nchosen on all: {', '.join(given)} = {whole.sum().idxmin()}")
    print("left out: chosen on the others; the left-out election's total APE by hour at that")
    for name, target in each.index:
        best = whole.drop(index=[(name, target)]).sum().idxmin()
        mine = table[(table.data == name) & (table.target == target) & (table.choice == best)]
        apes = mine.groupby("time").ape.mean().round(3).tolist()
        print(f"  {name} {target}: {best}  {apes}  c80 {mine.c80.mean():.2f}")


if __name__ == "__main__":
    main()
