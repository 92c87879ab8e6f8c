"""Half a request is not waited for, on any port; and what is odd about one does not fill the log."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

from beluga.stack.ports import free_port
from election.runtime.whole_requests import MalformedRequests, whole_requests
from tests.preloaded import started

HALF_HEAD = b"POST /anything HTTP/1.1\r\nHost: b\r\nX-A: "
HALF_BODY = b"POST /anything HTTP/1.1\r\nHost: b\r\nContent-Length: 10\r\n\r\nhalf"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: b\r\n\r\n"
SOON = 0.4  # in place of 30 s
# What each service is told, and which of its ports a request comes to.
SERVICES = {
    "intake": (("intake.app.HALF_SENT_SECONDS",), "BELUGA_INTAKE_PORT"),
    "tally": (("tally.app.HALF_SENT_SECONDS",), "BELUGA_TALLY_PORT"),
    "feed": (("tally.feed.server.OPEN_SECONDS",), "BELUGA_FEED_PORT"),
    "callers": (
        ("callers.app.HALF_SENT_SECONDS", "callers.__main__.HALF_SENT_SECONDS"),
        "BELUGA_CALLERS_PORT",
    ),
    "dashboard": (("dashboard.bridge.half_sent.HALF_SENT_SECONDS",), "BELUGA_DASHBOARD_PORT"),
}


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A real process whose patience is short; its name, and its port."""
    patience, port_name = SERVICES[request.param]
    room = patience[0].split(".")[0]
    ports = {name: str(free_port()) for _, name in SERVICES.values()}
    lines = ["import importlib, sys"]
    for place in patience:
        module, _, name = place.rpartition(".")
        lines.append(f"setattr(importlib.import_module({module!r}), {name!r}, {SOON})")
    lines.append(f"sys.exit(importlib.import_module('{room}.__main__').main())")
    environment = os.environ | ports | {
        "BELUGA_DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/none",
        "BELUGA_STATE": str(tmp_path), "BELUGA_SECRET": "x" * 40, "BELUGA_JOURNAL_BALLAST_MIB": "0",
        "BELUGA_FEED_URL": f"ws://127.0.0.1:{free_port()}",
    }  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = started(room, environment, log, script="\n".join(lines), cwd=Path(__file__).parents[3])
    yield request.param, int(ports[port_name])
    process.send_signal(signal.SIGKILL)
    process.wait(20)


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(90):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the other side ends the connection, with a word or without."""
    try:
        async with asyncio.timeout(60):
            while await reader.read(65_536):
                pass
    except ConnectionResetError:
        pass
    return True


async def test_half_a_request_ends_the_connection_on_every_port(service: tuple[str, int]) -> None:
    name, port = service
    for half in (HALF_HEAD, HALF_BODY, b"G"):
        reader, writer = await connected(port)
        writer.write(half)
        assert await ended(reader)
        writer.close()
    trickling, writer = await connected(port)  # a byte now and then is no whole request either
    ending = asyncio.create_task(ended(trickling))
    writer.write(HALF_HEAD)
    while not ending.done():
        writer.write(b"a")
        await asyncio.sleep(SOON / 8)
    assert await ending
    if name != "feed":
        reader, writer = await connected(port)
        writer.write(WHOLE)
        assert (await reader.readline()).split()[1] == b"200"
    writer.close()


# ---------------------------------------------------------------------- the middleware by itself


@asynccontextmanager
async def serving(
    half_sent: float, longest: float
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server that reads a body, and works as long as the body says."""

    async def work(request: web.Request) -> web.Response:
        await asyncio.sleep(float(await request.text() or 0))
        return web.Response(text="done")

    async def fail(_: web.Request) -> web.Response:
        raise TimeoutError

    app = web.Application(middlewares=[whole_requests(half_sent, longest)])
    app.router.add_post("/", work)
    app.router.add_get("/fails", fail)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield reader, writer
    writer.close()
    await runner.cleanup()


def post(body: bytes, more: bytes = b"") -> bytes:
    return b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), more, body)


async def status(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(20):
        return int((await reader.readuntil(b"\r\n")).split()[1])


async def test_a_body_that_comes_slowly_but_in_time_is_taken() -> None:
    async with serving(half_sent=15, longest=15) as (reader, writer):
        writer.write(post(b"00")[:-1])
        await asyncio.sleep(0.1)
        writer.write(b"0")
        assert await status(reader) == 200


async def test_endless_work_is_given_up_and_a_handlers_own_timeout_stays_its_own() -> None:
    async with serving(half_sent=15, longest=0.2) as (reader, writer):
        writer.write(post(b"600"))
        assert await status(reader) == 503
    async with serving(half_sent=15, longest=15) as (reader, writer):
        writer.write(b"GET /fails HTTP/1.1\r\nHost: b\r\n\r\n")
        assert await status(reader) == 504


async def test_a_garbled_body_is_the_senders_fault() -> None:
    async with serving(half_sent=15, longest=15) as (reader, writer):
        writer.write(post(b"not what gzip writes", b"Content-Encoding: gzip\r\n"))
        assert await status(reader) == 400
    async with serving(half_sent=0.2, longest=15) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"zz\r\n")
        assert await ended(reader)


def test_odd_requests_are_told_once_a_second_without_their_bytes() -> None:
    kept: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(self.format(record))

    logger = logging.Logger("aiohttp.server")
    logger.addFilter(MalformedRequests())
    logger.addHandler(Keep())
    for _ in range(1_000):
        logger.error("Error from %s", "203.0.113.9", exc_info=BadHttpMessage("+12155550101 token"))
    logger.error("Error from %s", "203.0.113.9", exc_info=RuntimeError("ours"))
    assert kept[0] == "1 odd requests, the last: BadHttpMessage"
    assert len(kept) < 10
    assert "RuntimeError: ours" in kept[-1]
    assert not any("555" in line for line in kept)
