"""What the last preflight that was kept says has broken (`preflight.json`, by `beluga preflight --keep`).

Read at each scrape: whoever keeps one runs beside us, at night.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

FILE = "preflight.json"


class KeptPreflights(Collector):
    """Two figures, or none where no preflight has been kept."""

    def __init__(self, state: Path) -> None:
        self._file = state / FILE

    def describe(self) -> list[Metric]:
        """Nothing to read when it is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        found = last_kept(self._file)
        if found is None:
            return
        yield GaugeMetricFamily(
            "beluga_preflight_broken", "Checks of the last preflight that passed before and fail now.",
            value=float(len(found[1])),
        )  # fmt: skip
        yield GaugeMetricFamily(
            "beluga_preflight_kept_timestamp_seconds", "When the last preflight was kept.", value=found[0]
        )


def last_kept(file: Path) -> tuple[float, dict[str, str]] | None:
    """When, and what has broken by check; None where there is none that can be read."""
    try:
        kept: dict[str, Any] = orjson.loads(file.read_bytes())
        return float(kept["at"]), {str(check): str(said) for check, said in kept["broken"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
