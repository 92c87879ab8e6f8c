"""How much forged webhooks slow down a real one: bounded at twice.

    python bench/forged.py [--forged 100000] [--connections 64] [--seconds 60]

A real provider sends ten texts a second on a connection of its own, first alone, then while forgers send
unsigned-for requests on 64 connections as fast as they are answered (until so many, or so long). Medians and
p95 of the real ones' answers are compared.
"""

import argparse
import asyncio
import multiprocessing
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from bench.intake_acks import SECRET, free_port, requests, start, write_roster

GAP_SECONDS = 0.1


async def real(port: int, made: list[bytes], seconds: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken = []
    until = time.perf_counter() + seconds
    for request in made:
        if time.perf_counter() > until:
            break
        started = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
        taken.append(time.perf_counter() - started)
        assert " 200 " in head, head
        await asyncio.sleep(GAP_SECONDS)
    writer.close()
    return sorted(taken)


async def forge(port: int, count: int, connections: int, seconds: float) -> int:
    body = b'{"id":"forged","from":"+12155550001","text":"999"}'
    signature = "sha256=" + "0" * 64
    request = (
        f"POST /sms/generic HTTP/1.1\r\nHost: b\r\nX-Beluga-Timestamp: {int(time.time())}\r\n"
        f"X-Beluga-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    sent, until = 0, time.perf_counter() + seconds

    async def forger() -> None:
        nonlocal sent
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while sent < count and time.perf_counter() < until:
            sent += 1
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
            assert " 403 " in head, head
        writer.close()

    await asyncio.gather(*(forger() for _ in range(connections)))
    return sent


def run_forge(
    port: int, count: int, connections: int, seconds: float, answer: "multiprocessing.Queue[int]"
) -> None:
    answer.put(uvloop.run(forge(port, count, connections, seconds)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forged", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        write_roster(Path(folder))
        port = free_port()
        environment = {
            "BELUGA_STATE": folder, "BELUGA_INTAKE_PORT": str(port), "BELUGA_SECRET": "x" * 32,
            "BELUGA_GENERIC_SECRET": SECRET, "BELUGA_DATABASE_URL": "", "BELUGA_LOG_LEVEL": "error",
            "BELUGA_JOURNAL_BALLAST_MIB": "0",
        }  # fmt: skip
        server = start([sys.executable, "-m", "intake"], port, environment)
        try:
            alone = uvloop.run(real(port, requests(50, "alone"), 5.0))
            answer: multiprocessing.Queue[int] = multiprocessing.Queue()
            forgers = multiprocessing.Process(
                target=run_forge, args=(port, options.forged, options.connections, options.seconds, answer)
            )
            forgers.start()
            time.sleep(1.0)
            started = time.perf_counter()
            beside = uvloop.run(real(port, requests(100, "beside"), 10.0))
            forged = answer.get(timeout=options.seconds + 60)
            spent = time.perf_counter() - started + 1.0
            forgers.join()
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)
    for name, taken in (("alone", alone), ("beside", beside)):
        median, p95 = statistics.median(taken) * 1000, taken[int(len(taken) * 0.95)] * 1000
        print(f"{name:7} median {median:6.2f} ms   p95 {p95:6.2f} ms   {len(taken)} texts")
    print(f"forged  {forged} refused in {spent:.0f} s ({forged / spent:.0f}/s), {os.cpu_count()} cores")
    print(f"ratio   {statistics.median(beside) / statistics.median(alone):.2f} (needed: at most 2)")


if __name__ == "__main__":
    main()
