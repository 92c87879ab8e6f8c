"""Rows a second that the drain carries over while 500 texts a second go on arriving.

    python bench/drain.py [--messages 30000]

Beside it, from the same run: the same rows, read beforehand, inserted with nothing else to do (two bare
`insert … select … unnest` a batch). Journal, drain and arrivals share one event loop, as in intake. One text
in five is more than a number.
"""

import argparse
import asyncio
import random
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from bench._ground import work_folder
from bench.intake_acks import bench_roster
from election.domain.checkin import Channel
from election.domain.roster import load_roster
from election.log import check_in_log as election_log
from election.postgres.database import connect
from election.postgres.migrate import migrate
from intake.__main__ import settle_process
from intake.drain.drain import Drain
from intake.journal.draft import MessageDraft
from intake.journal.writer import Journal
from intake.metrics.intake import Telemetry
from intake.reading.reader import check_ins_of, readings_of
from intake.roster.snapshot import Rosters

AT = datetime(2026, 11, 3, 17, 0, tzinfo=UTC)
ARRIVALS_A_SECOND = 500
BATCH = 1_000


def draft(number: int, run: str, version: str, chance: random.Random) -> MessageDraft:
    text = f"{number % 1500}"
    if chance.random() < 0.2:
        text = chance.choice([f"{text} votes", f"12-01 {text}", "LINE 20", "V 17 23 45-48", "! machine down"])
    key = f"{run}-{number}"
    raw = b'{"id":"%b","from":"+12155550101","text":"412"}' % key.encode()
    return MessageDraft("generic", key, Channel.SMS, f"+1215555{number % 400:04}", text, raw, AT, AT, version)


async def baseline(url: str, count: int, rosters: Rosters) -> float:
    """Rows a second of the inserts alone."""
    roster, chance = rosters.current, random.Random(1)
    assert roster is not None
    messages = [draft(i, "bare", roster.version, chance).message("bare", i) for i in range(count)]
    read = [check_ins_of(m, readings_of(m, roster), roster) for m in messages]
    connection = await connect(url)
    started = time.perf_counter()
    for start in range(0, count, BATCH):
        check_ins = [c for made in read[start : start + BATCH] for c in made]
        await election_log.append(connection, messages[start : start + BATCH], check_ins)
    rate = count / (time.perf_counter() - started)
    await connection.close()
    return rate


async def drained(url: str, count: int, rosters: Rosters, folder: Path) -> tuple[float, float, list[float]]:
    """Rows a second, arrivals a second meanwhile, and their seconds to be durable."""
    chance = random.Random(2)
    journal = await Journal.open(folder / "journal")
    for start in range(0, count, 5_000):
        await asyncio.gather(
            *(journal.append(draft(i, "late", rosters.version, chance)) for i in range(start, start + 5_000))
        )
    drain = Drain(journal, rosters, url, Telemetry(), batch=BATCH, linger=0)
    seconds: list[float] = []
    stopping = False

    async def arrive(number: int) -> None:
        started = time.perf_counter()
        await journal.append(draft(number, "new", rosters.version, chance))
        seconds.append(time.perf_counter() - started)

    async def arrivals() -> None:
        number, begun = 0, time.perf_counter()
        arriving: set[asyncio.Task[None]] = set()
        while not stopping:
            due = int((time.perf_counter() - begun) * ARRIVALS_A_SECOND)
            while number < due:
                task = asyncio.create_task(arrive(number))
                arriving.add(task)
                task.add_done_callback(arriving.discard)
                number += 1
            await asyncio.sleep(0.002)
        await asyncio.gather(*arriving)

    going = asyncio.create_task(arrivals())
    started, cpu = time.perf_counter(), time.process_time()
    rows = 0
    while journal.depth > BATCH:
        before = journal.depth
        await drain.step()
        rows += before - journal.depth
    spent, used = time.perf_counter() - started, time.process_time() - cpu
    stopping = True
    await going
    await drain.finish(30)
    await journal.close()
    carried = count + len(seconds)
    print(f"this process used {used / spent:.2f} of a core: {used / carried * 1e6:.0f} µs a row")
    return carried / spent, len(seconds) / spent, sorted(seconds)


async def run(server: EmbeddedPostgres, folder: Path, count: int) -> None:
    admin = await connect(server.url_of("postgres"))
    await admin.execute("create database bench")
    await admin.close()
    url = server.url_of("bench")
    connection = await connect(url)
    await migrate(connection)
    content = bench_roster()
    await connection.execute(
        "insert into rosters (version, content) values ($1, $2)",
        load_roster(content).version,
        content.decode(),
    )
    await connection.close()
    rosters = Rosters(folder)
    await rosters.adopt(content)
    bare = await baseline(url, count, rosters)
    rate, arriving, seconds = await drained(url, count, rosters, folder)
    p99 = seconds[int(len(seconds) * 0.99)] * 1000 if seconds else 0.0
    print(f"bare inserts           {bare:8.0f} rows/s")
    print(f"drain                  {rate:8.0f} rows/s   {rate / bare:.2f} of the baseline (needed: 10,000/s)")
    print(f"arriving meanwhile     {arriving:8.0f}/s, durable within {p99:.0f} ms (p99)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=30_000)
    options = parser.parse_args()
    settle_process()
    with work_folder() as folder:
        server = EmbeddedPostgres(folder / "postgres", free_port(), secrets.token_hex(8))
        server.start()
        try:
            uvloop.run(run(server, folder, options.messages))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
