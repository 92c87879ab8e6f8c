"""Alerts and dashboards ask for metrics that the services really export, and name pages that exist."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("intake", "tally", "callers", "dashboard", "election")
ALERTS = (ROOT / "deploy/prometheus/alerts.yml").read_text()


def exported() -> set[str]:
    """Names of our metrics, as written beside the code that counts them."""
    found: set[str] = set()
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            found |= set(re.findall(r'"(beluga_[a-z_]+)"', file.read_text()))
    return found | set(re.findall(r'"(beluga_[a-z_]+) ', (ROOT / "deploy/haproxy.cfg").read_text()))


def asked(text: str) -> set[str]:
    names = set(re.findall(r"\bbeluga_[a-z_]+", text))
    return {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in names}


@pytest.mark.parametrize("file", ["deploy/prometheus/alerts.yml", "deploy/grafana/dashboards/beluga.json"])
def test_only_real_metrics_are_asked_for(file: str) -> None:
    names = asked((ROOT / file).read_text())
    assert names and names <= exported(), names - exported()


def test_every_alert_names_a_page_that_exists() -> None:
    pages = re.findall(r"runbook: ([\w/.-]+)", ALERTS)
    assert len(pages) == ALERTS.count("- alert:")
    assert [page for page in pages if not (ROOT / page).exists()] == []


def test_the_dashboard_is_valid_json_with_a_query_in_every_panel() -> None:
    board = json.loads((ROOT / "deploy/grafana/dashboards/beluga.json").read_text())
    assert all(panel["targets"][0]["expr"] for panel in board["panels"])


@pytest.mark.parametrize(
    "script",
    ["cluster", "images-local", "make-secrets", "start-database", "start-etcd", "start-proxy", "keep-backups",
     "note-backups", "restore-backup", "after-bootstrap"],
)  # fmt: skip
def test_scripts_parse(script: str) -> None:
    subprocess.run(["bash", "-n", str(ROOT / "deploy" / script)], check=True)


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    make = [str(ROOT / "deploy/make-secrets"), str(tmp_path / "secrets")]
    subprocess.run(make, check=True)
    first = {f.name: f.read_bytes() for f in (tmp_path / "secrets").iterdir()}
    subprocess.run(make, check=True)
    assert first == {f.name: f.read_bytes() for f in (tmp_path / "secrets").iterdir()}
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert first["postgres_password"] in first["beluga_database_url"]


def test_base_backups_are_not_refused_for_what_is_configured() -> None:
    """pgBackRest backs nothing up where the archive command does not name it, or an option is beta."""
    command = re.findall(r"archive_command: (.*)", (ROOT / "deploy/patroni.yml").read_text())
    assert len(command) == 1 and command[0].startswith("pgbackrest --stanza=beluga archive-push %p")
    assert "repo1-block" not in (ROOT / "deploy/pgbackrest.conf").read_text()  # beta in Debian 12's
