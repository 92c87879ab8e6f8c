"""An intake of its own for a benchmark, and the texts it is sent."""

import asyncio
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from beluga.stack.ports import free_port
from bench._ground import work_folder
from bench.intake_acks import SECRET, children, start, write_roster
from intake.providers.generic import sign


@dataclass(frozen=True)
class Running:
    """An intake that answers, and where it keeps its state."""

    port: int
    pids: tuple[int, ...]  # of those that serve: one, or each worker
    folder: Path

    def resident_mib(self) -> list[float]:
        """Resident memory of each process."""
        page = os.sysconf("SC_PAGE_SIZE") / 2**20
        return [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in self.pids]

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=20) as answer:
            lines = answer.read().decode().splitlines()
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((f"{name} ", f"{name}{{"))
        )


@contextmanager
def running(database_url: str = "", workers: int = 1) -> Iterator[Running]:
    """`python -m intake` on a folder of its own with a roster of 400 precincts; stopped at the end."""
    with work_folder() as folder:
        port = free_port()
        write_roster(folder)
        environment = {
            "BELUGA_STATE": str(folder), "BELUGA_INTAKE_PORT": str(port), "BELUGA_SECRET": "x" * 32,
            "BELUGA_GENERIC_SECRET": SECRET, "BELUGA_LOG_LEVEL": "error", "BELUGA_JOURNAL_BALLAST_MIB": "0",
            "BELUGA_DATABASE_URL": database_url, "BELUGA_PHONE_TEXTS_PER_MINUTE": "0",
            "BELUGA_INTAKE_WORKERS": str(workers),
        }  # fmt: skip
        server = start([sys.executable, "-m", "intake"], port, environment)
        try:
            pids = (server.pid,)
            while workers > 1 and len(pids := tuple(children(server.pid))) < workers:
                time.sleep(0.05)
            yield Running(port, pids, folder)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)


def signed(number: int, run: str, text: str | None = None) -> bytes:
    """A whole request: one text, signed now."""
    body = orjson.dumps(
        {"id": f"{run}-{number}", "from": f"+1215555{number % 400:04}", "text": text or f"{number % 1500}"}
    )
    return request(body, sign(SECRET, body, int(time.time())))


def request(body: bytes, headers: dict[str, str]) -> bytes:
    """A POST to the generic webhook."""
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    head = f"POST /sms/generic HTTP/1.1\r\nHost: b\r\nContent-Length: {len(body)}\r\n{''.join(lines)}\r\n"
    return head.encode() + body


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, content: bytes) -> int:
    """Sends a request and reads the whole answer; its status."""
    writer.write(content)
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
    return int(head.split(" ", 2)[1])
