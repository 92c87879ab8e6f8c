"""The machine's idle time comes from the kernel, grows, and is left out where there is none."""

from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from election.runtime.machine import MachineTime


def samples(stat: Path) -> bytes:
    registry = CollectorRegistry()
    registry.register(MachineTime(stat))
    return generate_latest(registry)


def test_idle_ticks_become_seconds(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  10 20 30 4250 50 0 0 0 0 0\ncpu0 1 2 3 4 5\n")
    assert b"beluga_machine_idle_seconds_total 42.5\n" in samples(stat)


def test_without_a_kernel_that_says_so_there_is_no_sample(tmp_path: Path) -> None:
    assert b"idle" not in samples(tmp_path / "nowhere")
    (tmp_path / "odd").write_text("cpu\n")
    assert b"idle" not in samples(tmp_path / "odd")
