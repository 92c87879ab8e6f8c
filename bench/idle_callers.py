"""What callers with nothing to call cost: 5,000 connections waiting for work at one callers' service.

    python -m bench.idle_callers [--callers 5000] [--seconds 60]

Each connection holds one `POST /api/lease` with `Prefer: wait=300`. Prints the service's memory before and
after, and its share of a core while nothing happens; then a precinct opens, and how long the first hundred
voters take to reach waiting callers. Baseline: the same callers asking every 5 s instead, from the cost of
one request in the same run.
"""

import argparse
import asyncio
import contextlib
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp
import asyncpg
import uvloop

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from bench._ground import until_ready
from election.access.tokens import Tokens
from election.postgres.database import connect
from election.postgres.migrate import migrate
from election.runtime.clock import FileClock

NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
SECRET = "a secret of at least thirty-two characters"
LIMIT_MB, LIMIT_CORE = 200, 0.05
MOST_SECONDS = 60  # until all of them wait


def cost(pid: int) -> tuple[float, float]:
    """(resident MB, CPU seconds so far) of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(words[11]) + int(words[12])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, ticks / os.sysconf("SC_CLK_TCK")


async def fill(connection: asyncpg.Connection, callers: int) -> None:
    await connection.execute(
        "insert into election (name, date, timezone, opens, closes, languages, roster_version)"
        " values ('Bench', '2026-11-03', 'America/New_York', '07:00', '20:00', '{en}', 'r')"
    )
    await connection.execute(
        "insert into precincts (precinct_id, position, name, registered) values ('a', 0, 'Hall', 500)"
    )
    await connection.execute(
        "insert into voters (voter_id, precinct_id, roll_number, name, phone)"
        " select 'v' || n, 'a', n, 'Voter', '+1215555' || lpad(n::text, 4, '0')"
        " from generate_series(1, 500) n"
    )
    await connection.execute(
        "insert into callers (caller_id, name) select 'c' || n, 'C' from generate_series(0, $1::int - 1) n",
        callers,
    )


async def one(session: aiohttp.ClientSession, url: str, token: str, given: list[float]) -> None:
    headers = {"Authorization": f"Bearer {token}", "Prefer": "wait=300"}
    while True:
        with contextlib.suppress(aiohttp.ClientError):
            async with session.post(f"{url}/api/lease", headers=headers) as answer:
                if answer.status == 200:
                    if (await answer.json())["voter"]:
                        given.append(time.perf_counter())
                    return
        await asyncio.sleep(2)  # too many came at once; the page does the same


async def waiting(session: aiohttp.ClientSession, url: str) -> float:
    """How many callers the service has wait."""
    async with session.get(f"{url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return next((float(x.split()[1]) for x in lines if x.startswith("beluga_callers_waiting ")), 0.0)


async def run(url: str, database: str, pid: int, options: argparse.Namespace) -> bool:
    tokens = Tokens(SECRET)
    own = [tokens.sign("caller", {"c": f"c{n}"}) for n in range(options.callers)]
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(600)) as session:
        await until_ready(session, url)
        before, used = cost(pid)
        for token in own[:500]:
            headers = {"Authorization": f"Bearer {token}"}
            async with session.post(f"{url}/api/lease", headers=headers) as answer:
                await answer.read()
        a_request = (cost(pid)[1] - used) / 500
        given: list[float] = []
        asks = []
        for n, token in enumerate(own):
            asks.append(asyncio.create_task(one(session, url, token, given)))
            if n % 100 == 99:
                await asyncio.sleep(0.05)
        begun_at = time.perf_counter()
        while (there := await waiting(session, url)) < options.callers:
            if time.perf_counter() - begun_at > MOST_SECONDS:
                raise SystemExit(f"{there:.0f} of {options.callers} callers wait after {MOST_SECONDS} s")
            await asyncio.sleep(0.5)
        await asyncio.sleep(2)
        _, begun = cost(pid)
        began = time.perf_counter()
        await asyncio.sleep(options.seconds)
        memory, ended = cost(pid)
        core = (ended - begun) / (time.perf_counter() - began)
        connection = await connect(database)
        opened = time.perf_counter()
        await connection.execute(
            "insert into dispatches (dispatch_id, precinct_id, automatic, started_at, started_by, reason,"
            " closes_at) values ($1, 'a', false, $2, 'bench', 'bench', $3)",
            uuid4(), NOON, NOON + timedelta(hours=8),
        )  # fmt: skip
        while len(given) < 100 and time.perf_counter() - opened < 30:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        first = sorted(given)[:100][-1] - opened if len(given) >= 100 else float("nan")
        for ask in asks:
            ask.cancel()
        await asyncio.gather(*asks, return_exceptions=True)
        await connection.close()
    print(f"{options.callers:,} waiting: {memory:.0f} MB (of it {memory - before:.0f} MB for them; "
          f"limit {LIMIT_MB}), {core:.1%} of a core (limit {LIMIT_CORE:.0%})")  # fmt: skip
    polling = options.callers / 5 * a_request
    print(f"baseline, asking every 5 s: {polling:.0%} of a core ({a_request * 1e6:.0f} us a request)")
    print(f"a precinct opens: 100 of them have a voter after {first:.1f} s")
    return memory <= LIMIT_MB and core <= LIMIT_CORE and first < 5


async def prepare(database: str, callers: int) -> None:
    connection = await connect(database)
    await migrate(connection)
    await fill(connection, callers)
    await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--callers", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder), free_port(), secrets.token_hex(8))
        server.start()
        port = free_port()
        try:
            database = server.url_of("postgres")
            asyncio.run(prepare(database, options.callers))
            FileClock(Path(folder) / "clock").set(NOON, 1.0)
            environment = os.environ | {
                "BELUGA_DATABASE_URL": database, "BELUGA_SECRET": SECRET, "BELUGA_STATE": folder,
                "BELUGA_CALLERS_PORT": str(port), "BELUGA_FEED_URL": f"ws://127.0.0.1:{free_port()}",
                "BELUGA_CLOCK_FILE": f"{folder}/clock", "BELUGA_LOG_LEVEL": "error",
            }  # fmt: skip
            service = subprocess.Popen([sys.executable, "-m", "callers"], env=environment)
            try:
                good = uvloop.run(run(f"http://127.0.0.1:{port}", database, service.pid, options))
            finally:
                service.terminate()
                service.wait(15)
        finally:
            server.stop()
    raise SystemExit(not good)


if __name__ == "__main__":
    main()
