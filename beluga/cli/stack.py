"""`beluga up`, `status` and `down`: the one-machine stack from the command line."""

import asyncio
import math
import os
import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import structlog
import typer

from beluga.stack.remembered import remembered
from beluga.stack.stack import (
    DEFAULT_STATE,
    MOST_PORT_BASE,
    SERVICES,
    NoStackError,
    Ports,
    RunFile,
    StackBusyError,
    alive,
    read_run_file,
)
from election.runtime.unfailing import Unfailing

STOP_SECONDS = 45.0
DATABASE_SECONDS = 3.0

StateFolder = Annotated[Path, typer.Option("--state", help="Folder of the stack.", envvar="BELUGA_STATE")]
PortBase = Annotated[
    int | None,
    typer.Option(
        "--port-base", min=1, max=MOST_PORT_BASE,
        help="Intake listens on N+1, tally on N+2 and so on; by default as the last time, else 8400.",
    ),
]  # fmt: skip


def up(
    *,
    state: StateFolder = DEFAULT_STATE,
    port_base: PortBase = None,
    election: Annotated[
        Path | None,
        typer.Option("--election", help="Election folder to import first.", exists=True, file_okay=False),
    ] = None,
    confirm: Annotated[
        str, typer.Option(help="The name of the election that is there, where --election takes its place.")
    ] = "",
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="Label everything as a rehearsal.")] = False,
    clock: Annotated[
        str | None,
        typer.Option(
            "--clock", help="Rehearse from this time (ISO 8601; local to the election if no offset)."
        ),
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", min=0.0, help="Rehearsal seconds a second; 0 stands still.")
    ] = 1.0,
) -> None:
    """Start PostgreSQL and the four services, and keep them up until Ctrl-C or `beluga down`.

    BELUGA_DATABASE_URL, where set, is used instead of an embedded PostgreSQL.
    """
    from beluga.stack.local_stack import StackPlan, run_stack
    from beluga.stack.postgres import PostgresError
    from beluga.stack.preparation import StackError

    _log_for_people()
    kept = remembered(state)
    if not math.isfinite(speed):
        raise typer.BadParameter(f"{speed} is no speed; write a number, e.g. 60")
    plan = StackPlan(
        state=state,
        ports=Ports.from_base(port_base or kept.port_base),
        election=election,
        rehearsal=rehearsal or clock is not None or speed != 1.0,
        clock=_time(clock) if clock is not None else None,
        speed=speed,
        confirm=confirm,
        public_url=kept.public_url,
    )
    try:
        run_stack(plan, announce)
    except (StackBusyError, StackError, PostgresError) as error:
        typer.echo(f"beluga: {error}", err=True)
        raise typer.Exit(1) from None


def announce(run: RunFile, behind: list[str]) -> None:
    """Says where everything is."""
    lines = [
        f"War room   {run.urls['dashboard']}",
        f"Callers    {run.urls['callers']}",
        f"Webhooks   {run.urls['intake']}/sms/twilio, /sms/generic",
        f"Tally      {run.urls['tally']}  (feed {run.urls['feed']})",
    ]
    if run.first_account_url:
        lines.insert(
            0, f"Set-up     {run.first_account_url}\n           (makes the first account; good for one day)"
        )
    if run.public_url:
        lines.append(f"Public     {run.public_url}")
    if run.rehearsal:
        lines.append("REHEARSAL  on its own clock; nothing here is the real day")
    lines += [f"{name} is not ready yet; its log: logs/{name}.log" for name in behind]
    print("\n".join(lines), flush=True)


def status(
    state: StateFolder = DEFAULT_STATE,
    pids: Annotated[
        str | None,
        typer.Option(
            "--pids", metavar="NAME", help="Print the process ids of one of them, its children's too."
        ),
    ] = None,
) -> None:
    """Show what runs and whether it is ready; exit status 1 if something is down."""
    from rich.console import Console
    from rich.table import Table

    from beluga.stack.local_stack import probe

    run = _running(state)
    if pids is not None:
        _print_pids(run, pids)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("service", "state", "pid", "restarts", "address"):
        table.add_column(heading)
    fine = True
    for name in ("postgres", *SERVICES):
        pid = run.pids.get(name)
        if name == "postgres":
            word = database_says(run)
        elif pid is None or not alive(pid):
            word = "down"
        elif probe(f"{run.urls[name]}/healthz")[0] != 200:
            word = "not answering"
        else:
            code, parts = probe(f"{run.urls[name]}/readyz")
            word = "ready" if code == 200 else f"not ready: {parts[:100]}"
        fine = fine and word == "ready"
        address = run.urls.get(name) or urlsplit(run.database_url).netloc.rpartition("@")[2]
        table.add_row(name, word, str(pid or "-"), str(run.restarts.get(name, 0)), address)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    if not fine:
        raise typer.Exit(1)


def database_says(run: RunFile) -> str:
    """Whether the database answers a query: a frozen process still listens, but answers no query."""
    pid = run.pids.get("postgres")
    embedded = "postgres" in run.pids or "postgres" in run.restarts
    if embedded and (pid is None or not alive(pid)):
        return "down"
    import asyncpg

    from election.postgres.database import UNREACHABLE, connect

    async def ask() -> None:
        async with asyncio.timeout(DATABASE_SECONDS):
            connection = await connect(run.database_url)
            try:
                await connection.fetchval("select 1")
            finally:
                connection.terminate()

    silent: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)
    try:
        asyncio.run(ask())
    except silent:
        return "not answering"
    return "ready"


def _print_pids(run: RunFile, name: str) -> None:
    pid = run.pids.get(name)
    if pid is None or not alive(pid):
        typer.echo(f"beluga: {name} does not run here; there are {', '.join(run.pids)}", err=True)
        raise typer.Exit(1)
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    print(pid, *(child for task in tasks for child in task.read_text().split()))


def down(state: StateFolder = DEFAULT_STATE) -> None:
    """Stop the stack of this folder and wait until every process is gone."""
    run = _running(state)
    os.kill(run.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        if not any(alive(pid) for pid in (run.pid, *run.pids.values())):
            print("stopped")
            return
        time.sleep(0.05)
    typer.echo(f"beluga: process {run.pid} did not stop within {STOP_SECONDS:.0f} s", err=True)
    raise typer.Exit(1)


def _running(state: Path) -> RunFile:
    try:
        return read_run_file(state)
    except NoStackError as error:
        typer.echo(f"beluga: {error}", err=True)
        raise typer.Exit(1) from None


def _time(text: str) -> datetime:
    """The time as said; without a zone where none was said."""
    try:
        at = datetime.fromisoformat(text)
        at.timestamp()
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is no time; write 2026-11-03T07:00") from None
    return at


def _log_for_people() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        logger_factory=structlog.PrintLoggerFactory(Unfailing(sys.stderr)),  # type: ignore[arg-type]
    )
