"""A small election, signed texts, and intake as a process of its own."""

import asyncio
import os
import signal
import time
from dataclasses import dataclass, field
from datetime import date
from datetime import time as local_time
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson
from twilio.request_validator import RequestValidator

from beluga.stack.ports import free_port
from election.domain.day import Election, ElectionDay, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId
from election.postgres.database import connect
from election.postgres.election_store import save_election
from intake.providers.generic import sign
from tests.preloaded import Process, started

SECRET = "x" * 40
GENERIC_SECRET = "the modem's secret"
TWILIO_TOKEN = "a token of Twilio's"
PUBLIC_URL = "https://beluga.example"


def an_election(precincts: int = 3) -> Election:
    """Precincts 12-01, 12-02 …, each with a watcher w1, w2 …; w2 speaks Spanish, w3 has all precincts.

    12-01 and 12-02 vote in one building, B-1.
    """
    ids = [PrecinctId(f"12-{n:02}") for n in range(1, precincts + 1)]
    day = ElectionDay(
        "Sample", date(2026, 11, 3), "America/New_York", local_time(7), local_time(20), ("en", "es")
    )
    return Election(
        day,
        tuple(Precinct(p, f"School {p}", 1800, site_id="B-1" if p in ids[:2] else "") for p in ids),
        watchers=tuple(
            Watcher(
                WatcherId(f"w{n}"), f"Watcher {n}", f"+1215555{n:04}", "es" if n == 2 else "en",
                tuple(ids) if n == 3 else (p,),
            )
            for n, p in enumerate(ids, 1)
        ),
    )  # fmt: skip


def phone(n: int) -> str:
    return f"+1215555{n:04}"


def a_text(key: str, text: str, sender: str = phone(1), **more: Any) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a generic webhook."""
    body = orjson.dumps({"id": key, "from": sender, "text": text} | more)
    return body, sign(GENERIC_SECRET, body, int(time.time()))


def sid(key: str) -> str:
    """A made-up message id of Twilio's form."""
    return f"SM{sha256(key.encode()).hexdigest()[:32]}"


def a_twilio_text(key: str, text: str, sender: str = phone(1)) -> tuple[dict[str, str], dict[str, str]]:
    """Form and headers of a Twilio webhook."""
    form = {"MessageSid": sid(key), "From": sender, "To": "+12155559999", "Body": text, "NumMedia": "0"}
    signature = RequestValidator(TWILIO_TOKEN).compute_signature(f"{PUBLIC_URL}/sms/twilio", form)
    return form, {"X-Twilio-Signature": signature}


@dataclass
class IntakeProcess:
    """`python -m intake` (or a script that runs it), killed and started again on one state folder."""

    state: Path
    database_url: str
    script: str = ""
    more: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = os.environ | {
            "BELUGA_DATABASE_URL": self.database_url,
            "BELUGA_STATE": str(self.state),
            "BELUGA_INTAKE_PORT": str(self.port),
            "BELUGA_SECRET": SECRET,
            "BELUGA_GENERIC_SECRET": GENERIC_SECRET,
            "BELUGA_TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
            "BELUGA_PUBLIC_URL": PUBLIC_URL,
            "BELUGA_JOURNAL_BALLAST_MIB": "0",
        }
        self.state.mkdir(parents=True, exist_ok=True)
        with (self.state / "intake.log").open("ab") as log:
            self.process = started(
                "intake", environment | self.more, log, script=self.script, cwd=Path(__file__).parents[2]
            )

    async def until_ready(self, seconds: float = 90.0) -> None:
        async with aiohttp.ClientSession() as session, asyncio.timeout(seconds):
            while True:
                assert self.process and self.process.poll() is None, self.log
                try:
                    async with session.get(f"{self.url}/readyz") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.02)

    async def until_roster(self, seconds: float = 90.0) -> None:
        async with asyncio.timeout(seconds):
            while "roster_in_force" not in self.log:
                await asyncio.sleep(0.02)

    async def running(self) -> "IntakeProcess":
        self.start()
        await self.until_ready()
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(20)

    @property
    def log(self) -> str:
        return (self.state / "intake.log").read_text()


async def metric(session: aiohttp.ClientSession, url: str, name: str) -> float:
    """The sum of a metric over its labels."""
    async with session.get(f"{url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


async def until_drained(url: str, seconds: float = 90.0) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(seconds):
        while await metric(session, url, "beluga_intake_journal_depth"):
            await asyncio.sleep(0.05)


async def import_election(database_url: str, election: Election) -> None:
    connection = await connect(database_url)
    async with connection.transaction():
        await save_election(connection, election)
    await connection.close()


async def stored_keys(database_url: str) -> list[str]:
    """The provider's ids of all messages stored, one entry a row."""
    connection: asyncpg.Connection = await connect(database_url)
    try:
        rows = await connection.fetch("select provider_message_id from messages order by seq")
        return [row[0] for row in rows]
    finally:
        await connection.close()
