"""Backups of a running cluster: verified beside it, to a moment too; and all databases' disks destroyed."""

import asyncio
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from beluga.readiness.examination import backup, examine, look_behind
from beluga.readiness.preflight import database as database_check
from tests.cluster.measuring import Measured, Row, happened, was_away

pytestmark = pytest.mark.timeout(900)

MOST_LOST = 90.0  # seconds of the database's own: archive_timeout, and its push
MOST_RESTORE = 240.0


@pytest.fixture(autouse=True)
def the_clusters_database(measured: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELUGA_DATABASE_URL", measured.cluster.database_url)


async def test_preflight_sees_the_synchronous_standby(measured: Measured, tmp_path: Path) -> None:
    behind = await look_behind(tmp_path)
    assert behind.database is not None and behind.database.sees_standbys and behind.database.synchronous == 1
    assert database_check(behind.database).passed


def test_a_backup_is_verified_beside_the_running_cluster(measured: Measured, tmp_path: Path) -> None:
    cluster = measured.cluster
    cluster.run("deploy/cluster", "backup", seconds=120)
    before = measured.run(look_behind(tmp_path))
    assert before.backup_hours is not None and before.backup_hours < 0.1
    assert "restored and recounted" in backup(tmp_path, before).said  # nobody has, yet
    began = time.monotonic()
    said = cluster.run("deploy/cluster", "verify-backup", seconds=300)
    measured.rows.append(Row("a backup verified: restored and recounted", took=time.monotonic() - began))
    print(said)
    assert "missing 0, extra 0, different 0, rosters lost 0" in said
    assert backup(tmp_path, measured.run(look_behind(tmp_path))).passed


async def test_preflight_passes_on_a_cluster_that_is_well(measured: Measured, tmp_path: Path) -> None:
    """As its operator's machine sees it; then as intake's own container does, with its disk."""
    cluster = measured.cluster
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BELUGA_SECRETS_DIR", str(cluster.secrets))
        found = await examine(
            cluster.url, tmp_path / "none", cluster.secrets / "proxy.crt", cluster.http, local=False
        )
    # what only the campaign has: phones that were called up, numbers, a rehearsal of this installation
    ours = {"watchers", "phones", "numbers", "rehearsal"}
    assert [f.line() for f in found if not f.passed and f.check not in ours] == []
    assert {f.check for f in found} >= {"dns", "tls", "redirect", "private", "webhook", "clock", "database",
                                        "backup", "capacity", "opt-out", "hours"}  # fmt: skip
    said = await asyncio.to_thread(cluster.run, "deploy/cluster", "preflight", "--local", check=False)
    passed = {line.split()[1] for line in said.splitlines() if line.startswith("pass")}
    assert {"disk", "database", "backup", "capacity", "opt-out", "hours"} <= passed, said


def test_a_moment_of_the_past_is_restored(measured: Measured) -> None:
    cluster = measured.cluster
    load(measured, 3)
    moment = datetime.now(UTC)
    load(measured, 3)
    archive(measured)
    said = cluster.run("deploy/cluster", "verify-backup", moment.isoformat(" "), seconds=300)
    print(said)
    newest = datetime.fromisoformat(re.findall(r"newest message (\S+ \S+)", said)[0])
    assert moment.timestamp() - 2 <= newest.timestamp() <= moment.timestamp()


def test_all_databases_disks_destroyed(measured: Measured) -> None:
    """Archive and base backup bring the database back; what it misses, intake's journals bring."""
    cluster = measured.cluster
    destroyed = 0.0
    databases = ("db1", "db2", "db3")
    before = {database: cluster.inspect(database)["Id"] for database in databases}

    def harm() -> None:
        nonlocal destroyed
        destroyed = time.time()
        cluster.destroy_disk(*databases)
        said = cluster.run("deploy/cluster", "restore", "--really", seconds=500)
        print(said)
        newest = datetime.fromisoformat(re.findall(r"newest message (\S+ \S+)", said)[0])
        lost = destroyed - newest.timestamp()
        measured.rows.append(Row(f"  the database's own RPO, before the journals: {lost:.0f} s"))
        took = float(re.findall(r"takes writes after (\d+) s", said)[0])
        measured.rows.append(Row("  until the database takes writes again", took=took))
        assert lost <= MOST_LOST and took <= MOST_RESTORE

    row = measured.while_("all three databases' disks destroyed", harm, 20, rate=10)
    after = {database: cluster.inspect(database)["Id"] for database in databases}
    happened(
        "another container of every database, of an empty disk", all(before[d] != after[d] for d in databases)
    )
    was_away(row)
    assert row.load is not None and row.load.given_up == 0
    assert row.load.gap[0] <= 1.0 + row.load.latest_start, row.load.report()
    cluster.until_replicated()
    acknowledged, stored, more_than_once = measured.run(measured.stored_once())
    assert (stored, more_than_once) == (acknowledged, 0)


def load(measured: Measured, seconds: float) -> None:
    measured.while_("texts around a moment", lambda: None, seconds, rate=10)
    measured.rows.pop()


def archive(measured: Measured) -> None:
    """Has the log archived up to now."""
    cluster = measured.cluster
    cluster.compose("exec", "-T", cluster.primary(), "psql", "-h", "/tmp", "-U", "postgres", "-c",
                    "select pg_switch_wal()")  # fmt: skip
    time.sleep(3)
