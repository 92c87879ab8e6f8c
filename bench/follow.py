"""How fast a tally restarts: reading stored check-ins into the ledger, beside a bare `fetch` of the rows.

`python -m bench.follow [--check-ins 1000000] [--precincts 180000]`. Fills a database of its own (an embedded
PostgreSQL below a temporary folder), then reads it three ways. Prints seconds and memory.
"""

import argparse
import asyncio
import gc
import resource
import secrets
import tempfile
import time
from datetime import date
from datetime import time as time_of_day
from pathlib import Path

import asyncpg

from beluga.postgres import EmbeddedPostgres, free_port
from election.database import connect
from election.day import Election, ElectionDay, Precinct
from election.ids import PrecinctId
from election.log import Position, read_after
from election.migrate import migrate
from tally.ledger import Ledger

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
_BARE = "select * from check_ins where (xid, seq) > ($1::text::xid8, $2) order by xid, seq limit $3"


def memory() -> int:
    """Resident megabytes at their highest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def bare(connection: asyncpg.Connection) -> int:
    count, xid, seq = 0, 0, 0
    while rows := await connection.fetch(_BARE, str(xid), seq, BATCH):
        count += len(rows)
        xid, seq = rows[-1]["xid"], rows[-1]["seq"]
    return count


async def read(connection: asyncpg.Connection, ledger: Ledger | None) -> int:
    count, position = 0, Position()
    gc.disable()  # as the follower does
    while True:
        check_ins, position = await read_after(connection, position, BATCH)
        if not check_ins:
            gc.enable()
            return count
        count += len(check_ins)
        if ledger is not None:
            ledger.add(check_ins)


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
            await connection.execute("analyze")
            day = ElectionDay("Bench", date(2026, 11, 3), "America/New_York", time_of_day(7), time_of_day(20))
            ledger = Ledger(
                Election(day, tuple(Precinct(PrecinctId(f"p{i}"), f"P {i}", 1_000) for i in range(precincts)))
            )
            for name, reading in (
                ("bare fetch of the rows", bare(connection)),
                ("read_after", read(connection, None)),
                ("read_after into the ledger", read(connection, ledger)),
            ):
                started = time.monotonic()
                count = await reading
                spent = time.monotonic() - started
                print(
                    f"{name}: {count} in {spent:.1f} s, {count / spent:,.0f} a second; memory {memory()} MB"
                )
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
