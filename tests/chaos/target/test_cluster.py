"""A cluster is found as deploy/cluster finds it, a real day is refused, and parts are told by Patroni's word.

`docker` here is a script that answers from files; tests/cluster and `beluga rehearse --target cluster` use
the real one.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.faults.protocol import UnavailableError
from chaos.judge.alerts import holds, parse, read_rules
from chaos.run.run import catalogue
from chaos.target import containers
from chaos.target.cluster import ClusterTarget, find_cluster
from chaos.target.kinds import at
from chaos.target.target import NoTargetError, Target

MEMBERS = [
    {"Member": "db1", "Role": "Replica", "State": "streaming", "TL": 3},
    {"Member": "db2", "Role": "Leader", "State": "running", "TL": 3},
    {"Member": "db3", "Role": "Sync Standby", "State": "streaming", "TL": 3},
]
NAMES = ("proxy", "intake1", "intake2", "tally1", "db1", "db2", "db3")
CONTAINERS = {
    str(n): {"Name": f"beluga-{name}-1", "IPv4Address": f"172.30.0.{n}/16"} for n, name in enumerate(NAMES, 2)
}


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    answers = tmp_path / "answers"
    answers.mkdir()
    script = tmp_path / "bin" / "docker"
    script.parent.mkdir()
    script.write_text(
        f'#!/bin/sh\ncat "{answers}/$1" || exit 1\necho "$@" >> {tmp_path}/asked\n', encoding="utf-8"
    )
    script.chmod(0o755)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "postgres_password").write_text("p/w")
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
    monkeypatch.setenv("BELUGA_SECRETS", str(secrets))
    monkeypatch.setenv("BELUGA_HTTPS_ADDRESS", "127.0.0.1:9443")
    for name in ("BELUGA_PROJECT", "BELUGA_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    containers._addresses.clear()

    def answer(rehearsal: bool = True) -> None:
        environment = [f"BELUGA_REHEARSAL={'true' if rehearsal else 'false'}"]
        (answers / "inspect").write_text(json.dumps([{"Config": {"Env": environment}}]))
        (answers / "network").write_text(json.dumps([{"Containers": CONTAINERS}]))
        (answers / "exec").write_text(json.dumps(MEMBERS))

    return answer


def test_a_cluster_that_serves_a_real_day_is_refused(docker: Callable[..., None], tmp_path: Path) -> None:
    docker(rehearsal=False)
    with pytest.raises(NoTargetError, match="not a rehearsal"):
        find_cluster(tmp_path / "state")


def test_where_none_runs_it_says_how_to_start_one(docker: Callable[..., None], tmp_path: Path) -> None:
    with pytest.raises(NoTargetError, match="make cluster-up"):
        find_cluster(tmp_path / "state")


def test_it_knows_its_addresses_and_who_plays_which_part(docker: Callable[..., None], tmp_path: Path) -> None:
    docker()
    found = find_cluster(tmp_path / "state")
    assert found.url("intake") == "https://127.0.0.1:9443"
    assert found.url("feed") == "wss://127.0.0.1:9443/feed"
    assert found.inside("tally") == "http://172.30.0.2:8402"
    assert "172.30.0.6:5432,172.30.0.7:5432,172.30.0.8:5432" in found.database_url
    assert "beluga:p%2Fw@" in found.database_url
    assert len(found.metrics()["intake"]) == 2
    assert [found.containers.who(part) for part in ("primary", "synchronous", "standbys", "db1")] == [
        ["db2"], ["db3"], ["db1", "db3"], ["db1"],
    ]  # fmt: skip
    assert isinstance(at(tmp_path / "state"), ClusterTarget)
    assert type(at(tmp_path)) is Target


def test_what_was_frozen_is_thawed_and_nobody_else(docker: Callable[..., None], tmp_path: Path) -> None:
    from chaos.faults.containers import ContainersFrozen

    docker()
    (tmp_path / "answers" / "inspect").write_text(
        json.dumps([{"Config": {"Env": ["BELUGA_REHEARSAL=true"]}, "State": {"Paused": False}}])
    )
    for verb in ("pause", "unpause"):
        (tmp_path / "answers" / verb).write_text("")
    fault = ContainersFrozen(find_cluster(tmp_path / "state"), {"who": "synchronous"})
    fault.setup()
    fault.inject()
    ContainersFrozen(at(tmp_path / "state"), fault.arguments, fault.found).heal()  # by another process
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[-2:] == ["pause beluga-db3-1", "unpause beluga-db3-1"]


def test_what_is_frozen_already_is_left_to_who_froze_it(docker: Callable[..., None], tmp_path: Path) -> None:
    from chaos.faults.containers import ContainersFrozen

    docker()
    (tmp_path / "answers" / "inspect").write_text(
        json.dumps([{"Config": {"Env": ["BELUGA_REHEARSAL=true"]}, "State": {"Paused": True}}])
    )
    with pytest.raises(UnavailableError, match="frozen already"):
        ContainersFrozen(find_cluster(tmp_path / "state"), {"who": "standbys"}).setup()


def test_one_machine_has_no_containers(tmp_path: Path) -> None:
    from chaos.faults.containers import ContainersOff

    with pytest.raises(UnavailableError):
        ContainersOff(Target(tmp_path), {"who": "primary"}).setup()


def test_the_alerts_that_experiments_of_a_cluster_promise_are_understood() -> None:
    rules = {rule.name: rule for rule in read_rules(ClusterTarget.rules)}

    def said(failsafe: int) -> str:
        return (
            f'patroni_primary{{name="db1"}} 0\npatroni_failsafe_mode_is_active{{name="db1"}} {failsafe}\n'
            'patroni_sync_standby{name="db1"} 0\nbeluga_intake_local_only 3\n'
            'up{job="intake"} 0\nbeluga_tally_stored_behind_seconds 30\n'
            'beluga_intake_refused_total{provider="generic",reason="stale_signature"} 40\n'
        )

    calm = (-1.0, parse('beluga_intake_refused_total{reason="stale_signature"} 3'))

    for e in catalogue():
        if "cluster" in e.targets and (alert := e.about.get("alert")):
            looks = [calm, (0.0, parse(said(failsafe=int(alert == "FailsafeMode"))))]
            assert holds(rules[alert].expr, looks) is True, e.name
    assert holds(rules["NoSynchronousStandby"].expr, [(0.0, parse(said(failsafe=1)))]) is False


def test_the_catalogue_is_complete() -> None:
    assert {e.number for e in catalogue()} >= set(range(1, 31))
    assert {e.number for e in catalogue() if e.targets == ("cluster",)} == {8, 9, 10, 11, 32, 41, 42, 43}
