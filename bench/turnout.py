"""Accuracy of the turnout model on real precincts, beside the naive rule. `python -m bench.turnout`

Drives a scorer (`--scorer`, default `../shared/bench/score_turnout.py`) once with `beluga project` and once
with this file's own naive rule: a precinct ends at its last count over everybody's usual share of the day,
the silent do as those heard of, and one lags below 85 % of that. Prints, for each setting, mean and worst of
the seeds (`--seeds 0,1,2,3,4`). Settings: `--settings default`, or a list of `default`, `--watch 0.1`,
`--dirty 0.1` and `--dirty 0` (`--settings all`). Two minutes each; without the scorer it says so and ends.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SCORER = ROOT.parent / "shared" / "bench" / "score_turnout.py"
SETTINGS = {"default": [], "--watch 0.1": ["--watch", "0.1"], "--dirty 0.1": ["--dirty", "0.1"],
            "--dirty 0": ["--dirty", "0"]}  # fmt: skip
COLUMNS = ("total_ape", "mape_rep", "c80", "c95", "t95", "auc", "p100", "prec", "rec")
SMALLER_IS_BETTER = ("total_ape", "mape_rep")


def scored(scorer: Path, command: str, seed: int, options: list[str]) -> list[dict[str, float]]:
    """The scorer's row for each time of day, one seed."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        subprocess.run(
            [sys.executable, str(scorer), "--command", command, "--seeds", str(seed), "--json", str(out),
             *options],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        rows: list[dict[str, float]] = json.loads(out.read_text())
        return rows


def worst(name: str, values: list[float]) -> float:
    """The least welcome of a figure's values over seeds; of a coverage, the farthest from nominal."""
    if name in ("c80", "c95"):
        return max(values, key=lambda v: abs(v - (0.80 if name == "c80" else 0.95)))
    return max(values) if name in SMALLER_IS_BETTER else min(values)


def table(rows: dict[int, list[dict[str, float]]], naive: dict[int, list[dict[str, float]]]) -> str:
    """Markdown: mean (worst seed), and the naive rule's mean."""
    lines = ["| time | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for i in range(len(next(iter(rows.values())))):
        cells = [f"{next(iter(rows.values()))[i]['time']:g}:00"]
        for name in COLUMNS:
            ours = [r[i][name] for r in rows.values() if r[i][name] is not None]
            rule = [r[i][name] for r in naive.values() if r[i][name] is not None]
            scale = 100.0 if name in SMALLER_IS_BETTER else 1.0
            digits = 1 if scale > 1 else 2
            text = (
                f"{scale * np.mean(ours):.{digits}f} ({scale * worst(name, ours):.{digits}f})"
                if ours
                else "–"
            )
            if rule and name not in ("c80", "c95", "t95"):
                text += f" · {scale * np.mean(rule):.{digits}f}"
            cells.append(text)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def naive(arguments: list[str]) -> None:
    """The naive rule with the interface of `beluga project`."""
    parser = argparse.ArgumentParser()
    for name in ("--election", "--reports", "--as-of", "--out", "--summary"):
        parser.add_argument(name, required=True)
    a = parser.parse_args(arguments)
    folder = Path(a.election)
    with (folder / "precincts.csv").open() as file:
        expected = {r["precinct_id"]: float(r["expected_votes"]) for r in csv.DictReader(file)}
    shares: dict[str, list[float]] = {}
    with (folder / "curve.csv").open() as file:
        for r in csv.DictReader(file):
            if r["scope"] == "all":
                shares.setdefault(r["time"], []).append(float(r["share"]))
    hours = [0.0, *(int(t[:2]) + int(t[3:5]) / 60 - 7 for t in sorted(shares))]  # the scorer's day opens at 7
    usual = [0.0, *(float(np.mean(shares[t])) for t in sorted(shares))]
    last: dict[str, tuple[datetime, float, float]] = {}
    with Path(a.reports).open() as file:
        for r in csv.DictReader(file):
            at, votes = datetime.fromisoformat(r["observed_at"]), float(r["votes"])
            if r["precinct_id"] not in last or at >= last[r["precinct_id"]][0]:
                share = float(np.interp(at.hour + at.minute / 60 + at.second / 3600 - 7, hours, usual))
                last[r["precinct_id"]] = (at, votes, max(share, 1e-3))
    counted = sum(votes for _, votes, _ in last.values())
    ratio = counted / sum(share * expected[p] for p, (_, _, share) in last.items())
    total = ratio * sum(expected.values())
    with Path(a.out).open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("precinct_id", "state", "projected_final", "lo80", "hi80", "lo95", "hi95", "p_lagging"))
        for p, e in expected.items():
            final = last[p][1] / last[p][2] if p in last else ratio * e
            pace = final / (ratio * e)
            state = "silent" if p not in last else "lagging" if pace < 0.85 else "on_pace"
            out.writerow(
                (p, state, final, final, final, final, final, max(0.0, 1.0 - pace) if p in last else 0.0)
            )
    Path(a.summary).write_text(json.dumps({"projected_final": total, "lo95": total, "hi95": total}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scorer", type=Path, default=SCORER)
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--settings", default="default")
    parser.add_argument("--command", default=f"{sys.executable} -m beluga project")
    a = parser.parse_args()
    if not a.scorer.exists():
        print(f"no scorer at {a.scorer}: name one with --scorer")
        return
    seeds = [int(s) for s in a.seeds.split(",")]
    for setting in SETTINGS if a.settings == "all" else a.settings.split(","):
        options = SETTINGS[setting]
        ours = {s: scored(a.scorer, a.command, s, options) for s in seeds}
        rule = {
            s: scored(a.scorer, f"{sys.executable} {Path(__file__).resolve()}", s, options) for s in seeds
        }
        print(
            f"\n{setting}: mean (worst) of seeds {a.seeds} · the naive rule's mean\n\n{table(ours, rule)}",
            flush=True,
        )


if __name__ == "__main__":
    naive(sys.argv[1:]) if "--election" in sys.argv else main()
