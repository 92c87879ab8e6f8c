"""Several workers' counts as one: sums, except where the worst is what matters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from intake.metrics.intake import COMMIT_WINDOW_SECONDS, Telemetry
from intake.metrics.workers import FOLDER, MEMORY, forget_gauges, metrics_text, shared_folder

WORKER = """
import sys
from intake.metrics.intake import Telemetry
from intake.metrics.workers import share_metrics
worker, count, depth, commit, seconds = (float(value) for value in sys.argv[1:])
share_metrics(int(worker))
telemetry = Telemetry()
for _ in range(int(count)):
    telemetry.acknowledge("generic", duplicate=False)
telemetry.ack_seconds.observe(seconds)
telemetry.set_state(int(depth), 0, 0, commit)
telemetry.serving.set(1)
"""


def work(folder: str, *figures: float) -> None:
    asked = [sys.executable, "-c", WORKER, *map(str, figures)]
    subprocess.run(asked, env=os.environ | {FOLDER: folder}, check=True)


def values(text: bytes) -> dict[str, float]:
    lines = [line for line in text.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_counts_add_up_and_durations_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with shared_folder() as folder:
        monkeypatch.setenv(FOLDER, folder)
        work(folder, 0, 3, 5, 9.0, 0.004)
        work(folder, 1, 4, 6, 2.0, 0.4)
        together = values(metrics_text(CollectorRegistry()))
        assert together['beluga_intake_acknowledged_total{provider="generic"}'] == 7
        assert together["beluga_intake_journal_depth"] == 11
        assert together["beluga_intake_commit_seconds"] == 9.0
        assert together['beluga_intake_ack_seconds_bucket{le="0.005"}'] == 1
        assert together['beluga_intake_ack_seconds_bucket{le="+Inf"}'] == 2
        assert together["beluga_intake_ack_seconds_sum"] == pytest.approx(0.404)
        assert together["beluga_intake_workers_counted"] == 2

        forget_gauges(folder, 0)  # it died: what it has counted stays
        left = values(metrics_text(CollectorRegistry()))
        assert left["beluga_intake_workers_counted"] == 1
        assert left["beluga_intake_journal_depth"] == 6
        assert left['beluga_intake_acknowledged_total{provider="generic"}'] == 7

        work(folder, 0, 1, 2, 1.0, 0.4)  # started again: it goes on counting
        again = values(metrics_text(CollectorRegistry()))
        assert again["beluga_intake_workers_counted"] == 2
        assert again["beluga_intake_journal_depth"] == 8
        assert again['beluga_intake_acknowledged_total{provider="generic"}'] == 8


def test_the_figures_lie_in_memory_and_go_with_who_made_the_folder() -> None:
    """A write into a mapped file that a full disk has no room for would end the worker."""
    with shared_folder() as folder:
        assert not MEMORY.is_dir() or folder.startswith(f"{MEMORY}/")
    assert not Path(folder).exists()


def test_a_slow_commit_is_shown_until_prometheus_has_asked() -> None:
    telemetry = Telemetry()

    def shown() -> float:
        return values(metrics_text(telemetry.registry))["beluga_intake_commit_seconds"]

    telemetry.set_state(0, 0, 0, 2.5, now=100.0)
    telemetry.set_state(0, 0, 0, 0.1, now=100.0 + COMMIT_WINDOW_SECONDS)
    assert shown() == 2.5
    telemetry.set_state(0, 0, 0, 0.1, now=101.0 + COMMIT_WINDOW_SECONDS)
    assert shown() == 0.1
