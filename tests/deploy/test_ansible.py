"""deploy/ansible reads the containers' own files: what it makes of them is still what the hosts need.

What needs Ansible (`make ansible`) says so and is skipped without it. `make test-ansible` makes three hosts.
"""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from beluga.install import units
from tests.deploy.proxies import haproxy

ROOT = Path(__file__).parents[2]
HERE = ROOT / "deploy/ansible"
PROGRAM = ROOT / ".venv/ansible/bin/ansible"
needs_ansible = pytest.mark.skipif(not PROGRAM.exists(), reason="Ansible is not here: make ansible")


def play(*words: str) -> str:
    done = subprocess.run(
        ["env", f"ANSIBLE_CONFIG={HERE / 'ansible.cfg'}", *words],
        cwd=HERE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_services_lose_what_they_lose_on_one_machine() -> None:
    unit = (HERE / "roles/services/templates/service.j2").read_text() + (HERE / "files/cell.conf").read_text()
    there = {line for line in unit.splitlines() if "=" in line}
    missing = set(units._CELL.splitlines()) - there
    # A service that asks for its host's addresses, and capabilities: those of a door, which has a low port.
    assert {line.partition("=")[0] for line in missing} <= {"RestrictAddressFamilies", "AmbientCapabilities"}


def test_every_command_of_the_containers_that_the_units_start_is_brought() -> None:
    tasks = (HERE / "roles/host/tasks/main.yml").read_text()
    brought = set(re.findall(r"[\w-]+", re.findall(r"watch-over start-etcd.*", tasks)[0]))
    started = {
        word
        for unit in HERE.rglob("*.service.j2")
        for word in re.findall(r"/usr/local/bin/([\w-]+)|watch-over \S+ (start-[\w-]+)", unit.read_text())
        for word in word
        if word
    }
    assert started and started <= brought
    assert all((ROOT / "deploy" / name).exists() for name in brought)


def test_the_example_names_each_host_in_each_group_once() -> None:
    every = yaml.safe_load((HERE / "inventory.example.yml").read_text())["all"]
    numbers = [host["beluga_number"] for host in every["hosts"].values()]
    assert sorted(numbers) == [1, 2, 3]
    assert all(set(group["hosts"]) <= set(every["hosts"]) for group in every["children"].values())
    assert len(every["children"]["etcd"]["hosts"]) == 3


@needs_ansible
def test_the_doors_settings_have_a_server_a_host_and_are_sound(tmp_path: Path) -> None:
    made = tmp_path / "haproxy.cfg"
    play(
        str(PROGRAM), "-i", "inventory.example.yml", "alpha", "-c", "local", "-m", "ansible.builtin.template",
        "-a", f"src={HERE}/roles/door/templates/haproxy.cfg.j2 dest={made}", "-e", f"beluga_checkout={ROOT}",
        "-e", f"ansible_python_interpreter={PROGRAM.parent}/python",
    )  # fmt: skip
    text = made.read_text()
    ours = (ROOT / "deploy/haproxy.cfg").read_text()
    backends = len(re.findall(r"^backend ", ours, re.MULTILINE))
    servers = re.findall(r"^    server (\w+)(\d) ([\d.]+):", text, re.MULTILINE)
    assert len(servers) == 3 * backends
    assert {(number, address) for _, number, address in servers} == {
        ("1", "10.0.0.11"), ("2", "10.0.0.12"), ("3", "10.0.0.13"),
    }  # fmt: skip
    assert "resolvers" not in text
    assert re.findall(r"^    bind (\S+)", text, re.MULTILINE) == [
        ":80", ":443", "127.0.0.1:8411", "127.0.0.1:8412", "127.0.0.1:8413", "127.0.0.1:8415", ":8409",
    ]  # fmt: skip
    if not haproxy():
        return
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=x", "-keyout", "key", "-out", "crt"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    (tmp_path / "pem").write_text((tmp_path / "crt").read_text() + (tmp_path / "key").read_text())
    made.write_text(
        text.replace("/run/secrets/proxy_certificate", str(tmp_path / "pem"))
        .replace("/etc/haproxy/public.map", str(ROOT / "deploy/public.map"))
    )  # fmt: skip
    environment = ["env", "BELUGA_PUBLIC_URL=https://x.example", "BELUGA_CERTIFICATE_ENDS=1"]
    subprocess.run([*environment, haproxy(), "-c", "-f", str(made)], check=True, capture_output=True)


@needs_ansible
@pytest.mark.parametrize("book", ["site.yml", "roll.yml", "status.yml"])
def test_playbooks_are_well_formed(book: str) -> None:
    said = play(f"{PROGRAM}-playbook", "-i", "inventory.example.yml", "--syntax-check", book)
    assert book in said


@needs_ansible
@pytest.mark.parametrize(
    ("listed", "well"), [("", True), ("beluga-tally.service loaded failed failed x", False)]
)
def test_a_host_is_well_where_no_unit_is_listed(tmp_path: Path, listed: str, well: bool) -> None:
    """It failed wherever all was well, and with it the runbooks' last step in every rehearsal on hosts."""
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\nprintf '%s' '{listed}'\n")
    (tmp_path / "systemctl").chmod(0o755)
    done = subprocess.run(
        ["env", f"ANSIBLE_CONFIG={HERE / 'ansible.cfg'}", f"PATH={tmp_path}:/usr/bin:/bin",
         f"{PROGRAM}-playbook", "-i", "localhost,", "-c", "local", "status.yml",
         "-e", f"ansible_python_interpreter={PROGRAM.parent}/python"],
        cwd=HERE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == well, done.stdout[-1500:] + done.stderr[-500:]


def test_a_version_is_installed_behind_what_runs() -> None:
    """On hosts that serve: 17 to 38 s without a database were measured where it was not.

    `nice` alone does nothing between sessions and control groups.
    """
    commands = [
        line
        for file in HERE.rglob("tasks/*.yml")
        for line in file.read_text().splitlines()
        if re.search(r"pip\S* .*install|program_pip }}", line)
    ]
    assert len(commands) == 3
    assert all(re.search(r"\bbehind \S+/pip |{{ program_pip }}", line) for line in commands), commands
    assert 'program_pip: "behind ' in (HERE / "roles/program/tasks/main.yml").read_text()
    behind = (ROOT / "deploy/behind").read_text()
    assert all(
        word in behind for word in ("CPUWeight=1 ", "IOWeight=1 ", "MemoryHigh=", "/proc/self/autogroup")
    )
