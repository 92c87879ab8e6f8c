"""How much forged webhooks slow down a real one: bounded at twice.

    python -m bench.forged [--forged 100000] [--connections 64] [--seconds 60]

A real provider sends ten texts a second on a connection of its own, first alone, then while forgers send
requests with wrong signatures on 64 connections as fast as they are answered, until so many or so long.
Medians and p95 of the real ones' answers are compared.
"""

import argparse
import asyncio
import multiprocessing
import os
import statistics
import time

import uvloop

from bench._intake import exchange, request, running, signed

GAP_SECONDS = 0.1
ALONE_SECONDS = 5.0


async def real(port: int, run: str, until: float, forgers: multiprocessing.Process | None) -> list[float]:
    """Seconds that each answer took, sorted; until then, or until the forgers are done."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken: list[float] = []
    while time.perf_counter() < until and (forgers is None or forgers.is_alive()):
        started = time.perf_counter()
        assert await exchange(reader, writer, signed(len(taken), run)) == 200
        taken.append(time.perf_counter() - started)
        await asyncio.sleep(GAP_SECONDS)
    writer.close()
    return sorted(taken)


async def forge(port: int, count: int, connections: int, seconds: float) -> int:
    body = b'{"id":"forged","from":"+12155550001","text":"999"}'
    headers = {"X-Beluga-Timestamp": f"{int(time.time())}", "X-Beluga-Signature": "sha256=" + "0" * 64}
    forged = request(body, headers)
    sent, until = 0, time.perf_counter() + seconds

    async def forger() -> None:
        nonlocal sent
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while sent < count and time.perf_counter() < until:
            sent += 1
            assert await exchange(reader, writer, forged) == 403
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
    with running() as intake:
        alone = uvloop.run(real(intake.port, "alone", time.perf_counter() + ALONE_SECONDS, None))
        answer: multiprocessing.Queue[int] = multiprocessing.Queue()
        forgers = multiprocessing.Process(
            target=run_forge,
            args=(intake.port, options.forged, options.connections, options.seconds, answer),
        )
        started = time.perf_counter()
        forgers.start()
        time.sleep(1.0)
        beside = uvloop.run(real(intake.port, "beside", started + options.seconds, forgers))
        forged = answer.get(timeout=60)
        spent = time.perf_counter() - started
        forgers.join()
    for name, taken in (("alone", alone), ("beside", beside)):
        median, p95 = statistics.median(taken) * 1000, taken[int(len(taken) * 0.95)] * 1000
        print(f"{name:7} median {median:6.2f} ms   p95 {p95:6.2f} ms   {len(taken)} texts")
    print(f"forged  {forged} refused in {spent:.0f} s ({forged / spent:.0f}/s), {os.cpu_count()} cores")
    print(f"ratio   {statistics.median(beside) / statistics.median(alone):.2f} (needed: at most 2)")


if __name__ == "__main__":
    main()
