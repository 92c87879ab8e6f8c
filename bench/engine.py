"""From a check-in in the drain's hands to the board: stored, followed, gated, projected, told over the feed.

`python -m bench.engine [--precincts 10000] [--rate 500] [--seconds 30]`. A PostgreSQL and a tally of its own;
this process stores (as the drain does) and views (as a board does). A clock six times as fast brings a refit
every ten seconds. Baseline: a bare reader of the same log hears of the same check-ins in the same run; beyond
it, half of the conflation window is waited on the average. Prints milliseconds, and the tally's CPU.
"""

import argparse
import asyncio
import os
import secrets
import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `tally` sets it: before numpy is there

import orjson
import uvloop
from websockets.asyncio.client import connect as view

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from bench.follow import Tally
from bench.model import OPENS, county, reports
from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.ids import PrecinctId, check_in_id, message_id
from election.log.check_in_log import WAKE_CHANNEL, Position, append, read_after
from election.postgres.database import connect
from election.postgres.election_store import save_election
from election.postgres.migrate import migrate
from tally.projection.projection import Tally as Reckoning

SPEED = 6.0
CONFLATE = 0.2  # seconds, the setting's default
EVERY = 0.02  # seconds between the drain's transactions
WAIT = 3.0  # seconds for the last ones to arrive


class Course:
    """When check-ins were sent, and how long each took to arrive somewhere."""

    def __init__(self) -> None:
        self.sent: dict[str, tuple[float, int]] = {}  # precinct -> when (monotonic), received (stack's clock)
        self.took: list[float] = []

    def send(self, precinct: str, received: datetime) -> None:
        self.sent.setdefault(precinct, (time.monotonic(), int(received.timestamp())))

    def heard(self, precinct: str, received: float | None) -> None:
        known = self.sent.get(precinct)
        if known is not None and received is not None and received >= known[1]:
            self.took.append(time.monotonic() - known[0])
            del self.sent[precinct]

    def __str__(self) -> str:
        cuts = statistics.quantiles(self.took, n=100)
        figures = (1e3 * value for value in (cuts[49], cuts[98], max(self.took)))
        p50, p99, most = (f"{value:.0f}" for value in figures)
        return f"p50 {p50} ms, p99 {p99} ms, most {most} ms ({len(self.took):,} heard, {len(self.sent)} not)"


def a_count(number: int, precinct: int, votes: int, now: datetime) -> CheckIn:
    key, place = message_id("bench-live", str(number)), PrecinctId(f"P{precinct}")
    times = (now, now, now)
    return CheckIn(
        check_in_id(key, 0), key, 0, Kind.COUNT, Channel.SMS, place, None, f"s{precinct}", *times, votes
    )


def messages_of(check_ins: list[CheckIn]) -> list[Message]:
    return [
        Message(c.message_id, "bench", str(c.message_id), c.channel, c.sender, str(c.votes), b"{}",
                c.received_at, c.sent_at, "r")
        for c in check_ins
    ]  # fmt: skip


async def board(address: str, ready: asyncio.Event, course: Course) -> None:
    """A viewer of the whole election."""
    async with view(address, max_size=None) as feed:
        async for text in feed:
            message: dict[str, Any] = orjson.loads(text)
            if message["type"] == "snapshot":
                ready.set()
                columns = message["standings"]
                rows = zip(columns["precinct_id"], columns["last_received_at"], strict=True)
            else:
                found = message.get("standings", ())
                rows = ((row["precinct_id"], row["last_received_at"]) for row in found)  # type: ignore[assignment]
            for precinct, received in rows:
                course.heard(precinct, received)


async def bare(url: str, position: Position, course: Course) -> None:
    """Reads the log as soon as it is told of it, and does nothing else."""
    listener, reader = await connect(url), await connect(url)
    woken = asyncio.Event()
    await listener.add_listener(WAKE_CHANNEL, lambda *_: woken.set())
    while True:
        await woken.wait()
        woken.clear()
        check_ins, position = await read_after(reader, position)
        for c in check_ins:
            course.heard(c.precinct_id or "", c.received_at.timestamp())


async def main(precincts: int, rate: int, seconds: int) -> None:
    election = county(precincts)
    stored = reports(Reckoning(election), precincts)
    with tempfile.TemporaryDirectory(prefix="beluga-bench-") as folder:
        server = EmbeddedPostgres(Path(folder), free_port(), secrets.token_hex(8))
        server.start()
        url = server.url_of("postgres")
        tally: Tally | None = None
        try:
            connection = await connect(url, patient=True)
            await migrate(connection)
            async with connection.transaction():
                await save_election(connection, election)
            await append(connection, messages_of(stored), stored)
            _, position = await read_after(connection, Position(), len(stored))
            tally = Tally(url, Path(folder), OPENS + timedelta(hours=9), SPEED)
            await asyncio.to_thread(tally.ready)
            to_board, to_reader, ready = Course(), Course(), asyncio.Event()
            listening = [asyncio.create_task(board(tally.feed, ready, to_board)),
                         asyncio.create_task(bare(url, position, to_reader))]  # fmt: skip
            await ready.wait()
            began, cpu, number = time.monotonic(), tally.cpu, 0
            while (now := time.monotonic()) < began + seconds:
                batch = []
                while number < rate * (now - began):
                    precinct = number * 7919 % precincts
                    c = a_count(number, precinct, 420 + number // precincts, tally.clock.now())
                    batch.append(c)
                    for course in (to_board, to_reader):
                        course.send(f"P{precinct}", c.received_at)
                    number += 1
                if batch:
                    await append(connection, messages_of(batch), batch)
                await asyncio.sleep(max(0.0, EVERY - (time.monotonic() - now)))
            spent = tally.cpu - cpu
            await asyncio.sleep(WAIT)
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
            print(f"{precincts:,} precincts, {len(stored):,} check-ins before, then {number:,} at "
                  f"{number / seconds:.0f}/s, load average {os.getloadavg()[0]:.1f}")  # fmt: skip
            print(f"check-in to board:   {to_board}")
            print(f"to a bare reader:    {to_reader}")
            print(f"conflation alone:    p50 {500 * CONFLATE:.0f} ms, most {1e3 * CONFLATE:.0f} ms")
            print(
                f"tally: {1e6 * spent / number:.0f} us CPU a check-in, refits, aggregates and feed included"
            )
            await connection.close()
        finally:
            if tally is not None:
                tally.end()
            server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--precincts", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=30)
    arguments = parser.parse_args()
    uvloop.run(main(arguments.precincts, arguments.rate, arguments.seconds))
