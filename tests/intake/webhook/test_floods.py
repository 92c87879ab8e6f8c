"""What is not signed waits by its source, before it costs anything, and never keeps a provider's text out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from beluga.stack.ports import free_port
from election.access.addresses import network_of
from intake.app import Intake
from intake.receive.rate_limits import (
    CLAIMED_PER_SECOND,
    LOOKED_PER_SECOND,
    PROVEN_SECONDS,
    PROXIED_WAIT,
    REFUSED_AT_ONCE,
    TURNED_AWAY,
    RefusalPacer,
    Sources,
    TokenBuckets,
)
from intake.settings import IntakeSettings
from intake.webhook import fast_path as front
from tests.intake.running import GENERIC_SECRET, SECRET, a_text
from tests.intake.webhook.test_fast_path import an_answer, request

STRANGER = "127.0.0.66"  # loopback, but no proxy of ours
UNSIGNED = request(b'{"id":"1","from":"+12155550101","text":"999"}', {})
BORNE = int(REFUSED_AT_ONCE)


@pytest_asyncio.fixture
async def intake(tmp_path: Path) -> AsyncIterator[Intake]:
    running = Intake(
        IntakeSettings(
            state=tmp_path, intake_port=free_port(), secret=SECRET, generic_secret=GENERIC_SECRET,
            journal_ballast_mib=0, phone_texts_per_minute=0, address_requests_at_once=40,
            address_requests_per_second=0.001,
        )
    )  # fmt: skip
    await running.start()
    yield running
    await running.stop()


async def connected(
    intake: Intake, source: str = "127.0.0.1"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    port = intake.settings.intake_port
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))


async def closed_by_us(reader: asyncio.StreamReader) -> bool:
    """Whether nothing is said and the connection ends, in either of TCP's ways."""
    try:
        async with asyncio.timeout(20):
            return await reader.read() == b""
    except ConnectionResetError:
        return True


def forwarded(content: bytes, address: str) -> bytes:
    """As a proxy of ours brings it."""
    return content.replace(b"Host:", f"X-Forwarded-For: {address}\r\nHost:".encode(), 1)


def turned_away(intake: Intake, provider: str = "generic") -> float:
    return intake.telemetry.refused.labels(provider, TURNED_AWAY)._value.get()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals are answered without their pace, which is tested by itself."""

    def refuse(self: RefusalPacer, answer: Callable[[], None]) -> None:
        answer()

    monkeypatch.setattr(RefusalPacer, "refuse", refuse)


@pytest.mark.usefixtures("at_once")
async def test_a_source_refused_too_often_is_not_looked_at_and_others_are(intake: Intake) -> None:
    """Behind a proxy it is the address that the proxy forwards; of IPv6 its /64."""
    reader, writer = await connected(intake)
    answers = []
    for n in range(BORNE + int(LOOKED_PER_SECOND) + 30):
        writer.write(forwarded(UNSIGNED, f"2001:db8:1:2::{n:x}"))
        answers.append(await an_answer(reader))
    statuses = [status for status, _, _ in answers]
    assert statuses[: BORNE - 5] == [403] * (BORNE - 5)
    assert statuses.count(429) == turned_away(intake) > 5
    assert int(next(headers for status, headers, _ in answers if status == 429)["retry-after"]) >= 1
    writer.write(forwarded(UNSIGNED, "2001:db8:1:3::1"))  # the next customer's /64
    assert (await an_answer(reader))[0] == 403
    writer.close()


@pytest.mark.usefixtures("at_once")
async def test_what_says_it_is_signed_is_told_to_come_again_for_it_may_be_a_text(intake: Intake) -> None:
    reader, writer = await connected(intake)
    forged = forwarded(request(b"{}", {"X-Beluga-Signature": "x", "X-Beluga-Timestamp": "1"}), "203.0.113.5")
    statuses = []
    for _ in range(10 * (BORNE + int(CLAIMED_PER_SECOND))):
        writer.write(forged)
        statuses.append((await an_answer(reader))[0])
        if statuses[-1] == 503:
            break
    assert set(statuses) == {403, 503}  # a provider sends again after a 503; after a 4xx some never do
    writer.close()


@pytest.mark.usefixtures("at_once")
async def test_a_provider_that_comes_into_a_flood_is_proven_by_its_first_text(intake: Intake) -> None:
    reader, writer = await connected(intake)
    for _ in range(BORNE + int(LOOKED_PER_SECOND) + 30):
        writer.write(forwarded(UNSIGNED, "203.0.113.5"))
        await an_answer(reader)
    assert turned_away(intake) > 0
    writer.write(forwarded(request(*a_text("1", "412")), "203.0.113.5"))
    assert (await an_answer(reader))[0] == 200
    writer.close()


@pytest.mark.usefixtures("at_once")
async def test_a_provider_is_looked_at_whatever_else_comes_from_its_address(intake: Intake) -> None:
    """A signed text proves its source: a flood from the same address then keeps none of its texts out."""
    reader, writer = await connected(intake)
    for n in range(2 * BORNE + 40):
        writer.write(forwarded(UNSIGNED, "203.0.113.5"))
        await an_answer(reader)
        if n % 20 == 0:
            writer.write(forwarded(request(*a_text(f"{n}", "412")), "203.0.113.5"))
            assert (await an_answer(reader))[0] == 200
    assert turned_away(intake) == 0
    writer.close()


@pytest.mark.usefixtures("at_once")
async def test_who_comes_straight_to_us_and_is_worn_out_must_be_let_in_again(intake: Intake) -> None:
    reader, writer = await connected(intake, STRANGER)
    answered = 0
    async with asyncio.timeout(20):
        while True:
            writer.write(UNSIGNED)
            status, headers, _ = await an_answer(reader)
            answered += 1
            assert status in (403, 429)
            if headers.get("connection") == "close":
                break
    assert answered >= BORNE
    assert await reader.read() == b""


async def test_too_many_connections_wait_outside_and_a_proven_source_never(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read from them; who waited long enough is asked for again, and then closed."""
    monkeypatch.setattr(front, "OUTSIDE_SECONDS", 0.3)
    inside = [await connected(intake, STRANGER) for _ in range(40)]
    reader, writer = await connected(intake, STRANGER)
    writer.write(UNSIGNED)
    assert await closed_by_us(reader)
    assert turned_away(intake, "http") == 2  # when it came, and when it was asked for again
    assert turned_away(intake) == 0  # none of its requests was read
    inside_reader, inside_writer = inside[0]
    inside_writer.write(request(*a_text("1", "412")))
    assert (await an_answer(inside_reader))[0] == 200
    reader, writer = await connected(intake, STRANGER)
    writer.write(request(*a_text("2", "413")))
    assert (await an_answer(reader))[0] == 200
    for _, one in (*inside, (reader, writer)):
        one.close()


async def test_no_more_wait_outside_than_files_allow(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "MOST_OUTSIDE", 1)
    held = [await connected(intake, STRANGER) for _ in range(41)]
    reader, _ = await connected(intake, STRANGER)
    assert await closed_by_us(reader)
    for _, writer in held:
        writer.close()


async def test_fifteen_hundred_unsigned_connections_keep_no_signed_text_out(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doorman lets them all in, so that their refusals count; each signed text is answered beside."""
    monkeypatch.setattr(intake._sources, "_connections", TokenBuckets(0, 1))
    flood = [await connected(intake, STRANGER) for _ in range(1_500)]
    for _, writer in flood:
        writer.write(UNSIGNED)
    reader, writer = await connected(intake)
    for n in range(100):
        writer.write(request(*a_text(f"{n}", "412")))
        assert (await an_answer(reader))[0] == 200
    assert intake.journal.depth == 100
    refused = sum(
        sample.value
        for metric in intake.telemetry.refused.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    )
    assert refused == 1_500
    assert turned_away(intake) > 1_300  # looked at: those that are borne, and a few more
    for _, one in flood:
        one.close()
    writer.close()


async def test_what_comes_through_a_proxy_is_held_shortly_and_few_are_held() -> None:
    """A proxy lends each its connection, and asks another intake after four seconds."""
    loop = asyncio.get_running_loop()
    doorkeeper, answered = RefusalPacer(per_second=1, longest=PROXIED_WAIT, most=3), []
    started = loop.time()
    for n in range(8):
        doorkeeper.refuse(lambda n=n: answered.append((n, loop.time() - started)))  # type: ignore[misc]
    assert doorkeeper.held == 3
    assert [n for n, _ in answered] == [4, 5, 6, 7] or [n for n, _ in answered] == [0, 4, 5, 6, 7]
    async with asyncio.timeout(20):
        while doorkeeper.held:
            await asyncio.sleep(0.01)
    assert len(answered) == 8


def test_sources_are_addresses_and_prefixes_of_64() -> None:
    assert network_of("203.0.113.5") == network_of("::ffff:203.0.113.5") == "203.0.113.5"
    assert network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2::") == "2001:db8:1:2::/64"
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("nonsense") == "nonsense"


def test_a_source_is_worn_out_by_refusals_and_proven_by_a_signature() -> None:
    sources = Sources(per_second=1, at_once=2)
    for _ in range(BORNE):
        assert sources.put_off("a", 0.0) == 0
        sources.refused("a", 0.0)
    looked = [sources.put_off("a", 0.0) for _ in range(int(LOOKED_PER_SECOND) + 5)]
    assert looked[: int(LOOKED_PER_SECOND)] == [0.0] * int(LOOKED_PER_SECOND)  # it may prove itself
    assert all(seconds > 0 for seconds in looked[int(LOOKED_PER_SECOND) :])
    assert sources.put_off("b", 0.0) == 0
    assert sources.put_off("a", 0.0, claims=True) == 0, "who signs has room that a flood does not take"
    sources.signed("a", 1.0)
    assert {sources.put_off("a", 1.0) for _ in range(100)} == {0.0}
    later = 1.0 + PROVEN_SECONDS
    for _ in range(BORNE):
        sources.refused("a", later)
    assert sources.worn_out("a", later)
    assert not sources.worn_out("a", later - 0.1)
    assert [sources.lets_in("c", 0.0) for _ in range(3)] == [True, True, False]
    sources.signed("c", 0.0)
    assert all(sources.lets_in("c", 0.0) for _ in range(10))
