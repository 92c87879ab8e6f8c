"""How many acknowledgements, and how long they take: put together for Prometheus when somebody asks, not at
each of them.

A histogram of prometheus_client's takes a lock and a walk through its buckets at each observation, which was
a fiftieth of an acknowledgement's time, and a counter of its a hundredth. Here each is one addition.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector


class Times(Collector):
    """A histogram of seconds for one thread. `bounds`: the upper ends of its buckets, rising."""

    def __init__(self, name: str, documentation: str, bounds: Sequence[float]) -> None:
        self._name = name
        self._documentation = documentation
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Counts one; a value on a bound belongs below it, as Prometheus' `le` says."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def collect(self) -> Iterator[Metric]:
        names = [*map(str, self._bounds), "+Inf"]
        buckets = list(zip(names, accumulate(self._counts), strict=True))
        family = HistogramMetricFamily(self._name, self._documentation)
        family.add_metric([], buckets, self._sum)
        yield family


class Counts(Collector):
    """A counter with one label, for one thread."""

    def __init__(self, name: str, documentation: str, label: str) -> None:
        self._name = name
        self._documentation = documentation
        self._label = label
        self._counts: dict[str, int] = {}

    def add(self, label: str) -> None:
        """Counts one."""
        self._counts[label] = self._counts.get(label, 0) + 1

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self._name, self._documentation, labels=[self._label])
        for label, count in sorted(self._counts.items()):
            family.add_metric([label], count)
        yield family
