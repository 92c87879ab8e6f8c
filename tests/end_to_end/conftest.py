"""A whole stack of a test's own: real processes, a real database, a small made-up county."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
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

    async def judge(self, sender: TextSender, texts: list[WatcherText]) -> LawsVerdict:
        secret = secrets_of(self.stack.state)["secret"]
        witnesses = Witnesses(self.run.database_url, self.run.urls["tally"], secret)
        return await check_laws(sender.record.acknowledged, {t.message_id for t in texts}, witnesses)


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Callable[[], Awaitable[Stage]]]:
    """Call it to start a stack; it is stopped after the test."""
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

    yield start
    for stack in started:
        await stack.stop()
    shutil.rmtree(folder)


@pytest.fixture
def many() -> int:
    """How many seeds: a few in the ordinary suite, twenty in `make test-long`."""
    return 20 if REHEARSE else 3
