"""The database goes away while 500 texts a second arrive, and comes back: memory is flat, the backlog drains.

    python -m bench.outage [--seconds 120] [--rate 500] [--workers 1]      (--seconds 600 is the long form)

Prints each worker's resident memory during the outage (needed: within 10 % and under 200 MB), then how fast
the journal empties into a real PostgreSQL while texts go on arriving (needed: 10,000 rows a second; each text
is two rows at least, the message and what it says).
"""

import argparse
import asyncio
import secrets
import time
from contextlib import suppress

import uvloop

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from bench._ground import work_folder
from bench._intake import Running, exchange, running, signed
from bench.intake_acks import bench_roster
from election.domain.roster import load_roster
from election.postgres.database import connect
from election.postgres.migrate import migrate

CONNECTIONS = 32
WARM_SECONDS = 20.0  # caches and SQLite's pages fill; flat is judged from here
LOOKS = 8
PATIENCE_SECONDS = 300.0


class Texts:
    """Texts at a steady rate until told to stop."""

    def __init__(self, port: int, rate: float) -> None:
        self._port, self._rate = port, rate
        self.sent = self.failed = 0
        self.longest = 0.0  # seconds from a text's turn to its acknowledgement, since last asked
        self.stopping = False

    async def send(self) -> None:
        begun = time.perf_counter()
        await asyncio.gather(*(self._sender(n, begun + n / self._rate) for n in range(CONNECTIONS)))

    async def _sender(self, number: int, turn: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while not self.stopping:
            await asyncio.sleep(max(0.0, turn - time.perf_counter()))
            status = await exchange(reader, writer, signed(number, "o"))
            self.longest = max(self.longest, time.perf_counter() - turn)
            turn += CONNECTIONS / self._rate
            number += CONNECTIONS
            self.sent += 1
            self.failed += status != 200
        writer.close()


async def away(intake: Running, texts: Texts, seconds: float) -> None:
    begun, warm, highest = time.perf_counter(), list[float](), 0.0
    for look in range(LOOKS + 1):
        at = look * seconds / LOOKS
        await asyncio.sleep(max(0.0, begun + at - time.perf_counter()))
        found = intake.resident_mib()
        highest = max(highest, *found)
        if at >= WARM_SECONDS:
            warm.append(max(found))
        sizes = " ".join(f"{mib:6.1f}" for mib in found)
        print(f"{at:5.0f} s  {sizes} MiB  {texts.sent} acknowledged, {texts.failed} not", flush=True)
    if len(warm) > 1:
        growth = (warm[-1] / warm[0] - 1) * 100
        print(
            f"memory  {growth:+.1f} % after {WARM_SECONDS:.0f} s (needed: within 10 %), "
            f"at most {highest * 1.048576:.0f} MB a worker (needed: under 200)"
        )


async def back(intake: Running, texts: Texts, rate: float) -> None:
    async def metric(name: str) -> float:
        return await asyncio.to_thread(intake.metric, name)

    waiting = await metric("beluga_intake_journal_depth")
    first = drained = 0.0
    before = texts.sent
    started = time.perf_counter()
    with suppress(TimeoutError):  # then what was reached by then is said
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not drained or await metric("beluga_intake_journal_depth") > rate:
                await asyncio.sleep(0.1)
                drained = await metric("beluga_intake_drained_total")
                if drained and not first:  # it has found the database; what it took till then is not counted
                    started, first, before, texts.longest = time.perf_counter(), drained, texts.sent, 0.0
    drained -= first
    spent = time.perf_counter() - started
    print(
        f"drain   {drained / spent:.0f} texts/s of {waiting:.0f} waiting, "
        f"{2 * drained / spent:.0f} rows/s or more (needed: 10,000), while "
        f"{(texts.sent - before) / spent:.0f}/s arrived, the slowest after {texts.longest * 1000:.0f} ms"
    )
    sizes = " ".join(f"{mib:6.1f}" for mib in intake.resident_mib())
    print(f"after   {sizes} MiB")


async def run(intake: Running, database: EmbeddedPostgres, seconds: float, rate: float) -> None:
    texts = Texts(intake.port, rate)
    sending = asyncio.create_task(texts.send())
    await away(intake, texts, seconds)
    await asyncio.to_thread(database.start)
    await back(intake, texts, rate)
    texts.stopping = True
    await sending
    print(f"texts   {texts.sent} acknowledged, {texts.failed} not")


async def prepare(database: EmbeddedPostgres) -> None:
    admin = await connect(database.url_of("postgres"))
    await admin.execute("create database bench")
    await admin.close()
    connection = await connect(database.url_of("bench"))
    await migrate(connection)
    content = bench_roster()
    await connection.execute(
        "insert into rosters (version, content) values ($1, $2)",
        load_roster(content).version, content.decode(),
    )  # fmt: skip
    await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with work_folder() as folder:
        database = EmbeddedPostgres(folder / "postgres", free_port(), secrets.token_hex(8))
        database.start()
        try:
            uvloop.run(prepare(database))
            database.stop()
            with running(database.url_of("bench"), options.workers) as intake:
                uvloop.run(run(intake, database, options.seconds, options.rate))
        finally:
            database.stop()


if __name__ == "__main__":
    main()
