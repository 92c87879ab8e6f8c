"""`beluga demo`: a made-up county lives through its election day on the real stack."""

import asyncio
import contextlib
import shutil
import signal
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import structlog
import typer

from beluga.load.demo_day import BEFORE_OPENING, LOGIN, DemoDay, empty_demo
from beluga.proof.laws import LawsVerdict
from beluga.stack.ports import free_port_base
from beluga.stack.postgres import EmbeddedPostgres
from beluga.stack.process import StackFailedError
from beluga.stack.stack import DEFAULT_PORT_BASE, DEFAULT_STATE, MOST_PORT_BASE, StackBusyError
from election.runtime.unfailing import Unfailing

MORNING = timedelta(hours=1, minutes=30)  # so much of the day passes fast, so that there is something to see
CHECK_SPEED = 3000.0
CHECK_PRECINCTS = 80


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
    empty_demo(folder)
    stage = DemoDay(folder, seed, precincts, port_base or free_port_base())
    async with stage:
        print(await stage.live(fast_until=None, speed=CHECK_SPEED), file=sys.stderr)
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
    empty_demo(folder)
    stopped = asyncio.Event()
    for sig in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sig, stopped.set)
    stage = DemoDay(folder, seed, precincts, port_base)
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
            print(await stage.live(fast_until=stage.day.opens + MORNING, speed=speed), file=sys.stderr)
            verdict = await stage.judge()
            print(verdict.line() + "\nThe day is over; the board stays until Ctrl-C.", flush=True)
            return verdict

        gone = asyncio.create_task(stage.ended())
        gone.add_done_callback(lambda _: stopped.set())
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
