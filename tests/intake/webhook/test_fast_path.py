"""The short way for webhooks: whole, plain requests are answered by it, everything else by aiohttp, alike."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
import pytest_asyncio

from beluga.stack.ports import free_port
from intake.app import Intake
from intake.settings import IntakeSettings
from intake.webhook.fast_path import Front, Headers
from tests.intake.running import GENERIC_SECRET, SECRET, a_text


@pytest_asyncio.fixture
async def intake(tmp_path: Path) -> AsyncIterator[Intake]:
    running = Intake(
        IntakeSettings(
            state=tmp_path, intake_port=free_port(), secret=SECRET, generic_secret=GENERIC_SECRET,
            journal_ballast_mib=0, phone_texts_per_minute=60, phone_texts_at_once=3,
        )
    )  # fmt: skip
    await running.start()
    yield running
    await running.stop()


def request(body: bytes, headers: dict[str, str], path: str = "/sms/generic", more: str = "") -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        f"POST {path} HTTP/1.1\r\nHost: beluga.example\r\n{lines}{more}Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def an_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    async with asyncio.timeout(20):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        return int(head[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


async def connected(intake: Intake) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", intake.settings.intake_port)


def on_the_short_way(intake: Intake) -> int:
    return len(intake._fronts.open)


async def test_a_stop_is_said_first_and_texts_are_taken_meanwhile(tmp_path: Path) -> None:
    """/readyz says 404 until it stops, whoever connects anew is answered all the same."""
    running = Intake(
        IntakeSettings(
            state=tmp_path, intake_port=free_port(), secret=SECRET, generic_secret=GENERIC_SECRET,
            journal_ballast_mib=0, stop_notice_seconds=1,
        )
    )  # fmt: skip
    await running.start()
    assert (await asked(running, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 200
    stopping = asyncio.create_task(running.stop())
    await asyncio.sleep(0)
    status, _, body = await asked(running, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (status, orjson.loads(body)["journal"]) == (404, True)
    assert (await asked(running, request(*a_text("late", "412"))))[0] == 200
    await stopping
    with pytest.raises(OSError):
        await connected(running)


async def asked(intake: Intake, said: bytes) -> tuple[int, dict[str, str], bytes]:
    """The answer on a connection of its own."""
    reader, writer = await connected(intake)
    writer.write(said)
    try:
        return await an_answer(reader)
    finally:
        writer.close()


async def test_request_after_request_on_one_connection(intake: Intake) -> None:
    reader, writer = await connected(intake)
    for i in range(3):
        writer.write(request(*a_text(f"{i}", "412")))
        status, headers, body = await an_answer(reader)
        assert (status, headers["content-type"]) == (200, "application/json")
        assert "date" in headers
        assert not orjson.loads(body)["duplicate"]
    assert on_the_short_way(intake) == 1
    assert intake.journal.depth == 3
    writer.close()


@pytest.mark.parametrize("cut", [1, 10, 60, 200])
async def test_pieces_are_put_together(intake: Intake, cut: int) -> None:
    """However the bytes arrive, each request is taken once, and all are answered in order."""
    reader, writer = await connected(intake)
    data = b"".join(request(*a_text(f"{i}", "412")) for i in range(5))
    for start in range(0, len(data), cut):
        writer.write(data[start : start + cut])
        await writer.drain()
    answers = [await an_answer(reader) for _ in range(5)]
    assert [status for status, _, _ in answers] == [200] * 5
    assert len({orjson.loads(body)["id"] for _, _, body in answers}) == 5
    assert intake.journal.depth == 5
    writer.close()


async def test_the_next_request_may_come_before_the_answer(intake: Intake) -> None:
    reader, writer = await connected(intake)
    for i in range(6):
        writer.write(request(*a_text(f"{i}", "412")))
        await asyncio.sleep(0)
    answers = [orjson.loads((await an_answer(reader))[2]) for _ in range(6)]
    assert len({answer["id"] for answer in answers}) == 6
    writer.close()


POST = b"POST /sms/generic HTTP/1.1\r\nHost: b\r\n"
ONE = b"Content-Length: 1\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
ODD = {
    "chunked": POST + CHUNKED + b"\r\n1\r\nx\r\n0\r\n\r\n",
    "both lengths": POST + ONE + CHUNKED + b"\r\n0\r\n\r\n",
    "two lengths": POST + ONE + b"Content-Length: 2\r\n\r\nxy",
    "signed length": POST + b"Content-Length: +1\r\n\r\nx",
    "folded header": POST + b"A: 1\r\n b\r\n" + ONE + b"\r\nx",
    "blank before colon": POST + b"Content-Length : 1\r\n\r\nx",
    "bare line feeds": b"POST /sms/generic HTTP/1.1\nHost: b\nContent-Length: 1\n\nx",
    "no length": POST + b"\r\n",
    "endless length": POST + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n",
    "a header twice": POST + b"A: 1\r\na: 2\r\n" + ONE + b"\r\nx",
    "an odd letter": POST + b"a: b\r\n" * 40 + "é: 1\r\n".encode() + ONE + b"\r\nx",
    "two hosts": POST + b"HOST: c\r\n" + ONE + b"\r\nx",
    "two connections": POST + b"Connection: keep-alive\r\nconnection: close\r\n" + ONE + b"\r\nx",
    "old": POST.replace(b"1.1", b"1.0") + ONE + b"\r\nx",
    "get": b"GET /sms/generic HTTP/1.1\r\nHost: b\r\n\r\n",
    "elsewhere": POST.replace(b"generic", b"nobody") + ONE + b"\r\nx",
    "close": POST + b"Connection: close\r\n" + ONE + b"\r\nx",
    "expect": POST + b"Expect: 100-continue\r\n" + ONE + b"\r\nx",
    "large": POST + b"Content-Length: 90000\r\n\r\n" + b"x" * 90_000,
    "huge head": POST + b"A: " + b"x" * 9_000 + b"\r\n" + ONE + b"\r\nx",
    "nonsense": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("name", ODD)
async def test_odd_requests_are_aiohttps(intake: Intake, name: str) -> None:
    reader, writer = await connected(intake)
    writer.write(ODD[name])
    async with asyncio.timeout(20):
        first = await reader.readuntil(b"\r\n")
    status = int(first.split()[1])
    assert status in (100, 400, 403, 404, 405, 413)
    assert on_the_short_way(intake) == 0
    assert intake.journal.depth == 0
    writer.close()


async def test_both_ways_answer_alike(intake: Intake) -> None:
    """The same webhook, first whole, then in two pieces."""
    good, forged = a_text("1", "412"), (b'{"id":"2"}', {"X-Beluga-Timestamp": "1", "X-Beluga-Signature": "x"})
    malformed = a_text("", "412")
    for body, headers in (good, forged, malformed):
        short_reader, short = await connected(intake)
        long_reader, long = await connected(intake)
        short.write(request(body, headers))
        a = await an_answer(short_reader)
        whole = request(body, headers)
        long.write(whole[:30])
        await long.drain()
        await asyncio.sleep(0.05)  # so that it arrives by itself
        long.write(whole[30:])
        b = await an_answer(long_reader)
        assert a[0] == b[0]
        assert a[1]["content-type"] == b[1]["content-type"]
        assert a[2].replace(b'"duplicate":false', b"") == b[2].replace(b'"duplicate":true', b"")
        short.close()
        long.close()


def test_headers_are_found_under_any_case() -> None:
    headers = Headers(b"Host: b\r\nX-Sig:\t abc \r\nEmpty:\r\nNote: x-sig: no\r\n")
    assert headers.get("X-SIG") == headers["x-sig"] == "abc"
    assert headers.get("empty") == ""
    assert headers.get("Sig") is headers.get("x-si") is None
    assert list(headers) == ["host", "x-sig", "empty", "note"]
    assert "NOTE" in headers and "no" not in headers
    assert len(headers) == 4
    assert not headers.repeated
    assert Headers(b"X-Sig: a\r\nx-sig: b\r\n").repeated


async def test_stopping_answers_what_is_in_flight(intake: Intake) -> None:
    reader, writer = await connected(intake)
    writer.write(request(*a_text("1", "412")))
    while not intake._fronts.open or not next(iter(intake._fronts.open)).busy:
        await asyncio.sleep(0)
    stopping = asyncio.create_task(intake._fronts.stop(5))
    status, headers, _ = await an_answer(reader)
    assert (status, headers["connection"]) == (200, "close")
    assert await reader.read() == b""
    await stopping


async def test_idle_connections_are_closed(intake: Intake) -> None:
    reader, writer = await connected(intake)
    writer.write(request(*a_text("1", "412")))
    await an_answer(reader)
    (front,) = intake._fronts.open
    assert isinstance(front, Front)
    front.close_if_idle(front._heard_at + 1)
    assert not front._transport.is_closing()
    front.close_if_idle(front._heard_at + 100)
    assert await reader.read() == b""
    writer.close()


async def test_a_phone_that_sends_too_many_is_kept_and_told_once(intake: Intake) -> None:
    reader, writer = await connected(intake)
    replies = []
    for i in range(7):
        writer.write(request(*a_text(f"{i}", "412")))
        replies.append(orjson.loads((await an_answer(reader))[2])["reply"])
    assert all(replies[:3])
    assert "pause" in replies[3]
    assert replies[4:] == ["", "", ""]
    assert intake.journal.depth == 7
    writer.close()
