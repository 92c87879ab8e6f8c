"""A noisy neighbour: processes that keep the processor busy and hold memory, both within bounds."""

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any

from chaos.faults.processes import birth
from chaos.faults.protocol import Fault
from chaos.target.target import alive

MOST_WORKERS = 8
MOST_MEBIBYTES = 512
MOST_SECONDS = 120.0  # each ends by itself, should nobody heal it

_WORK = """
import sys, time
held = bytearray(int(sys.argv[1]) << 20)
for place in range(0, len(held), 4096):
    held[place] = 1
until = time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    sum(range(10_000))
"""


class Pressure(Fault):
    """`workers` busy processes, holding `mebibytes` together, until healed or for `seconds` at most."""

    name = "pressure"
    trace = "the busy processes run"

    def inject(self) -> None:
        workers = min(int(self.arguments.get("workers", 2)), MOST_WORKERS)
        each = min(int(self.arguments.get("mebibytes", 64)), MOST_MEBIBYTES) // max(workers, 1)
        seconds = min(float(self.arguments.get("seconds", MOST_SECONDS)), MOST_SECONDS)
        started: list[Any] = []
        for _ in range(workers):
            process = subprocess.Popen([sys.executable, "-c", _WORK, str(each), str(seconds)])
            started.append([process.pid, birth(process.pid)])
        self.found["pids"] = started

    def happened(self) -> bool:
        pids = self.found.get("pids", [])
        return bool(pids) and all(alive(pid) and birth(pid) == born for pid, born in pids)

    def heal(self) -> None:
        for pid, born in self.found.get("pids", []):
            if born and birth(pid) == born:
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):  # healed by another process: not its child
                os.waitpid(pid, 0)
