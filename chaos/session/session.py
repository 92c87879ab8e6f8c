"""One experiment under way: its target, history, watchers and heal list. Actions and probes share it.

`beluga rehearse` opens a session for each experiment; under `chaos run` the first action opens one from the
environment: BELUGA_STATE names the stack's folder, CHAOS_OUT where the history goes, CHAOS_SCALE shortens it.
"""

import atexit
import contextlib
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from chaos.faults import FAULTS
from chaos.faults.front import TlsFront
from chaos.faults.headquarters import Headquarters
from chaos.faults.heal import HealList
from chaos.faults.provider import hold_file
from chaos.judge import observer
from chaos.judge.alerts import OWN_RULES, AlertWatch, read_rules
from chaos.judge.history import EventHistory, Op
from chaos.load.keys import CopiedKeys
from chaos.load.routes import DeliveryRoute, Form, Gateway, TwilioRoute
from chaos.load.surge import Load, LoadWatcher, Mix, RunningLoad, read_watchers
from chaos.session.runbook import Command, read_page
from chaos.session.start_options import StartOptions
from chaos.session.watcher_links import WatcherLinks
from chaos.target.kinds import target_of
from chaos.target.target import Target

STEP_SECONDS = 240.0
TRACE_SECONDS = 0.5  # for which a fault's trace is waited for; it is looked for again before it is healed
UNSEEN = (*observer.UNASKED, ValueError, KeyError, subprocess.SubprocessError)
BOARD_FAULTS = ("database", "tally")


@dataclass
class Session:
    """Open with `Session.begin`; `finish` heals, waits and makes the final reads."""

    target: Target
    history: EventHistory
    watchers: list[LoadWatcher]
    seed: int = 1
    name: str = "session"
    scale: float = 1.0  # of durations: a short form has less than 1
    traffic: float = 1.0  # of the rates of loads that are not themselves the fault
    surges: list[RunningLoad] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)  # label -> number on the heal list
    election: Path | None = None  # the folder whose watchers text
    front: TlsFront | None = None
    headquarters: Headquarters | None = None
    keys: CopiedKeys | None = None
    recovery: float | None = None
    _environment: dict[str, str] = field(default_factory=dict)  # of the stack, as last seen
    _traced: set[str] = field(default_factory=set)  # numbers of faults whose trace was seen

    def __post_init__(self) -> None:
        issue = partial(self.beluga, "links", "issue", "--all")
        self.links = WatcherLinks(self.target.state / "links.csv", issue)
        self._start = StartOptions(self.target)
        self.heals = HealList(self.target.state / "chaos-heal.jsonl")
        self.board = observer.BoardWatch(self.target, self.history)
        self.alerts = AlertWatch(self.target, self.history, read_rules(self.target.rules or OWN_RULES))

    def begin(self) -> "Session":
        """Heals what an earlier rehearsal left behind, notes what is there, and begins to watch."""
        self.environment()
        left = self.heals.heal_all()
        if left:
            self.history.record(Op.NOTE, said=f"healed {left} faults that an earlier rehearsal left behind")
        observer.before(self.target, self.history)
        self.board.start()
        self.alerts.start()
        return self

    # ------------------------------------------------------------------ what actions do

    def load(
        self,
        rate: float,
        seconds: float,
        route: str = "generic",
        signed_url: str = "",
        *,
        hurts: bool = False,
        **mix: Any,
    ) -> None:
        """Begins a load that goes on beside everything else, by `route`: generic, twilio, form or front.

        `hurts`: by its number alone, this load is the fault.
        """
        mixed = Mix(**mix, counts=route == "form")
        harmful = hurts or bool(signed_url) or mixed != Mix(counts=mixed.counts)  # this load is the fault
        rate *= 1.0 if harmful else self.traffic
        at, speed = self.target.clock.read()
        label = f"{self.name}-{time.time_ns() // 1_000_000:x}-{len(self.surges)}"
        load = Load(rate, max(1.0, seconds * self.scale), self.watchers, self.seed, mixed, label, at, speed)
        way = self._route(route, signed_url)
        surge = RunningLoad(load, way, self.history, hold=hold_file(self.target.state, way.name))
        said = f"load of {rate:g}/s for {load.seconds:g} s by {route}"
        self.history.record(Op.NOTE, said=said, rate=rate, mix=mix)
        harm = dict(mix, signed_url=signed_url, rate=rate, seconds=load.seconds)
        if harmful:
            self.history.record(Op.FAULT, label, cuts=[], arguments=harm)
        self.surges.append(surge.start())

    def _route(self, name: str, signed_url: str) -> DeliveryRoute:
        target = self.target
        url, tls = target.url("intake"), target.tls
        if name == "front":
            assert self.front is not None, "open_front comes first"
            return Gateway(self.front.url, target.secret("generic_secret"), self.front.tls)
        if name == "twilio":
            return TwilioRoute(url, target.secret("twilio_auth_token"), signed_url or target.public_url, tls)
        if name == "form":
            self.links.read()
            return Form(url, self.links.read, tls)
        return Gateway(url, target.secret("generic_secret"), tls)

    def beluga(self, *words: str) -> str:
        """What a command of ours prints. Raises `OSError` where it fails."""
        done = subprocess.run(
            self.target.commands.beluga(*words), env=self.environment(), capture_output=True, text=True,
            timeout=STEP_SECONDS, check=False,
        )  # fmt: skip
        self.history.record(Op.NOTE, said=f"beluga {' '.join(words)}: {done.returncode}")
        if done.returncode:
            raise OSError(f"beluga {' '.join(words)}: {done.stderr.strip()[-300:]}")
        return done.stdout

    def environment(self, *, bare: bool = False) -> dict[str, str]:
        """What commands of a runbook find in their environment; `bare`: what a stranger's shell has."""
        found = {"HOME": "/", "LANG": "C.UTF-8"}
        if not bare:
            if self.target.up():
                self._environment = self.target.commands.environment()
            found = dict(self._environment)
        if self.front is not None:
            found["SSL_CERT_FILE"] = str(self.front.authorities)
        if self.election is not None:
            found["BELUGA_ELECTION"] = str(self.election.absolute())
        return found | observer.own_command(found) | self._start.names()

    def inject(self, name: str, label: str, arguments: dict[str, Any]) -> None:
        """Raises `UnavailableError` where this fault cannot be had here."""
        fault = FAULTS[name](self.target, arguments)
        began = self.history.now()  # an alert may fire before a slow fault is complete
        self.faults[label] = number = self.heals.inject(fault)
        self.history.record(Op.FAULT, label, began, cuts=list(fault.cuts), number=number, arguments=arguments)
        if name != "killed" and set(fault.cuts) & set(BOARD_FAULTS):
            self.board.cut(number)
        deadline = time.monotonic() + TRACE_SECONDS
        while not self.look(label) and time.monotonic() < deadline:
            time.sleep(0.05)

    def look(self, label: str) -> bool:
        """Notes the trace of a fault under way, once it is seen; whether it has been."""
        number = self.faults.get(label, "")
        fault = self.heals.under_way(number)
        if fault is not None and number not in self._traced:
            with contextlib.suppress(*UNSEEN):
                if fault.happened():
                    self._traced.add(number)
                    self.history.record(Op.TRACE, label, number=number, said=fault.trace)
        return number in self._traced

    def heal(self, label: str) -> None:
        self.look(label)  # the last chance to see that it happened
        number = self.faults.pop(label, None)
        if number is not None:
            self.board.healed(number)  # first: recovery takes a moment, and the board may say more than that
            self.heals.heal(number)
            self.history.record(Op.HEAL, label)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds * self.scale)

    def follow_runbook(self, page: str, part: str, *, stranger: bool = False) -> bool:
        """Runs the commands of one part of a page, exactly as they are printed; whether all succeeded.

        `stranger`: as somebody who has this page, the stack's folder, and nothing else.
        """
        if part == "Act":  # from here on it is the page that mends; when exactly is not seen from outside
            for label, number in self.faults.items():
                self.look(label)
                self.board.healed(number)
        fine = True
        for command in read_page(page).rehearsed(part, target=self.target.runbook):
            fine = self._step(page, command, stranger=stranger) == 0 and fine
        return fine

    def _step(self, page: str, command: Command, *, stranger: bool = False) -> int:
        try:
            done = subprocess.run(
                ["sh", "-c", command.text], env=self.environment(bare=stranger), capture_output=True,
                text=True, timeout=STEP_SECONDS, check=False, stdin=subprocess.DEVNULL,
                cwd="/" if stranger else self.target.commands.folder,
            )  # fmt: skip
            status, said = done.returncode, (done.stdout + done.stderr)[-500:]
        except subprocess.TimeoutExpired:
            status, said = 124, f"no end within {STEP_SECONDS:g} s"
        # While something is broken a check may say so (exit status 1); it must run all the same.
        judged = 0 if command.part == "Check" and status == 1 else status
        if command.part == "Verify" and command.text.strip() == "beluga recount" and status in (0, 1):
            observer.recounted(self.history, status, said)
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
            self.recovery = observer.settle(self.target, self.history, acked, patience)
            settled = len(self.history.events)
            if runbook:
                self.follow_runbook(runbook, "Verify")
            if not any(e.op is Op.RECOUNT for e in self.history.events[settled:]):  # once is enough
                observer.recount(self.target, self.history)
        finally:
            self.close()

    def close(self) -> None:
        for surge in self.surges:
            surge.stop()
        if self.keys is not None:
            self.keys.stop()
            self.keys = None
        self.board.stop()
        self.alerts.stop()
        self.heals.close()
        for opened in (self.front, self.headquarters):
            if opened is not None:
                opened.stop()
        self.front = self.headquarters = None
        self.history.close()


_current: list[Session] = []


def use(session: Session | None) -> None:
    """Makes this the session that actions act on; None: none."""
    _current.clear()
    if session is not None:
        _current.append(session)


def current() -> Session:
    """The session under way; opened from the environment where none is open. Raises `NoTargetError`."""
    if not _current:
        target = target_of(Path(os.environ.get("BELUGA_STATE", ".beluga")))
        out = Path(os.environ.get("CHAOS_OUT") or tempfile.mkdtemp(prefix="beluga-chaos-"))
        scale = float(os.environ.get("CHAOS_SCALE", "1"))
        history = EventHistory(out / "history.jsonl", name="chaos run")
        session = Session(target, history, watchers_of(target), scale=scale)
        use(session.begin())
        atexit.register(session.close)
    return _current[0]


def watchers_of(target: Target) -> list[LoadWatcher]:
    """From the election folder that BELUGA_ELECTION names, or that a rehearsal left beside the state."""
    for folder in (os.environ.get("BELUGA_ELECTION"), target.state / "replay-election"):
        if folder and (Path(folder) / "watchers.csv").exists():
            with (Path(folder) / "watchers.csv").open(encoding="utf-8-sig", newline="") as file:
                return read_watchers(iter(file))
    raise FileNotFoundError("set BELUGA_ELECTION to the election folder whose watchers should text")
