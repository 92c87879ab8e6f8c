"""Intake's memory while the database is away and texts go on arriving: flat, and under 200 MB.

    python bench/outage.py [--seconds 60] [--rate 500]

The address of the database is one where nobody answers. Prints resident memory as the journal grows.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from bench.intake_acks import SECRET, free_port, requests, start, write_roster

CONNECTIONS = 32
WARM_SECONDS = 10.0  # caches and SQLite's pages fill; flat is judged from here


def resident_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def send(port: int, pid: int, seconds: float, rate: float) -> None:
    made = iter(requests(int(seconds * rate) + 1, "o"))
    begun = time.perf_counter()
    sent = failed = 0
    said: list[tuple[float, float]] = []

    async def sender(number: int) -> None:
        nonlocal sent, failed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = begun + number / rate
        while turn < begun + seconds and (request := next(made, None)):
            await asyncio.sleep(max(0.0, turn - time.perf_counter()))
            turn += CONNECTIONS / rate
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
            sent += 1
            failed += " 200 " not in head
        writer.close()

    async def watch() -> None:
        for at in range(0, int(seconds) + 1, max(1, int(seconds / 6))):
            await asyncio.sleep(max(0.0, begun + at - time.perf_counter()))
            said.append((time.perf_counter() - begun, resident_mib(pid)))
            print(
                f"{said[-1][0]:5.0f} s  {said[-1][1]:6.1f} MiB  {sent} acknowledged, {failed} not", flush=True
            )

    await asyncio.gather(watch(), *(sender(n) for n in range(CONNECTIONS)))
    warm = [mib for at, mib in said if at >= WARM_SECONDS]
    if len(warm) > 1:
        growth = (warm[-1] / warm[0] - 1) * 100
        print(f"growth after {WARM_SECONDS:.0f} s: {growth:+.1f} % (needed: within 10 %)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=500.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        write_roster(Path(folder))
        port = free_port()
        environment = {
            "BELUGA_STATE": folder, "BELUGA_INTAKE_PORT": str(port), "BELUGA_SECRET": "x" * 32,
            "BELUGA_GENERIC_SECRET": SECRET, "BELUGA_LOG_LEVEL": "error", "BELUGA_JOURNAL_BALLAST_MIB": "0",
            "BELUGA_DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/nothing",
        }  # fmt: skip
        server = start([sys.executable, "-m", "intake"], port, environment)
        try:
            uvloop.run(send(port, server.pid, options.seconds, options.rate))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


if __name__ == "__main__":
    main()
