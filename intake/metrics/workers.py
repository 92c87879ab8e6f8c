"""One `/metrics` for several workers: whichever is asked asks the others, and adds up.

Theory of operation. Each worker answers on a port of its own on the loopback address, written to a file in
intake's folder, with what it counts. Counters, histograms and depths are added; of ages and durations
(`…_seconds` gauges) the largest counts, since an alert is about the worst. A worker that does not answer is
missing from the sum, which `beluga_intake_workers_counted` shows; Prometheus takes the drop for a restart.
"""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from election.runtime.atomic_file import replace_file

PATIENCE_SECONDS = 1.0  # for one worker; Prometheus gives up after ten
LARGEST = 1 << 20  # bytes of one worker's answer
COUNTED = "beluga_intake_workers_counted"

log = structlog.get_logger()

_Key = tuple[str, tuple[tuple[str, str], ...]]


class WorkerMetrics:
    """`start()`, then `text()` is what all workers count together; `stop()`."""

    def __init__(self, folder: Path, worker: int, workers: int, registry: CollectorRegistry) -> None:
        self._folder = folder
        self._worker = worker
        self._others = [number for number in range(workers) if number != worker]
        self._registry = registry
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        if self._others:
            self._server = await asyncio.start_server(self._tell, "127.0.0.1", 0)
            port = self._server.sockets[0].getsockname()[1]
            try:
                await asyncio.to_thread(replace_file, self._path(self._worker), str(port).encode())
            except OSError as error:  # a full disk: the others will miss us in their sums, and nobody else
                log.warning("metrics_not_shared", error=str(error))

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._path(self._worker).unlink(missing_ok=True)

    async def text(self) -> bytes:
        """Prometheus' text of all workers that answer."""
        own = generate_latest(self._registry)
        if not self._others:
            return own
        answers = await asyncio.gather(*map(self._ask, self._others))
        return summed([own.decode(), *(answer for answer in answers if answer)])

    def _path(self, worker: int) -> Path:
        return self._folder / f"metrics-{worker}.port"

    async def _tell(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(generate_latest(self._registry))
        writer.close()

    async def _ask(self, worker: int) -> str:
        """What another worker counts; "" where it does not say."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                port = int(self._path(worker).read_text())
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LARGEST)
                try:
                    told = (await reader.read(-1)).decode()
                finally:
                    writer.close()
            list(text_string_to_metric_families(told))
            return told
        except (OSError, ValueError, TimeoutError):
            return ""


def summed(texts: Sequence[str]) -> bytes:
    """Several Prometheus texts of the same program as one."""
    merged: dict[str, tuple[Metric, dict[_Key, float]]] = {}
    for text in texts:
        for metric in text_string_to_metric_families(text):
            _, values = merged.setdefault(metric.name, (metric, {}))
            for sample in metric.samples:
                key = (sample.name, tuple(sample.labels.items()))
                before = values.get(key)
                values[key] = sample.value if before is None else _together(metric, before, sample.value)
    registry = CollectorRegistry()
    registry.register(_Merged(merged, len(texts)))
    return generate_latest(registry)


def _together(metric: Metric, one: float, other: float) -> float:
    if metric.name.endswith("_created"):
        return min(one, other)
    if metric.type == "gauge" and metric.name.endswith("_seconds"):
        return max(one, other)
    return one + other


class _Merged(Collector):
    def __init__(self, merged: dict[str, tuple[Metric, dict[_Key, float]]], workers: int) -> None:
        self._merged = merged
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        for first, values in self._merged.values():
            metric = Metric(first.name, first.documentation, first.type)
            for (name, labels), value in values.items():
                metric.add_sample(name, dict(labels), value)
            yield metric
        counted = Metric(COUNTED, "Workers whose counts are in these sums.", "gauge")
        counted.add_sample(COUNTED, {}, float(self._workers))
        yield counted
