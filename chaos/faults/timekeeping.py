"""The rehearsal's clock jumps: a wrong time zone, a daylight-saving mistake, a machine two hours off."""

from typing import Any

from chaos.faults.protocol import Fault, UnavailableError


class ClockMoved(Fault):
    """Moves the stack's clock by `hours` (negative: back); heal takes exactly that back."""

    name = "clock_moved"

    def setup(self) -> None:
        if self.target.clock_file is None:
            raise UnavailableError("this stack runs on the machine's own clock")

    def _move(self, hours: Any) -> None:
        at, speed = self.target.clock()
        self.target.set_clock(at + float(hours) * 3600, speed)

    def inject(self) -> None:
        self.found["moved"] = float(self.arguments["hours"])
        self._move(self.found["moved"])

    def heal(self) -> None:
        moved = self.found.pop("moved", 0.0)
        if moved:
            self._move(-moved)
