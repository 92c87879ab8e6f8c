"""Fuzz the short way for webhooks: it must judge every request as aiohttp's own server does.

    python tests/fuzz/requests.py [--requests 100000] [--seed 1]

The same bytes, in the same pieces, go to the front (which answers plain requests and hands the rest to
aiohttp) and to aiohttp alone. Both must take the same requests with the same headers and bodies, give the
same answers in the same order, and leave the connection open or closed alike. Requests are made plain and
then mutated: chunks, lengths twice, folded lines, bare CR or LF, NUL, absolute form, several at once, half
of one, HTTP/1.0, heads of 8 KB. The same seed makes the same requests.
"""

import argparse
import asyncio
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from intake.webhook.fast_path import Answer, Connections, Front, Headers

LARGEST = 4_096  # bytes of a body, so that some are too large
QUIET_TURNS = 8  # of the event loop without a new word, after which a server has said what it will say
SAY_EVERY = 10_000
PATH = "/sms/generic"
SILENT = logging.Logger("silent", logging.CRITICAL + 1)  # aiohttp tells of each odd request


@dataclass(frozen=True)
class Case:
    """Bytes as they arrive, and whether answers come at once or a turn later."""

    pieces: tuple[bytes, ...]
    later: bool = False


@dataclass
class Judgement:
    """What a server made of them."""

    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    said: bytes = b""
    closed: bool = False

    @property
    def answers(self) -> list[tuple[int, bytes]]:
        """Status and body of each; headers such as `Date` and `Server` differ and may."""
        found, rest = [], self.said
        while rest:
            head, _, behind = rest.partition(b"\r\n\r\n")
            status = int(head.split(b" ", 2)[1])
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            size = int(length or b"0")
            found.append((status, behind[:size]))
            rest = behind[size:]
        return found


class _Line(asyncio.Transport):
    """A connection of no network: keeps what is said, holds back what arrives while reading is paused."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__({"peername": ("203.0.113.9", 40_000)})
        self._judgement = judgement
        self._protocol: Any = None
        self._arrived: list[bytes] = []
        self._reading = True

    def begin(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol
        self._protocol.connection_made(self)

    def arrive(self, piece: bytes) -> None:
        self._arrived.append(piece)
        self._pass_on()

    def _pass_on(self) -> None:
        while self._reading and self._arrived and not self._judgement.closed:
            self._protocol.data_received(self._arrived.pop(0))

    def end(self) -> None:
        self._protocol.connection_lost(None)

    def write(self, data: Any) -> None:
        if not self._judgement.closed:
            self._judgement.said += bytes(data)

    def writelines(self, pieces: Any) -> None:
        self.write(b"".join(pieces))

    def close(self) -> None:
        self._judgement.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self._judgement.closed

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol  # type: ignore[no-any-return]

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        asyncio.get_running_loop().call_soon(self._pass_on)

    def get_write_buffer_size(self) -> int:
        return 0


class Court:
    """Both servers. `judged` tells what each made of the same bytes."""

    def __init__(self) -> None:
        self.short = 0  # requests the front answered by itself
        self._judgement = Judgement()
        self._later = False

    async def start(self) -> "Court":
        app = web.Application(client_max_size=LARGEST)
        app.router.add_post(PATH, self._post)
        self._runner = web.AppRunner(app, access_log=None, logger=SILENT, handle_signals=False)
        await self._runner.setup()
        return self

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def judged(self, case: Case) -> tuple[Judgement, Judgement]:
        """By the front, and by aiohttp alone."""
        server = self._runner.server
        assert server is not None
        front = await self._hear(
            case,
            lambda: Front({PATH: self._take}, LARGEST, server, Connections()),
        )
        return front, await self._hear(case, server)

    async def _hear(self, case: Case, make: Callable[[], asyncio.BaseProtocol]) -> Judgement:
        judgement = self._judgement = Judgement()
        self._later = case.later
        line = _Line(judgement)
        line.begin(make())
        await _quiet(judgement)
        for piece in case.pieces:
            line.arrive(piece)
            await _quiet(judgement)
        ended = Judgement(list(judgement.taken), judgement.said, judgement.closed)
        judgement.closed = True
        line.end()
        await asyncio.sleep(0)
        return ended

    def _take(self, path: str, headers: Mapping[str, str], body: bytes, peer: str, answer: Answer) -> None:
        self.short += isinstance(headers, Headers)
        first: dict[str, str] = {}
        for name, value in headers.items():
            first.setdefault(name.lower(), value)
        self._judgement.taken.append((path, first, body))
        status = (200, 400, 403)[len(body) % 3]
        words = f"{path} {peer} {len(body)}".encode()
        if self._later:
            asyncio.get_running_loop().call_soon(answer, status, "text/plain", words)
        else:
            answer(status, "text/plain", words)

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.read()
        future: asyncio.Future[web.Response] = asyncio.get_running_loop().create_future()

        def answer(status: int, content_type: str, words: bytes, _: int = 0, last: bool = False) -> None:
            if not future.done():
                future.set_result(web.Response(status=status, body=words, content_type=content_type))

        self._take(request.raw_path, request.headers, body, request.remote or "", answer)
        return await future


async def _quiet(judgement: Judgement) -> None:
    heard, turns = -1, 0
    while turns < QUIET_TURNS:
        await asyncio.sleep(0)
        now = len(judgement.said) + len(judgement.taken) + judgement.closed
        turns = turns + 1 if now == heard else 0
        heard = now


# ---------------------------------------------------------------------- requests

NAMES = (
    b"X-Beluga-Timestamp", b"x-beluga-signature", b"Content-Type", b"User-Agent", b"Accept", b"Cookie",
    b"A",
    b"X-Forwarded-For", b"Authorization", b"ETag", b"Server", b"Max-Forwards", b"!#$%&'*+.^_`|~-09zZ",
)  # fmt: skip
VALUES = (b"", b"1", b"a b", b"\ta\t", b" keep ", b"x" * 40, b"sha256=00ff", b'"q"; q=1, b', b"~ !:;@")
ODD_LINES = (
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity\r\n",
    b"transfer-encoding: gzip, chunked\r\n",
    b"Content-Length: 1\r\n", b"Content-Length: 1, 1\r\n", b"content-length:\r\n",
    b"Content-Length: 0x1\r\n",
    b"Content-Length: +1\r\n", b"Content-Length: -1\r\n", b"Content-Length: 1 1\r\n", b"Host: other\r\n",
    b"Content-Encoding: gzip\r\n", b"Content-Encoding: identity\r\n", b"Expect: 100-continue\r\n",
    b"Connection: close\r\n", b"Connection: Keep-Alive\r\n", b"connection: keep-alive, x\r\n",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"Upgrade: h2c\r\n", b"Proxy-Connection: close\r\n",
    b"Proxy-Connection: keep-alive\r\n", b"Keep-Alive: timeout=5\r\n", b"Sec-WebSocket-Key1: 1\r\n",
    b"A: 1\r\n folded\r\n", b"A: 1\r\n\tfolded\r\n", b" A: 1\r\n", b"A : 1\r\n", b"A\r\n", b": 1\r\n",
    b"A:\r\n",
    b"A: \x00\r\n", b"A: a\x00b\r\n", b"A: \xc3\xa9\r\n", b"\xc3\xa9: 1\r\n", b"A: \x7f\r\n",
    b"A: \x1b[0m\r\n",
    b"A: a\nB: b\r\n", b"A: a\rB: b\r\n", b"A: a\n", b"A: a\r", b"A(: 1\r\n", b"A: 1\r\r\n",
    b"A: 1\n\r\n", b"\r\n",
    b"TE: trailers\r\nTrailer: A\r\n", b"Method: GET\r\n", b"X-HTTP-Method-Override: GET\r\n",
)  # fmt: skip
STARTS = (
    b"GET /sms/generic HTTP/1.1\r\n", b"POST /sms/generic HTTP/1.0\r\n", b"POST /sms/generic HTTP/2.0\r\n",
    b"POST /sms/generic HTTP/1.1 \r\n", b"POST  /sms/generic HTTP/1.1\r\n",
    b"post /sms/generic HTTP/1.1\r\n",
    b"POST http://b/sms/generic HTTP/1.1\r\n", b"POST //sms/generic HTTP/1.1\r\n", b"POST * HTTP/1.1\r\n",
    b"POST /sms/generic\r\n", b"POST /sms/gen%65ric HTTP/1.1\r\n", b"POST /sms/generic/ HTTP/1.1\r\n",
    b"POST /sms/generic#f HTTP/1.1\r\n", b"POST /sms/../sms/generic HTTP/1.1\r\n",
    b"\r\nPOST /sms/generic HTTP/1.1\r\n",
    b"POST /sms/gen\xc3\xa9ric HTTP/1.1\r\n", b"POST /sms/generic HTTP/1.1\n", b"PRI * HTTP/2.0\r\n",
    b"POST /sms/nobody HTTP/1.1\r\n", b"CONNECT b:1 HTTP/1.1\r\n", b"POST /sms/generic HTTP/1.1\r\n\r\n",
)  # fmt: skip
QUERIES = (
    b"", b"", b"?a=1", b"?a=%zz", b"?a=b#c", b"?", b"?a=%C3%A9&b=[]", b"?#", b"?a=http://[::1", b"?://",
    b"?a;b|c\\",
    b"?{}^`\"<>", b"?%00", b"?a?b/../c", b"?" + b"q" * 500,
)  # fmt: skip
ODD_BYTES = b"\x00\r\n\t :\x7f\x80\xc3\xa9\xff;,/?#%[]"


def _plain(chance: random.Random) -> tuple[bytes, list[bytes], bytes]:
    """Start, lines and body of a request as providers send it."""
    body = bytes(chance.choices(b'{}":,ab 01\r\n\x00\xc3', k=chance.choice((0, 1, 20, 20, 90, 700))))
    lines = [b"Host: beluga.example\r\n"]
    for name in chance.sample(NAMES, k=chance.randrange(6)):
        cased = name if chance.random() < 0.7 else name.upper()
        blank = chance.choice((b" ", b" ", b" ", b"", b"\t", b"  "))
        lines.append(cased + b":" + blank + chance.choice(VALUES) + b"\r\n")
    lines.append(
        chance.choice((b"Content-Length: ", b"content-length:", b"CONTENT-LENGTH:\t"))
        + chance.choice((b"", b"", b"", b"00"))
        + str(len(body)).encode()
        + chance.choice((b"", b"", b"", b" ", b"\t"))
        + b"\r\n"
    )
    chance.shuffle(lines)
    return b"POST " + PATH.encode() + chance.choice(QUERIES) + b" HTTP/1.1\r\n", lines, body


def _chunked(body: bytes, chance: random.Random) -> bytes:
    made, at = b"", 0
    while at < len(body):
        size = chance.randrange(1, 60)
        piece = body[at : at + size]
        made += f"{len(piece):x}".encode() + chance.choice((b"", b"", b";a=b")) + b"\r\n" + piece + b"\r\n"
        at += size
    return made + b"0\r\n" + chance.choice((b"", b"", b"T: 1\r\n")) + b"\r\n"


def _one(chance: random.Random) -> bytes:
    """One request, plain in a third of the cases."""
    start, lines, body = _plain(chance)
    for _ in range(chance.choice((0, 0, 0, 1, 1, 1, 2, 3))):
        match chance.randrange(10):
            case 0:
                start = chance.choice(STARTS)
            case 1 | 2 | 3:
                lines.insert(chance.randrange(len(lines) + 1), chance.choice(ODD_LINES))
            case 4:
                lines = [line for line in lines if not line.lower().startswith(b"content-length")]
                lines.append(b"Transfer-Encoding: chunked\r\n")
                body = _chunked(body, chance)
            case 5:
                lines.append(b"Pad: " + b"p" * chance.choice((7_000, 8_000, 8_180, 8_185, 9_000)) + b"\r\n")
            case 6:
                many = chance.choice((40, 110, 124, 126, 128, 130))
                lines += [b"N%d: %d\r\n" % (n, n) for n in range(many)]
            case 7:
                lines += lines[-1:] if chance.random() < 0.5 else lines[:1]
            case 8:
                body = chance.choice((body[:-1], body + b"x", body * 2, b"b" * 5_000))
            case _:
                lines = lines[: chance.randrange(len(lines) + 1)]
    whole = start + b"".join(lines) + b"\r\n" + body
    if chance.random() < 0.15:
        changed = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(changed))
            changed[at : at + chance.randrange(2)] = bytes((chance.choice(ODD_BYTES),))
        whole = bytes(changed)
    return whole


def cases(seed: int) -> "Callable[[], Case]":
    """A maker of cases without end."""
    chance = random.Random(seed)

    def make() -> Case:
        whole = b"".join(_one(chance) for _ in range(chance.choice((1, 1, 1, 1, 2, 3))))
        if chance.random() < 0.1:
            whole = whole[: chance.randrange(1, len(whole) + 1)]
        pieces = [whole]
        if chance.random() < 0.3:
            cuts = sorted(chance.randrange(len(whole)) for _ in range(chance.randrange(1, 5)))
            pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
        elif chance.random() < 0.3:  # one after the other, as one connection sends them
            pieces = [whole, *(_one(chance) for _ in range(chance.randrange(1, 4)))]
        return Case(tuple(piece for piece in pieces if piece), chance.random() < 0.5)

    return make


async def compare(requests: int, seed: int, *, says: bool = False) -> Counter[str]:
    """Raises `AssertionError` with the first case that is judged otherwise; else what was judged."""
    court, make, found = await Court().start(), cases(seed), Counter[str]()
    started = time.monotonic()
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # of handlers whose peer has gone
    try:
        for number in range(1, requests + 1):
            case = make()
            front, own = await court.judged(case)
            alike = (front.taken, front.answers, front.closed) == (own.taken, own.answers, own.closed)
            assert alike, f"case {number} of seed {seed}: {case}\nthe front: {front}\naiohttp:   {own}"
            found["taken"] += len(own.taken)
            found["refused"] += sum(status >= 400 for status, _ in own.answers) - sum(
                len(body) % 3 > 0 for _, _, body in own.taken
            )
            found["silent"] += not own.answers
            if says and (number % SAY_EVERY == 0 or number == requests):
                rate = number / (time.monotonic() - started)
                print(f"{number} requests, judged alike, {rate:.0f}/s", flush=True)
        found["short"] = court.short
        return found
    finally:
        await court.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(dict(asyncio.run(compare(options.requests, options.seed, says=True))))


if __name__ == "__main__":
    main()
