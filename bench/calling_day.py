"""A simulated day of calls on the real service: everything acknowledged is in the tables, once.

    python -m bench.calling_day [--callers 7000] [--hours 14] [--speed 60] [--calls-a-day 1000000]

Callers ask, look again before dialling, talk, and report over HTTP, in a rehearsal's time; some reports are
sent twice, some are undone. At the end the totals by outcome must equal what was acknowledged, to the last
one, and nobody may have been called within the retry rule. Prints calls a second and the time of a request
for a voter. Baseline: a million calls in fourteen hours are 20 a second.
"""

import argparse
import asyncio
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp
import asyncpg
import uvloop

from beluga.load.demo_callers import OUTCOMES
from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from bench._ground import until_ready
from election.access.tokens import Tokens
from election.postgres.database import connect
from election.postgres.migrate import migrate
from election.runtime.clock import FileClock
from election.wire.callers import Outcome

MORNING = datetime(2026, 11, 3, 14, tzinfo=UTC)  # 9:00 in New York, where one may call until 20:30
SECRET = "a secret of at least thirty-two characters"
TWICE, UNDONE = 0.03, 0.02
_TOO_SOON = """
select count(*) from calls b join calls a on a.phone = b.phone and a.undone_at is null and a.at < b.at
join leases l on l.lease_id = b.lease_id
where b.undone_at is null and (a.whole_phone or a.voter_id = b.voter_id) and a.rest_until > l.granted_at
"""


async def fill(url: str, options: argparse.Namespace) -> None:
    connection = await connect(url, patient=True)
    await migrate(connection)
    await connection.execute(
        "insert into election (name, date, timezone, opens, closes, languages, roster_version)"
        " values ('A day', '2026-11-03', 'America/New_York', '07:00', '23:30', '{en}', 'r')"
    )
    await connection.execute(
        "insert into precincts (precinct_id, position, name, registered)"
        " select 'p' || n, n, 'Hall ' || n, 1000 from generate_series(0, $1::int - 1) n",
        options.precincts,
    )
    await connection.execute(
        "insert into voters (voter_id, precinct_id, roll_number, name, phone, support)"
        " select 'v' || n, 'p' || n % $2::int, n / $2::int, 'Voter', '+1' || (2000000000 + n / 2), n % 101"
        " from generate_series(0, $1::int - 1) n",
        options.voters, options.precincts,
    )  # fmt: skip
    await connection.execute(
        "insert into callers (caller_id, name) select 'c' || n, 'C' from generate_series(0, $1::int - 1) n",
        options.callers,
    )
    await connection.execute(
        "insert into dispatches (dispatch_id, precinct_id, automatic, started_at, started_by, reason,"
        " closes_at) select gen_random_uuid(), 'p' || n, false, $2, 'lea', 'all day', $3"
        " from generate_series(0, $1::int - 1) n",
        options.precincts, MORNING, MORNING + timedelta(hours=14.5),
    )  # fmt: skip
    await connection.execute("vacuum analyze")
    await connection.close()


class Day:
    """The callers, and what the service acknowledged to them."""

    def __init__(self, url: str, clock: FileClock, options: argparse.Namespace) -> None:
        self._url = url
        self._clock = clock
        self._options = options
        self._ends = MORNING + timedelta(hours=options.hours)
        self._tokens = Tokens(SECRET)
        # seconds of stack time from one call to the next, so that the day has so many calls
        self._gap = 14 * 3600 * options.callers / options.calls_a_day
        self.acknowledged: Counter[str] = Counter()
        self.undone = 0
        self.asked: list[float] = []
        self.failed: Counter[str] = Counter()

    async def caller(self, session: aiohttp.ClientSession, n: int) -> None:
        chance = random.Random(n)
        headers = {"Authorization": f"Bearer {self._tokens.sign('caller', {'c': f'c{n}'})}"}
        await self._sleep(chance.uniform(0, self._gap))
        while self._clock.now() < self._ends:
            started = self._clock.now()
            try:
                await self._call(session, headers, chance)
            except (aiohttp.ClientError, TimeoutError) as error:
                self.failed[type(error).__name__] += 1
            spent = (self._clock.now() - started).total_seconds()
            await self._sleep(max(0.0, chance.uniform(0.5, 1.5) * self._gap - spent))

    async def _sleep(self, stack_seconds: float) -> None:
        await asyncio.sleep(max(0.01, stack_seconds / self._clock.speed))

    async def _call(
        self, session: aiohttp.ClientSession, headers: dict[str, str], chance: random.Random
    ) -> None:
        asked = time.perf_counter()
        async with session.post(f"{self._url}/api/lease", headers=headers) as answer:
            found = await answer.json()
        self.asked.append(time.perf_counter() - asked)
        for call in found.get("unreported", []):  # undone, and never told again
            report = {"outcome_id": str(uuid4()), "outcome": Outcome.NO_ANSWER.value}
            path = f"{self._url}/api/outcomes/{call['lease_id']}"
            if await self._acknowledged(session, path, headers, report):
                self.acknowledged[report["outcome"]] += 1
        voter = found.get("voter")
        if voter is None:
            return
        lease = {"lease_id": voter["lease_id"]}
        async with session.post(f"{self._url}/api/dial", headers=headers, json=lease) as answer:
            if not (await answer.json())["live"]:
                return
        await self._sleep(chance.uniform(20, 60))
        outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
        report = {"outcome_id": str(uuid4()), "outcome": outcome.value}
        if outcome is Outcome.CALL_BACK:
            report["call_back_at"] = (self._clock.now() + timedelta(hours=1)).isoformat()
        path = f"{self._url}/api/outcomes/{voter['lease_id']}"
        for _ in range(1 + (chance.random() < TWICE)):
            if not await self._acknowledged(session, path, headers, report):
                return
        self.acknowledged[outcome.value] += 1
        if chance.random() < UNDONE and await self._taken_back(session, path, headers):
            self.acknowledged[outcome.value] -= 1
            self.undone += 1
            await session.post(f"{self._url}/api/release", headers=headers, json=lease)

    async def _acknowledged(
        self, session: aiohttp.ClientSession, path: str, headers: dict[str, str], report: dict[str, str]
    ) -> bool:
        """Sends an outcome until it is answered, as the page does; whether it was taken."""
        while True:
            try:
                async with session.put(path, headers=headers, json=report) as answer:
                    if answer.status in (200, 400, 404, 409):
                        self.failed[str(answer.status)] += answer.status != 200
                        return answer.status == 200
            except (aiohttp.ClientError, TimeoutError) as error:
                self.failed[type(error).__name__] += 1
            await asyncio.sleep(0.5)

    async def _taken_back(self, session: aiohttp.ClientSession, path: str, headers: dict[str, str]) -> bool:
        """Undoes an outcome; whether it was undone. A request whose answer got lost may have done it."""
        lost = False
        while True:
            try:
                async with session.delete(path, headers=headers) as answer:
                    if answer.status in (200, 409):
                        return lost or answer.status == 200
            except (aiohttp.ClientError, TimeoutError) as error:
                self.failed[type(error).__name__] += 1
                lost = True
            await asyncio.sleep(0.5)

    async def run(self) -> None:
        connector = aiohttp.TCPConnector(limit=256)
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            await until_ready(session, self._url)
            self._clock.set(MORNING, self._options.speed)
            await asyncio.gather(*(self.caller(session, n) for n in range(self._options.callers)))


async def reconcile(url: str, day: Day) -> bool:
    """The tables against what was acknowledged."""
    connection: asyncpg.Connection = await connect(url, patient=True)
    rows = await connection.fetch(
        "select outcome, count(*) as n from calls where undone_at is null group by outcome"
    )
    stored = Counter({r["outcome"]: int(r["n"]) for r in rows})
    undone = await connection.fetchval("select count(*) from calls where undone_at is not null")
    soon = await connection.fetchval(_TOO_SOON)
    await connection.close()
    expected = +day.acknowledged
    print(f"acknowledged {sum(expected.values()):,}, stored {sum(stored.values()):,}, "
          f"undone {day.undone} and {undone}; called too soon {soon}")  # fmt: skip
    if stored != expected:
        print(f"differences: {dict(stored - expected)} {dict(expected - stored)}")
    return stored == expected and undone == day.undone and soon == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--callers", type=int, default=7_000)
    parser.add_argument("--voters", type=int, default=1_000_000)
    parser.add_argument("--precincts", type=int, default=1_800)
    parser.add_argument("--hours", type=float, default=14.0)
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--calls-a-day", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder) / "own", free_port(), secrets.token_hex(8))
        server.start()
        port, url = free_port(), server.url_of("postgres")
        try:
            asyncio.run(fill(url, options))
            clock = FileClock(Path(folder) / "clock")
            clock.set(MORNING, 1.0)
            environment = os.environ | {
                "BELUGA_DATABASE_URL": url, "BELUGA_SECRET": SECRET, "BELUGA_STATE": folder,
                "BELUGA_CALLERS_PORT": str(port), "BELUGA_FEED_URL": f"ws://127.0.0.1:{free_port()}",
                "BELUGA_CLOCK_FILE": str(clock.path), "BELUGA_LOG_LEVEL": "error",
            }  # fmt: skip
            service = subprocess.Popen([sys.executable, "-m", "callers"], env=environment)
            day = Day(f"http://127.0.0.1:{port}", clock, options)
            started = time.perf_counter()
            try:
                uvloop.run(day.run())
                seconds = time.perf_counter() - started
            finally:
                service.terminate()
                service.wait(15)
            good = asyncio.run(reconcile(url, day))
        finally:
            server.stop()
    asked = sorted(day.asked)
    calls = sum(day.acknowledged.values())
    print(f"{options.callers:,} callers, {options.hours:g} h at {options.speed:g}x: {calls:,} calls, "
          f"{calls / seconds:,.0f} a second ({calls / seconds / options.speed:.1f} of the day's; a million a "
          f"day are 20); a voter after p50 {asked[len(asked) // 2] * 1000:.0f} ms, "
          f"p99 {asked[len(asked) * 99 // 100] * 1000:.0f} ms; failed {dict(+day.failed)}")  # fmt: skip
    raise SystemExit(not good or "TimeoutError" in day.failed)


if __name__ == "__main__":
    main()
