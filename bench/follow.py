"""How fast a tally restarts, and what it weighs: `python -m tally` over a log that is already stored.

`python -m bench.follow [--check-ins 1000000] [--precincts 180000]`. Fills a database of its own (an embedded
PostgreSQL below a temporary folder), starts the service itself and reads its clock and memory from outside:
until it is ready, after its first full refit, after a whole snapshot, after a past minute. Baseline: the same
log read row by row, as a live follower does (a tenth of it).
"""

import argparse
import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `tally` sets it: before numpy is there

import asyncpg
import orjson

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from election.access.tokens import Tokens
from election.domain.day import Election, ElectionDay, Precinct
from election.domain.ids import PrecinctId
from election.log.check_in_log import Position, read_after
from election.postgres.database import connect
from election.postgres.election_store import save_election
from election.postgres.migrate import migrate
from election.runtime.clock import FileClock
from tally.ledger.ledger import Ledger

BATCH = 20_000
MOST = 300.0  # seconds that anything here may take
TICK = os.sysconf("SC_CLK_TCK")
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


class Tally:
    """The service as a process of its own, seen from outside."""

    def __init__(self, url: str, folder: Path, now: datetime, speed: float = 0.0, **settings: str) -> None:
        """`settings`: others of `BELUGA_…`."""
        self._ports = free_port(), free_port()
        self._secret = secrets.token_hex(20)
        self.clock = FileClock(folder / "clock")
        self.clock.set(now, speed)
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tally"], stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"),
            env=os.environ | {
                "BELUGA_DATABASE_URL": url, "BELUGA_SECRET": self._secret,
                "BELUGA_CLOCK_FILE": str(self.clock.path),
                "BELUGA_TALLY_PORT": str(self._ports[0]), "BELUGA_FEED_PORT": str(self._ports[1]),
            } | settings,
        )  # fmt: skip

    def _token(self, purpose: str) -> str:
        value = {"account": "bench", "role": "admin", "counties": None}
        return Tokens(self._secret).sign(purpose, value)

    @property
    def feed(self) -> str:
        """Where a viewer connects."""
        return f"ws://127.0.0.1:{self._ports[1]}/feed?token={self._token('feed')}"

    def get(self, path: str) -> bytes:
        token = self._token("service")
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self._ports[0]}{path}", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(asked, timeout=MOST) as answer:
            body: bytes = answer.read()
            return body

    @property
    def cpu(self) -> float:
        """Seconds of processor, all threads."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    @property
    def memory(self) -> str:
        """Resident megabytes, now and at their highest."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        kilobytes = {
            line.split(":")[0]: line.split()[1] for line in status.splitlines() if line.endswith(" kB")
        }
        now, most = (int(kilobytes[name]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
        return f"{now:.0f} MB, at most {most:.0f} MB so far"

    def ready(self) -> None:
        while time.monotonic() < self.began + MOST:
            with suppress(OSError):
                self.get("/readyz")
                return
            if self._process.poll() is not None:
                raise SystemExit("the tally ended: is its port taken?")
            time.sleep(0.05)
        raise SystemExit(f"not ready after {MOST:.0f} s")

    def idle(self) -> None:
        """Waits until it has nothing more to do."""
        before = -1.0
        while self.cpu - before > 0.1:
            before = self.cpu
            time.sleep(1.5)

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(20)


def restart(url: str, folder: Path) -> None:
    last = datetime(2026, 11, 4, 0, 0, tzinfo=UTC)
    tally = Tally(url, folder, last, BELUGA_REFIT_REST="0")  # the refit is due at once
    try:
        tally.ready()
        wall = time.monotonic() - tally.began
        print(f"restart: ready {wall:.1f} s after the process began ({tally.cpu:.1f} s CPU); {tally.memory}")
        tally.idle()
        print(f"at rest: {tally.memory}")
        cpu = tally.cpu
        tally.clock.set(last + timedelta(minutes=1), 0.0)
        tally.idle()
        print(f"after a full refit ({tally.cpu - cpu:.1f} s CPU): {tally.memory}")
        for what in ("a past minute", "the same again, kept"):
            began = time.monotonic()
            body = tally.get(f"/as-of?at={int(last.timestamp()) - 21_600}")
            print(
                f"{what}: {time.monotonic() - began:.2f} s, {len(body) / 1e6:.0f} MB as JSON; {tally.memory}"
            )
        assert orjson.loads(body)["at"] == last.timestamp() - 21_600
        tally.idle()
        print(f"at rest again: {tally.memory}")
    finally:
        tally.end()


async def row_by_row(url: str, election: Election, most: int) -> None:
    connection = await connect(url, patient=True)
    ledger, count, position = Ledger(election), 0, Position()
    wall, cpu = time.monotonic(), time.process_time()
    while count < most:
        check_ins, position = await read_after(connection, position, BATCH)
        if not check_ins:
            break
        ledger.add(check_ins)
        count += len(check_ins)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    print(f"baseline: {count:,} check-ins row by row in {wall:.1f} s ({cpu:.1f} s CPU of this process), "
          f"so {10 * wall:.0f} s for all")  # fmt: skip
    await connection.close()


async def fill(server: EmbeddedPostgres, election: Election, check_ins: int) -> None:
    admin = await asyncpg.connect(server.url_of("postgres"))
    await admin.execute("create database bench")
    await admin.close()
    connection = await connect(server.url_of("bench"), patient=True)
    await migrate(connection)
    await connection.execute(_MESSAGES, check_ins, timeout=600)
    await connection.execute(_CHECK_INS, check_ins, len(election.precincts), timeout=600)
    async with connection.transaction():
        await save_election(connection, election)
    await connection.execute("analyze")
    await connection.close()


def main(check_ins: int, precincts: int) -> None:
    day = ElectionDay("Bench", date(2026, 11, 3), "America/New_York", time_of_day(7), time_of_day(20))
    election = Election(
        day,
        tuple(
            Precinct(PrecinctId(f"p{i}"), f"P {i}", 1_000, f"C{i // 600}", f"G{i // 8}", expected_votes=500)
            for i in range(precincts)
        ),
    )
    with tempfile.TemporaryDirectory(prefix="beluga-bench-") as folder:
        server = EmbeddedPostgres(Path(folder), free_port(), secrets.token_hex(8))
        server.start()
        try:
            print(f"{check_ins:,} check-ins stored, {precincts:,} precincts", flush=True)
            asyncio.run(fill(server, election, check_ins))
            restart(server.url_of("bench"), Path(folder))
            asyncio.run(row_by_row(server.url_of("bench"), election, check_ins // 10))
        finally:
            server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check-ins", type=int, default=1_000_000)
    parser.add_argument("--precincts", type=int, default=180_000)
    arguments = parser.parse_args()
    main(arguments.check_ins, arguments.precincts)
