"""The one-machine stack: PostgreSQL, then the election, then the four services, until a signal stops it."""

import asyncio
import contextlib
import http.client
import os
import resource
import shlex
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from beluga.stack.forked_process import Spares
from beluga.stack.forking import fork_spares
from beluga.stack.postgres import EmbeddedPostgres, PostgresError
from beluga.stack.preparation import DatabaseRequest, StackError, prepare
from beluga.stack.remembered import RememberedStart, remember
from beluga.stack.service_notice import keep_telling, tell_service_manager
from beluga.stack.stack import SERVICES, Ports, RunFile, lock, secrets_of, urls_of, write_run_file
from beluga.stack.supervisor import Program, Supervisor
from beluga.stack.watchdog import asks_health
from election.runtime.clock import FileClock
from election.runtime.private_files import keep_private, private_folder

PROBE_SECONDS = 2.0
POSTGRES_SECONDS = 30.0
SERVICES_SECONDS = 60.0
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 (where who listens everywhere is asked)
OPEN_FILES = 16_384
# Where memory is short the kernel takes one of these, and they come back in a second; not intake, nor the
# supervisor, who weighs as much as they do since it loads for all, and without whom everything ends.
GIVES_WAY = 500
# What is loaded before it is forked: each service's `main`, and what that loads once it knows its settings.
LOADED = (*(f"{name}.__main__" for name in SERVICES), "intake.app")


@dataclass(frozen=True, slots=True)
class StackPlan:
    """What to start. `clock` and `speed` make it a rehearsal on a day of its own.

    A `clock` without a zone is the election's local time; `confirm` is for its import.
    """

    state: Path
    ports: Ports
    election: Path | None = None
    rehearsal: bool = False
    clock: datetime | None = None
    speed: float = 1.0
    confirm: str = ""
    public_url: str = ""


def probe(url: str) -> tuple[int, str]:
    """Status and body of a GET; status 0 where no answer comes within two seconds."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read(10_000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


async def _answers(url: str) -> bool:
    return (await asyncio.to_thread(probe, url))[0] == 200


def run_stack(plan: StackPlan, on_ready: Callable[[RunFile, list[str]], None]) -> None:
    """Runs a `StackPlan` to its end, its services forked. Raises what `LocalStack.run` raises.

    A spare that went on waiting would keep what all others have written over: 20 MB. So there are as many as
    services, and one that must start again is a program.
    """
    keep_private()
    _allow_files()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's own threads would fight the services
    spares = Spares(fork_spares(LOADED, len(SERVICES)))
    try:
        asyncio.run(LocalStack(plan, on_ready, spares).run())
    finally:
        spares.close()


class LocalStack:
    """Runs a `StackPlan` to its end. `run()` returns when a signal asked it to stop and all children are
    gone. Without `spares` each service is a program of its own.
    """

    def __init__(
        self,
        plan: StackPlan,
        on_ready: Callable[[RunFile, list[str]], None],
        spares: Spares | None = None,
    ) -> None:
        self._plan = plan
        self._on_ready = on_ready
        self._secrets: dict[str, str] = {}
        self._supervisor = Supervisor(self._write, spares)
        self._run: RunFile | None = None

    async def run(self) -> None:
        """Raises `StackBusyError`, `StackError` or `PostgresError` where it cannot start."""
        plan = self._plan
        holding = lock(plan.state)
        private_folder(plan.state / "logs")
        try:
            self._secrets = secrets_of(plan.state)
            self._supervisor.stop_on_signals()
            telling = asyncio.create_task(keep_telling())
            try:
                await self._start()
                tell_service_manager("READY=1")
                await self._supervisor.run()
            finally:
                tell_service_manager("STOPPING=1")
                await self._supervisor.stop()
                telling.cancel()
                (plan.state / "run.json").unlink(missing_ok=True)
        finally:
            holding.close()

    async def _start(self) -> None:
        plan = self._plan
        await self._wait_for_ports()
        remember(plan.state, RememberedStart(plan.ports.intake - 1, plan.public_url))
        clock_file = plan.state.absolute() / "clock" if plan.rehearsal else None
        url, admin_url = os.environ.get("BELUGA_DATABASE_URL", ""), ""
        if not url:
            url, admin_url = await self._start_postgres()
        self._run = RunFile(
            pid=os.getpid(),
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            ports={name: getattr(plan.ports, name) for name in Ports.__slots__},
            urls=urls_of(plan.ports),
            database_url=url,
            clock_file=str(clock_file) if clock_file else None,
            rehearsal=plan.rehearsal,
            public_url=plan.public_url,
        )
        env = self._environment(url, clock_file)
        folder = str(plan.election) if plan.election is not None else ""
        prepared = await prepare(DatabaseRequest(url, admin_url, folder, plan.confirm), env)
        if token := prepared.first_account_token:
            reached = plan.public_url.rstrip("/") or self._run.urls["dashboard"]
            self._run = replace(self._run, first_account_url=f"{reached}/first?token={token}")
        if clock_file is not None:
            self._set_clock(clock_file, prepared.timezone)
        logs = plan.state.absolute() / "logs"
        await self._supervisor.start(*(service_program(name, plan.ports, logs, env) for name in SERVICES))
        urls = self._run.urls
        behind = list(SERVICES)

        path = (
            "readyz" if prepared.has_election else "healthz"
        )  # without an election nothing is ready for the day

        async def all_ready() -> bool:
            answers = await asyncio.gather(*(_answers(f"{urls[name]}/{path}") for name in behind))
            behind[:] = [name for name, ready in zip(behind, answers, strict=True) if not ready]
            return not behind

        await self._supervisor.until(all_ready, SERVICES_SECONDS)
        if not self._supervisor.stopping:
            self._run = replace(self._run, ready=True)
            self._supervisor.tell()
            self._on_ready(self._run, behind)

    async def _wait_for_ports(self) -> None:
        """A predecessor that was killed takes a moment to let go of them."""
        own_database = "BELUGA_DATABASE_URL" in os.environ
        taken: list[int] = []

        async def all_free() -> bool:
            wanted = [
                p for p in self._plan.ports.span if not (own_database and p == self._plan.ports.postgres)
            ]
            taken[:] = [port for port in wanted if await _listening(port)]
            return not taken

        if not await self._supervisor.until(all_free, 8.0) and taken:
            raise StackError(f"port {taken[0]} is taken; choose others with: beluga up --port-base N")

    def _set_clock(self, path: Path, timezone: str) -> None:
        at = self._plan.clock or datetime.now(UTC)
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(timezone))
        FileClock(path).set(at, self._plan.speed)

    async def _start_postgres(self) -> tuple[str, str]:
        """Addresses of our database, and of the one from which it can be made."""
        state, port = self._plan.state, self._plan.ports.postgres
        server = EmbeddedPostgres(state / "postgres", port, self._secrets["postgres_password"])
        await asyncio.to_thread(server.prepare)
        server.open_log().close()
        await self._supervisor.start(
            Program(
                "postgres",
                server.command(),
                server.log,
                options=server.spawn_options(),
                stop_signal=signal.SIGINT,
                before_start=server.prepare,
            )
        )

        async def ready() -> bool:
            return await asyncio.to_thread(server.ready)

        if not await self._supervisor.until(ready, POSTGRES_SECONDS) and not self._supervisor.stopping:
            raise PostgresError(f"PostgreSQL did not start; its log: {server.log}")
        return server.url, server.url_of("postgres")

    def _environment(self, url: str, clock_file: Path | None) -> dict[str, str]:
        plan = self._plan
        urls = urls_of(plan.ports)
        env = dict(os.environ)
        for name, secret in self._secrets.items():
            if name != "postgres_password":
                env[f"BELUGA_{name.upper()}"] = secret
        env |= {f"BELUGA_{name.upper()}_PORT": str(getattr(plan.ports, name)) for name in (*SERVICES, "feed")}
        env |= {f"BELUGA_{name.upper()}_URL": urls[name] for name in (*SERVICES, "feed")}
        env |= {
            "BELUGA_DATABASE_URL": url,
            "BELUGA_STATE": str(plan.state.absolute()),
            "BELUGA_REHEARSAL": "true" if plan.rehearsal else "false",
            "PYTHONUNBUFFERED": "1",
        }
        # The war room's pages that take files run our own commands (docs/decisions/0028-office-commands.md).
        env.setdefault("BELUGA_OFFICE_COMMAND", f"{shlex.quote(sys.executable)} -m beluga")
        env["BELUGA_PUBLIC_URL"] = plan.public_url or urls["intake"]
        # numpy's own thread pools would fight the services for the cores
        env.setdefault("OPENBLAS_NUM_THREADS", "1")
        env.pop("BELUGA_CLOCK_FILE", None)
        if clock_file is not None:
            env["BELUGA_CLOCK_FILE"] = str(clock_file)
        return env

    def _write(self) -> None:
        if self._run is not None:
            children = self._supervisor.children
            self._run = replace(
                self._run,
                pids={c.program.name: c.pid for c in children if c.pid is not None},
                restarts={c.program.name: c.restarts for c in children},
            )
            write_run_file(self._plan.state, self._run)


def service_program(name: str, ports: Ports, logs: Path, env: dict[str, str]) -> Program:
    """A service. Several intakes on one port are watched by the process that starts them, and it by us."""
    host = env.get("BELUGA_HOST") or "127.0.0.1"
    several = name == "intake" and env.get("BELUGA_INTAKE_WORKERS", "1") != "1"
    return Program(
        name,
        [sys.executable, "-m", name],
        logs / f"{name}.log",
        env=env,
        ask=asks_health(f"http://{LOOPBACK.get(host, host)}:{getattr(ports, name)}"),
        heartbeat=several,
        service="" if several else name,
        gives_way=0 if name == "intake" else GIVES_WAY,
    )


def _allow_files() -> None:
    """Our services' limit of open files as high as it may be: a crowd of connections must not shut them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _listening(port: int) -> bool:
    with contextlib.suppress(OSError, TimeoutError):
        _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 1.0)
        writer.close()
        return True
    return False
