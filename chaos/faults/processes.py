"""Processes killed, held down, or frozen. They are named as in the stack's run file: intake, postgres …"""

import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chaos.faults.protocol import Fault, UnavailableError
from chaos.faults.shim import SPIN
from chaos.target.target import alive, family

LOOK_SECONDS = 0.02
CUTS = {"postgres": "database"}
HOLD_SECONDS = 600.0  # a hold ends by itself, whatever becomes of us


class _OfService(Fault):
    @property
    def service(self) -> str:
        return str(self.arguments["service"])

    @property
    def cuts(self) -> tuple[str, ...]:
        return (CUTS.get(self.service, self.service),)

    def setup(self) -> None:
        if self.target.pid(self.service) is None:
            raise UnavailableError(f"{self.service} does not run as a process of this stack")

    def note(self) -> None:
        """Notes who is to be hurt, with its birth: a successor may inherit the number."""
        pid = self.target.pid(self.service)
        self.found["victim"] = [pid, birth(pid)] if pid is not None else None

    def gone(self) -> bool:
        """Whether who was noted is no more."""
        if not self.found.get("victim"):
            return False
        pid, born = self.found["victim"]
        return not alive(pid) or birth(pid) != born

    def _kill(self) -> bool:
        pid = self.target.pid(self.service)
        if pid is None:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True


class Killed(_OfService):
    """`kill -9`, once. Its supervisor starts it again; there is nothing to heal."""

    name = "killed"
    trace = "the process that ran before is gone"

    def inject(self) -> None:
        self.note()
        self._kill()

    def happened(self) -> bool:
        return self.gone()


class HeldDown(_OfService):
    """Killed again as soon as it is back: connections are refused for as long as the fault lasts."""

    name = "held_down"
    trace = "the process that ran before is gone"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def happened(self) -> bool:
        return self.gone()

    def inject(self) -> None:
        self.note()
        self._kill()
        self._thread = threading.Thread(target=self._hold, daemon=True)  # it ends with us
        self._thread.start()

    def _hold(self) -> None:
        until = time.monotonic() + HOLD_SECONDS
        while not self._stop.wait(LOOK_SECONDS) and time.monotonic() < until:
            self._kill()

    def heal(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)


class Frozen(_OfService):
    """SIGSTOP: it holds its connections and answers none. Harder than a no."""

    name = "frozen"
    trace = "its processes stand still (state T)"

    def setup(self) -> None:
        super().setup()
        pid = self.target.pid(self.service)
        assert pid is not None
        # With its birth, so that a stranger who inherits the number is not woken in its place.
        self.found["pids"] = [[each, birth(each)] for each in family(pid)]

    def inject(self) -> None:
        for pid, born in self.found["pids"]:
            if birth(pid) == born:
                os.kill(pid, signal.SIGSTOP)

    def happened(self) -> bool:
        return stand_still(self.found.get("pids", []))

    def heal(self) -> None:
        for pid, born in self.found.get("pids", []):
            if alive(pid) and birth(pid) == born:
                os.kill(pid, signal.SIGCONT)


class Spinning(_OfService):
    """Its event loop goes round in circles: the process runs, holds its port, and answers no request."""

    name = "spinning"
    trace = "its health address gives no answer, though the process runs"
    needs = ("a stack that the rehearsal started",)

    def setup(self) -> None:
        super().setup()
        if not SPIN.heeded_by(self.target.pid(self.service)):
            raise UnavailableError(
                "this stack was not started by a rehearsal: its code is not ours to change"
            )

    def inject(self) -> None:
        SPIN.file(self.target.state).write_text(self.service)
        pid = self.target.pid(self.service)
        if pid is not None:
            os.kill(pid, signal.SIGUSR1)

    def happened(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.target.inside(self.service)}/healthz", timeout=1).close()  # noqa: S310
        except urllib.error.HTTPError:
            return False  # it answers
        except OSError:
            return self.target.pid(self.service) is not None
        return False

    def heal(self) -> None:
        SPIN.file(self.target.state).unlink(missing_ok=True)


def stand_still(pids: Sequence[Sequence[int]]) -> bool:
    """Whether each of these (number, birth) is there and stopped; of none nothing is known."""
    return bool(pids) and all(birth(pid) == born and _state(pid) == "T" for pid, born in pids)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""


def birth(pid: int) -> int:
    """When a process began, in the kernel's ticks; 0 where there is none."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except OSError:
        return 0
