"""Durable, signed, parsed acknowledgements a second, beside a no-op aiohttp handler under the same load.

    python bench/intake_acks.py [--seconds 1.5] [--connections 64] [--rounds 7] [--workers 1]

Four processes: the load (raw sockets, keep-alive, requests made beforehand), and in turn the no-op, intake,
and intake without its short way (intake/webhook/fast_path.py), which must earn its keep: 1.15 times what
aiohttp does alone. The no-op answers at once without reading the body. Intake runs without a database: the
journal is what is measured. The election is today, on the system's clock, as on the day. Short rounds
alternate, so that a busy machine slows all alike; the medians of their ratios are the result, of rates and of
processor time. With `--workers N` all run in N processes that share the port.
"""

import argparse
import asyncio
import multiprocessing
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from datetime import time as local_time
from pathlib import Path

import orjson
import uvloop

from beluga.stack.ports import free_port
from bench._ground import work_folder
from election.domain.day import ElectionDay, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId
from election.domain.roster import dump_roster_content, load_roster
from intake.providers.generic import sign

SECRET = "bench"
NOOP = """
import sys
import uvloop
from aiohttp import web
async def post(request):
    body = b'{"id":"1","duplicate":false,"reply":"Got it"}'
    return web.Response(body=body, content_type="application/json")
app = web.Application()
app.router.add_post("/sms/generic", post)
uvloop.install()
web.run_app(
    app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None, backlog=4096, reuse_port=True
)
"""

NO_SHORT_WAY = """
import sys
import intake.webhook.fast_path
intake.webhook.fast_path._whole_request = lambda *_: None
from intake.__main__ import main
sys.exit(main())
"""


def requests(count: int, run: str) -> list[bytes]:
    """Signed requests with ids of their own: mostly counts, as watchers send them."""
    made, chance, now = [], random.Random(1), int(time.time())
    for i in range(count):
        text = chance.choice(
            [f"{i % 1500}", f"{i % 1500} votes", f"12-01 {i % 1500}", "LINE 20", "V 17 23 45-48"]
        )
        body = orjson.dumps({"id": f"{run}-{i}", "from": f"+1215555{i % 400:04}", "text": text})
        head = (
            f"POST /sms/generic HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n"
        )
        head += "".join(f"{name}: {value}\r\n" for name, value in sign(SECRET, body, now).items())
        made.append(head.encode() + b"\r\n" + body)
    return made


class Connection(asyncio.Protocol):
    """One keep-alive connection: the next request goes out when the answer to the last is whole."""

    def __init__(self, work: "Work") -> None:
        self._work = work
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request = self._work.next()
        if request is None:
            self._work.leave()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        at = self._buffer.lower().find(b"content-length: ")
        length = int(self._buffer[at + 16 : self._buffer.index(b"\r\n", at)])
        if len(self._buffer) < end + 4 + length:
            return
        self._work.done(self._buffer[9:12], time.perf_counter() - self._sent)
        self._buffer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self._work.lost += 1


class Work:
    def __init__(self, requests: list[bytes], seconds: float, connections: int) -> None:
        self._requests = iter(requests)
        self._until = time.perf_counter() + seconds
        self._running = connections
        self.finished = asyncio.Event()
        self.seconds: list[float] = []
        self.failures = 0
        self.lost = 0

    def next(self) -> bytes | None:
        return None if time.perf_counter() > self._until else next(self._requests, None)

    def done(self, status: bytes, seconds: float) -> None:
        self.seconds.append(seconds)
        self.failures += status != b"200"

    def leave(self) -> None:
        self._running -= 1
        if not self._running:
            self.finished.set()


async def load(port: int, made: list[bytes], seconds: float, connections: int) -> dict[str, float]:
    work = Work(made, seconds, connections)
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    await asyncio.gather(
        *(loop.create_connection(lambda: Connection(work), "127.0.0.1", port) for _ in range(connections))
    )
    await work.finished.wait()
    spent = time.perf_counter() - started
    taken = sorted(work.seconds)
    return {
        "rate": len(taken) / spent,
        "p50": taken[len(taken) // 2] * 1000,
        "p99": taken[int(len(taken) * 0.99)] * 1000,
        "failures": work.failures,
        "requests": len(taken),
    }


def run_load(
    port: int, run: str, seconds: float, connections: int, answer: "multiprocessing.Queue[dict]"
) -> None:
    made = requests(int(seconds * 12_000), run)
    answer.put(uvloop.run(load(port, made, seconds, connections)))


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The processes that `pid` started (Linux)."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def measured(port: int, pids: list[int], run: str, seconds: float, connections: int) -> dict[str, float]:
    before = sum(map(cpu_seconds, pids))
    answer: multiprocessing.Queue[dict] = multiprocessing.Queue()
    process = multiprocessing.Process(target=run_load, args=(port, run, seconds, connections, answer))
    process.start()
    result = answer.get(timeout=seconds + 120)
    process.join()
    result["cpu"] = (sum(map(cpu_seconds, pids)) - before) / result["requests"] * 1e6
    return result


def bench_roster() -> bytes:
    """400 precincts with a watcher each. The election is today (UTC)."""
    ids = [PrecinctId(f"{n // 100 + 12}-{n % 100:02}") for n in range(400)]
    return dump_roster_content(
        ElectionDay("Bench", datetime.now(UTC).date(), "UTC", local_time(0), local_time(23, 59)),
        tuple(Precinct(p, f"School {p}", 1800) for p in ids),
        tuple(Watcher(WatcherId(p), "W", f"+1215555{n:04}", "en", (p,)) for n, p in enumerate(ids)),
    )


def write_roster(state: Path) -> None:
    """The roster on disk as intake keeps it."""
    content, folder = bench_roster(), state / "intake"
    folder.mkdir(parents=True)
    version = load_roster(content).version
    (folder / f"roster-{version}.json").write_bytes(content)
    (folder / "current").write_text(version)


def start(command: list[str], port: int, more: dict[str, str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, env=os.environ | more)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server did not start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with work_folder() as state:
        noop_port = free_port()
        servers = [
            start([sys.executable, "-c", NOOP, str(noop_port)], noop_port, {}) for _ in range(options.workers)
        ]
        ports, pids = {"no-op": noop_port}, {"no-op": [server.pid for server in servers]}
        # workers are started as `-m intake`, so the short way can be left out of one process only
        ways = {"intake": ["-m", "intake"]} | (
            {"aiohttp": ["-c", NO_SHORT_WAY]} if options.workers == 1 else {}
        )
        for name, way in ways.items():
            ports[name] = free_port()
            write_roster(state / name)
            environment = {
                "BELUGA_STATE": str(state / name), "BELUGA_INTAKE_PORT": str(ports[name]),
                "BELUGA_SECRET": "x" * 32, "BELUGA_GENERIC_SECRET": SECRET, "BELUGA_DATABASE_URL": "",
                "BELUGA_LOG_LEVEL": "error", "BELUGA_JOURNAL_BALLAST_MIB": "0",
                "BELUGA_PHONE_TEXTS_PER_MINUTE": "0", "BELUGA_INTAKE_WORKERS": str(options.workers),
            }  # fmt: skip
            servers.append(start([sys.executable, *way], ports[name], environment))
            pids[name] = [servers[-1].pid, *children(servers[-1].pid)]
        found: dict[str, list[dict[str, float]]] = {name: [] for name in ports}
        try:
            for number in range(options.rounds):
                for name, port in ports.items():
                    run = f"{name}{number}"
                    r = measured(port, pids[name], run, options.seconds, options.connections)
                    found[name].append(r)
                    print(
                        f"{name:7} {r['rate']:8.0f}/s  p50 {r['p50']:6.1f} ms  p99 {r['p99']:6.1f} ms  "
                        f"cpu {r['cpu']:4.0f} µs  failures {r['failures']:.0f} of {r['requests']:.0f}"
                    )
            _tell(found, "no-op", ".65")
            if "aiohttp" in found:
                _tell(found, "aiohttp", "1.15, or the short way goes")
        finally:
            for server in servers:
                server.send_signal(signal.SIGTERM)
                server.wait(20)


def _tell(found: dict[str, list[dict[str, float]]], beside: str, needed: str) -> None:
    """Intake's medians beside another's, round by round."""
    rounds = list(zip(found["intake"], found[beside], strict=True))
    rate = statistics.median(ours["rate"] / theirs["rate"] for ours, theirs in rounds)
    cpu = statistics.median(theirs["cpu"] / ours["cpu"] for ours, theirs in rounds)
    print(f"intake beside {beside}: ratio {rate:.2f} (needed: {needed}), of processor time {cpu:.2f}")


if __name__ == "__main__":
    main()
