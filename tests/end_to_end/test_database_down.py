"""PostgreSQL stopped for the middle third of a replay: no webhook fails, replies go on, all is counted."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from beluga.load.replay import at_full_speed
from beluga.stack.stack import alive, read_run_file

pytestmark = pytest.mark.timeout(300)


async def test_the_middle_third_of_a_day_without_its_database(stage) -> None:
    here = await stage()
    third = len(here.texts) // 3
    async with here.sender() as sender:
        await at_full_speed(here.texts[:third], sender, here.clock, lambda _: None)
        # Frozen, since the supervisor would start an ended one again at once; no answer is harder than a no.
        postgres = read_run_file(here.stack.state).pids["postgres"]
        frozen = _family(postgres)
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            replies = sender.record.replies
            await at_full_speed(here.texts[third : 2 * third], sender, here.clock, lambda _: None)
            assert sender.record.replies > replies + third // 2
        finally:
            for pid in frozen:
                if alive(pid):
                    os.kill(pid, signal.SIGCONT)
        await at_full_speed(here.texts[2 * third :], sender, here.clock, lambda _: None)
        assert sender.record.failures == 0
        verdict = await here.judge(sender, here.texts)
    assert verdict.held, verdict
    assert verdict.acknowledged == len({t.message_id for t in here.texts})


async def test_a_killed_database_comes_back_and_nothing_is_lost(stage) -> None:
    here = await stage()
    half = len(here.texts) // 2
    async with here.sender() as sender:
        await at_full_speed(here.texts[:half], sender, here.clock, lambda _: None)
        killed = read_run_file(here.stack.state).pids["postgres"]
        os.kill(killed, signal.SIGKILL)
        await at_full_speed(here.texts[half:], sender, here.clock, lambda _: None)
        assert sender.record.failures == 0
        verdict = await here.judge(sender, here.texts)
    assert verdict.held, verdict
    async with asyncio.timeout(10):
        while read_run_file(here.stack.state).pids.get("postgres") in {None, killed}:
            await asyncio.sleep(0.05)


def _family(pid: int) -> list[int]:
    """A process and its children."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in children.read_text().split()]
    return found
