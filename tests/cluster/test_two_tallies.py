"""Two tallies of one set of check-ins say the same bytes; a board whose tally dies goes on with the other."""

import asyncio
import itertools
import time
from datetime import UTC, datetime
from uuid import uuid4

import aiohttp
import pytest

from beluga.load.sender import WatcherText
from election.access.tokens import Tokens
from election.folder import read_election
from tests.cluster.measuring import Measured, Row, happened

pytestmark = pytest.mark.timeout(300)

MOST_SILENCE = 3.0  # seconds after which a board calls itself stale (docs/feed.md)


async def send_counts(measured: Measured) -> None:
    run = uuid4().hex[:8]
    watchers = [w for w in read_election(measured.election).watchers if len(w.precinct_ids) == 1]
    async with measured.sender() as sender:
        for n, watcher in enumerate(watchers[:40]):
            text = WatcherText(f"count-{run}-{n}", datetime.now(UTC), watcher.phone, f"{100 + n}")
            assert await sender.send(text) is not None
        measured.acknowledged |= sender.record.acknowledged


async def standings(measured: Measured, service: str, as_of: int) -> bytes:
    cluster = measured.cluster
    token = Tokens(cluster.secret("beluga_secret")).sign("service", {"account": "test", "role": "admin"})
    url = f"http://{cluster.address(service)}:8402/standings?as_of={as_of}"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers={"Authorization": f"Bearer {token}"}) as answer,
    ):
        assert answer.status == 200
        return await answer.read()


async def test_both_say_the_same_bytes(measured: Measured) -> None:
    await send_counts(measured)
    await measured.stored_once()
    for service in ("tally1", "tally2"):
        await measured.tallied(service)
    as_of = int(time.time())
    one, two = [await standings(measured, service, as_of) for service in ("tally1", "tally2")]
    assert one == two and len(one) > 10_000
    assert b'"last_votes"' in one


async def test_a_board_switches_without_a_gap(measured: Measured) -> None:
    """It opens the feed again as the board's script does; what it counted never goes back."""
    cluster = measured.cluster
    token = Tokens(cluster.secret("beluga_secret")).sign(
        "feed", {"role": "staff", "counties": None, "account": "test"}
    )
    url = f"{cluster.url.replace('https', 'wss')}/feed?token={token}"
    heard: list[float] = []
    engines: list[str] = []
    counted: list[int] = []
    connections = 0

    async def board() -> None:
        nonlocal connections
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=cluster.tls)) as session:
            while True:
                try:
                    async with session.ws_connect(url, timeout=aiohttp.ClientWSTimeout(ws_close=1)) as feed:
                        connections += 1
                        async for message in feed:
                            if message.type is not aiohttp.WSMsgType.TEXT:
                                break
                            heard.append(time.monotonic())
                            content = message.json()
                            if content["type"] == "hello":
                                engines.append(content["engine"])
                            if content["type"] == "snapshot":
                                counted.extend(
                                    a["counted"] for a in content["aggregates"] if a["scope"] == "all"
                                )
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.3)

    task = asyncio.create_task(board())
    try:
        silences: list[float] = []
        for victim in ("tally1", "tally2"):
            await asyncio.sleep(4)
            before = (await asyncio.to_thread(cluster.inspect, victim))["State"]["StartedAt"]
            await asyncio.to_thread(cluster.kill, victim)
            await asyncio.sleep(8)
            await asyncio.to_thread(cluster.until_healthy, victim)
            after = (await asyncio.to_thread(cluster.inspect, victim))["State"]["StartedAt"]
            happened(f"another start of {victim}", after != before)
            await asyncio.sleep(3)  # and has read the log again
        silences += [b - a for a, b in itertools.pairwise(heard)]
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    measured.rows.append(Row(f"each tally killed: a board's longest silence {max(silences):.2f} s"))
    assert connections >= 2 and len(set(engines)) >= 2, "it never had to switch"
    assert max(silences) <= MOST_SILENCE
    assert counted == sorted(counted) and counted[-1] > 0  # sums follow the counts after a moment
