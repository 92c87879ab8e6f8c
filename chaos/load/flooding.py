"""Unsigned webhooks from another address of this machine.

    python -m chaos.load.flooding URL CONNECTIONS SECONDS SOURCE

A process of its own, so that what it costs is not taken for a slow stack. Each connection asks again as soon
as it is answered, and comes back when it is closed. Bounded in number and in time; prints how many answers.
"""

import asyncio
import resource
import sys
import time
from contextlib import suppress
from urllib.parse import urlsplit

MOST_CONNECTIONS = 2_000
MOST_SECONDS = 60.0
PAUSE_SECONDS = 0.01  # before one that was closed comes back
BODY = b'{"id":"flood","from":"+12155550199","text":"999"}'


async def flood(url: str, connections: int, seconds: float, source: str) -> int:
    """How many answers they got."""
    place = urlsplit(url)
    head = f"POST /sms/generic HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    request = head.encode() + BODY
    until, answered = time.monotonic() + min(seconds, MOST_SECONDS), 0

    async def one() -> None:
        nonlocal answered
        while time.monotonic() < until:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(until - time.monotonic()):
                    reader, writer = await asyncio.open_connection(
                        place.hostname, place.port, local_addr=(source, 0)
                    )
                    try:
                        writer.write(request)
                        while await reader.read(4_096):
                            answered += 1
                            writer.write(request)
                    finally:
                        writer.transport.abort()
            await asyncio.sleep(PAUSE_SECONDS)

    await asyncio.gather(*(one() for _ in range(min(connections, MOST_CONNECTIONS))))
    return answered


def main(url: str, connections: str, seconds: str, source: str) -> None:
    """Floods and prints."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)  # a connection is a file
    if hard != resource.RLIM_INFINITY and soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(asyncio.run(flood(url, int(connections), float(seconds), source)))


if __name__ == "__main__":
    main(*sys.argv[1:])
