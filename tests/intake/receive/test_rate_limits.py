"""Limits: what is within passes, what is beyond waits, watchers come before strangers."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from election.access.addresses import Proxies
from election.domain.checkin import Channel
from election.runtime.clock import FixedClock
from intake.journal.writer import Journal, JournalUnavailableError
from intake.metrics.intake import Telemetry
from intake.receive.pipeline import SHED_WAITING, IngestPipeline, PipelineOptions
from intake.receive.rate_limits import Phones, RefusalPacer, TokenBuckets
from tests.intake.drain.test_drain import AT, rosters_at
from tests.intake.running import phone


@given(
    st.lists(st.floats(0, 2), max_size=60), st.floats(0.1, 50), st.floats(1, 20)
)  # fmt: skip
def test_never_more_than_the_rate_and_the_burst(gaps: list[float], rate: float, burst: float) -> None:
    bucket, now, taken = TokenBuckets(rate, burst), 0.0, []
    for number, gap in enumerate(gaps):
        now += gap
        wait = bucket.take("a", now)
        if not wait:
            taken.append(now)
        else:
            assert not bucket.take(f"other-{number}", now)  # others are not touched
            assert not TokenBuckets(rate, burst).take("a", now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + (taken[last] - taken[first]) * rate + 1 + 1e-6


def test_waiting_as_long_as_told_is_enough() -> None:
    bucket, now = TokenBuckets(2, 3), 0.0
    while not (wait := bucket.take("a", now)):
        pass
    assert bucket.take("a", now + wait / 2)
    assert not bucket.take("a", now + wait + 1e-6)


def test_memory_is_bounded() -> None:
    bucket = TokenBuckets(1, 1, most=100)
    for i in range(1_000):
        bucket.take(f"{i}", 0.0)
    assert len(bucket) == 100


def test_a_phone_is_told_once_a_minute() -> None:
    phones = Phones(per_minute=6, burst=2)
    assert [phones.excess("a", 0.0) for _ in range(5)] == ["", "", "tell", "silent", "silent"]
    assert phones.excess("b", 0.0) == ""
    assert phones.excess("a", 10.1) == ""
    assert [phones.excess("a", 61.0 + i / 100) for i in range(4)] == ["", "", "tell", "silent"]
    unlimited = Phones(per_minute=0, burst=0)
    assert {unlimited.excess("a", 0.0) for _ in range(1_000)} == {""}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # anybody can write a header
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 10.1.2.3", "6.6.6.6"),
        ("127.0.0.1", "not an address", "not an address"),
    ],
)
def test_whose_address_it_is(peer: str, forwarded: str, client: str) -> None:
    assert Proxies("127.0.0.1, 10.0.0.0/8").client(peer, forwarded) == client


async def test_refusals_are_paced_and_all_answered() -> None:
    doorkeeper, answered = RefusalPacer(per_second=200), []
    loop = asyncio.get_running_loop()
    started = loop.time()
    for _ in range(60):
        doorkeeper.refuse(lambda: answered.append(loop.time() - started))
    at_once = len(answered)
    assert 1 <= at_once <= 21
    async with asyncio.timeout(10):
        while len(answered) < 60:
            await asyncio.sleep(0.01)
    assert answered[-1] >= 0.15


async def test_strangers_are_put_off_before_watchers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await Journal.open(tmp_path / "journal")
    pipeline = IngestPipeline(
        journal, await rosters_at(tmp_path), FixedClock(AT), Telemetry(), PipelineOptions("US")
    )

    async def text(key: str, sender: str) -> str:
        return (await pipeline.submit_and_wait("t", key, Channel.SMS, sender, body="412", raw=b"")).reply

    assert await text("1", "+19995550000")
    monkeypatch.setattr(Journal, "waiting", SHED_WAITING + 1)
    with pytest.raises(JournalUnavailableError):
        await text("2", "+19995550000")
    assert await text("3", phone(1))
    await journal.close()
