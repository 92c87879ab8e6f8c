"""A stack that is started again: where it was, known by its address, and with the election it had."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from beluga.county.county import make_county, write_county
from beluga.stack.ports import free_port_base
from beluga.stack.stack import NoStackError, RunFile, read_run_file
from election.folder import read_election, write_election
from election.postgres.database import connect
from election.postgres.election_store import load_election
from election.runtime.clock import FileClock
from tests.beluga.running import in_process, run_beluga, start_beluga

PUBLIC = "https://turnout.example"
READY_SECONDS = 120


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own, which is private: PostgreSQL may have to run under another account."""
    made = Path(tempfile.mkdtemp(prefix="beluga-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@asynccontextmanager
async def up(state: Path, *words: str | Path, **more: str) -> AsyncIterator[RunFile]:
    """`beluga up` until it is ready, and down afterwards."""
    process = await start_beluga("up", "--state", state, *words, **more)
    try:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                assert process.returncode is None, (await process.communicate())[0].decode()
                try:
                    run = read_run_file(state)
                    if run.ready:
                        break
                except NoStackError:
                    pass
                await asyncio.sleep(0.05)
        yield run
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


async def beluga(*words: str | Path, **more: str) -> tuple[int, str]:
    return await asyncio.to_thread(in_process, *words, **more)


async def test_it_comes_up_where_it_was_with_what_it_had(folder: Path) -> None:
    state, base = folder / "state", free_port_base()
    write_county(folder / "election", 5, 30)
    county = make_county(5, 30)
    async with up(
        state, "--port-base", str(base), "--election", folder / "election", BELUGA_PUBLIC_URL=PUBLIC
    ) as run:
        assert run.ports["intake"] == base + 1
    # Another election does not come in by the way; the same one, named again, asks nothing.
    other = read_election(folder / "election")
    write_election(folder / "other", replace(other, day=replace(other.day, name="Somebody else's")))
    refused = await asyncio.to_thread(run_beluga, "up", "--state", state, "--election", folder / "other")
    assert refused.returncode == 1
    assert "take the place of" in refused.stderr and "--confirm" in refused.stderr
    assert "Traceback" not in refused.stderr
    at = ("--state", state)
    same = ("--election", folder / "election")
    async with up(state, *same, "--clock", "2026-11-03T07:00", "--speed", "0") as run:
        assert (run.ports["intake"], run.public_url) == (base + 1, PUBLIC)
        assert run.clock_file is not None
        assert FileClock(Path(run.clock_file)).now() == datetime(2026, 11, 3, 12, tzinfo=UTC), (
            "07:00 in New York"
        )
        connection = await connect(run.database_url)
        there = await load_election(connection)
        await connection.close()
        assert there is not None and there.day == other.day
        status, said = await beluga("links", "issue", other.watchers[0].watcher_id, *at)
        assert (status, f"{PUBLIC}/w/" in said) == (0, True), said
        status, said = await beluga("callers", "link", county.callers[0].caller_id, *at)
        assert (status, said.startswith(f"{PUBLIC}/c/")) == (0, True), said
        wrong = f"{county.callers[0].caller_id}x"
        status, said = await beluga("callers", "link", wrong, *at)
        assert (status, f"no such caller: {wrong} (did you mean " in said) == (1, True), said
        status, said = await beluga("user", *at, "add", "lee", "--role", "lead", "--county", "nowhere")
        assert (status, "no such county: nowhere" in said) == (1, True), said
        status, said = await beluga("status", *at)
        assert (status, said.count(" ready ")) == (0, 5), said
        os.kill(run.pids["postgres"], signal.SIGSTOP)
        try:
            status, said = await beluga("status", *at)
        finally:
            os.kill(run.pids["postgres"], signal.SIGCONT)
        line = next(line for line in said.splitlines() if line.startswith("postgres"))
        assert (status, "not answering" in line) == (1, True), said
