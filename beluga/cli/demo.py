"""`beluga demo`: a made-up county lives through its election day on the real stack."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import structlog
import typer

from beluga.cli.replay import summary
from beluga.county.county import County, write_county
from beluga.county.ground_truth import GroundTruth, ground_truth
from beluga.load.demo_callers import DemoCallers
from beluga.load.replay import as_the_clock_runs
from beluga.load.sender import TextSender
from beluga.load.simulated_day import simulated_day
from beluga.proof.laws import LawsVerdict, Witnesses, check_laws
from beluga.stack.failures import CommandRefusedError
from beluga.stack.postgres import EmbeddedPostgres
from beluga.stack.process import StackFailedError, StackProcess, free_port_base
from beluga.stack.stack import (
    DEFAULT_PORT_BASE,
    DEFAULT_STATE,
    MOST_PORT_BASE,
    RunFile,
    StackBusyError,
    lock,
    secrets_of,
)
from election.access import accounts
from election.access.tokens import Tokens
from election.domain.ids import MessageId
from election.postgres.database import connect
from election.runtime.clock import FileClock
from election.runtime.telemetry import Unfailing

LOGIN = "demo"
MARK = "demo"  # a file in the folders that a demo may empty
BEFORE_OPENING = timedelta(minutes=45)
AFTER_CLOSE = timedelta(minutes=40)
MORNING = timedelta(hours=1, minutes=30)  # so much of the day passes fast, so that there is something to see
MORNING_SPEED = 900.0
CHECK_SPEED = 3000.0
CHECK_PRECINCTS = 80
CALLERS_AT_WORK = 24
# What Beluga texts of its own accord (reminders to silent precincts, the roll call) goes to a file here.
OUTBOUND = '[{"number": "+18005550100", "provider": "file", "preset": "file"}]'

log = structlog.get_logger()


def demo(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="A short day without a board; then say whether the laws held.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Which county and which day.")] = 1,
    speed: Annotated[float, typer.Option("--speed", min=1, help="Stack seconds a second.")] = 60.0,
    precincts: Annotated[
        int | None, typer.Option("--precincts", min=8, max=2_000, help="Precincts (400; 80 with --check).")
    ] = None,
    port_base: Annotated[
        int | None, typer.Option("--port-base", min=1, max=MOST_PORT_BASE, help="As for beluga up.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="Folder; an earlier demo's is emptied.")
    ] = None,
) -> None:
    """Bring a made-up county through its election day: watchers text, some precincts lag, callers call."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(Unfailing(sys.stderr)))  # type: ignore[arg-type]
    try:
        if check:
            verdict = asyncio.run(_check(seed, precincts or CHECK_PRECINCTS, port_base, state))
        else:
            folder = state or DEFAULT_STATE / "demo"
            base = port_base or DEFAULT_PORT_BASE
            verdict = asyncio.run(_show(folder, seed, precincts or 400, base, speed))
    except (StackFailedError, StackBusyError) as error:
        typer.echo(f"beluga: {error}", err=True)
        raise typer.Exit(1) from None
    if not verdict.held:
        raise typer.Exit(1)


async def _check(seed: int, precincts: int, port_base: int | None, state: Path | None) -> LawsVerdict:
    folder = state or Path(tempfile.mkdtemp(prefix="beluga-demo-"))
    _empty(folder)
    stage = Stage(folder, seed, precincts, port_base or free_port_base())
    async with stage:
        await stage.live(fast_until=None, speed=CHECK_SPEED)
        verdict = await stage.judge()
        recounted = await stage.recount()
    print(verdict.line())
    if verdict.held and recounted:
        if state is None:
            shutil.rmtree(EmbeddedPostgres(folder / "postgres", 0, "").home, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)
        return verdict
    typer.echo(f"beluga: a law does not hold; what is left to look at: {folder}", err=True)
    raise typer.Exit(1)


async def _show(folder: Path, seed: int, precincts: int, port_base: int, speed: float) -> LawsVerdict:
    _empty(folder)
    stopped = asyncio.Event()
    for sig in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sig, stopped.set)
    stage = Stage(folder, seed, precincts, port_base)
    async with stage:
        password = await stage.make_login()
        assert stage.run is not None
        print(
            f"\nWar room   {stage.run.urls['dashboard']}   login {LOGIN}   password {password}\n"
            f"Caller     {stage.caller_link()}\n"
            f"The day begins at {(stage.day.opens - BEFORE_OPENING):%H:%M} UTC and runs at {speed:g}x; "
            "Ctrl-C ends it.\n",
            flush=True,
        )

        async def whole_day() -> LawsVerdict:
            await stage.live(fast_until=stage.day.opens + MORNING, speed=speed)
            verdict = await stage.judge()
            print(verdict.line() + "\nThe day is over; the board stays until Ctrl-C.", flush=True)
            return verdict

        day = asyncio.create_task(whole_day())
        until_stopped = asyncio.create_task(stopped.wait())
        await asyncio.wait({day, until_stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not day.done():
            day.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await day
            # Ended by the reader, in the middle: nothing was to be proven.
            return LawsVerdict(0, 0, 0, 0, 0, 0)
        await stopped.wait()
        until_stopped.cancel()
        return day.result()


class Stage:
    """A county, its day and a stack of its own. Use as an async context manager."""

    def __init__(self, folder: Path, seed: int, precincts: int, port_base: int) -> None:
        self._folder = folder
        self._seed = seed
        self._precincts = precincts
        self._port_base = port_base
        self._stack: StackProcess | None = None
        self._sent: set[MessageId] = set()
        self.county: County
        self.day: GroundTruth
        self.run: RunFile | None = None
        self._sender: TextSender | None = None

    async def __aenter__(self) -> "Stage":
        election = self._folder / "election"
        self.county = await asyncio.to_thread(write_county, election, self._seed, self._precincts)
        self.day = ground_truth(self.county, self._seed)
        begin = (self.day.opens - BEFORE_OPENING).isoformat()
        self._stack = StackProcess(
            self._folder, self._port_base, "--election", str(election), "--clock", begin, "--speed", "0",
            env={"BELUGA_OUTBOUND_NUMBERS": OUTBOUND},  # whatever the shell says: these phones are made up
        )  # fmt: skip
        self.run = await self._stack.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._stack is not None
        await self._stack.stop()

    @property
    def _secrets(self) -> dict[str, str]:
        return secrets_of(self._folder)

    async def make_login(self) -> str:
        """An administrator's account; returns its password."""
        assert self.run is not None
        password = accounts.new_password()
        connection = await connect(self.run.database_url)
        try:
            await accounts.add(connection, LOGIN, accounts.Role.ADMIN, password)
        finally:
            await connection.close()
        return password

    def caller_link(self) -> str:
        """The page of a caller whom no simulated one stands for."""
        assert self.run is not None
        token = Tokens(self._secrets["secret"]).sign("caller", {"c": self.county.callers[-1].caller_id})
        return f"{self.run.urls['callers']}/c/{token}"

    async def live(self, fast_until: datetime | None, speed: float) -> None:
        """The whole day: sends every text when its time has come, while callers work the queue."""
        assert self.run is not None and self.run.clock_file is not None
        clock = FileClock(Path(self.run.clock_file))
        texts = simulated_day(self.county, self.day, self._seed)
        clock.set(self.day.opens - BEFORE_OPENING, MORNING_SPEED if fast_until else speed)
        callers = DemoCallers(self.run.urls["callers"], self._secrets["secret"], clock, self._seed)
        at_work = asyncio.create_task(callers.work(self.county.callers[:CALLERS_AT_WORK]))
        began = asyncio.get_running_loop().time()
        try:
            async with TextSender(self.run.urls["intake"], self.run.urls["intake"], self._secrets) as sender:
                self._sender = sender
                early = [t for t in texts if fast_until is not None and t.at <= fast_until]
                await as_the_clock_runs(early, sender, clock)
                if fast_until is not None:
                    clock.set(fast_until, speed)
                await as_the_clock_runs(texts[len(early) :], sender, clock)
        finally:
            at_work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await at_work
        clock.set(self.day.closes + AFTER_CLOSE, 0.0)
        self._sent = {t.message_id for t in texts}
        took = asyncio.get_running_loop().time() - began
        print(summary(sender.record, took), file=sys.stderr)
        print(f"calls {dict(callers.outcomes)} errors {dict(callers.errors)}", file=sys.stderr)

    async def judge(self) -> LawsVerdict:
        """Whether the laws held, by three records."""
        assert self.run is not None and self._sender is not None
        witnesses = Witnesses(self.run.database_url, self.run.urls["tally"], self._secrets["secret"])
        return await check_laws(self._sender.record.acknowledged, self._sent, witnesses)

    async def recount(self) -> bool:
        """Whether `beluga recount` finds the standings equal to those rebuilt from the raw messages."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "beluga", "recount", "--state", str(self._folder),
            stdin=asyncio.subprocess.DEVNULL, stdout=sys.stderr, env=dict(os.environ),
        )  # fmt: skip
        return await process.wait() == 0


def _empty(folder: Path) -> None:
    """Forgets an earlier demo in this folder. Raises `StackBusyError` while it runs.

    Raises `CommandRefusedError` where the folder is no demo's: a stack's journal may be all there is.
    """
    others = [path.name for path in (folder.iterdir() if folder.is_dir() else ()) if path.name != MARK]
    if others and not (folder / MARK).exists() and folder.absolute() != (DEFAULT_STATE / "demo").absolute():
        raise CommandRefusedError(
            f"{folder} holds {', '.join(sorted(others)[:3])} and is no demo's: it is not emptied; "
            "name a new folder with --state"
        )
    lock(folder).close()
    (folder / MARK).touch()
    shutil.rmtree(EmbeddedPostgres(folder / "postgres", 0, "").home, ignore_errors=True)
    for name in ("postgres", "intake", "election", "logs", "dashboard", "callers", "tally"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("clock", "run.json", "stack.json", "secrets.toml", "stack.lock"):
        (folder / name).unlink(missing_ok=True)
