"""A simulated day of calls on the real service: everything acknowledged is in the tables, once.

    python -m bench.calling_day [--callers 7000] [--canvassers 0] [--drivers 0] [--hours 14] [--speed 60]
                                [--calls-a-day 1000000]

Callers ask, look again before dialling, talk, and report over HTTP, in a rehearsal's time; some reports are
sent twice, some are undone. Canvassers walk and drivers drive beside them (`beluga/load`), and watchers
strike voters off, who had promised it or not. At the end the totals by outcome must equal what was
acknowledged, to the last one; every ride asked for is there once, with every act of a driver; every promise
is kept, open or broken as the calls and strike-offs say; nobody was called within the retry rule; and no
voter, phone, door, rider or driver was ever held by two at once. Prints calls a second and the time of a
request for a voter. Baseline: a million calls in fourteen hours are 20 a second.
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
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import uvloop

from beluga.load.demo_answers import OUTCOMES
from beluga.load.demo_canvassers import DemoCanvassers, sign_up_canvassers
from beluga.load.demo_drivers import DemoDrivers, sign_up
from beluga.load.demo_volunteers import DemoVolunteers
from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from bench._ground import until_ready
from bench._reconciled import HELD_TWICE, Told, reconcile
from election.access.tokens import Tokens
from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.ids import PrecinctId, check_in_id, message_id
from election.log.check_in_log import append
from election.postgres.database import connect
from election.postgres.migrate import migrate
from election.runtime.clock import FileClock
from election.wire.callers import Outcome

MORNING = datetime(2026, 11, 3, 14, tzinfo=UTC)  # 9:00 in New York, where one may call until 20:30
SECRET = "a secret of at least thirty-two characters"
TWICE, UNDONE, PROMISED_AT = 0.03, 0.02, 0.2
STRUCK_A_MINUTE = 0.0004  # of all voters, by stack time


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
        "insert into voters (voter_id, precinct_id, roll_number, name, phone, support, address)"
        " select 'v' || n, 'p' || n % $2::int, n / $2::int, 'Voter', '+1' || (2000000000 + n / 2), n % 101,"
        " (1 + n / $2::int / 3) || ' Elm Street' from generate_series(0, $1::int - 1) n",
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
    await sign_up_canvassers(connection, options.canvassers)
    await sign_up(connection, options.drivers)
    await connection.execute("vacuum analyze")
    await connection.close()


def _struck_off(number: int, precinct: int, struck: list[int], now: datetime) -> tuple[Message, CheckIn]:
    key = message_id("bench", str(number))
    message = Message(
        message_id=key, provider="bench", provider_message_id=str(number), channel=Channel.SMS,
        sender="+12155550100", body="V", raw=b"", received_at=now, sent_at=now, roster_version="r",
        journal="bench", journal_seq=number,
    )  # fmt: skip
    entry = CheckIn(
        check_in_id(key, 0), key, 0, Kind.VOTERS, Channel.SMS, PrecinctId(f"p{precinct}"), None,
        "+12155550100", now, now, now, detail={"roll_numbers": struck},
    )  # fmt: skip
    return message, entry


async def _rides_made(url: str, asked: set[UUID]) -> None:
    """Waits for the round that makes rides of the last calls, whose undo window must be over."""
    connection = await connect(url, patient=True)
    for _ in range(120):
        if await connection.fetchval("select count(*) from rides") >= len(asked):
            break
        await asyncio.sleep(0.5)
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
        self.undone = self.looks = self.held_twice = 0
        self.rides_asked: set[UUID] = set()
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
        if outcome is Outcome.WILL_VOTE and chance.random() < PROMISED_AT:
            outcome = Outcome.WILL_VOTE_AT
        report = {"outcome_id": str(uuid4()), "outcome": outcome.value}
        later = (self._clock.now() + timedelta(hours=1)).isoformat()
        if outcome is Outcome.CALL_BACK:
            report["call_back_at"] = later
        elif outcome is Outcome.WILL_VOTE_AT:
            report["said_at"] = later
        path = f"{self._url}/api/outcomes/{voter['lease_id']}"
        for _ in range(1 + (chance.random() < TWICE)):
            if not await self._acknowledged(session, path, headers, report):
                return
        self.acknowledged[outcome.value] += 1
        if outcome is Outcome.NEEDS_RIDE:
            self.rides_asked.add(UUID(report["outcome_id"]))
        if chance.random() < UNDONE and await self._taken_back(session, path, headers):
            self.acknowledged[outcome.value] -= 1
            self.undone += 1
            self.rides_asked.discard(UUID(report["outcome_id"]))
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

    async def watchers(self, database_url: str) -> None:
        """Strike voters off through the log, at random, each minute."""
        chance, number = random.Random("watchers"), 0
        connection = await connect(database_url, patient=True)
        try:
            while self._clock.now() < self._ends:
                await self._sleep(60)
                now = self._clock.now()
                many = int(self._options.voters * STRUCK_A_MINUTE) + 1
                of: dict[int, list[int]] = {}
                for n in chance.sample(range(self._options.voters), many):
                    of.setdefault(n % self._options.precincts, []).append(n // self._options.precincts)
                entries = []
                for precinct, struck in of.items():
                    number += 1
                    entries.append(_struck_off(number, precinct, struck, now))
                messages, check_ins = zip(*entries, strict=True)
                await append(connection, messages, check_ins)
        finally:
            await connection.close()

    async def look(self, url: str) -> None:
        """Each second, whether anybody is held by two at once."""
        connection = await connect(url, patient=True)
        while self._clock.now() < self._ends:
            row = await connection.fetchrow(HELD_TWICE)
            self.looks += 1
            self.held_twice += sum(row.values()) if row else 0
            await asyncio.sleep(1)
        await connection.close()

    async def run(
        self, url: str, canvassers: DemoCanvassers, others: Sequence[tuple[DemoVolunteers, Sequence[str]]]
    ) -> None:
        for volunteers, _ in others:
            volunteers.ends = self._ends
        connector = aiohttp.TCPConnector(limit=256)
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            await until_ready(session, self._url)
            self._clock.set(MORNING, self._options.speed)
            await asyncio.gather(
                self.watchers(url),
                self.look(url),
                *(volunteers.work(ids) for volunteers, ids in others),
                *(self.caller(session, n) for n in range(self._options.callers)),
            )
        self.rides_asked |= canvassers.rides_asked
        await _rides_made(url, self.rides_asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--callers", type=int, default=7_000)
    parser.add_argument("--canvassers", type=int, default=0)
    parser.add_argument("--drivers", type=int, default=0)
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
            address = f"http://127.0.0.1:{port}"
            day = Day(address, clock, options)
            canvassers = DemoCanvassers(address, SECRET, clock, 1)
            drivers = DemoDrivers(address, SECRET, clock, 1)
            walking = [f"canvasser-{n}" for n in range(1, options.canvassers + 1)]
            driving = [f"driver-{n}" for n in range(1, options.drivers + 1)]
            started = time.perf_counter()
            try:
                uvloop.run(day.run(url, canvassers, [(canvassers, walking), (drivers, driving)]))
                seconds = time.perf_counter() - started
            finally:
                service.terminate()
                service.wait(15)
            waited = timedelta(seconds=2 * max(day.asked) * options.speed)
            told = Told(
                day.acknowledged, day.undone, canvassers.done, drivers.done, day.rides_asked, waited,
                day.looks, day.held_twice,
            )  # fmt: skip
            good = asyncio.run(reconcile(url, told, MORNING, MORNING + timedelta(hours=14.5)))
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
