"""Finds a service that hangs: it runs and holds its port, but answers no request.

Theory of operation. A service is asked, a second after its last answer, whether it lives (`/healthz`, which
touches neither disk nor database). A question unanswered for a while is a miss, and three misses in a row are
a hang. Questions stay open meanwhile: an answer that comes late is an answer, so a slow service is not
taken for one that hangs. Who refuses connections is starting or stopping, for which there is more time; the
more so at the start, where a large journal is opened from a slow disk.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from time import monotonic
from urllib.parse import urlsplit

from election.runtime.heartbeat import Heartbeat

NOT_WELL = b'"ok":false'
LARGEST = 65_536  # bytes of an answer; ours are a line


class Reply(Enum):
    """What came of a question that did not stay open."""

    LIVES = "it answered"
    AWAY = "nobody listens, or it says itself that it is stuck"


Ask = Callable[[], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. A hang is found `pause + misses * answer` after its beginning at the latest: 7."""

    pause: float = 1.0  # from an answer to the next question
    answer: float = 2.0  # for an answer, before the question counts as missed
    misses: int = 3
    away: float = 30.0  # without a listener: longer than a service takes to stop in its own time
    start: float = 300.0  # until the first answer


PATIENCE = Patience()


class Watchdog:
    """Looks at one process, from its start: `until_hung` returns once it hangs."""

    def __init__(self, ask: Ask, patience: Patience) -> None:
        self._ask = ask
        self._patience = patience
        self._open: set[asyncio.Task[Reply]] = set()

    async def until_hung(self) -> str:
        """What was seen, in words."""
        patience, began, answered_at, missed = self._patience, monotonic(), 0.0, 0
        try:
            while True:
                reply = await self._asked()
                now = monotonic()
                if reply is Reply.LIVES:
                    answered_at, missed = now, 0
                elif reply is None:
                    missed += 1
                if not answered_at:
                    if now - began > patience.start:
                        return f"no answer since its start {patience.start:g} s ago"
                elif missed >= patience.misses:
                    return f"no answer for {now - answered_at:.1f} s"
                elif now - answered_at > patience.away:
                    return f"{Reply.AWAY.value}, for {patience.away:g} s"
                if reply is not None:
                    await asyncio.sleep(patience.pause)
        finally:
            self._forget()

    async def _asked(self) -> Reply | None:
        """The answer to this question or to an earlier one; None: none of them within the time."""
        self._open.add(asyncio.create_task(self._question()))
        deadline = monotonic() + self._patience.answer
        while self._open and (left := deadline - monotonic()) > 0:
            done, self._open = await asyncio.wait(
                self._open, timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            if any(question.result() is Reply.LIVES for question in done):
                self._forget()
                return Reply.LIVES
        return None if self._open else Reply.AWAY

    async def _question(self) -> Reply:
        try:
            return await self._ask()
        except OSError:
            return Reply.AWAY

    def _forget(self) -> None:
        for question in self._open:
            question.cancel()
        self._open = set()


def asks_health(url: str) -> Ask:
    """Asks `/healthz` at this address.

    Whatever it does but to stay silent is a sign of life, a connection closed at once too (a service limits
    its callers, and some of them are on this machine); unless it says of itself that it is not well.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    request = f"GET /healthz HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()

    async def ask() -> Reply:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(request)
            with suppress(ConnectionError):
                return Reply.AWAY if NOT_WELL in (await _all(reader)).replace(b" ", b"") else Reply.LIVES
            return Reply.LIVES
        finally:
            writer.close()

    return ask


async def _all(reader: asyncio.StreamReader) -> bytes:
    found = b""
    while len(found) < LARGEST and (more := await reader.read(LARGEST)):
        found += more
    return found


def asks_heartbeat(heartbeat: Heartbeat, look_seconds: float = 0.1) -> Ask:
    """Waits for the next beat through the pipe."""

    async def ask() -> Reply:
        while not heartbeat.heard():  # noqa: ASYNC110 (a pipe, and no event of ours)
            await asyncio.sleep(look_seconds)
        return Reply.LIVES

    return ask
