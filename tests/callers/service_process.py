"""The callers' service as a process, the feed it listens to, and requests of callers and staff."""

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
from websockets.asyncio.server import ServerConnection, serve

from beluga.stack.ports import free_port
from election.access.tokens import Tokens
from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.ids import PrecinctId, check_in_id, message_id
from election.log.check_in_log import append
from election.runtime.clock import FileClock
from election.wire.feed import PrecinctInfo, PrecinctState, Standing
from tests.callers.conftest import CLOSES, NOON, ZONE
from tests.preloaded import started

SECRET = "a secret of at least thirty-two characters"
TOKENS = Tokens(SECRET)


class Feed:
    """Speaks the tally's feed for a handful of precincts, and says what a test lets it say."""

    def __init__(self, precincts: list[str]) -> None:
        self.port = free_port()
        self.seq = 1
        self.infos = [
            PrecinctInfo(
                precinct_id=p, name=f"Hall {p}", registered=1000, opens_at=int(NOON.timestamp()) - 5 * 3600,
                closes_at=int(CLOSES.timestamp()), timezone=ZONE,
            )
            for p in precincts
        ]  # fmt: skip
        self.standings = {p: Standing(precinct_id=p, state=PrecinctState.ON_PACE) for p in precincts}
        self.sockets: set[ServerConnection] = set()

    async def __call__(self, socket: ServerConnection) -> None:
        token = socket.request.path.partition("token=")[2] if socket.request else ""
        assert TOKENS.read("feed", token)["role"] == "service"
        rows = [s.model_dump(mode="json") for s in self.standings.values()]
        infos = [i.model_dump(mode="json") for i in self.infos]
        snapshot = {
            "type": "snapshot", "v": 1, "seq": self.seq, "at": 0, "clock": {"now": 0}, "aggregates": [],
            "precincts": {k: [i[k] for i in infos] for k in infos[0]},
            "standings": {k: [r[k] for r in rows] for k in rows[0]},
        }  # fmt: skip
        await socket.send(json.dumps(snapshot))
        self.sockets.add(socket)
        with contextlib.suppress(Exception):
            while True:
                await socket.send(json.dumps({"type": "beat", "seq": self.seq, "at": 0}))
                await asyncio.sleep(0.5)
        self.sockets.discard(socket)

    async def say(self, precinct: str, state: PrecinctState, **more: Any) -> None:
        standing = Standing(precinct_id=precinct, state=state, **more)
        self.standings[precinct] = standing
        self.seq += 1
        delta = {"type": "delta", "seq": self.seq, "at": 0, "standings": [standing.model_dump(mode="json")]}
        for socket in set(self.sockets):
            await socket.send(json.dumps(delta))


@pytest.fixture
async def feed() -> AsyncIterator[Feed]:
    feed = Feed(["a", "b"])
    async with serve(feed, "127.0.0.1", feed.port):
        yield feed


class Service:
    """One process of the callers' service."""

    def __init__(self, database_url: str, feed_port: int, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = os.environ | {
            "BELUGA_DATABASE_URL": database_url, "BELUGA_SECRET": SECRET, "BELUGA_STATE": str(folder),
            "BELUGA_CALLERS_PORT": str(self.port), "BELUGA_FEED_URL": f"ws://127.0.0.1:{feed_port}",
            "BELUGA_CLOCK_FILE": str(folder / "clock"), "BELUGA_LOG_LEVEL": "info",
        }  # fmt: skip
        self.log = folder / f"{self.port}.log"
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = started("callers", self._environment, log)

    def end(self, sig: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(sig)
        return self.process.wait(15)


@pytest.fixture
def service(database_url: str, feed: Feed, tmp_path: Path) -> Iterator[Callable[[], Service]]:
    FileClock(tmp_path / "clock").set(NOON, 1.0)
    started: list[Service] = []

    def start() -> Service:
        started.append(Service(database_url, feed.port, tmp_path))
        return started[-1]

    yield start
    for one in started:
        one.end(signal.SIGKILL)


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:
        yield session


def as_caller(n: int) -> dict[str, str]:
    return {"Authorization": "Bearer " + TOKENS.sign("caller", {"c": f"c{n}"})}


def as_staff(role: str = "staff") -> dict[str, str]:
    return {"Authorization": "Bearer " + TOKENS.sign("service", {"account": "lea", "role": role})}


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(aiohttp.ClientError, OSError):
            if found := await condition():
                return found
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.05)


async def ready(web: aiohttp.ClientSession, service: Service) -> None:
    async def answers() -> bool:
        async with web.get(f"{service.url}/readyz") as response:
            return response.status == 200

    await until(answers)


async def lease(web: aiohttp.ClientSession, service: Service, caller: int) -> dict[str, Any]:
    async with web.post(f"{service.url}/api/lease", headers=as_caller(caller)) as response:
        return await response.json()


async def outcome(web: aiohttp.ClientSession, service: Service, caller: int, lease_id: str, what: str) -> int:
    async with web.put(
        f"{service.url}/api/outcomes/{lease_id}", headers=as_caller(caller),
        json={"outcome_id": str(uuid4()), "outcome": what},
    ) as response:  # fmt: skip
        return response.status


async def a_voter(web: aiohttp.ClientSession, service: Service, caller: int) -> dict[str, Any]:
    async def found() -> Any:
        return (await lease(web, service, caller))["voter"]

    return await until(found)


async def dial(web: aiohttp.ClientSession, service: Service, caller: int, lease_id: str) -> dict[str, Any]:
    async with web.post(
        f"{service.url}/api/dial", headers=as_caller(caller), json={"lease_id": lease_id}
    ) as response:
        return await response.json()


async def leased(connection: asyncpg.Connection, voter: dict[str, Any]) -> asyncpg.Record:
    """The lease behind a voter whom the service has not shown."""
    row = await connection.fetchrow("select * from leases where lease_id = $1", voter["lease_id"])
    assert row is not None
    return row


async def a_text(connection: asyncpg.Connection, kind: Kind, sender: str = "+1999", **detail: Any) -> None:
    name = str(uuid4())
    mid = message_id("generic", name)
    common: Any = {"message_id": mid, "channel": Channel.SMS, "sender": sender}
    common |= {"sent_at": NOON, "received_at": NOON}
    message = Message(
        provider="generic", provider_message_id=name, body="V", raw=b"{}", roster_version="r", **common
    )
    entry = CheckIn(
        check_in_id=check_in_id(mid, 0), part=0, kind=kind, precinct_id=PrecinctId("a"), watcher_id=None,
        observed_at=NOON, detail=detail, **common,
    )  # fmt: skip
    await append(connection, [message], [entry])
