"""Deploys under load: no webhook fails while services are replaced; a bad deploy is taken back in minutes."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.cluster.containers import IMAGES, Cluster
from tests.cluster.measuring import Measured, Row, happened, judge

pytestmark = pytest.mark.timeout(600)

SUSTAINED = 300.0  # texts a second
SUSTAINED_SECONDS = 30.0
MOST_ROLLBACK = 300.0
MOST_P99 = 5.0  # seconds; providers wait 10 to 15


def test_three_hundred_texts_a_second(measured: Measured) -> None:
    row = measured.while_("300 texts/s for 30 s", lambda: None, SUSTAINED_SECONDS, rate=SUSTAINED)
    load = row.load
    assert load is not None
    assert load.given_up == 0 and len(load.acknowledged) == load.due
    assert load.due / load.seconds >= SUSTAINED * 0.95, load.report()
    assert load.latencies.within(0.99) <= MOST_P99, load.report()
    acknowledged, stored, more = measured.run(measured.stored_once(patience=60))
    assert (stored, more) == (acknowledged, 0)


def test_rolling_restart_of_every_service(measured: Measured) -> None:
    cluster = measured.cluster
    services = [f"{name}{n}" for name in ("intake", "tally", "callers", "dashboard") for n in (1, 2)]
    before = {service: cluster.inspect(service)["State"]["StartedAt"] for service in services}
    row = measured.while_("rolling restart of all services", lambda: roll(cluster), 20)
    after = {service: cluster.inspect(service)["State"]["StartedAt"] for service in services}
    happened("another start of every service", all(before[s] != after[s] for s in services))
    judge(row)
    assert row.load is not None and row.load.refusals == {}, "no webhook may fail"


def roll(cluster: Cluster, image: str = IMAGES[0]) -> None:
    cluster.run("env", f"BELUGA_IMAGE={image}", "deploy/cluster", "roll", seconds=400)


@pytest.fixture
def bad_image(tmp_path: Path) -> str:
    """Yesterday's image with a tally that ends as it starts; everything before it in a roll is well."""
    (tmp_path / "Dockerfile").write_text(
        f"FROM {IMAGES[0]}\nUSER root\n"
        "RUN echo 'raise SystemExit(1)' | tee /opt/beluga/lib/python3*/site-packages/tally/__main__.py\n"
        "USER beluga\n"
    )
    subprocess.run(
        ["docker", "build", "-q", "-t", "beluga-turnout:bad", tmp_path], check=True, capture_output=True
    )
    return "beluga-turnout:bad"


def test_a_bad_deploy_stops_itself_and_is_taken_back(measured: Measured, bad_image: str) -> None:
    """The roll ends at the first service that does not become well; its neighbour has gone on serving."""
    cluster = measured.cluster
    back = 0.0

    def harm() -> None:
        nonlocal back
        with pytest.raises(AssertionError, match="tally1 did not become healthy"):
            roll(cluster, bad_image)
        happened("the bad image, on tally1", cluster.inspect("tally1")["Config"]["Image"] == bad_image)
        began = time.monotonic()
        roll(cluster)
        back = time.monotonic() - began

    row = measured.while_("a bad deploy, and back", harm, 20)
    measured.rows.append(Row("  of that, taking it back", took=back))
    judge(row)
    assert row.load is not None and row.load.refusals == {}, "no webhook may fail"
    assert back <= MOST_ROLLBACK
