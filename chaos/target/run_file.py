"""`run.json` in a state folder: what runs on this machine, as `beluga up` wrote it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaos.target.clock import StackClock


def read_run(state: Path) -> dict[str, Any]:
    """What runs now. Raises `OSError`, `ValueError`."""
    found: dict[str, Any] = json.loads((state / "run.json").read_bytes())
    return found


def clock_of(run: Mapping[str, Any]) -> StackClock:
    """The clock by which it runs."""
    name = run.get("clock_file")
    return StackClock(Path(name) if name else None)
