"""A Debian with systemd in a container, which stands for a fresh virtual machine."""

import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from beluga.stack.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "beluga-machine:local"
# what is not the machine's own, or the distribution's, or grows by itself
APART = (
    "/proc", "/sys", "/run", "/tmp", "/src", "/given", "/srv/first", "/usr/lib", "/usr/share",
    "/var/lib/dpkg", "/var/cache", "/var/log", "/var/lib/apt", "/var/lib/caddy",
)  # fmt: skip
WHEELS = "/src/build/machine-wheels"
# What a Debian with systemd asks of a container; the checkout is at /src, read only.
WITH_SYSTEMD = (
    "--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--security-opt", "seccomp=unconfined",
    "--security-opt", "apparmor=unconfined", "--cgroupns=private", "--tmpfs", "/run", "--tmpfs", "/tmp",
    "-v", "/sys/fs/cgroup/systemd:/sys/fs/cgroup/systemd", "-v", f"{ROOT}:/src:ro",
)  # fmt: skip


def no_image(image: str, target: str) -> str:
    """Why there can be no container of an image, which `make TARGET` makes; empty where there can."""
    if shutil.which("docker") is None:
        return "docker is not installed"
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode:
        return f"the image {image} is missing: make {target}"
    return ""


def why_not() -> str:
    """Why no machine can be made here; empty where one can."""
    if not os.environ.get("BELUGA_TEST_INSTALL"):
        return "runs by `make test-install` (BELUGA_TEST_INSTALL=1): it takes minutes"
    return no_image(IMAGE, "machine-local")


@dataclass
class Machine:
    """One container; `https` and `http` are its ports 443 and 80 here. The checkout is at /src, read only."""

    shared: Path  # a folder of this machine, at /given in the other
    name: str = field(default_factory=lambda: f"beluga-machine-{token_hex(3)}")
    https: int = field(default_factory=free_port)
    http: int = field(default_factory=free_port)

    def start(self) -> None:
        options = [
            *WITH_SYSTEMD, "-v", f"{self.shared}:/given:ro", "-p", f"127.0.0.1:{self.https}:443",
            "-p", f"127.0.0.1:{self.http}:80",
        ]  # fmt: skip
        self._docker("run", "-d", "--name", self.name, "--hostname", "vm", *options, IMAGE, "/sbin/init")
        self.until(lambda: self.sh("systemctl is-system-running", check=False).strip() == "running", 120)

    def sh(self, command: str, *, seconds: float = 900, check: bool = True) -> str:
        """What a command says; pip installs from the wheels that `make machine-local` collected."""
        env = ["-e", "PIP_NO_INDEX=1", "-e", f"PIP_FIND_LINKS={WHEELS}"]
        return self._docker("exec", *env, self.name, "sh", "-c", command, seconds=seconds, check=check)

    def files(self) -> set[str]:
        """Every file that an installation could have left; packages of the distribution are its own."""
        pruned = " -o ".join(f"-path {p}" for p in APART)
        return set(self.sh(rf"find / -xdev \( {pruned} \) -prune -o -print").splitlines())

    def until(self, holds: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self.sh("journalctl --no-pager | tail -40", check=False)
            time.sleep(0.2)

    def authority(self) -> ssl.SSLContext:
        """Believes the certificates of Caddy's own authority in the machine."""
        where = "/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"
        return ssl.create_default_context(cadata=self.sh(f"cat {where}"))

    def gateway(self) -> str:
        """This machine's address as the other sees it."""
        return self.sh("ip route show default").split()[2]

    def destroy(self) -> None:
        self._docker("rm", "-f", "-v", self.name, check=False)

    def _docker(self, *words: str, seconds: float = 120, check: bool = True) -> str:
        done = subprocess.run(
            ["docker", *words], capture_output=True, text=True, timeout=seconds,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{words[-1]}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout
