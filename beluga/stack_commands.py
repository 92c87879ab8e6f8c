"""`beluga up`, `status` and `down`: the one-machine stack from the command line."""

import asyncio
import os
import signal
import sys
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
import typer

from beluga.stack import (
    DEFAULT_PORT_BASE,
    DEFAULT_STATE,
    SERVICES,
    NoStackError,
    Ports,
    RunFile,
    StackBusyError,
    alive,
    read_run_file,
)
from election.telemetry import Unfailing

STOP_SECONDS = 45.0

State = Annotated[Path, typer.Option("--state", help="Folder of the stack.", envvar="BELUGA_STATE")]
PortBase = Annotated[int, typer.Option("--port-base", help="Intake listens on N+1, tally on N+2 and so on.")]


def up(
    *,
    state: State = DEFAULT_STATE,
    port_base: PortBase = DEFAULT_PORT_BASE,
    election: Annotated[
        Path | None, typer.Option("--election", help="Election folder to import first.", exists=True)
    ] = None,
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
    from beluga.one_machine import OneMachine, Plan, StackError
    from beluga.postgres import PostgresError

    _log_for_people()
    plan = Plan(
        state=state,
        ports=Ports.from_base(port_base),
        election=election,
        rehearsal=rehearsal or clock is not None or speed != 1.0,
        clock=_time(clock, election) if clock else None,
        speed=speed,
    )
    try:
        asyncio.run(OneMachine(plan, announce).run())
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
    if run.rehearsal:
        lines.append("REHEARSAL  on its own clock; nothing here is the real day")
    lines += [f"{name} is not ready yet; its log: logs/{name}.log" for name in behind]
    print("\n".join(lines), flush=True)


def status(
    state: State = DEFAULT_STATE,
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

    from beluga.one_machine import probe

    run = _running(state)
    if pids is not None:
        _print_pids(run, pids)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("service", "state", "pid", "restarts", "address"):
        table.add_column(heading)
    fine = True
    names = [*(["postgres"] if "postgres" in run.pids or "postgres" in run.restarts else []), *SERVICES]
    for name in names:
        pid = run.pids.get(name)
        if pid is None or not alive(pid):
            word = "down"
        elif name == "postgres":
            word = "ready"
        elif probe(f"{run.urls[name]}/healthz")[0] != 200:
            word = "not answering"
        else:
            code, parts = probe(f"{run.urls[name]}/readyz")
            word = "ready" if code == 200 else f"not ready: {parts[:100]}"
        fine = fine and word == "ready"
        address = run.urls.get(name) or f"127.0.0.1:{run.ports['postgres']}"
        table.add_row(name, word, str(pid or "-"), str(run.restarts.get(name, 0)), address)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    if not fine:
        raise typer.Exit(1)


def _print_pids(run: RunFile, name: str) -> None:
    pid = run.pids.get(name)
    if pid is None or not alive(pid):
        typer.echo(f"beluga: {name} does not run here; there are {', '.join(run.pids)}", err=True)
        raise typer.Exit(1)
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    print(pid, *(child for task in tasks for child in task.read_text().split()))


def down(state: State = DEFAULT_STATE) -> None:
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


def _time(text: str, election: Path | None) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; write 2026-11-03T07:00") from None
    if at.tzinfo is None:
        zone = "UTC"
        if election is not None and (election / "election.toml").exists():
            day = tomllib.loads((election / "election.toml").read_text(encoding="utf-8-sig"))
            zone = str(day.get("timezone", "UTC"))
        at = at.replace(tzinfo=ZoneInfo(zone))
    return at.astimezone(UTC)


def _log_for_people() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        logger_factory=structlog.PrintLoggerFactory(Unfailing(sys.stderr)),  # type: ignore[arg-type]
    )
