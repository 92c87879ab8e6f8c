"""The command line run for a page: the same commands with the same rules, each in a process of its own.

One run at a time. It goes on when the page is left, and what it said is there for whoever looks again; the
reasons are in docs/decisions/0028-office-commands.md.
"""

import asyncio
import shlex
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import structlog

from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.errors import DashboardError
from dashboard.languages import tr

_LOG = structlog.get_logger()

LONGEST_SAID = 200_000  # characters of a command's output that are kept
NICER = "10"  # what a page asks for comes after what the day brings in


class RunBusyError(DashboardError):
    """Something is being done already; wait until it is done, and try again."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command ended with, and what it printed."""

    code: int
    text: str


@dataclass
class CommandRun:
    """Work in hand, or the last that was."""

    title: str
    began: float = field(default_factory=time.monotonic)
    done: bool = False
    failed: str = ""  # what went wrong in words, where it did


class CommandRuns:
    """Runs commands one piece of work at a time. `progress`: the file where a command says how far it is."""

    def __init__(self, bridge: AsyncBridge, command: str, progress: Path) -> None:
        self._bridge = bridge
        self._command = shlex.split(command)
        self.progress_file = progress
        self._turn = threading.Lock()
        self._run: CommandRun | None = None
        self._ended = threading.Event()

    @property
    def available(self) -> bool:
        """Whether this service knows how to run commands."""
        return bool(self._command)

    @property
    def under_way(self) -> CommandRun | None:
        run = self._run
        return run if run is not None and not run.done else None

    @property
    def last(self) -> CommandRun | None:
        return self._run

    def begin(self, title: str, work: Callable[[], Awaitable[None]], wait: float = 0.0) -> None:
        """Begins `work` in the background, and waits a little for it. Raises `RunBusyError`."""
        with self._turn:
            if self.under_way is not None:
                raise RunBusyError(
                    tr("{title} is under way; wait until it is done", title=tr(self.under_way.title))
                )
            run = self._run = CommandRun(title)
            ended = self._ended = threading.Event()
        self.progress_file.unlink(missing_ok=True)

        async def whole() -> None:
            try:
                await work()
            except asyncio.CancelledError:
                run.failed = tr("the war room was stopped meanwhile; begin again")
                raise
            except DashboardError as error:
                run.failed = str(error)
            except Exception as error:
                _LOG.exception("office_work_failed", work=title)
                run.failed = tr(
                    "it could not be done ({name}); the war room's log says more", name=type(error).__name__
                )
            finally:
                run.done = True
                ended.set()

        self._bridge.keep(whole())
        ended.wait(wait)

    async def command(self, *words: str | Path) -> CommandResult:
        """Runs `beluga` with these words; ends it where the war room stops."""
        nice = [found, "-n", NICER] if (found := shutil.which("nice")) else []
        process = await asyncio.create_subprocess_exec(
            *nice, *self._command, *map(str, words), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.terminate()
            raise
        text = output.decode("utf-8", "replace")
        return CommandResult(process.returncode or 0, text[-LONGEST_SAID:])

    def progress(self) -> dict[str, Any]:
        """What a page that looks on is told."""
        run = self.under_way
        if run is None:
            return {"running": False}
        told: dict[str, Any] = {}
        with suppress(OSError, orjson.JSONDecodeError):
            told = orjson.loads(self.progress_file.read_bytes())
        return {
            "running": True,
            "title": run.title,
            "seconds": round(time.monotonic() - run.began),
            "doing": told.get("doing", ""),
            "share": told.get("share"),
        }


def words_of(said: CommandResult, shown: int = 30) -> Sequence[str]:
    """The last lines of what a command printed."""
    return [line for line in said.text.splitlines() if line.strip()][-shown:]
