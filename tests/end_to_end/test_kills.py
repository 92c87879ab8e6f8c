"""A stack harmed in the middle of a replay: nothing acknowledged is lost or counted twice.

One stack goes through all of it, each time with the same day under ids of its own.
"""

import asyncio
import hashlib
import os
import random
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from beluga.load.replay import at_full_speed
from beluga.load.sender import WatcherText
from beluga.proof.laws import stored_texts
from beluga.proof.recount import recounted
from beluga.stack.stack import alive, read_run_file, secrets_of
from tests.end_to_end.conftest import Stage

pytestmark = [pytest.mark.timeout(900), pytest.mark.asyncio(loop_scope="module")]


async def _kill_once(stage: Stage, service: str, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0.05, 0.8))
    while True:
        pid = stage.stack.pid_of(service)
        if pid is not None and alive(pid):
            os.kill(pid, signal.SIGKILL)
            return
        await asyncio.sleep(0.02)


def _again(text: WatcherText, name: str) -> WatcherText:
    """The same text under another id of its provider's form."""
    key = f"{text.key}-{name}"
    if text.provider == "twilio":
        key = f"SM{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    return replace(text, key=key)


async def test_the_middle_third_of_a_day_without_its_database(shared_stage: Stage) -> None:
    """No webhook fails, replies go on, all is counted."""
    here = shared_stage
    before = await stored_texts(here.run.database_url)
    texts = [_again(text, "frozen") for text in here.texts]
    third = len(texts) // 3
    async with here.sender() as sender:
        await at_full_speed(texts[:third], sender, here.clock, lambda _: None)
        # Frozen, since the supervisor would start an ended one again at once; no answer is harder than a no.
        postgres = read_run_file(here.stack.state).pids["postgres"]
        frozen = _family(postgres)
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            replies = sender.record.replies
            await at_full_speed(texts[third : 2 * third], sender, here.clock, lambda _: None)
            assert sender.record.replies > replies + third // 2
        finally:
            for pid in frozen:
                if alive(pid):
                    os.kill(pid, signal.SIGCONT)
        await at_full_speed(texts[2 * third :], sender, here.clock, lambda _: None)
        assert sender.record.failures == 0
        verdict = await here.judge(sender, texts, before)
    assert verdict.held, verdict
    assert verdict.acknowledged == len({t.message_id for t in texts})


async def test_a_killed_database_comes_back_and_nothing_is_lost(shared_stage: Stage) -> None:
    here = shared_stage
    before = await stored_texts(here.run.database_url)
    texts = [_again(text, "killed") for text in here.texts]
    half = len(texts) // 2
    async with here.sender() as sender:
        await at_full_speed(texts[:half], sender, here.clock, lambda _: None)
        killed = read_run_file(here.stack.state).pids["postgres"]
        os.kill(killed, signal.SIGKILL)
        await at_full_speed(texts[half:], sender, here.clock, lambda _: None)
        assert sender.record.failures == 0
        verdict = await here.judge(sender, texts, before)
    assert verdict.held, verdict
    async with asyncio.timeout(10):
        while read_run_file(here.stack.state).pids.get("postgres") in {None, killed}:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("service", ["intake", "tally"])
async def test_a_killed_service_loses_and_repeats_nothing(
    shared_stage: Stage, many: int, service: str
) -> None:
    here = shared_stage
    before = await stored_texts(here.run.database_url)
    sent = []
    async with here.sender() as sender:
        for seed in range(many):
            texts = [_again(t, f"{service} {seed}") for t in here.texts]
            sent += texts
            killed = here.stack.pid_of(service)
            kill = asyncio.create_task(_kill_once(here, service, random.Random(f"{service} {seed}")))
            await at_full_speed(texts, sender, here.clock, lambda _: None)
            await kill
            assert sender.record.given_up == []
            assert killed is None or not alive(killed)
    if service == "tally":
        assert sender.record.failures == 0, "intake needs no tally to acknowledge"
    verdict = await here.judge(sender, sent, before)
    assert verdict.acknowledged == len({t.message_id for t in sent})
    assert verdict.held, verdict
    found = await recounted(
        here.run.database_url, here.run.urls["tally"], secrets_of(here.stack.state)["secret"]
    )
    assert found.proven, str(found)


async def test_killing_the_supervisor_leaves_no_process_behind(shared_stage: Stage) -> None:
    """The last one: nothing is left for others."""
    run = read_run_file(shared_stage.stack.state)
    pids = [run.pid, *run.pids.values()]
    assert len(pids) == 6
    assert all(alive(pid) for pid in pids)
    os.kill(run.pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        while any(alive(pid) for pid in pids):
            await asyncio.sleep(0.05)


def _family(pid: int) -> list[int]:
    """A process and its children."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in children.read_text().split()]
    return found
