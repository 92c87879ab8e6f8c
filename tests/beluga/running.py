"""The command line as a process of its own, and a database in which a test can hold it up."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
from typer.testing import CliRunner

from beluga.commands import app

ROOT = Path(__file__).resolve().parents[2]


def environment(url: str = "", **more: str) -> dict[str, str]:
    """This process's own, without what it knows of stacks."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("BELUGA_")}
    return env | ({"BELUGA_DATABASE_URL": url} if url else {}) | more


def run_beluga(*words: str | Path, url: str = "", before: Callable[[], None] | None = None, **more: str):
    """A command to its end; `before` runs in the process that becomes it."""
    command = [sys.executable, "-m", "beluga", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment(url, **more),
        timeout=60, stdin=subprocess.DEVNULL, preexec_fn=before,
    )  # fmt: skip


def in_process(*words: str | Path, url: str = "", **more: str) -> tuple[int, str]:
    """The same without a process of its own, which starts in no time: exit status, and all that it said."""
    gone: dict[str, str | None] = {name: None for name in os.environ if name.startswith("BELUGA_")}
    done = CliRunner(env=gone | environment(url, **more)).invoke(app, [str(word) for word in words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


async def start_beluga(*words: str | Path, url: str = "", **more: str) -> asyncio.subprocess.Process:
    """A command that goes on by itself."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "beluga", *map(str, words), cwd=ROOT, env=environment(url, **more),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


async def waiting_for_a_lock(connection: asyncpg.Connection, like: str) -> int:
    """The process id of the session whose statement, like this, waits for another's lock."""
    async with asyncio.timeout(30):
        while True:
            found = await connection.fetchval(
                "select pid from pg_stat_activity where datname = current_database()"
                " and wait_event_type = 'Lock' and query ilike $1",
                like,
            )
            if found is not None:
                return int(found)
            await asyncio.sleep(0.02)
