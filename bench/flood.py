"""What a flood of unsigned requests does to signed texts: the published probes, on loopback, bounded.

    python -m bench.flood [--connections 1500] [--seconds 8] [--rate 300] [KIND …]

A provider sends signed texts at a steady rate from 127.0.0.1 while, in a process of their own,

    alone      nothing happens, to compare with: a busy machine is slow by itself
    probe      16 connections send forty headers and an `é`, ten times a second each
    elsewhere  so many connections from one other address send unsigned webhooks, as fast as they are answered
    here       the same from the provider's own address
    silent     the same number say nothing at all
    half       the same number send half a head

Each text's time counts from when it was due. /healthz is asked ten times a second. Broken, and exit status 1:
a text later than 250 ms (of the probe: any; of a flood: more than one in a hundred) or not acknowledged, or
/healthz later than 50 ms (the median of a flood's; any of the probe's). Unknown: the same, but the provider
here was late itself, as on a machine that does other work.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import statistics
import time
from dataclasses import dataclass, field

import uvloop

from bench._intake import exchange, request, running, signed
from bench.intake_acks import cpu_seconds

LATEST_TEXT, LATEST_HEALTH = 0.250, 0.050  # seconds
LATE = 0.020  # seconds
PROVIDER_CONNECTIONS = 16
ELSEWHERE = "127.0.0.66"  # loopback too, but no proxy that intake trusts
HEAD = b"POST /sms/generic HTTP/1.1\r\nHost: b\r\n"
ODD = HEAD + b"".join(b"N%02d: a\r\n" % n for n in range(40)) + "é\r\n\r\n".encode()
UNSIGNED = request(b'{"id":"1","from":"+12155550101","text":"999"}', {"Content-Type": "application/json"})
KINDS = {  # what is sent, from where, on how many connections (0: as asked for), s until the next
    "alone": (b"", "127.0.0.1", 1, 0.1),
    "probe": (ODD, "127.0.0.1", 16, 0.1),
    "elsewhere": (UNSIGNED, ELSEWHERE, 0, 0.001),
    "here": (UNSIGNED, "127.0.0.1", 0, 0.001),
    "silent": (b"", ELSEWHERE, 0, 0.001),
    "half": (HEAD, ELSEWHERE, 0, 0.001),
}


@dataclass
class Heard:
    """What the provider and the watch over intake heard."""

    texts: list[float] = field(default_factory=list)  # s from when each was due to its 200
    health: list[float] = field(default_factory=list)  # s
    lost: int = 0
    late: float = 0.0  # s that the provider itself was late at worst: then this machine is too busy to judge


async def provide(port: int, run: str, rate: float, seconds: float, heard: Heard) -> None:
    """Signed texts at a steady rate, whatever became of the ones before."""
    began, due = time.perf_counter(), iter(range(int(rate * seconds)))

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in due:
            at = began + number / rate
            pause = at - time.perf_counter()
            await asyncio.sleep(max(0.0, pause))
            if pause > 0:
                heard.late = max(heard.late, time.perf_counter() - at)
            try:
                async with asyncio.timeout(15):
                    status = await exchange(reader, writer, signed(number, run))
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                status = 0
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            if status == 200:
                heard.texts.append(time.perf_counter() - at)
            else:
                heard.lost += 1
        writer.close()

    await asyncio.gather(*(one() for _ in range(PROVIDER_CONNECTIONS)))


async def ask_health(port: int, seconds: float, heard: Heard) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n")
        await reader.read()
        heard.health.append(time.perf_counter() - started)
        writer.close()
        await asyncio.sleep(0.1)


async def flood(port: int, kind: str, connections: int, seconds: float) -> int:
    """How many answers (or closed doors) the flood got."""
    content, source, own, pause = KINDS[kind]
    until, answered = time.perf_counter() + seconds, 0

    async def one() -> None:
        nonlocal answered
        while time.perf_counter() < until:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(max(0.1, until - time.perf_counter())):
                    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
                    try:
                        while True:
                            writer.write(content)
                            if not await reader.read(65_536):
                                break
                            answered += 1
                    finally:
                        writer.transport.abort()
            answered += 1
            await asyncio.sleep(pause)

    await asyncio.gather(*(one() for _ in range(own or connections)))
    return answered


def run_flood(arguments: tuple[int, str, int, float], told: "multiprocessing.Queue[int]") -> None:
    told.put(uvloop.run(flood(*arguments)))


def one_kind(kind: str, connections: int, seconds: float, rate: float) -> bool:
    """Prints a line; whether the promise was kept."""
    with running() as intake:
        told: multiprocessing.Queue[int] = multiprocessing.Queue()
        arguments = (intake.port, kind, connections, seconds + 1)
        flooding = multiprocessing.Process(target=run_flood, args=(arguments, told), daemon=True)
        flooding.start()
        time.sleep(0.5)  # the first rush is over, or it holds what it holds
        heard = Heard()

        async def both() -> None:
            async with asyncio.timeout(seconds + 60):
                await asyncio.gather(
                    provide(intake.port, kind, rate, seconds, heard), ask_health(intake.port, seconds, heard)
                )

        before = sum(map(cpu_seconds, intake.pids))
        uvloop.run(both())
        busy = (sum(map(cpu_seconds, intake.pids)) - before) / seconds
        answered = told.get(timeout=60)
        flooding.join()
    texts, health = sorted(heard.texts), sorted(heard.health)
    p99, latest = texts[int(len(texts) * 0.99)], texts[-1]
    ms = [f"{1000 * value:7.1f}" for value in (statistics.median(texts), p99, latest)]
    median, worst = statistics.median(health), health[-1]
    strict = kind == "probe"
    kept = (
        not heard.lost
        and (latest if strict else p99) <= LATEST_TEXT
        and (worst if strict else median) <= LATEST_HEALTH
    )
    verdict = "kept" if kept else "BROKEN" if heard.late < LATE or heard.lost else "unknown"
    print(
        f"{kind:10} {len(texts):5} texts  median {ms[0]} ms  p99 {ms[1]} ms  latest {ms[2]} ms  "
        f"lost {heard.lost}  healthz median {1000 * median:5.1f} worst {1000 * worst:6.1f} ms  "
        f"flood {answered / seconds:6.0f}/s  intake busy {100 * busy:3.0f}%  "
        f"own lateness {1000 * heard.late:4.0f} ms  {verdict}",
        flush=True,
    )
    return verdict != "BROKEN"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="of those above; all")
    parser.add_argument("--connections", type=int, default=1_500)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rate", type=float, default=300.0)
    options = parser.parse_args()
    kept = [
        one_kind(kind, min(options.connections, 4_000), min(options.seconds, 60.0), options.rate)
        for kind in options.kinds or KINDS
    ]
    print(f"{sum(kept)} of {len(kept)} kinds not broken")
    raise SystemExit(not all(kept))


if __name__ == "__main__":
    main()
