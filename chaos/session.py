"""One experiment under way: its target, history, watchers and heal list. Actions and probes share it.

`beluga rehearse` opens a session for each experiment; under `chaos run` the first action opens one from the
environment: BELUGA_STATE names the stack's folder, CHAOS_OUT where the history goes.
"""

import atexit
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos import witness
from chaos.alerts import OWN_RULES, AlertWatch, read_rules
from chaos.faults import FAULTS
from chaos.faults.heal import HealList
from chaos.history import History, Op
from chaos.runbook import Command, read_page
from chaos.surge import Load, Mix, Surge, Watcher, read_watchers
from chaos.target import Target

STEP_SECONDS = 60.0
BOARD_FAULTS = ("database", "tally")


@dataclass
class Session:
    """Open with `Session.begin`; `finish` heals, waits and makes the final reads."""

    target: Target
    history: History
    watchers: list[Watcher]
    seed: int = 1
    name: str = "session"
    scale: float = 1.0  # of rates and durations: a short form has less than 1
    surges: list[Surge] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)  # label -> number on the heal list
    skipped: str = ""
    recovery: float | None = None

    def __post_init__(self) -> None:
        self.heals = HealList(self.target.state / "chaos-heal.jsonl")
        self.board = witness.BoardWatch(self.target, self.history)
        self.alerts = AlertWatch(self.target, self.history, read_rules(OWN_RULES))

    def begin(self) -> "Session":
        """Heals what an earlier rehearsal left behind, notes what is there, and begins to watch."""
        left = self.heals.heal_all()
        if left:
            self.history.record(Op.NOTE, said=f"healed {left} faults that an earlier rehearsal left behind")
        witness.before(self.target, self.history)
        self.board.start()
        self.alerts.start()
        return self

    # ------------------------------------------------------------------ what actions do

    def load(self, rate: float, seconds: float, **mix: Any) -> None:
        """Begins a load that goes on beside everything else."""
        at, speed = self.target.clock()
        label = f"{self.name}-{time.time_ns() // 1_000_000:x}-{len(self.surges)}"
        load = Load(
            rate, max(1.0, seconds * self.scale), self.watchers, self.seed, Mix(**mix), label, at, speed
        )
        surge = Surge(load, self.target.url("intake"), self.target.secret("generic_secret"), self.history)
        self.history.record(Op.NOTE, said=f"load of {rate:g}/s for {load.seconds:g} s", rate=rate, mix=mix)
        self.surges.append(surge.start())

    def inject(self, name: str, label: str, arguments: dict[str, Any]) -> None:
        """Raises `UnavailableError` where this fault cannot be had here."""
        fault = FAULTS[name](self.target, arguments)
        self.faults[label] = number = self.heals.inject(fault)
        self.history.record(Op.FAULT, label, cuts=list(fault.cuts), number=number, arguments=arguments)
        if name != "killed" and set(fault.cuts) & set(BOARD_FAULTS):
            self.board.cut(number)

    def heal(self, label: str) -> None:
        number = self.faults.pop(label, None)
        if number is not None:
            self.board.healed(number)  # first: recovery takes a moment, and the board may say more than that
            self.heals.heal(number)
            self.history.record(Op.HEAL, label)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds * self.scale)

    def follow_runbook(self, page: str, part: str) -> bool:
        """Runs the commands of one part of a page, exactly as they are printed; whether all succeeded."""
        fine = True
        for command in read_page(page).commands:
            if command.part == part and command.rehearsed:
                fine = self._step(page, command) == 0 and fine
        return fine

    def _step(self, page: str, command: Command) -> int:
        environment = witness.own_command() | {"BELUGA_STATE": str(self.target.state)}
        try:
            done = subprocess.run(
                ["sh", "-c", command.text], env=environment, capture_output=True, text=True,
                timeout=STEP_SECONDS, check=False,
            )  # fmt: skip
            status, said = done.returncode, (done.stdout + done.stderr)[-500:]
        except subprocess.TimeoutExpired:
            status, said = 124, "no end within a minute"
        # While something is broken a check may say so (exit status 1); it must run all the same.
        judged = 0 if command.part == "Check" and status == 1 else status
        self.history.record(
            Op.STEP, page, command=command.text, status=judged, part=command.part, said=said if judged else ""
        )
        return judged

    # ------------------------------------------------------------------ the end

    def heal_all(self) -> None:
        for label in list(self.faults):
            self.heal(label)
        self.heals.heal_all()

    def finish(self, patience: float = 90.0, runbook: str | None = None) -> None:
        """Heals everything, sees the load through, waits for what was acknowledged, reads a last time.

        `runbook`: the page whose Verify part is then run.
        """
        try:
            self.heal_all()
            for surge in self.surges:
                surge.wait()
            acked = {e.key for e in self.history.events if e.op is Op.ACK}
            self.recovery = witness.settle(self.target, self.history, acked, patience)
            if runbook:
                self.follow_runbook(runbook, "Verify")
            witness.recount(self.target, self.history)
        finally:
            self.close()

    def close(self) -> None:
        for surge in self.surges:
            surge.stop()
        self.board.stop()
        self.alerts.stop()
        self.heals.close()
        self.history.close()


_current: list[Session] = []


def use(session: Session | None) -> None:
    """Makes this the session that actions act on; None: none."""
    _current.clear()
    if session is not None:
        _current.append(session)


def current() -> Session:
    """The session under way; opened from the environment where nobody has. Raises `NoTargetError`."""
    if not _current:
        target = Target.of_state(Path(os.environ.get("BELUGA_STATE", ".beluga")))
        out = Path(os.environ.get("CHAOS_OUT") or tempfile.mkdtemp(prefix="beluga-chaos-"))
        session = Session(target, History(out / "history.jsonl", name="chaos run"), watchers_of(target))
        use(session.begin())
        atexit.register(session.close)
    return _current[0]


def watchers_of(target: Target) -> list[Watcher]:
    """From the election folder that BELUGA_ELECTION names, or that a rehearsal left beside the state."""
    for folder in (os.environ.get("BELUGA_ELECTION"), target.state / "replay-election"):
        if folder and (Path(folder) / "watchers.csv").exists():
            with (Path(folder) / "watchers.csv").open(encoding="utf-8-sig", newline="") as file:
                return read_watchers(iter(file))
    raise FileNotFoundError("set BELUGA_ELECTION to the election folder whose watchers should text")
