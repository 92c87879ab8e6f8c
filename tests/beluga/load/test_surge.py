"""The load generator measures what a watcher would wait, and keeps within its bounds."""

import asyncio
import itertools
import random

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from beluga.load.latency import Latencies
from beluga.load.sender import TextSender
from beluga.load.surge import ready_texts, surge
from beluga.stack.ports import free_port

SECRETS = {"generic_secret": "g", "twilio_auth_token": "t"}


@given(st.lists(st.floats(min_value=1e-5, max_value=600), min_size=1, max_size=200))
def test_percentiles_are_exact_to_one_per_cent(values: list[float]) -> None:
    found = Latencies()
    for value in values:
        found.record(value)
    ordered = sorted(values)
    for share in (0.5, 0.9, 0.99, 1.0):
        exact = ordered[max(1, round(share * len(values))) - 1]
        assert found.within(share) == pytest.approx(exact, rel=0.01, abs=2e-6)


def test_many_latencies_take_little_room_and_add_up() -> None:
    chance = random.Random(1)
    one, other = Latencies(), Latencies()
    for _ in range(50_000):
        one.record(chance.expovariate(100))
        other.record(chance.expovariate(1))
    one.add(other)
    assert one.count == 100_000 and len(one.counts) < 4_000


async def stalling(stall_after: int, seconds: float) -> tuple[web.AppRunner, str]:
    """A server that answers at once, but once stops for a while."""
    seen = itertools.count()
    free = asyncio.Event()
    free.set()

    async def post(request: web.Request) -> web.Response:
        await request.read()
        if next(seen) == stall_after:
            free.clear()
            asyncio.get_running_loop().call_later(seconds, free.set)
        await free.wait()
        return web.json_response({"reply": None})

    app = web.Application()
    app.router.add_post("/sms/generic", post)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner, f"http://127.0.0.1:{port}"


async def test_a_stall_shows_in_every_text_that_was_due_while_it_lasted() -> None:
    runner, url = await stalling(stall_after=20, seconds=0.6)
    async with TextSender(url, url, SECRETS) as sender:
        found = await surge(sender, ready_texts(["+12155550101"]), rate=100, seconds=1.5)
    await runner.cleanup()
    assert found.due == len(found.acknowledged) == 150 and found.given_up == 0
    # about 60 of 150 were due in the stall; a closed loop would have seen one slow answer per connection
    assert found.latencies.within(0.9) > 0.25
    assert 0.4 < found.gap[0] < 1.2
    assert "longest time without an answer" in found.report()


async def test_a_surge_has_bounds() -> None:
    async with TextSender("http://127.0.0.1:1", "", SECRETS) as sender:
        for rate, seconds in ((1e9, 1), (1, 1e9), (0, 1)):
            with pytest.raises(ValueError, match="choose a rate"):
                await surge(sender, ready_texts(["+12155550101"]), rate, seconds)
