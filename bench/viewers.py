"""Many boards at once, without their browsers: what `dashboard/assets/feed.js` asks of the server, no more.

Used by `bench.board --viewers N`. The boards are another process; what they cost here is measured.
"""

import asyncio
import multiprocessing
import os
import random
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import uvloop

WARM_UP = 3  # seconds
STEADY = 15  # seconds at one delta each
GOODBYE = b"the tally starts anew"
PAUSE_MS = (300, 10_000)  # as in feed.js
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class Board(asyncio.Protocol):
    """A WebSocket that only reads: settled once the feed speaks, which it does with all that was missed."""

    def __init__(self, path: str, told: Callable[[], None], lost: Callable[[], None]) -> None:
        self._path, self._told, self._lost = path, told, lost

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if GOODBYE in data:  # a browser answers at once; the feed would wait for it
            self._transport.close()
            return
        if not data.startswith(b"HTTP/") or len(data) > data.find(b"\r\n\r\n") + len(b"\r\n\r\n"):
            self._told()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()


async def sign_in(url: str, password: str) -> str:
    """The cookie of a signed-in person."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(f"{url}/login") as page:
            found = CSRF.search(await page.text())
        form = {"csrf": found[1] if found else "", "login": "sam", "password": password, "next": "/"}
        async with session.post(f"{url}/login", data=form, allow_redirects=False) as answer:
            if answer.status != 303:
                raise RuntimeError(f"cannot sign in: {answer.status}")
        return "; ".join(f"{c.key}={c.value}" for c in session.cookie_jar)


def boards(url: str, port: int, cookie: str, count: int, pipe: Any) -> None:
    """The other process: `count` boards that connect, and connect again when they lose the feed."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        settled: set[int] = set()
        lost_at: dict[int, float] = {}
        waits: list[float] = []
        tasks: set[asyncio.Task[None]] = set()
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, headers={"Cookie": cookie}) as session:

            def open_again(n: int, pause: float) -> None:
                task = loop.create_task(open_one(n, pause))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

            async def open_one(n: int, pause: float) -> None:
                if pause:
                    await asyncio.sleep(pause / 1000 * (0.5 + random.random()))
                try:
                    async with session.get(f"{url}/feed-token") as answer:
                        answer.raise_for_status()
                        token = (await answer.json())["token"]
                    path = f"/?{urlencode({'token': token})}"
                    gone = lambda: left(n)  # noqa: E731
                    await loop.create_connection(
                        lambda: Board(path, lambda: heard(n), gone), "127.0.0.1", port
                    )
                except (aiohttp.ClientError, OSError):
                    open_again(n, min(max(pause, PAUSE_MS[0]) * 2, PAUSE_MS[1]))

            def heard(n: int) -> None:
                if n not in settled:
                    settled.add(n)
                    if n in lost_at:
                        waits.append(time.monotonic() - lost_at.pop(n))

            def left(n: int) -> None:
                settled.discard(n)
                lost_at.setdefault(n, time.monotonic())
                open_again(n, PAUSE_MS[0])

            for n in range(count):
                open_again(n, PAUSE_MS[0] * 4)
            while True:
                await asyncio.sleep(0.05)
                if pipe.poll():
                    what = pipe.recv()
                    if what == "end":
                        os._exit(0)
                    pipe.send((len(settled), list(waits)))

    uvloop.run(main())


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def crowd(  # noqa: PLR0917
    count: int, url: str, pid: int, port: int, publish: Callable[[], None], restart: Callable[[], None],
    password: str,
) -> None:  # fmt: skip
    """Measures `count` viewers at 1 Hz, then all of them coming back at once."""
    cookie = await sign_in(url, password)
    spawn = multiprocessing.get_context("spawn")
    mine, theirs = spawn.Pipe()
    process = spawn.Process(target=boards, args=(url, port, cookie, count, theirs), daemon=True)
    process.start()

    async def ask() -> tuple[int, list[float]]:
        mine.send("?")
        return await asyncio.to_thread(mine.recv)

    async def until_all(seconds: float) -> float:
        began = time.monotonic()
        while (await ask())[0] < count:
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"{(await ask())[0]} of {count} boards after {seconds} s")
            publish()
            await asyncio.sleep(0.25)
        return time.monotonic() - began

    print(f"{count} boards connect: {await until_all(120):.1f} s")
    await asyncio.sleep(WARM_UP)
    war_room, feed, began = cpu(pid), time.process_time(), time.monotonic()
    for _ in range(STEADY):
        publish()
        await asyncio.sleep(1)
    span = time.monotonic() - began
    print(f"{count} viewers at 1 Hz: dashboard {100 * (cpu(pid) - war_room) / span:.1f} % of a core, "
          f"feed {100 * (time.process_time() - feed) / span:.1f} %")  # fmt: skip
    restart()
    waits: list[float] = []
    while len(waits) < count:  # every board was thrown out, and came back
        if time.monotonic() - began > 120:
            raise TimeoutError(f"{len(waits)} of {count} boards came back")
        publish()
        await asyncio.sleep(0.25)
        waits = (await ask())[1]
    cuts = statistics.quantiles(waits, n=20)
    print(
        f"all lost it at once: back after p50 {cuts[9]:.1f} s, p95 {cuts[18]:.1f} s, last {max(waits):.1f} s"
    )
    mine.send("end")
    process.join(5)
