"""Three Debians with systemd in containers, each with a disk and an address: the playbook's inventory."""

import json
import os
import re
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import randrange
from secrets import token_hex
from typing import Any
from urllib.parse import quote

from tests.machine.container import WHEELS, WITH_SYSTEMD, no_image

ROOT = Path(__file__).parents[2]
IMAGE = "beluga-host:local"
PLAYBOOKS = ROOT / "deploy/ansible"
ANSIBLE = ROOT / ".venv/ansible/bin/ansible-playbook"
NUMBERS = (1, 2, 3)
ADDED = 4
PIP = f"--no-index --find-links {WHEELS} --find-links /src/build/host-wheels"
CUT = (
    "add table inet cut; add chain inet cut {0} {{ type filter hook {0} priority -10; }};"
    " add rule inet cut {0} ip {1} {2} drop"
)


def why_not() -> str:
    """Why no hosts can be made here; empty where they can."""
    if not os.environ.get("BELUGA_TEST_ANSIBLE"):
        return "runs by `make test-ansible` (BELUGA_TEST_ANSIBLE=1): it takes minutes and most of the machine"
    if not ANSIBLE.exists():
        return "Ansible is not here: make ansible"
    return no_image(IMAGE, "hosts-local")


@dataclass
class ThreeHosts:
    """Their containers, inventory and secrets; `url` is the floating address."""

    folder: Path
    name: str
    network: str = field(default_factory=lambda: f"172.30.{randrange(1, 240)}")

    @classmethod
    def kept(cls, folder: Path) -> "ThreeHosts":
        """Those that were made for this folder; made now where there are none."""
        noted = folder / "kept.json"
        if noted.exists():
            return cls(folder, **json.loads(noted.read_text()))
        folder.mkdir(parents=True)
        found = cls(folder.absolute(), f"beluga-hosts-{token_hex(3)}")
        found.make()
        noted.write_text(json.dumps({"name": found.name, "network": found.network}))
        return found

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of the hosts of the inventory as it is now."""
        return tuple(int(host["beluga_number"]) for host in self._inventory()["all"]["hosts"].values())

    @property
    def url(self) -> str:
        return f"https://{self.network}.100"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.secrets / "proxy.crt"))

    @property
    def database_url(self) -> str:
        hosts = ",".join(f"{self.address(f'db{n}')}:5432" for n in self.numbers)
        return f"postgresql://beluga:{quote(self.secret('postgres_password'))}@{hosts}/beluga?sslmode=require"

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text()

    def address(self, service: str) -> str:
        """Of the host with that service's number (`tally2`)."""
        return f"{self.network}.1{service[-1]}"

    def make(self) -> None:
        """Network, key, certificate of the floating address, inventory, and three fresh hosts."""
        run("docker", "network", "create", "--subnet", f"{self.network}.0/24", self.name)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / "key"))
        self.secrets.mkdir()
        run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "30", "-subj", "/CN=three hosts", "-addext", f"subjectAltName=IP:{self.network}.100",
            "-keyout", str(self.secrets / "proxy.key"), "-out", str(self.secrets / "proxy.crt"),
        )  # fmt: skip
        (self.secrets / "proxy_certificate").write_text(self.secret("proxy.crt") + self.secret("proxy.key"))
        hosts = {f"h{n}": self._host(n) for n in NUMBERS}
        every = {"hosts": {host: {} for host in hosts}}
        groups = dict.fromkeys(("etcd", "database", "services", "door"), every)
        inventory = {
            "all": {
                "hosts": hosts,
                "children": groups | {"backup": {"hosts": {"h3": {}}}, "watch": {"hosts": {"h2": {}}}},
                "vars": {
                    "ansible_user": "root",
                    "ansible_ssh_private_key_file": str(self.folder / "key"),
                    "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
                    "beluga_domain": "turnout.example",
                    "beluga_public_url": self.url,
                    "beluga_floating_address": f"{self.network}.100/24",
                    "beluga_secrets": str(self.secrets),
                    "beluga_pip_options": PIP,
                    "beluga_rehearsal": True,
                    "beluga_also_inside": [f"{self.network}.1"],
                },
            }
        }
        (self.folder / "inventory.json").write_text(json.dumps(inventory))
        for number in NUMBERS:
            self.start(number)

    def _host(self, number: int) -> dict[str, Any]:
        address = self.address(f"h{number}")
        return {"ansible_host": address, "beluga_address": address, "beluga_number": number}

    def _inventory(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "inventory.json").read_text())
        return found

    def add(self, number: int) -> None:
        """One more host, and its line in the inventory; etcd stays three."""
        inventory = self._inventory()
        inventory["all"]["hosts"][f"h{number}"] = self._host(number)
        for group in ("database", "services", "door"):
            inventory["all"]["children"][group]["hosts"][f"h{number}"] = {}
        (self.folder / "inventory.json").write_text(json.dumps(inventory))
        self.start(number)

    def start(self, number: int) -> None:
        """A fresh host: nothing on its disk but Debian, and the operator's key."""
        host = self._container(number)
        run(
            "docker", "run", "-d", "--name", host, "--hostname", f"h{number}", "--network", self.name,
            "--ip", self.address(f"h{number}"), *WITH_SYSTEMD, IMAGE, "/sbin/init",
        )  # fmt: skip
        run("docker", "exec", host, "mkdir", "-p", "/root/.ssh")
        run("docker", "cp", str(self.folder / "key.pub"), f"{host}:/root/.ssh/authorized_keys")
        run("docker", "exec", host, "chown", "-R", "root:root", "/root/.ssh")

    def destroy(self, number: int) -> None:
        """As a machine burns down, and its disk with it."""
        run("docker", "rm", "-f", "-v", self._container(number))

    def cut(self, one: int, other: int) -> None:
        """Not a packet passes between the two from now on; both are still there for everybody else."""
        there = self.address(f"h{other}")
        for hook, side in (("input", "saddr"), ("output", "daddr")):
            self.sh(one, f"nft '{CUT.format(hook, side, there)}'")

    def reaches(self, one: int, other: int) -> bool:
        way = f"timeout 2 bash -c 'exec 3<>/dev/tcp/{self.address(f'h{other}')}/22' && echo reached"
        return "reached" in self.sh(one, way, check=False)

    def heal(self, number: int) -> None:
        self.sh(number, "nft delete table inet cut")

    def sh(self, number: int, command: str, *, check: bool = True) -> str:
        return run("docker", "exec", self._container(number), "sh", "-c", command, check=check)

    def play(self, book: str, *words: str, seconds: float = 1500) -> dict[str, int]:
        """Plays it; how many tasks changed something on each host. Raises where one failed."""
        said = run(
            "nice", "env", f"ANSIBLE_CONFIG={PLAYBOOKS / 'ansible.cfg'}", str(ANSIBLE), "-i",
            str(self.folder / "inventory.json"), str(PLAYBOOKS / book), *words, seconds=seconds,
        )  # fmt: skip
        return {
            host: int(n) for host, n in re.findall(r"^(\w+) +: ok=\d+ +changed=(\d+)", said, re.MULTILINE)
        }

    def members(self) -> list[dict[str, str]]:
        """What Patroni says of the databases; empty where none answers."""
        for number in self.numbers:
            said = self.sh(
                number, "timeout 5 beluga-database patronictl -c /etc/patroni.yml list -f json", check=False
            )
            if said:
                found: list[dict[str, str]] = json.loads(said)
                return found
        return []

    def primary(self) -> str:
        return next((m["Member"] for m in self.members() if m["Role"] == "Leader"), "")

    def answering_at_the_address(self) -> list[int]:
        """Numbers of the hosts that hold the floating address."""
        return [
            n for n in self.numbers if f"{self.network}.100/" in self.sh(n, "ip -o -4 address", check=False)
        ]

    def give_address(self, number: int) -> None:
        """The floating address wanders to that host, and stays there while it is well."""
        others = [n for n in self.numbers if n != number]
        for other in others:
            self.sh(other, "systemctl stop keepalived")
        deadline = time.monotonic() + 30
        while self.answering_at_the_address() != [number]:
            assert time.monotonic() < deadline, f"host {number} does not answer at the address"
            time.sleep(0.5)
        for other in others:
            self.sh(other, "systemctl start keepalived")

    def away(self) -> None:
        for number in (*NUMBERS, ADDED):
            run("docker", "rm", "-f", "-v", self._container(number), check=False)
        run("docker", "network", "rm", self.name, check=False)

    def _container(self, number: int) -> str:
        return f"{self.name}-h{number}"


def run(*command: str, seconds: float = 120, check: bool = True) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
        check=False,
        cwd=ROOT,
    )
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stdout[-3000:]}{done.stderr[-2000:]}")
    return done.stdout
