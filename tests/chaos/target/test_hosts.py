"""Hosts are found by their inventory, a real day is refused, and harm is done to the units that play a part.

`ssh` and `ansible-inventory` here are scripts; `make test-ansible` uses the real ones.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.faults import FAULTS, UnavailableError
from chaos.target import hosts
from chaos.target.hosts import HostsTarget, find_hosts
from chaos.target.kinds import at
from chaos.target.target import NoTargetError

MEMBERS = [
    {"Member": "db1", "Role": "Replica", "State": "streaming"},
    {"Member": "db2", "Role": "Leader", "State": "running"},
    {"Member": "db3", "Role": "Sync Standby", "State": "streaming"},
]
SSH = """#!/bin/sh
echo "$@" >> {0}/asked
case "$*" in
*services.env*) echo BELUGA_REHEARSAL=$(cat {0}/rehearsal) ;;
*patronictl*) cat {0}/members ;;
*MainPID*) cat {0}/condition ;;
*list\\ tables*) cat {0}/tables ;;
esac
"""


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], HostsTarget]:
    names = {f"h{n}": {"beluga_number": n, "beluga_address": f"10.0.0.1{n}"} for n in (1, 2, 3)}
    shared = {
        "ansible_user": "root", "beluga_domain": "x.example", "beluga_secrets": str(tmp_path),
        "beluga_floating_address": "10.0.0.10/24", "ansible_host": "203.0.113.1",
    }  # fmt: skip
    listed = {"_meta": {"hostvars": {name: its | shared for name, its in names.items()}}}
    listed |= {group: {"hosts": list(names)} for group in ("etcd", "database", "services")}
    (tmp_path / "listed").write_text(json.dumps(listed))
    (tmp_path / "members").write_text(json.dumps(MEMBERS))
    (tmp_path / "postgres_password").write_text("p/w")
    (tmp_path / "inventory.yml").touch()
    for name, said in (("condition", "S"), ("tables", "table inet beluga"), ("rehearsal", "true")):
        (tmp_path / name).write_text(said)
    programs = {"ssh": SSH.format(tmp_path), "ansible-inventory": f"#!/bin/sh\ncat {tmp_path}/listed\n"}
    (tmp_path / "bin").mkdir()
    for name, script in programs.items():
        (tmp_path / "bin" / name).write_text(script)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("BELUGA_INVENTORY", str(tmp_path / "inventory.yml"))
    return lambda: find_hosts(tmp_path / "state")


def asked(tmp_path: Path) -> list[str]:
    """Commands, without how one gets there."""
    return [line.split("sh -c ", 1)[1] for line in (tmp_path / "asked").read_text().splitlines()]


def test_hosts_that_serve_a_real_day_are_refused(found: Callable[[], HostsTarget], tmp_path: Path) -> None:
    (tmp_path / "rehearsal").write_text("false")
    with pytest.raises(NoTargetError, match="no rehearsal"):
        found()


def test_they_are_known_by_the_inventory(found: Callable[[], HostsTarget], tmp_path: Path) -> None:
    target = found()
    assert target.url("intake") == "https://x.example"
    assert "@10.0.0.11:5432,10.0.0.12:5432,10.0.0.13:5432/" in target.database_url
    assert target.metrics()["tally"] == [f"http://10.0.0.1{n}:8402/metrics" for n in (1, 2, 3)]
    who = target.containers.who
    assert [who(part) for part in ("primary", "standbys", "tally", "db1")] == [
        ["db2"], ["db1", "db3"], ["tally1", "tally2", "tally3"], ["db1"],
    ]  # fmt: skip
    assert (who("intake but one"), who("one intake")) == (["intake1", "intake2"], ["intake3"])
    assert isinstance(at(tmp_path / "state"), HostsTarget)
    hosts._well.clear()


@pytest.mark.parametrize(
    ("fault", "who", "hurt", "healed"),
    [
        ("containers_frozen", "synchronous", "--signal=STOP beluga-database", "--signal=CONT beluga-"),
        ("containers_off", "coordinators", "stop beluga-etcd", "systemctl start beluga-etcd"),
        ("patroni_frozen", "primary", "=main --signal=STOP beluga-database", "--signal=CONT beluga-"),
        ("containers_cut", "primary", "arp daddr ip 10.0.0.10 drop", "nft delete table inet rehearsal"),
    ],
)  # fmt: skip
def test_a_unit_is_hurt_and_healed_by_another_process(
    found: Callable[[], HostsTarget], tmp_path: Path, fault: str, who: str, hurt: str, healed: str
) -> None:
    harm = FAULTS[fault](found(), {"who": who})
    harm.setup()
    harm.inject()
    assert hurt in asked(tmp_path)[-1]
    (tmp_path / "tables").write_text("table inet rehearsal")
    FAULTS[fault](at(tmp_path / "state"), harm.arguments, harm.found).heal()
    assert healed in asked(tmp_path)[-1]


def test_patroni_of_nobody_is_not_frozen(found: Callable[[], HostsTarget], tmp_path: Path) -> None:
    """Without a primary there is nobody to hurt, and no trace that somebody was."""
    (tmp_path / "members").write_text(json.dumps([m for m in MEMBERS if m["Role"] != "Leader"]))
    harm = FAULTS["patroni_frozen"](found(), {"who": "primary"})
    with pytest.raises(UnavailableError, match="nobody plays primary"):
        harm.setup()
    assert not FAULTS["patroni_frozen"](found(), {"who": "primary"}, {"services": []}).happened()
    (tmp_path / "condition").write_text("T")
    assert FAULTS["patroni_frozen"](found(), {"who": "primary"}, {"services": ["db2"]}).happened()
