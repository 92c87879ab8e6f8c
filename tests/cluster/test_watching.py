"""Prometheus starts beside the cluster, hears everybody, fills the dashboard, and an alert really fires."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from tests.cluster.measuring import Measured, Row, happened

pytestmark = pytest.mark.timeout(300)

# What stays empty while nothing goes wrong, or nobody calls: a counter appears when it first counts.
EMPTY_WHEN_WELL = {"Refused a second", "Leases p99"}


class Prometheus:
    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1"

    def get(self, what: str) -> Any:
        with urlopen(f"{self._url}/{what}", timeout=5) as answer:
            return json.loads(answer.read())["data"]

    def ask(self, expression: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"query?query={quote(expression)}")["result"]
        return found

    def until(self, expression: str, seconds: float) -> float:
        """Seconds until it has a result."""
        began = time.monotonic()
        while not self.ask(expression):
            assert time.monotonic() - began < seconds, f"{expression} is empty after {seconds} s"
            time.sleep(0.5)
        return time.monotonic() - began


@pytest.fixture(scope="module")
def prometheus(measured: Measured) -> Prometheus:
    cluster = measured.cluster
    cluster.run("deploy/cluster", "watch")
    return Prometheus(cluster.prometheus)


def test_everybody_is_heard(prometheus: Prometheus) -> None:
    prometheus.until("sum(up) == count(up) and count(up) == 16", 60)
    rules = [r for group in prometheus.get("rules")["groups"] for r in group["rules"]]
    assert len(rules) > 10 and all(r["health"] != "err" for r in rules), rules


def test_every_panel_of_the_dashboard_shows_something(
    measured: Measured, prometheus: Prometheus, root: Path
) -> None:
    measured.while_("texts for the dashboard", lambda: None, 25, rate=20)
    measured.rows.pop()
    board = json.loads((root / "deploy/grafana/dashboards/beluga.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            found = prometheus.ask(target["expr"])
            assert found or panel["title"] in EMPTY_WHEN_WELL, panel["title"]
    assert float(prometheus.ask("sum(rate(beluga_intake_acknowledged_total[30s]))")[0]["value"][1]) > 5


def test_an_alert_fires_and_names_its_page(measured: Measured, prometheus: Prometheus) -> None:
    cluster = measured.cluster
    cluster.docker("kill", "intake1")
    happened("intake1 gone", not cluster.inspect("intake1")["State"]["Running"])
    try:
        took = prometheus.until('ALERTS{alertname="OneIntakeLeft",alertstate="firing"}', 60)
        fired = [a for a in prometheus.get("alerts")["alerts"] if a["labels"]["alertname"] == "OneIntakeLeft"]
        assert fired[0]["annotations"]["runbook"] == "runbooks/intake-down.md"
    finally:
        cluster.docker("start", "intake1")
    cluster.until_healthy("intake1")
    measured.rows.append(Row("Prometheus: one intake killed, until the alert fires", took=took))
