"""At the end: what was acknowledged is stored once and tallied by each tally; alarms are heard."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from beluga.readiness.examination import look_behind
from beluga.readiness.preflight import database as database_check
from tests.cluster.measuring import Measured

pytestmark = pytest.mark.timeout(600)


async def test_everything_acknowledged_is_stored_and_tallied_once(measured: Measured) -> None:
    acknowledged, stored, more_than_once = await measured.stored_once()
    tallied = [await measured.tallied(service) for service in ("tally1", "tally2")]
    line = f"acknowledged {acknowledged}, stored {stored}, more than once {more_than_once}, tallied {tallied}"
    print(line)
    assert (stored, more_than_once, tallied) == (acknowledged, 0, [acknowledged, acknowledged]), line


@pytest.mark.parametrize(("days", "alarm"), [("13", True), ("16", False)])
def test_a_certificate_that_ends_soon_is_an_alarm(
    measured: Measured, root: Path, days: str, alarm: bool
) -> None:
    cluster = measured.cluster
    good = (cluster.secrets / "proxy_certificate").read_bytes()
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", days, "-subj", "/CN=x",
             "-keyout", "k", "-out", "proxy_certificate"],
            cwd=cluster.secrets, check=True, capture_output=True,
        )  # fmt: skip
        said = subprocess.run(
            ["deploy/cluster", "status"], cwd=root, env=cluster.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert ("RENEW THE CERTIFICATE" in said.stderr) is alarm
        assert said.returncode or not alarm
    finally:
        (cluster.secrets / "proxy_certificate").write_bytes(good)


async def test_preflight_fails_once_no_standby_is_synchronous(
    measured: Measured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = measured.cluster
    monkeypatch.setenv("BELUGA_DATABASE_URL", cluster.database_url)
    primary = await asyncio.to_thread(cluster.primary)
    for database in {"db1", "db2", "db3"} - {primary}:
        await asyncio.to_thread(cluster.docker, "kill", database)
    async with asyncio.timeout(60):
        while True:
            behind = await look_behind(tmp_path)
            found = database_check(behind.database, behind.why)
            if not found.passed and "no synchronous standby" in found.said:
                break
            await asyncio.sleep(1)
    assert "deploy/cluster status" in found.remedy
