"""A game day: steps with roles and a clock, experiments in between, surprises drawn by a seed."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chaos.errors import ChaosError


class ScriptError(ChaosError):
    """The script cannot be played. The message says where and why."""


@dataclass(frozen=True, slots=True)
class GamedayStep:
    """One moment of the day. `at` is the scenario's clock; `pause` how long people have, s."""

    at: str
    role: str
    say: str
    experiment: str = ""
    surprise: str = ""  # drawn; nobody but the observer knows it before
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class GamedayScript:
    title: str
    roles: Mapping[str, str]
    steps: tuple[GamedayStep, ...]


def read_script(path: Path, seed: int, experiments: set[str]) -> GamedayScript:
    """The script with its surprises drawn, none twice. Raises `ScriptError`."""
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        roles = dict(said["roles"])
        surprises = list(said.get("surprises", ()))
        random.Random(seed).shuffle(surprises)
        steps = tuple(_step(n, row, roles, surprises, experiments) for n, row in enumerate(said["steps"], 1))
        return GamedayScript(str(said["title"]), roles, steps)
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise ScriptError(f"{path}: {error!r}") from error


def _step(
    number: int, row: Mapping[str, Any], roles: Mapping[str, str], surprises: list[str], known: set[str]
) -> GamedayStep:
    experiment = str(row.get("experiment", ""))
    if row["role"] not in roles:
        raise ScriptError(f"step {number}: nobody plays {row['role']!r}")
    if experiment and experiment not in known:
        raise ScriptError(f"step {number}: there is no experiment {experiment!r}")
    drawn = surprises.pop() if row.get("surprise") and surprises else ""
    return GamedayStep(str(row["at"]), row["role"], row["say"], experiment, drawn, float(row.get("pause", 0)))
