"""A TCP proxy that hurts what passes through it, in Toxiproxy's vocabulary. For machines without `tc netem`.

A toxic acts on one direction (`upstream`: from the client to the server, `downstream`: back):
latency (`latency`, `jitter` ms), bandwidth (`rate` kB/s), timeout (nothing passes; after `timeout` ms the
connection is closed, 0: never), reset_peer (RST after `timeout` ms), slicer (`average_size` bytes at a time,
`delay` µs between them), down (new connections are refused, old ones closed).
"""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

CHUNK = 16_384
DIRECTIONS = ("upstream", "downstream")
KINDS = ("latency", "bandwidth", "timeout", "reset_peer", "slicer", "down")


@dataclass(frozen=True, slots=True)
class Toxic:
    """What hurts, in one direction. `attributes` as Toxiproxy names them."""

    kind: str
    stream: str = "downstream"
    attributes: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.stream not in DIRECTIONS:
            raise ValueError(f"{self.kind} {self.stream}: choose of {KINDS} and {DIRECTIONS}")

    def number(self, name: str, otherwise: float = 0.0) -> float:
        return float(self.attributes.get(name, otherwise))


class _Link:
    """One connection through the proxy."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near, self.far = near, far

    def close(self, reset: bool = False) -> None:
        for writer in (self.near, self.far):
            if reset:  # with no time to linger, closing sends RST
                held = writer.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort() if reset else writer.close()


class Proxy:
    """Runs in a thread with a loop of its own. `toxics` may be changed at any time; connections feel it."""

    def __init__(self, host: str, port: int, seed: int = 0, listen: int = 0) -> None:
        self._host, self._port, self._listen = host, port, listen
        self._chance = random.Random(seed)
        self._toxics: dict[str, Toxic] = {}
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="proxy")
        self._server: asyncio.Server | None = None
        self.port = 0  # where it listens on loopback

    def start(self) -> "Proxy":
        self._thread.start()
        self._call(self._open())
        return self

    def stop(self) -> None:
        """Closes everything; may be called again."""
        if self._loop.is_closed():
            return
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def add(self, name: str, toxic: Toxic) -> None:
        """From now on this hurts, too."""
        self._toxics[name] = toxic
        if toxic.kind == "down":
            self._loop.call_soon_threadsafe(self._close_links)
        if toxic.kind == "reset_peer" and not toxic.number("timeout"):
            self._loop.call_soon_threadsafe(self._close_links, True)

    def remove(self, name: str | None = None) -> None:
        """That no longer hurts; None: nothing does. Connections that a `timeout` has silenced are closed."""
        gone = [self._toxics.pop(name, None)] if name is not None else list(self._toxics.values())
        if name is None:
            self._toxics.clear()
        if any(toxic is not None and toxic.kind == "timeout" for toxic in gone):
            self._loop.call_soon_threadsafe(self._close_links)

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._listen)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._close_links()
        tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _close_links(self, reset: bool = False) -> None:
        for link in list(self._links):
            link.close(reset)

    def _of(self, stream: str, kind: str) -> list[Toxic]:
        return [t for t in list(self._toxics.values()) if t.kind == kind and t.stream == stream]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if any(t.kind == "down" for t in list(self._toxics.values())):
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(writer, far_writer)
        self._links.add(link)
        try:
            await asyncio.gather(
                self._pass(reader, far_writer, "upstream", link),
                self._pass(far_reader, writer, "downstream", link),
            )
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._links.discard(link)
            link.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stream: str, link: _Link
    ) -> None:
        while data := await reader.read(CHUNK):
            for toxic in self._of(stream, "reset_peer"):
                await asyncio.sleep(toxic.number("timeout") / 1000)
                link.close(reset=True)
                return
            for toxic in self._of(stream, "timeout"):
                await self._swallow(stream, toxic, link)
                return
            for toxic in self._of(stream, "latency"):
                jitter = toxic.number("jitter")
                await asyncio.sleep(
                    max(0.0, toxic.number("latency") + self._chance.uniform(-jitter, jitter)) / 1000
                )
            await self._write(data, writer.write, writer.drain, stream)
        with contextlib.suppress(OSError):
            if writer.can_write_eof():
                writer.write_eof()

    async def _swallow(self, stream: str, toxic: Toxic, link: _Link) -> None:
        """Silence until the toxic is taken away (then the connection is closed) or its time is up."""
        limit = toxic.number("timeout") / 1000
        waited = 0.0
        while self._of(stream, "timeout") and (not limit or waited < limit):
            await asyncio.sleep(0.02)
            waited += 0.02
        link.close()

    async def _write(
        self,
        data: bytes,
        write: Callable[[bytes], None],
        drain: Callable[[], Awaitable[None]],
        stream: str,
    ) -> None:
        slicers, limits = self._of(stream, "slicer"), self._of(stream, "bandwidth")
        size = int(slicers[0].number("average_size", 64)) if slicers else len(data)
        for start in range(0, len(data), max(size, 1)):
            piece = data[start : start + size]
            for limit in limits:
                await asyncio.sleep(len(piece) / (max(limit.number("rate"), 0.001) * 1000))
            write(piece)
            await drain()
            if slicers:
                await asyncio.sleep(slicers[0].number("delay") / 1_000_000)
