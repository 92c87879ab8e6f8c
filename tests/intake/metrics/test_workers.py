"""Several workers' counts as one: sums, except where the worst is what matters."""

from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from intake.metrics.workers import WorkerMetrics, summed


def counts(taken: int, depth: float, age: float, seconds: float) -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("taken", "Taken.", ["provider"], registry=registry).labels("generic").inc(taken)
    Gauge("depth", "Waiting.", registry=registry).set(depth)
    Gauge("oldest_seconds", "Age.", registry=registry).set(age)
    Histogram("ack_seconds", "Time.", buckets=(0.1, 1.0), registry=registry).observe(seconds)
    return registry


def values(text: bytes) -> dict[str, float]:
    lines = [line for line in text.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_counts_add_up_and_ages_do_not() -> None:
    texts = [generate_latest(counts(3, 5, 9.0, 0.05)), generate_latest(counts(4, 6, 2.0, 0.5))]
    together = values(summed([text.decode() for text in texts]))
    assert together['taken_total{provider="generic"}'] == 7
    assert together["depth"] == 11
    assert together["oldest_seconds"] == 9.0
    assert together['ack_seconds_bucket{le="0.1"}'] == 1
    assert together['ack_seconds_bucket{le="+Inf"}'] == together["ack_seconds_count"] == 2
    assert together["ack_seconds_sum"] == 0.55
    assert together["beluga_intake_workers_counted"] == 2
    assert together['taken_created{provider="generic"}'] == min(
        values(text)['taken_created{provider="generic"}'] for text in texts
    )


async def test_a_worker_that_does_not_answer_is_left_out(tmp_path: Path) -> None:
    one, two = (WorkerMetrics(tmp_path, n, 3, counts(n + 1, 0, 0, 0)) for n in range(2))
    await one.start()
    await two.start()
    (tmp_path / "metrics-2.port").write_text("1")  # nobody answers there
    for worker in (one, two):
        found = values(await worker.text())
        assert found['taken_total{provider="generic"}'] == 3
        assert found["beluga_intake_workers_counted"] == 2
    await two.stop()
    assert values(await one.text())["beluga_intake_workers_counted"] == 1
    await one.stop()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["metrics-2.port"]


async def test_one_worker_asks_nobody(tmp_path: Path) -> None:
    alone = WorkerMetrics(tmp_path, 0, 1, counts(1, 0, 0, 0))
    await alone.start()
    assert values(await alone.text())['taken_total{provider="generic"}'] == 1
    assert list(tmp_path.iterdir()) == []
    await alone.stop()
