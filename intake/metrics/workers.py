"""One `/metrics` for several workers, by prometheus_client's multiprocess mode.

Theory of operation. Each worker keeps its figures in files that it maps into memory, under its number, so
that a worker started again goes on counting where the one before it ended. Whichever worker is asked adds up
the files: counters, histograms and depths by sum, ages and durations (`…_seconds` gauges) by their largest,
since an alert is about the worst. The gauges of a worker that died leave the sum until it is back, which
`beluga_intake_workers_counted` shows.

The files lie in memory: a write into a mapped file for which a full disk has no room ends the process.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry, generate_latest, multiprocess, values

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own variable
MEMORY = Path("/dev/shm")  # noqa: S108 - Linux' file system in memory; the folder's name is not to be guessed


def shared_folder() -> "TemporaryDirectory[str]":
    """The folder that the workers of one supervisor share; gone with it."""
    inside = MEMORY if os.access(MEMORY, os.W_OK) else None
    return TemporaryDirectory(prefix="beluga-intake-", dir=inside)


def share_metrics(worker: int) -> None:
    """Keeps this process' figures where the others see them; called before any metric is made."""
    if FOLDER in os.environ:
        values.ValueClass = values.MultiProcessValue(lambda: worker)  # type: ignore[no-untyped-call]


def forget_gauges(folder: str, worker: int) -> None:
    """Takes what a worker that died said of its present state out of the sums."""
    multiprocess.mark_process_dead(worker, folder)  # type: ignore[no-untyped-call]


def metrics_text(registry: CollectorRegistry) -> bytes:
    """Prometheus' text of all workers, or of this process where it has none beside it."""
    if FOLDER not in os.environ:
        return generate_latest(registry)
    together = CollectorRegistry()
    multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)
