"""A whole stack of a test's own, or of a module's: real processes, a real database, a made-up county."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from beluga.county.county import County, write_county
from beluga.county.ground_truth import ground_truth
from beluga.load.sender import TextSender, WatcherText
from beluga.load.simulated_day import simulated_day
from beluga.proof.laws import LawsVerdict, Witnesses, check_laws
from beluga.stack.ports import free_port_base
from beluga.stack.process import StackProcess
from beluga.stack.stack import RunFile, secrets_of
from election.domain.ids import MessageId
from election.runtime.clock import FileClock

SEED = 5
PRECINCTS = 30
REHEARSE = os.environ.get("BELUGA_REHEARSE") == "1"  # the long variants: make test-long


@dataclass(frozen=True, slots=True)
class Stage:
    """A running stack, its county and the texts of its day."""

    stack: StackProcess
    run: RunFile
    county: County
    election: Path
    texts: list[WatcherText]

    @property
    def clock(self) -> FileClock:
        assert self.run.clock_file is not None
        return FileClock(Path(self.run.clock_file))

    def sender(self, patience: float = 60.0) -> TextSender:
        return TextSender(
            self.run.urls["intake"], self.run.urls["intake"], secrets_of(self.stack.state), patience
        )

    async def judge(
        self, sender: TextSender, texts: list[WatcherText], before: frozenset[MessageId] = frozenset()
    ) -> LawsVerdict:
        secret = secrets_of(self.stack.state)["secret"]
        witnesses = Witnesses(self.run.database_url, self.run.urls["tally"], secret, before)
        return await check_laws(sender.record.acknowledged, {t.message_id for t in texts}, witnesses)


@asynccontextmanager
async def _stages() -> AsyncIterator[Callable[[], Awaitable[Stage]]]:
    started: list[StackProcess] = []
    # not below pytest's own folder, which is private: PostgreSQL may have to run under another account
    folder = Path(tempfile.mkdtemp(prefix="beluga-test-"))
    folder.chmod(0o711)

    async def start() -> Stage:
        county = write_county(folder / "election", SEED, PRECINCTS)
        day = ground_truth(county, SEED)
        stack = StackProcess(
            folder / "state", free_port_base(), "--election", str(folder / "election"),
            "--clock", day.opens.isoformat(), "--speed", "0",
        )  # fmt: skip
        started.append(stack)
        run = await stack.start()
        return Stage(stack, run, county, folder / "election", simulated_day(county, day, SEED))

    try:
        yield start
    finally:
        for stack in started:
            await stack.stop()
        shutil.rmtree(folder)


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Callable[[], Awaitable[Stage]]]:
    """Call it to start a stack; it is stopped after the test."""
    async with _stages() as start:
        yield start


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_stage() -> AsyncIterator[Stage]:
    """One stack for a module whose tests leave it as they found it, but for texts with ids of their own."""
    async with _stages() as start:
        yield await start()


@pytest.fixture
def many() -> int:
    """How many seeds: two in the ordinary suite, twenty in `make test-long`."""
    return 20 if REHEARSE else 2
