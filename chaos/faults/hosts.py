"""A host that is lost with what only it held: intake's journal, carried away undrained."""

import os
import subprocess
from pathlib import Path

from chaos.faults.processes import HeldDown
from chaos.faults.protocol import UnavailableError

SECONDS = 120.0


class JournalLost(HeldDown):
    """Intake dies, and its journal is found again in `intake/lost`, as a disk out of a dead machine.

    Its successor begins with an empty journal. Healing carries the lost files over.
    """

    name = "journal_lost"
    trace = "the journal lies elsewhere, and the intake that ran before is gone"

    @property
    def lost(self) -> Path:
        return self.target.state / "intake" / "lost"

    def setup(self) -> None:
        self.arguments["service"] = "intake"
        super().setup()
        if not self.target.journal.is_dir():
            raise UnavailableError(f"{self.target.journal} is no folder of this machine")
        if self.lost.exists():
            raise UnavailableError(f"{self.lost} is there from an earlier rehearsal; remove it first")

    def inject(self) -> None:
        super().inject()
        self.target.journal.rename(self.lost)
        self._stop.set()  # its successor may come up
        assert self._thread is not None
        self._thread.join(5)
        ballast = self.lost / "ballast"
        ballast.unlink(missing_ok=True)

    def happened(self) -> bool:
        return self.lost.is_dir() and self.gone()

    def heal(self) -> None:
        super().heal()
        for file in sorted(self.lost.glob("*.journal")):
            subprocess.run(
                self.target.commands.beluga("journal", "drain", str(file)), check=True, capture_output=True,
                env=self.target.commands.variables(), timeout=SECONDS,
            )  # fmt: skip
        if self.lost.exists():
            self.lost.rename(self.lost.with_name(f"carried-over-{os.urandom(4).hex()}"))
