"""The heal list: faults are noted on disk before they are injected, so that they are healed whatever dies.

A guardian process holds the other end of a pipe. When the rehearsal ends, by itself or by `kill -9`, the pipe
closes, and the guardian heals what is still noted. `python -m chaos.faults.heal LIST` does the same by hand.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from chaos.faults.protocol import Fault
from chaos.target.kinds import at


class HealList:
    """Faults under way. One list a stack; may be opened by several processes one after another."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}
        self._guardian: subprocess.Popen[bytes] | None = None

    def inject(self, fault: Fault) -> str:
        """Notes, injects, and says under which number it can be healed. Raises `UnavailableError`."""
        fault.setup()
        self._guard()
        number = os.urandom(6).hex()
        with self._lock:
            self._faults[number] = fault
            self._write(number, fault)
        try:
            fault.inject()
            with self._lock:
                self._write(number, fault)
        except BaseException:
            self.heal(number)
            raise
        return number

    def under_way(self, number: str) -> Fault | None:
        """A fault of ours that has not been healed."""
        return self._faults.get(number)

    def heal(self, number: str) -> None:
        """Heals one fault; does nothing where it has been healed."""
        with self._lock:
            fault = self._faults.get(number)
            if fault is None:
                return
            fault.heal()
            del self._faults[number]
            self._append({"healed": number})

    def heal_all(self) -> int:
        """Heals ours and what earlier processes left on the list; says how many. Goes on past failures and
        raises the first of them at the end.
        """
        failures: list[Exception] = []
        left = outstanding(self.path)
        with self._lock:
            for number, fault in left.items():
                try:
                    (self._faults.pop(number, None) or fault).heal()
                    self._append({"healed": number})
                except Exception as error:
                    failures.append(error)
        if failures:
            raise failures[0]
        return len(left)

    def close(self) -> None:
        """Heals everything and lets the guardian go."""
        try:
            self.heal_all()
        finally:
            if self._guardian is not None and self._guardian.stdin is not None:
                self._guardian.stdin.close()
                self._guardian.wait(30)
                self._guardian = None

    def _guard(self) -> None:
        if self._guardian is None:
            self._guardian = subprocess.Popen(
                [sys.executable, "-m", "chaos.faults.heal", str(self.path), "--wait"],
                stdin=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip

    def _write(self, number: str, fault: Fault) -> None:
        said = {"number": number, "fault": fault.name, "arguments": fault.arguments, "found": fault.found}
        self._append(said | {"state": str(fault.target.state)})

    def _append(self, said: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(said) + "\n")
            file.flush()
            os.fsync(file.fileno())


def outstanding(path: Path) -> dict[str, Fault]:
    """Faults on the list that were not healed, the last injected first."""
    from chaos.faults import FAULTS

    left: dict[str, Fault] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            said = json.loads(line)
        except ValueError:
            continue  # a line cut short: its fault had not begun
        if "healed" in said:
            left.pop(said["healed"], None)
        else:
            kind = FAULTS[said["fault"]]
            left[said["number"]] = kind(at(Path(said["state"])), said["arguments"], said["found"])
    return dict(reversed(left.items()))


def main(arguments: list[str]) -> int:
    """Heals the list named; with --wait only once standard input is at its end."""
    path = Path(arguments[0])
    if "--wait" in arguments:
        with contextlib.suppress(KeyboardInterrupt, OSError):
            sys.stdin.buffer.read()
    try:
        HealList(path).heal_all()
    except Exception as error:
        print(f"not everything in {path} could be healed: {error!r}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
