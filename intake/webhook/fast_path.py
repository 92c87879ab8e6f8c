"""The short way for a provider's webhook: one whole, ordinary HTTP request, without the framework.

Theory of operation. A connection begins here. As long as what arrives is exactly one plain request for a
webhook (request line, headers, a body of the announced length, nothing before or behind it), it is answered
at once: no task, no request object, no routing. At the first sign of anything else (another path, a piece of
a request, two requests, chunks, `Expect`, an upgrade, a doubtful header, a header twice) the connection is
handed to aiohttp, together with what arrived, and stays there: so every odd case is aiohttp's, which serves
the same webhooks. A request is only taken between requests, so the two can never disagree about where one
begins.

A head is read in one pass: in `_HEAD` no byte can be read in two ways and nothing read is given back, so the
time grows with the bytes alone. tests/intake/webhook/test_front_judges_alike.py compares every judgement with
aiohttp's own server; why not a parser: docs/decisions/0003-intake.md.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from typing import Any, Protocol, cast

LARGEST_HEAD = 8_190  # bytes, as aiohttp's own limits on a line
IDLE_SECONDS = 75.0  # a connection on which nothing arrives; longer than proxies keep theirs
SILENT_SECONDS = 30.0  # the same, of one on which nothing has ever arrived
SWEEP_SECONDS = 5.0
OUTSIDE_SECONDS = 10.0  # that a connection too many is not read; less than a provider waits for its answer
MOST_OUTSIDE = 4_000  # of them at once; each is an open file
_HEAD = re.compile(
    rb"POST (/sms/[!-~]*+) HTTP/1\.1\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]++:[\t -~]*+\r\n){1,128}+)\r\n"
)
_NOT_OURS = frozenset(
    ("transfer-encoding", "expect", "upgrade", "content-encoding", "proxy-connection", "sec-websocket-key1")
)
_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    413: "Content Too Large",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


class Headers(Mapping[str, str]):
    """A request's headers, under names of any case. `lines` is a head of ASCII, each line ending in CRLF."""

    __slots__ = ("_values", "repeated")

    def __init__(self, lines: bytes) -> None:
        pairs = [line.partition(":") for line in lines[:-2].decode("ascii").split("\r\n")]
        self._values = {name.lower(): value.strip(" \t") for name, _, value in pairs}
        self.repeated = len(self._values) < len(pairs)  # then the last is kept: read no such request

    def get(self, name: str, default: Any = None) -> Any:
        return self._values.get(name.lower(), default)

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def plain_length(self) -> int | None:
        """The announced length of a plain request's body; None where anything in the head is odd."""
        values = self._values
        if self.repeated or "host" not in values or not _NOT_OURS.isdisjoint(values):
            return None
        if values.get("connection", "keep-alive").lower() != "keep-alive":
            return None
        length = values.get("content-length", "")
        return int(length) if length.isdigit() and len(length) < 10 else None


class Answer(Protocol):
    """Called once with what to answer: status, content type, body, seconds until a retry (0: none), and
    whether the connection ends with it.
    """

    def __call__(
        self, status: int, content_type: str, body: bytes, retry_after: int = 0, last: bool = False
    ) -> None: ...


# (path with query, headers, body, peer's address, answer); answers at once or later
RawHandler = Callable[[str, Mapping[str, str], bytes, str, Answer], None]


@dataclass(eq=False, slots=True)
class Connections:
    """What the connections of one listening socket share. `lets_in` judges by the peer's address."""

    lets_in: Callable[[str], bool] = lambda _: True
    open: set["Front"] = field(default_factory=set)
    outside: int = 0  # of them, how many wait until they may be read
    closed: asyncio.Event = field(default_factory=asyncio.Event)  # one of them has been


class Front(asyncio.Protocol):
    """One connection. `raw_handlers` by path; `aiohttp` makes the protocol that everything else goes to."""

    def __init__(
        self,
        raw_handlers: Mapping[str, RawHandler],
        largest: int,
        aiohttp: Callable[[], asyncio.BaseProtocol],
        connections: Connections,
    ) -> None:
        self._raw_handlers = raw_handlers
        self._largest = largest
        self._aiohttp = aiohttp
        self._connections = connections
        self._busy = False
        self._stopping = False
        self._waiting = b""  # arrived while a request was being answered
        self._gone = False
        self._silent = True  # until a request has come
        self._heard_at = 0.0
        self._peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._heard_at = time.monotonic()
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if isinstance(peer, tuple) else ""
        self._connections.open.add(self)
        if not self._connections.lets_in(self._peer):
            self._wait_outside()

    def _wait_outside(self) -> None:
        """Reads nothing for a while: whoever is closed at once is back at once."""
        if self._connections.outside >= MOST_OUTSIDE:
            self._transport.abort()
            return
        self._connections.outside += 1
        self._transport.pause_reading()
        asyncio.get_running_loop().call_later(OUTSIDE_SECONDS, self._ask_again)

    def _ask_again(self) -> None:
        self._connections.outside -= 1
        if self._gone or self._stopping:
            return
        if self._connections.lets_in(self._peer):
            self._heard_at = time.monotonic()
            self._transport.resume_reading()
        else:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._gone:
            return
        if self._busy:
            self._waiting += data
            self._transport.pause_reading()  # so that at most one more piece waits
            return
        request = _whole_request(data, self._raw_handlers, self._largest)
        if request is None:
            self._hand_over(data)
            return
        taker, path, headers, body = request
        self._busy = True
        self._silent = False
        self._heard_at = time.monotonic()
        taker(path, headers, body, self._peer, self._answer)

    def connection_lost(self, error: Exception | None) -> None:
        self._gone = True
        self._leave()

    @property
    def busy(self) -> bool:
        return self._busy

    def stop(self) -> None:
        """Closes as soon as what is being answered is answered."""
        self._stopping = True
        if not self._busy:
            self._transport.close()

    def close_if_idle(self, now: float) -> None:
        """Closes a connection on which nothing has arrived for `IDLE_SECONDS`, or `SILENT_SECONDS`."""
        if not self._busy and now - self._heard_at > (SILENT_SECONDS if self._silent else IDLE_SECONDS):
            self._transport.close()

    def _leave(self) -> None:
        self._connections.open.discard(self)
        self._connections.closed.set()

    def _hand_over(self, data: bytes) -> None:
        self._leave()
        protocol = cast(asyncio.Protocol, self._aiohttp())
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def _answer(
        self, status: int, content_type: str, body: bytes, retry_after: int = 0, last: bool = False
    ) -> None:
        if self._gone:
            return
        last = last or self._stopping
        head = _head(status, content_type, retry_after, last, int(time.time()))
        self._transport.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        self._busy = False
        if last:
            self._gone = True
            self._transport.close()
        elif self._waiting:
            data, self._waiting = self._waiting, b""
            self._transport.resume_reading()
            self.data_received(data)


@lru_cache(maxsize=64)
def _head(status: int, content_type: str, retry_after: int, last: bool, second: int) -> bytes:
    """All of an answer's head but the body's length, which goes behind it."""
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Date: {formatdate(second, usegmt=True)}",
             f"Content-Type: {content_type}"]  # fmt: skip
    if retry_after:
        lines.append(f"Retry-After: {retry_after}")
    if last:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "Content-Length: "]).encode()


def _whole_request(
    data: bytes, raw_handlers: Mapping[str, RawHandler], largest: int
) -> tuple[RawHandler, str, Headers, bytes] | None:
    """The request, if `data` is exactly one plain one for a webhook; None: let aiohttp look at it."""
    found = _HEAD.match(data, 0, LARGEST_HEAD)
    if found is None:
        return None
    path = found[1].decode("ascii")
    taker = raw_handlers.get(path.partition("?")[0])
    if taker is None:
        return None
    end = found.end()
    headers = Headers(found[2])
    if len(data) - end > largest or headers.plain_length() != len(data) - end:
        return None
    return taker, path, headers, data[end:]


class Fronts:
    """All connections of one listening socket, and the ways to stop them."""

    def __init__(
        self,
        raw_handlers: Mapping[str, RawHandler],
        largest_body: int,
        server: Any,
        lets_in: Callable[[str], bool],
    ) -> None:
        self._raw_handlers = raw_handlers
        self._largest_body = largest_body
        self._server = server  # aiohttp's web.Server: makes its protocol for a connection
        self._connections = Connections(lets_in)

    def __call__(self) -> Front:
        return Front(self._raw_handlers, self._largest_body, self._server, self._connections)

    @property
    def open(self) -> set[Front]:
        """Those on the short way."""
        return self._connections.open

    async def stop(self, seconds: float) -> None:
        """Lets what is being answered finish, for so many seconds, and closes the rest."""
        for front in list(self.open):
            front.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.open:
                    self._connections.closed.clear()
                    await self._connections.closed.wait()

    async def sweep(self) -> None:
        """Closes idle connections, for ever."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = time.monotonic()
            for front in list(self.open):
                front.close_if_idle(now)
