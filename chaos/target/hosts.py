"""A cluster on hosts of its own (deploy/ansible) in rehearsal mode, as its operator's machine sees it.

Texts go to the public address; the rest is reached where this machine is let in (`beluga_also_inside`).
Harm is done by ssh, as the inventory says, to the units of systemd. What is known stands in `hosts.json` of a
folder that plays the state's part.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.target.cluster import PORTS, ROOT, ClusterTarget
from chaos.target.commands import StackCommands
from chaos.target.services import ClusterServices, Condition, noted
from chaos.target.target import SERVICES, NoTargetError

FILE = "hosts.json"
GROUPS = {"database": ("database", "db"), "coordinators": ("etcd", "etcd")} | {
    service: ("services", service) for service in SERVICES
}
UNITS = {"db": "database"}
SSH_SECONDS = 60.0
LOOK_SECONDS = 1.0
WELL_SECONDS = 5.0  # so long an answer counts
# A host is cut from all but ssh; it heals by itself after ten minutes, should nobody be left to do it.
CUT = """
add table inet rehearsal; add table arp rehearsal
add chain inet rehearsal input {{ type filter hook input priority -10; }}
add chain inet rehearsal output {{ type filter hook output priority -10; }}
add rule inet rehearsal input iifname != "lo" meta l4proto != tcp drop
add rule inet rehearsal input iifname != "lo" tcp dport != 22 drop
add rule inet rehearsal output oifname != "lo" meta l4proto != tcp drop
add rule inet rehearsal output oifname != "lo" tcp sport != 22 drop
add chain arp rehearsal input {{ type filter hook input priority 0; }}
add chain arp rehearsal output {{ type filter hook output priority 0; }}
add rule arp rehearsal input arp daddr ip {0} drop
add rule arp rehearsal output arp saddr ip {0} drop
"""
HEALED = "nft delete table inet rehearsal; nft delete table arp rehearsal"
LATER = "rehearsal-heals"  # the unit that does it
NO_ADDRESS = "192.0.2.1"  # nobody's, where there is none that wanders


def find_hosts(folder: Path) -> "HostsTarget":
    """The hosts of the inventory that BELUGA_INVENTORY names (default deploy/ansible/inventory.yml).

    Noted in `folder`. Raises `NoTargetError` where there is none, or where they serve a real day.
    """
    inventory = Path(os.environ.get("BELUGA_INVENTORY", ROOT / "deploy/ansible/inventory.yml")).absolute()
    program = shutil.which("ansible-inventory") or str(ROOT / ".venv/ansible/bin/ansible-inventory")
    if not Path(program).exists():
        raise NoTargetError("Ansible is not here: make ansible")
    if not inventory.exists():
        raise NoTargetError(f"there is no inventory {inventory}; name yours in BELUGA_INVENTORY")
    done = subprocess.run(
        [program, "-i", str(inventory), "--list"], capture_output=True, text=True, timeout=SSH_SECONDS,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise NoTargetError(f"the inventory cannot be read: {done.stderr.strip()[-300:]}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps(known_of(json.loads(done.stdout), inventory)))
    target = HostsTarget(folder.absolute())
    try:
        said = target.containers.ask("intake1", "cat /etc/beluga/services.env")
    except OSError as error:
        raise NoTargetError(f"the hosts do not answer: {error}") from None
    if "BELUGA_REHEARSAL=true" not in said:
        raise NoTargetError(
            "these hosts are no rehearsal (beluga_rehearsal: true), and faults would hurt a real day"
        )
    return target


def known_of(listed: dict[str, Any], inventory: Path) -> dict[str, Any]:
    """What a rehearsal needs of an inventory, as `ansible-inventory --list` shows it."""
    every: dict[str, dict[str, Any]] = listed["_meta"]["hostvars"]
    some = next(iter(every.values()))
    url = str(some.get("beluga_public_url") or f"https://{some['beluga_domain']}")
    return {
        "url": url,
        "public_url": url,
        "inventory": str(inventory),
        "secrets": str(some.get("beluga_secrets") or ROOT / "secrets"),
        "floating": str(some.get("beluga_floating_address") or NO_ADDRESS).partition("/")[0],
        "hosts": {
            str(its["beluga_number"]): {
                "address": its["beluga_address"],
                "ssh": _ssh(its.get("ansible_host", name), its),
            }
            for name, its in every.items()
        },
        "served_by": {
            kind: sorted(f"{name}{every[host]['beluga_number']}" for host in listed[group]["hosts"])
            for kind, (group, name) in GROUPS.items()
        },
    }


def _ssh(host: str, its: dict[str, Any]) -> list[str]:
    user = its.get("ansible_user")
    words = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"]
    words += shlex.split(its.get("ansible_ssh_common_args", ""))
    words += ["-i", its["ansible_ssh_private_key_file"]] if "ansible_ssh_private_key_file" in its else []
    words += ["-p", str(its["ansible_port"])] if "ansible_port" in its else []
    return [*words, f"{user}@{host}" if user else host, *([] if user == "root" else ["sudo"])]


@dataclass(frozen=True, slots=True)
class Hosts(ClusterServices):
    """Units of systemd; `tally2` is that of host 2. `known` names inventory, hosts, served_by, floating."""

    @property
    def known(self) -> dict[str, Any]:
        return noted(self.state, FILE)

    @property
    def served_by(self) -> Mapping[str, tuple[str, ...]]:
        return {kind: tuple(names) for kind, names in self.known["served_by"].items()}

    def ask(self, service: str, command: str) -> str:
        """What a command says on the host of a service. Raises `OSError` where it fails."""
        words = [*self.known["hosts"][_number(service)]["ssh"], "sh", "-c", shlex.quote(command)]
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=SSH_SECONDS, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise OSError(f"{service}: no answer to {command} within {SSH_SECONDS:g} s") from None
        if done.returncode:
            raise OSError(f"{service}: {command}: {(done.stderr or done.stdout).strip()[-300:]}")
        return done.stdout

    def addresses(self) -> dict[str, str]:
        hosts = self.known["hosts"]
        return {name: hosts[_number(name)]["address"] for names in self.served_by.values() for name in names}

    def members(self) -> list[dict[str, Any]]:
        for name in self.served_by["database"]:
            with contextlib.suppress(OSError, ValueError):
                said = self.ask(name, "timeout 5 beluga-database patronictl -c /etc/patroni.yml list -f json")
                found: list[dict[str, Any]] = json.loads(said)
                return found
        raise OSError("no database answers")

    def condition(self, service: str) -> Condition:
        first = f'pid="$(systemctl show -P MainPID {_unit(service)})"'
        said = self.ask(service, f'{first}; cut -d" " -f3 "/proc/$pid/stat" 2>/dev/null || echo off').strip()
        return "off" if said == "off" else "frozen" if said == "T" else "running"

    def freeze(self, service: str) -> None:
        self.ask(service, f"systemctl kill --signal=STOP {_unit(service)}")

    def freeze_first(self, service: str) -> None:
        """Its first process alone: Patroni, whose PostgreSQL goes on."""
        self.ask(service, f"systemctl kill --kill-whom=main --signal=STOP {_unit(service)}")

    def thaw(self, service: str) -> None:
        self.ask(service, f"systemctl kill --signal=CONT {_unit(service)}")

    def power_off(self, service: str) -> None:
        self.ask(service, f"systemctl kill --signal=KILL {_unit(service)}; systemctl stop {_unit(service)}")

    def start(self, service: str) -> None:
        self.ask(service, f"systemctl start {_unit(service)}")

    def networks(self, service: str) -> dict[str, list[str]]:
        said = self.ask(service, "nft list tables")
        return {} if "inet rehearsal" in said else {"all": []}

    def cut(self, service: str, networks: dict[str, list[str]]) -> None:
        rules = "; ".join(CUT.format(self.known["floating"]).strip().splitlines())
        later = f"systemd-run --quiet --unit={LATER} --on-active=600 sh -c {shlex.quote(HEALED)}"
        self.ask(service, f"{later}; nft {shlex.quote(rules)}")

    def connect(self, service: str, networks: dict[str, list[str]]) -> None:
        if not self.networks(service):
            self.ask(service, f"systemctl stop {LATER}.timer; {HEALED}")


class HostsTarget(ClusterTarget):
    """The hosts of an inventory, by way of their units."""

    __slots__ = ()
    runbook = "hosts"

    @property
    def containers(self) -> Hosts:
        return Hosts(self.state)

    def inside(self, service: str) -> str:
        """The first that is well: on a host each has its own address, and no proxy is before it."""
        kept = _well.get((self.state, service))
        if kept is not None and time.monotonic() - kept[0] < WELL_SECONDS:
            return kept[1]
        places = self.containers.addresses()
        urls = [f"http://{places[n]}:{PORTS[service]}" for n in self.containers.served_by[service]]
        found = next((url for url in urls if _answers(f"{url}/healthz")), urls[0])
        _well[self.state, service] = time.monotonic(), found
        return found

    @property
    def tls(self) -> ssl.SSLContext | None:  # type: ignore[override]
        own = self.containers.secrets / "proxy.crt"
        return ssl.create_default_context(cafile=str(own) if own.exists() else None)

    @property
    def commands(self) -> StackCommands:
        return HostsCommands(self)

    def keepers(self, part: str) -> list[int]:
        return []  # on other machines


@dataclass(frozen=True)
class HostsCommands(StackCommands):
    """Of hosts: ours run on one of them, those of a runbook beside the playbooks."""

    target: HostsTarget
    folder = ROOT / "deploy/ansible"

    def beluga(self, *words: str) -> list[str]:
        """On a host whose tally is well; its version is the one that serves."""
        hosts = self.target.containers.known["hosts"].values()
        there = next(h for h in hosts if f"//{h['address']}:" in self.target.inside("tally"))
        return [*there["ssh"], shlex.join(["beluga", *words])]

    def environment(self) -> dict[str, str]:
        programs = ROOT / ".venv/ansible/bin"
        return os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}

    def names(self) -> dict[str, str]:
        """Playbooks find the hosts by the inventory; our commands here ask what they ask."""
        target = self.target
        return {
            "BELUGA_STATE": str(target.state),
            "ANSIBLE_INVENTORY": target.containers.known["inventory"],
            "BELUGA_DATABASE_URL": target.database_url.replace("&target_session_attrs=read-write", ""),
            "BELUGA_TALLY_URL": target.inside("tally"),
            "BELUGA_SECRET": target.secret("secret"),
            "BELUGA_REHEARSAL": "true",
        }


def _number(service: str) -> str:
    return service[-1]


def _unit(service: str) -> str:
    name = re.sub(r"\d$", "", service)
    return f"beluga-{UNITS.get(name, name)}"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=LOOK_SECONDS):  # noqa: S310 (http, of an inventory)
            return True
    except (OSError, ValueError):
        return False


_well: dict[tuple[Path, str], tuple[float, str]] = {}
