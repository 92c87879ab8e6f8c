"""A stack of our own for a while: `beluga up` as a child process, for the demo, rehearsals and benchmarks."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from beluga.errors import BelugaError
from beluga.stack.postgres import die_with_parent
from beluga.stack.stack import NoStackError, RunFile, read_run_file

READY_SECONDS = 90.0
STOP_SECONDS = 60.0


class StackFailedError(BelugaError):
    """The stack did not come up. The message holds the end of what it said."""


class StackProcess:
    """`await start()`, then `run` says where everything is; `await stop()` leaves no process behind."""

    def __init__(self, state: Path, port_base: int, *options: str, env: dict[str, str] | None = None) -> None:
        self.state = state
        self._port_base = port_base
        self._options = options
        self._env = dict(os.environ) | (env or {})
        self._process: asyncio.subprocess.Process | None = None
        self.run: RunFile | None = None

    @property
    def output(self) -> Path:
        """What the supervisor says."""
        return self.state / "logs" / "beluga.log"

    async def start(self) -> RunFile:
        """Raises `StackFailedError`."""
        self.output.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.output.open("wb") as out:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "beluga", "up", "--state", str(self.state),
                "--port-base", str(self._port_base), *self._options,
                stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out, env=self._env,
                start_new_session=True, preexec_fn=die_with_parent(),
            )  # fmt: skip
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self._process.returncode is None:
            with contextlib.suppress(NoStackError):
                run = read_run_file(self.state)
                if run.ready and run.pid == self._process.pid:
                    self.run = run
                    return run
            await asyncio.sleep(0.05)
        said = self.output.read_text(errors="replace")[-3000:]
        await self.stop()
        raise StackFailedError(f"the stack did not come up:\n{said}")

    async def ended(self) -> None:
        """Returns when the supervisor is gone, whoever ended it."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """SIGTERM, and waits until the supervisor and with it every service is gone."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def pid_of(self, service: str) -> int | None:
        """The process id of a service now; None while it is down."""
        return read_run_file(self.state).pids.get(service)
