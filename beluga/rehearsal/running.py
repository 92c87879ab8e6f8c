"""Experiments run one after the other on one stack."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

from chaos.judge.history import EventHistory
from chaos.load.surge import LoadWatcher, read_watchers
from chaos.run.run import Experiment, ExperimentResult, Runner
from chaos.session.session import Session
from chaos.target.target import Target

A_STACK = 10  # experiments: each leaves its surge behind, and after thirty a precinct has ten days' counts
SHORT_PATIENCE, PATIENCE = 60.0, 120.0  # s until everything acknowledged must be tallied


def run_all(
    experiments: list[Experiment], at: Target, election: Path, seed: int, *,
    folder: Path, short: bool, say: Any,
) -> list[ExperimentResult]:  # fmt: skip
    """Runs the experiments one after the other; `say` is called with a line as each goes on."""
    results: list[ExperimentResult] = []
    watchers = watchers_of(election)
    for experiment in experiments:
        say(f"{experiment.number:>2} {experiment.title}")
        history = EventHistory(
            folder / f"{experiment.name}-{seed}.jsonl", name=experiment.name, seed=seed, versions=versions()
        )
        scale = float(experiment.about.get("short", 0.4)) if short else 1.0
        session = Session(at, history, watchers, seed, experiment.name, scale, election=election)
        runner = Runner(experiment, session, lambda words: say(f"   {words}"))
        results.append(runner.run(SHORT_PATIENCE if short else PATIENCE))
        say(f"   {line(results[-1])}")
    return results


def line(result: ExperimentResult) -> str:
    """One line about a result."""
    broken = [v for v in result.verdicts if v.valid is not True]
    why = result.skipped or "; ".join(f"{v.name}: {v.why}" for v in broken)
    first = result.verdicts[0].why if result.verdicts and not broken else why
    recovery = "" if result.recovery is None else f", recovered in {result.recovery:.1f} s"
    return f"{result.word:8} {result.experiment.number:>2} {result.experiment.name}: {first}{recovery}"


def watchers_of(folder: Path) -> list[LoadWatcher]:
    """The watchers of an election folder."""
    with (folder / "watchers.csv").open(encoding="utf-8-sig", newline="") as file:
        return read_watchers(iter(file))


def versions() -> dict[str, str]:
    """What was rehearsed with."""
    found = {"python": platform.python_version(), "system": platform.platform(), "cores": str(os.cpu_count())}
    for name in ("beluga-turnout", "aiohttp", "apsw", "asyncpg", "websockets"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def shifts(experiments: list[Experiment]) -> list[list[Experiment]]:
    """The experiments that share a stack of our own."""
    return [experiments[at : at + A_STACK] for at in range(0, len(experiments), A_STACK)]
