"""How commands of ours, and those of a runbook, are run against a stack."""

import os
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chaos.target.run_file import clock_of, read_run


class StackCommands(ABC):
    """Each is run with `variables()`, or with some of them."""

    folder: Path | None = None  # where a runbook's commands are typed; None: anywhere

    @abstractmethod
    def beluga(self, *words: str) -> list[str]:
        """The command line of one of our commands."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """The environment in which the stack was started; ours where it cannot be seen."""

    @abstractmethod
    def names(self) -> dict[str, str]:
        """What a runbook's commands may name: the stack's folder, and how it is started again."""

    def variables(self) -> dict[str, str]:
        """The environment in which the stack was started, and the names."""
        return self.environment() | self.names()


@dataclass(frozen=True)
class MachineCommands(StackCommands):
    """Of the stack on this machine whose folder is `state`."""

    state: Path

    def beluga(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "beluga", *words]

    def environment(self) -> dict[str, str]:
        try:
            content = Path(f"/proc/{int(read_run(self.state)['pid'])}/environ").read_bytes().decode()
            found = dict(line.split("=", 1) for line in content.split("\0") if "=" in line)
        except (OSError, ValueError, KeyError):
            found = {}
        return found or dict(os.environ)

    def names(self) -> dict[str, str]:
        found = {"BELUGA_STATE": str(self.state)}
        try:
            run = read_run(self.state)
            at, speed = clock_of(run).read()
            words = ["--port-base", str(int(run["ports"]["intake"]) - 1), "--rehearsal"]
            if run.get("clock_file"):
                words += ["--clock", datetime.fromtimestamp(at, UTC).isoformat(), "--speed", f"{speed:g}"]
            found["BELUGA_UP"] = " ".join(words)
        except (OSError, ValueError, KeyError):
            pass
        return found
