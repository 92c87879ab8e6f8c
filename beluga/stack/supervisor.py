"""Keeps child processes running, and takes every one of them along when it ends.

A child that dies is started again: at once the first time, then after growing pauses, and from the beginning
once it has run a while. A child that hangs (`stack/watchdog.py`) is killed, and so started again. Children
die with the supervisor however it dies (the kernel signals them), so that `kill -9` of it leaves no process
behind.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import structlog

from beluga.stack.forked_process import ForkedProcess, Spares
from beluga.stack.postgres import die_with_parent
from beluga.stack.watchdog import PATIENCE, Ask, Patience, Watchdog, asks_heartbeat
from election.runtime.heartbeat import HUNG_RESTARTS, SAY_WHERE, VARIABLE, Heartbeat

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
SETTLED_SECONDS = 20.0  # a child that ran this long starts again at once
STOP_SECONDS = 12.0  # then SIGKILL
LOG_BYTES = 20_000_000  # then the log moves to .1
WATCH_SECONDS = 5.0
LAST_WORDS_SECONDS = 0.5  # in which one that hangs may still say where

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. `options` go to the process as they are (account, folder, preexec).

    `service`: the name of one that a spare may become; the command is for where none is left.
    """

    name: str
    command: Sequence[str]
    log_file: Path
    env: Mapping[str, str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    # Called before every start, e.g. to clear what a crash left behind.
    before_start: Callable[[], None] | None = None
    ask: Ask | None = None  # how to find out whether it hangs
    heartbeat: bool = False  # it beats through a pipe instead of being asked
    patience: Patience = PATIENCE
    service: str = ""
    gives_way: int = 0  # to the others where memory is short: the kernel's oom_score_adj, 0 to 1000


class Child:
    """One program, kept running until `stop()`."""

    def __init__(self, program: Program, on_change: Callable[[], None], spares: Spares | None = None) -> None:
        self.program = program
        self._spares = spares
        self.restarts = 0
        self.hung = 0  # times that it was killed because it hung
        self._heartbeat: Heartbeat | None = None
        self._on_change = on_change
        self._process: asyncio.subprocess.Process | ForkedProcess | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        running = self._process and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def start(self) -> None:
        """Starts it and goes on keeping it up. Raises `OSError` where the first start is impossible."""
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep())

    async def _spawn(self) -> None:
        program = self.program
        if program.before_start:
            program.before_start()
        program.log_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        environment = dict(os.environ if program.env is None else program.env)
        environment[HUNG_RESTARTS] = str(self.hung)
        environment.pop(VARIABLE, None)
        defaults: dict[str, Any] = {"preexec_fn": die_with_parent(), "start_new_session": True}
        if program.heartbeat:
            self._end_heartbeat()
            self._heartbeat = Heartbeat()
            environment |= self._heartbeat.environment
            defaults["pass_fds"] = (self._heartbeat.writer,)
        defaults["env"] = environment
        with program.log_file.open("ab") as out:
            self._process = self._forked(environment, out.fileno())
            if self._process is None:
                self._process = await asyncio.create_subprocess_exec(
                    *program.command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    **(defaults | dict(program.options)),
                )
        if self._heartbeat is not None:
            self._heartbeat.close_writer()
        if program.gives_way:
            with contextlib.suppress(OSError):  # it has ended already, or is another account's
                Path(f"/proc/{self._process.pid}/oom_score_adj").write_text(str(program.gives_way))
        log.info("child_started", child=program.name, pid=self._process.pid)
        self._on_change()

    def _forked(self, environment: Mapping[str, str], log_file: int) -> ForkedProcess | None:
        """The service as a spare; None where it is to be a program of its own."""
        if self._spares is None or not self.program.service:
            return None
        return self._spares.become(self.program.service, environment, log_file)

    async def _keep(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            assert self._process is not None
            watch = asyncio.create_task(self._watch())
            try:
                status = await self._process.wait()
            finally:
                watch.cancel()
            self._on_change()
            if time.monotonic() - began > SETTLED_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.warning("child_died", child=self.program.name, status=status, again_in_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            self.restarts += 1
            try:
                await self._spawn()
            except OSError as error:
                log.error("child_cannot_start", child=self.program.name, error=str(error))

    async def _watch(self) -> None:
        """Kills the process, and whatever it has started, once it hangs."""
        program, process = self.program, self._process
        ask = asks_heartbeat(self._heartbeat) if self._heartbeat else program.ask
        if ask is None or process is None:
            return
        # Twice as long with every hang: what takes longer to start than we thought is not killed for ever.
        patience = replace(program.patience, start=program.patience.start * 2 ** min(self.hung, 8))
        why = await Watchdog(ask, patience).until_hung()
        self.hung += 1
        log.error("child_hung_killed", child=program.name, pid=process.pid, reason=why, times=self.hung)
        for sig, pause in ((SAY_WHERE, LAST_WORDS_SECONDS), (signal.SIGKILL, 0.0)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sig)  # each is the first of a session of its own
            await asyncio.sleep(pause)

    def _end_heartbeat(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.close()
            self._heartbeat = None

    async def stop(self) -> None:
        """Asks it to end, waits, and in the end does not ask."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        self._end_heartbeat()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            log.warning("child_killed_at_stop", child=self.program.name)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def rotate_log(self) -> None:
        """Moves a log that has grown too long aside. The child goes on writing at the file's new end."""
        path = self.program.log_file
        with contextlib.suppress(OSError):
            if path.stat().st_size > LOG_BYTES:
                shutil.copyfile(path, path.with_name(path.name + ".1"))
                os.truncate(path, 0)


class Supervisor:
    """Children in the order of their start; they stop in the opposite order, those of one step together."""

    def __init__(self, on_change: Callable[[], None] = lambda: None, spares: Spares | None = None) -> None:
        self._spares = spares
        self._steps: list[list[Child]] = []
        self._on_change = on_change
        self._untold = False
        self._asked_to_stop = asyncio.Event()

    @property
    def children(self) -> list[Child]:
        return [child for step in self._steps for child in step]

    async def start(self, *programs: Program) -> None:
        """One step: starts these side by side."""
        step = [Child(program, self.tell, self._spares) for program in programs]
        self._steps.append(step)
        for child in step:
            await child.start()

    def tell(self) -> None:
        """Passes a change on; where that fails (a full disk) it is tried again, and no child waits for it."""
        try:
            self._on_change()
            self._untold = False
        except OSError as error:
            self._untold = True
            log.error("stack_state_not_kept", error=str(error), remedy="make room")

    def stop_on_signals(self) -> None:
        """SIGTERM, SIGINT and SIGHUP end `run()`."""
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(sig, self._asked_to_stop.set)

    @property
    def stopping(self) -> bool:
        return self._asked_to_stop.is_set()

    def ask_to_stop(self) -> None:
        self._asked_to_stop.set()

    async def until(self, condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
        """Polls until the condition holds (True), the time is up or somebody asked to stop (False)."""
        deadline = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < deadline:
            if await condition():
                return True
            await asyncio.sleep(0.05)
        return False

    async def run(self) -> None:
        """Waits until asked to stop, rotating logs meanwhile."""
        while not self.stopping:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked_to_stop.wait(), WATCH_SECONDS)
            for child in self.children:
                child.rotate_log()
            if self._untold:
                self.tell()

    async def stop(self) -> None:
        """Stops every child, the last started first."""
        for step in reversed(self._steps):
            await asyncio.gather(*(child.stop() for child in step))
        self._steps.clear()
