"""How busy the whole machine is, as a Prometheus collector: so that an alert can blame the neighbour."""

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

STAT = Path("/proc/stat")


class MachineTime(Collector):
    """`beluga_machine_idle_seconds_total`: seconds in which a core had nothing to do, summed over cores.

    Linux only (proc(5), the fourth figure of the line `cpu`); elsewhere there is no sample.
    """

    def __init__(self, stat: Path = STAT) -> None:
        self._stat = stat
        self._ticks = os.sysconf("SC_CLK_TCK")

    def collect(self) -> Iterator[CounterMetricFamily]:
        try:
            with self._stat.open(encoding="ascii") as file:
                idle = int(file.readline().split()[4])
        except (OSError, ValueError, IndexError):
            return
        yield CounterMetricFamily(
            "beluga_machine_idle_seconds", "Seconds in which a core was idle, of all cores.",
            value=idle / self._ticks,
        )  # fmt: skip
