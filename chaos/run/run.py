"""Runs experiments (files in Chaos Toolkit's format) and judges them by the history alone.

Chaos Toolkit's own verdict is not used: with its `continuously` strategy six failing probes of eight passed.
A probe that misses its tolerance breaks the experiment here; the six invariants come from
`chaos.judge.checker`.
"""

import importlib
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from chaos import actions
from chaos.errors import ChaosError
from chaos.faults.protocol import UnavailableError
from chaos.judge.checker import Budget, CheckVerdict, happened, judge, recovery, worst
from chaos.judge.history import Op
from chaos.judge.observer import UNASKED
from chaos.session import session

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
MODULES = ("chaos.actions", "chaos.probes")
PATIENCE_SECONDS = 90.0
# Safe both of them; libyaml's, where PyYAML was built with it, takes a tenth of the time.
SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Say = Callable[[str], None]


class ExperimentError(ChaosError):
    """The file is no experiment that we could run. The message says where and why."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One file of the catalogue. `about` is its own part of `extensions`."""

    name: str
    title: str
    number: int
    content: Mapping[str, Any]
    about: Mapping[str, Any]

    @property
    def budget(self) -> Budget:
        return self.budget_on("")

    def budget_on(self, place: str) -> Budget:
        """What it allows there: `hosts` may allow other than elsewhere, where a host goes with all on it."""
        both = self.about.get("budget", {}) | self.about.get(f"budget_on_{place}", {})
        given = {k: float(v) for k, v in both.items()}
        return Budget(**given, alert=self.about.get("alert"), runbook=self.about.get("runbook"))

    @property
    def no_alert(self) -> str:
        """Why this one promises no alert, in words; empty where it promises one."""
        return " ".join(str(self.about.get("no_alert", "")).split())

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(self.about.get("targets", ("one-machine",)))


@dataclass(slots=True)
class ExperimentResult:
    """What became of one experiment."""

    experiment: Experiment
    seed: int
    verdicts: list[CheckVerdict] = field(default_factory=list)
    probes: list[dict[str, Any]] = field(default_factory=list)
    skipped: str = ""
    seconds: float = 0.0
    recovery: float | None = None  # s from the end of the last fault; see checker.recovery
    history: str = ""

    @property
    def valid(self) -> bool | None:
        return worst(v.valid for v in self.verdicts)

    @property
    def word(self) -> str:
        if self.skipped:
            return "skipped"
        return {True: "pass", False: "FAIL", None: "unknown"}[self.valid]

    def as_json(self) -> dict[str, Any]:
        """For the run's file."""
        return {
            "name": self.experiment.name,
            "number": self.experiment.number,
            "title": self.experiment.title,
            "seed": self.seed,
            "result": self.word,
            "skipped": self.skipped,
            "seconds": round(self.seconds, 2),
            "recovery_seconds": None if self.recovery is None else round(self.recovery, 2),
            "verdicts": [
                {"name": v.name, "valid": v.valid, "why": v.why, "figures": v.figures} for v in self.verdicts
            ],
            "probes": self.probes,
            "history": self.history,
        }


def read_experiment(path: Path) -> Experiment:
    """Raises `ExperimentError` where a provider does not exist or something is missing."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER)  # noqa: S506
    try:
        about = next(e for e in content["extensions"] if e["name"] == "beluga")
        made = Experiment(path.stem, content["title"], int(about["number"]), content, about)
        for activity in (*content["method"], *content.get("rollbacks", ()), *_hypothesis(content)):
            _function(activity)
        _ = made.budget
    except (KeyError, TypeError, StopIteration, AttributeError, ImportError) as error:
        raise ExperimentError(f"{path}: {error!r}") from error
    return made


def catalogue() -> list[Experiment]:
    """All experiments, by number."""
    return sorted((read_experiment(p) for p in EXPERIMENTS.glob("*.yaml")), key=lambda e: (e.number, e.name))


def _hypothesis(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(content.get("steady-state-hypothesis", {}).get("probes", ()))


def _function(activity: Mapping[str, Any]) -> Callable[..., Any]:
    provider = activity["provider"]
    if provider["type"] != "python" or provider["module"] not in MODULES:
        raise ExperimentError(f"{activity['name']}: only python providers of {MODULES} are run")
    found: Callable[..., Any] = getattr(importlib.import_module(provider["module"]), provider["func"])
    return found


class Runner:
    """Runs one experiment in the session given."""

    def __init__(self, experiment: Experiment, held: session.Session, say: Say = lambda _: None) -> None:
        self._experiment = experiment
        self._session = held
        self._say = say
        self._background: list[Future[Any]] = []
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="activity")
        self.result = ExperimentResult(experiment, held.seed)

    def run(self, patience: float = PATIENCE_SECONDS) -> ExperimentResult:
        """Never leaves a fault behind; what went wrong is in the result."""
        content, result = self._experiment.content, self.result
        began = time.monotonic()
        session.use(self._session)
        short = self._session.scale < 1
        try:
            try:
                self._session.begin()
                for probe in _hypothesis(content):
                    self._do(probe, "before")
                for activity in content["method"]:
                    self._do(activity, "method")
                for waiting in self._background:
                    waiting.result()
                for activity in content.get("rollbacks", ()):
                    self._do(activity, "rollback")
                actions.heal_all()
                actions.wait_for_load()
                for probe in _hypothesis(content):
                    self._do(probe, "after")
            except UnavailableError as unavailable:
                result.skipped = str(unavailable)
                return result
            except UNASKED as error:  # what the others found stands in the report all the same
                result.verdicts = [
                    CheckVerdict("S steady state", None, f"the stack could not be asked: {error}")
                ]
                return result
            page = None if short else self._experiment.about.get("runbook")
            self._session.finish(patience, page)
            result.recovery = recovery(self._session.history.events)
            budget = self._experiment.budget_on(self._session.target.runbook)
            events = self._session.history.events
            if short:
                budget = Budget(budget.p99, budget.gap, budget.board, budget.alert)
            result.verdicts = [*judge(events, budget), happened(events), self._steady()]
            return result
        finally:
            self._session.close()
            self._pool.shutdown(wait=False)
            session.use(None)
            result.seconds = time.monotonic() - began
            result.history = str(self._session.history.path or "")

    def _do(self, activity: Mapping[str, Any], when: str) -> None:
        provider = activity["provider"]
        if provider["func"] == "follow_runbook" and self._session.scale < 1:
            return  # the long form does
        pauses = activity.get("pauses", {})
        self._session.pause(float(pauses.get("before", 0)))
        self._say(activity["name"])
        self._session.history.record(Op.NOTE, said=activity["name"])
        call, arguments = _function(activity), dict(provider.get("arguments", {}))
        if activity.get("background"):
            self._background.append(self._pool.submit(call, **arguments))
        else:
            value = call(**arguments)
            if activity["type"] == "probe" or "tolerance" in activity:
                fine = _tolerable(value, activity.get("tolerance", True))
                self.result.probes.append(
                    {"name": activity["name"], "when": when, "value": value, "fine": fine}
                )
        self._session.pause(float(pauses.get("after", 0)))

    def _steady(self) -> CheckVerdict:
        failed = [p for p in self.result.probes if not p["fine"]]
        if failed:
            return CheckVerdict("S steady state", False, f"{failed[0]['when']}: {failed[0]['name']}")
        count = len(self.result.probes)
        return CheckVerdict("S steady state", True if count else None, f"{count} probes within tolerance")


def _tolerable(value: Any, tolerance: Any) -> bool:
    if isinstance(tolerance, dict) and tolerance.get("type") == "range":
        low, high = tolerance["range"]
        return bool(low <= value <= high)
    if isinstance(tolerance, list):
        return value in tolerance
    return bool(value == tolerance)


def write_run(folder: Path, results: list[ExperimentResult], about: Mapping[str, Any]) -> Path:
    """`run.json` of a dated folder: verdicts, seed, versions."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "run.json"
    content = dict(about) | {"experiments": [r.as_json() for r in results]}
    path.write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")
    return path
