"""The rehearsal's clock jumps: a wrong time zone, a daylight-saving mistake, a machine two hours off."""

import time
from typing import Any

from chaos.faults.protocol import Fault, UnavailableError

SLACK_SECONDS = 2.0  # of real time between two readings


class ClockMoved(Fault):
    """Moves the stack's clock by `hours` (negative: back); heal takes exactly that back."""

    name = "clock_moved"
    trace = "the stack's clock has gone by the hours that it was moved"

    def setup(self) -> None:
        if self.target.clock.file is None:
            raise UnavailableError("this stack runs on the machine's own clock")

    def _move(self, hours: Any) -> None:
        at, speed = self.target.clock.read()
        self.target.clock.set(at + float(hours) * 3600, speed)

    def inject(self) -> None:
        self._before, self._told = self.target.clock.read()[0], time.monotonic()
        self.found["moved"] = float(self.arguments["hours"])
        self._move(self.found["moved"])

    def happened(self) -> bool:
        at, speed = self.target.clock.read()
        alone = self._before + (time.monotonic() - self._told) * speed  # where it would be by itself
        moved = float(self.found.get("moved", 0.0)) * 3600
        return bool(abs(at - alone - moved) < SLACK_SECONDS * max(speed, 1.0))

    def heal(self) -> None:
        moved = self.found.pop("moved", 0.0)
        if moved:
            self._move(-moved)
