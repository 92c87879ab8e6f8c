"""CPU of the feed for each viewer and message, beside a bare `websockets.broadcast` in the same run.

`python -m bench.feed [--viewers 2000] [--seconds 10]`. The server is this process and
measured, the viewers are another on loopback; one delta a second of 20 standings. Prints microseconds and
the time from publishing to the viewer (50th and 95th percentile); then what viewers cost who stop reading.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import resource
import socket
import statistics
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import uvloop
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection, broadcast, serve

from beluga.stack.ports import free_port
from election.access.identity import Admission, machine
from election.access.tokens import Tokens
from election.wire.feed import PrecinctState, Standing
from tally.board.edition import WHOLE, Edition, PendingUpdate
from tally.feed.server import Feed
from tally.packed.columns import Texts
from tally.settings import TallySettings
from tally.standing.rounding import Row, columns_of_standings

SECRET = "b" * 40
ROWS = 20  # standings in a delta
WARM_UP = 3  # messages


class Viewer(asyncio.Protocol):
    """Shakes hands, then reads and notes how old each message is."""

    _known: ClassVar[dict[bytes, float]] = {}

    def __init__(self, path: str, ages: list[float]) -> None:
        self._path, self._ages = path, ages

    def connection_made(self, transport: Any) -> None:
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n".encode()  # as browsers do
        )

    def data_received(self, data: bytes) -> None:
        sent = self._sent_at(data)
        if sent:
            self._ages.append(time.time() - sent)

    def _sent_at(self, data: bytes) -> float:
        """When the delta in a frame was published; 0 where it is none. All viewers get the same frame."""
        if data not in self._known:
            text = data
            if data[0] & 0x40 and data[1] == 126:  # one deflated frame of middling length
                with contextlib.suppress(zlib.error):
                    text = zlib.decompressobj(-15).decompress(data[4:])
            start = text.find(b'"at":')
            found = start >= 0 and b'"delta"' in text
            if len(data) > 60_000:  # a part of a snapshot
                return 0.0
            self._known[data] = float(text[start + 5 : text.index(b",", start)]) if found else 0.0
        return self._known[data]


def view(port: int, path: str, viewers: int, signals: tuple[Any, Any], out: Any) -> None:
    ready, done = signals

    async def main() -> None:
        ages: list[float] = []
        loop = asyncio.get_running_loop()
        for _ in range(viewers):
            await loop.create_connection(lambda: Viewer(path, ages), "127.0.0.1", port)
        ready.set()
        await asyncio.to_thread(done.wait)
        out.send(ages[viewers * WARM_UP :])

    uvloop.run(main())


class Board:
    """A source with 10,000 precincts whose counts the benchmark moves."""

    engine_id = "bench"
    stored_behind = 0.0

    def __init__(self) -> None:
        names = [f"p{i:05}" for i in range(10_000)]
        infos = {"precinct_id": names, "name": [f"Precinct {i}" for i in range(10_000)],
                 "county": Texts(["c"] * 10_000)}  # fmt: skip
        silent = [Standing(precinct_id=p, state=PrecinctState.SILENT) for p in names]
        self.edition: Edition | None = Edition(infos, columns_of_standings(silent))
        self.turn = 0

    def clock_row(self) -> Row:
        return {"now": time.time(), "speed": 1.0}

    def hello(self) -> Row:
        return {"type": "hello", "v": 1, "engine": self.engine_id}

    def move(self) -> Any:
        assert self.edition is not None
        self.turn += 1
        positions = np.array([(self.turn * ROWS + i) % 10_000 for i in range(ROWS)])
        standings = [
            Standing(precinct_id=f"p{p:05}", state=PrecinctState.ON_PACE, last_votes=self.turn,
                     reason="12 ahead of its peers at 14:05; last count 7 min ago")
            for p in positions.tolist()
        ]  # fmt: skip
        return self.edition.advance(PendingUpdate(time.time(), positions, columns_of_standings(standings)))


async def measure(
    name: str,
    address: tuple[int, str],
    size: tuple[int, int],
    send: Callable[[], None],
    count: Callable[[], int],
) -> float:
    (port, path), (viewers, seconds) = address, size
    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Event(), spawn.Event()
    mine, theirs = spawn.Pipe()
    process = spawn.Process(target=view, args=(port, path, viewers, (ready, done), theirs))
    process.start()
    await asyncio.to_thread(ready.wait)
    while count() < viewers:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    spent = 0.0
    for n in range(WARM_UP + seconds):
        started, cpu = time.monotonic(), time.process_time()
        send()
        await asyncio.sleep(max(0.0, 1.0 - (time.monotonic() - started)))
        if n >= WARM_UP:
            spent += time.process_time() - cpu
    await asyncio.sleep(1)
    done.set()
    ages = await asyncio.to_thread(mine.recv)
    process.join()
    each = spent / (seconds * viewers) * 1e6
    cuts = statistics.quantiles(ages, n=20)
    print(f"{name}: {each:.1f} µs CPU a viewer and message, {len(ages)} messages arrived of "
          f"{viewers * seconds}, age p50 {cuts[9] * 1e3:.0f} ms, p95 {cuts[18] * 1e3:.0f} ms")  # fmt: skip
    return each


def handshake(port: int, path: str) -> socket.socket:
    """A viewer that shakes hands and never reads."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.connect(("127.0.0.1", port))
    raw.sendall(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return raw


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def stall(feed: Feed, board: Board, address: tuple[int, str], viewers: int) -> None:
    """Memory that viewers cost who stop reading at once, while two hundred deltas are published."""
    scope = feed._scopes[WHOLE]
    before = resident()
    sockets = [await asyncio.to_thread(handshake, *address) for _ in range(viewers)]
    while len(scope.viewers) < viewers:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    connected = resident()
    for _ in range(200):
        feed.publish(board.move())
        await asyncio.sleep(0.005)
    stalled = resident()
    each, more = (connected - before) / viewers / 1e3, (stalled - connected) / viewers / 1e3
    print(f"{viewers} stalled viewers: {each:.0f} kB each to connect, {more:.1f} kB each after 200 deltas")
    for raw in sockets:
        raw.close()


async def main(viewers: int, seconds: int) -> None:
    board = Board()
    edition = board.edition
    assert edition is not None
    connections: set[ServerConnection] = set()

    async def bare(connection: ServerConnection) -> None:
        connections.add(connection)
        await connection.wait_closed()
        connections.discard(connection)

    port = free_port()
    async with serve(bare, "127.0.0.1", port, compression=None):
        baseline = await measure(
            "websockets.broadcast", (port, "/"), (viewers, seconds),
            lambda: broadcast(connections, edition.delta_bytes(board.move()).decode()),
            lambda: len(connections),
        )  # fmt: skip
    settings = TallySettings(secret=SecretStr(SECRET), feed_port=free_port())
    feed = Feed(board, Admission(Tokens(SECRET)), settings, CollectorRegistry())
    token = Tokens(SECRET).sign("feed", machine("bench", "staff").claims())
    async with feed.serving() as port:
        scope = feed._scopes[WHOLE]
        ours = await measure(
            "feed", (port, f"/feed?token={token}"), (viewers, seconds),
            lambda: feed.publish(board.move()), lambda: sum(v.current for v in scope.viewers),
        )  # fmt: skip
        print(f"ratio feed / broadcast: {ours / baseline:.2f}")
        while scope.viewers:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await stall(feed, board, (port, f"/feed?token={token}"), viewers // 4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=2_000)
    parser.add_argument("--seconds", type=int, default=10)
    arguments = parser.parse_args()
    uvloop.run(main(arguments.viewers, arguments.seconds))
