"""Services killed with -9 in the middle of a replay: nothing acknowledged is lost or counted twice."""

import asyncio
import hashlib
import os
import random
import signal
from dataclasses import replace

import pytest

from beluga.load.replay import at_full_speed
from beluga.load.sender import WatcherText
from beluga.proof.recount import recounted
from beluga.stack.stack import alive, secrets_of

pytestmark = pytest.mark.timeout(900)


async def _kill_once(stage, service: str, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0.05, 0.8))
    while True:
        pid = stage.stack.pid_of(service)
        if pid is not None and alive(pid):
            os.kill(pid, signal.SIGKILL)
            return
        await asyncio.sleep(0.02)


def _again(text: WatcherText, seed: int) -> WatcherText:
    """The same text under another id of its provider's form."""
    key = f"{text.key}-{seed}"
    if text.provider == "twilio":
        key = f"SM{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    return replace(text, key=key)


@pytest.mark.parametrize("service", ["intake", "tally"])
async def test_a_killed_service_loses_and_repeats_nothing(stage, many: int, service: str) -> None:
    here = await stage()
    sent = []
    async with here.sender() as sender:
        for seed in range(many):
            # The same day again, under ids of its own.
            texts = [_again(t, seed) for t in here.texts]
            sent += texts
            kill = asyncio.create_task(_kill_once(here, service, random.Random(f"{service} {seed}")))
            await at_full_speed(texts, sender, here.clock, lambda _: None)
            await kill
            assert sender.record.given_up == []
    if service == "tally":
        assert sender.record.failures == 0, "intake needs no tally to acknowledge"
    verdict = await here.judge(sender, sent)
    assert verdict.acknowledged == len({t.message_id for t in sent})
    assert verdict.held, verdict
    found = await recounted(
        here.run.database_url, here.run.urls["tally"], secrets_of(here.stack.state)["secret"]
    )
    assert found.proven, str(found)


async def test_killing_the_supervisor_leaves_no_process_behind(stage) -> None:
    here = await stage()
    pids = [here.run.pid, *here.run.pids.values()]
    assert len(pids) == 6
    os.kill(here.run.pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        while any(alive(pid) for pid in pids):
            await asyncio.sleep(0.05)
