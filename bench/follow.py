"""How fast a tally restarts, and what it weighs: stored check-ins to standings of every precinct.

`python -m bench.follow [--check-ins 1000000] [--precincts 180000]`. Fills a database of its own (an embedded
PostgreSQL below a temporary folder). Baseline: the same log read row by row, as a live follower does (a tenth
of it, by the clock). Prints wall and CPU seconds of this process, and its memory now and at its highest.
"""

import argparse
import asyncio
import gc
import os
import resource
import secrets
import tempfile
import time
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `tally` sets it: before numpy is there

import asyncpg

from beluga.postgres import EmbeddedPostgres, free_port
from election.database import connect
from election.day import Election, ElectionDay, Precinct
from election.ids import PrecinctId
from election.log import Position, read_after
from election.log_columns import Counts, whole_log
from election.migrate import migrate
from election.store import save_election
from tally.edition import Edition
from tally.heap import give_back
from tally.ledger import Ledger
from tally.projection import Tally
from tally.published import published
from tally.sheet import aggregates_of, infos_of, past_of

BATCH = 20_000
_TIME = "'2026-11-03 12:00+00'::timestamptz + i * interval '40 ms'"
_MESSAGES = f"""
insert into messages (message_id, provider, provider_message_id, channel, sender, body, raw, received_at,
                      sent_at, roster_version, journal, journal_seq)
select md5('m' || i)::uuid, 'generic', 'm' || i, 'sms', '+1215555' || (i % 10000), '412', '{{}}', {_TIME},
       {_TIME}, 'r', 'a', i
from generate_series(1, $1::int) i
"""
_CHECK_INS = f"""
insert into check_ins (check_in_id, message_id, part, kind, channel, precinct_id, watcher_id, sender,
                       observed_at, sent_at, received_at, votes)
select md5('c' || i)::uuid, md5('m' || i)::uuid, 0, 'count', 'sms', 'p' || (i % $2::int),
       'w' || (i % $2::int), '+1215555' || (i % 10000), {_TIME}, {_TIME}, {_TIME}, (i / $2::int + 1) * 60
from generate_series(1, $1::int) i
"""


def memory() -> str:
    """Resident megabytes, now and at their highest."""
    now = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return f"memory {now / 1e6:.0f} MB, at most {most / 1e6:.0f} MB"


async def row_by_row(connection: asyncpg.Connection, ledger: Ledger, most: int) -> int:
    count, position = 0, Position()
    while count < most:
        check_ins, position = await read_after(connection, position, BATCH)
        if not check_ins:
            break
        ledger.add(check_ins)
        count += len(check_ins)
    return count


async def in_columns(connection: asyncpg.Connection, tally: Tally) -> int:
    async def take(counts: Counts) -> None:
        tally.ledger.add_counts(counts, log.senders)

    async with whole_log(connection) as log:
        await log.counts(take)
        async for check_ins in log.rest():
            tally.add(check_ins)
    return len(tally.ledger)


class Stage:
    """Prints what a part of the work took."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def end(self, what: str) -> tuple[float, float]:
        wall, cpu = time.monotonic() - self._wall, time.process_time() - self._cpu
        print(f"{what}: {wall:.2f} s ({cpu:.2f} s CPU); {memory()}", flush=True)
        self.__init__()  # type: ignore[misc]
        return wall, cpu


async def main(check_ins: int, precincts: int) -> None:
    with tempfile.TemporaryDirectory(prefix="beluga-bench-") as folder:
        server = EmbeddedPostgres(Path(folder), free_port(), secrets.token_hex(8))
        server.start()
        try:
            admin = await asyncpg.connect(server.url_of("postgres"))
            await admin.execute("create database bench")
            connection = await connect(server.url_of("bench"), patient=True)
            await migrate(connection)
            await connection.execute(_MESSAGES, check_ins, timeout=600)
            await connection.execute(_CHECK_INS, check_ins, precincts, timeout=600)
            day = ElectionDay("Bench", date(2026, 11, 3), "America/New_York", time_of_day(7), time_of_day(20))
            election = Election(
                day,
                tuple(
                    Precinct(
                        PrecinctId(f"p{i}"), f"P {i}", 1_000, f"C{i // 600}", f"G{i // 8}", expected_votes=500
                    )
                    for i in range(precincts)
                ),
            )
            async with connection.transaction():
                await save_election(connection, election)
            await connection.execute("analyze")
            gc.disable()  # as the follower does
            stage = Stage()
            read = await row_by_row(connection, Ledger(election), check_ins // 10)
            stage.end(f"baseline: {read:,} row by row")
            gc.collect()
            tally = Tally(election)
            stage.end(f"the election's {precincts:,} precincts")
            read = await in_columns(connection, tally)
            reading = stage.end(f"{read:,} check-ins in columns")
            minute = datetime(2026, 11, 4, 0, 0, tzinfo=UTC).timestamp()
            projection, state = tally.start(minute)
            give_back()  # as the engine does
            standing = stage.end("every standing")
            edition = Edition(infos_of(tally), published(projection))
            stage.end("as published")
            aggregates_of(tally, projection, state)
            stage.end("aggregates")
            print(f"restart: {reading[0] + standing[0]:.1f} s ({reading[1] + standing[1]:.1f} s CPU)")
            del projection
            projection, state = tally.start(minute + 60)
            give_back()
            stage.end("a second refit, with all standings")
            del projection
            past = past_of(tally, minute - 21_600)()
            stage.end("as known six hours earlier")
            past.snapshot_bytes()
            stage.end("the same as a snapshot's bytes")
            assert len(edition) == precincts
            await connection.close()
            await admin.close()
        finally:
            server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check-ins", type=int, default=1_000_000)
    parser.add_argument("--precincts", type=int, default=180_000)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.check_ins, arguments.precincts))
