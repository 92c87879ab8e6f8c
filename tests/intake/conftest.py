"""Intake processes that end with their test."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.intake.running import IntakeProcess


@pytest.fixture
def intake_at(tmp_path: Path) -> Iterator[Callable[..., IntakeProcess]]:
    """Makes intake processes; what still runs at the end is killed."""
    made: list[IntakeProcess] = []

    def make(database_url: str = "", **more: Any) -> IntakeProcess:
        made.append(IntakeProcess(tmp_path / f"state-{len(made)}", database_url, **more))
        return made[-1]

    yield make
    for one in made:
        if one.process:
            one.end(signal.SIGKILL)
