"""A network cut on this machine: packets to one port of loopback are dropped, one way or both."""

import os
import shutil
import subprocess

from chaos.faults.protocol import Fault, UnavailableError

MARK = "beluga-chaos"  # a comment on every rule of ours


class Cut(Fault):
    """Drops what goes to `service` (`way: to`), what comes from it (`from`), or `both`."""

    name = "cut"
    trace = "the rules have dropped packets"
    needs = ("root and iptables",)

    @property
    def service(self) -> str:
        return str(self.arguments["service"])

    @property
    def cuts(self) -> tuple[str, ...]:
        return ("database",) if self.service == "postgres" else (self.service,)

    def setup(self) -> None:
        if os.geteuid() != 0 or shutil.which("iptables") is None:
            raise UnavailableError("cutting a network needs root and iptables")
        self.found["port"] = int(self.target.run()["ports"][self.service])
        if subprocess.run(["iptables", "-S", "INPUT"], capture_output=True, check=False).returncode:
            raise UnavailableError("iptables does not work here")

    def _rules(self) -> list[list[str]]:
        way, port = self.arguments.get("way", "both"), str(self.found["port"])
        rules = {"to": ["--dport", port], "from": ["--sport", port]}
        return [
            ["INPUT", "-i", "lo", "-p", "tcp", *rule, "-m", "comment", "--comment", MARK, "-j", "DROP"]
            for name, rule in rules.items()
            if way in (name, "both")
        ]

    def inject(self) -> None:
        for rule in self._rules():
            done = subprocess.run(["iptables", "-I", *rule], capture_output=True, text=True, check=False)
            if done.returncode:
                raise UnavailableError(f"iptables: {done.stderr.strip()}")

    def happened(self) -> bool:
        said = subprocess.run(
            ["iptables", "-nvxL", "INPUT"], capture_output=True, text=True, check=False
        ).stdout  # fmt: skip
        dropped = [
            int(line.split()[0])
            for line in said.splitlines()
            if MARK in line and f"pt:{self.found['port']}" in line
        ]
        return any(dropped)

    def heal(self) -> None:
        if "port" not in self.found:
            return
        for rule in self._rules():
            while subprocess.run(["iptables", "-D", *rule], capture_output=True, check=False).returncode == 0:
                pass
