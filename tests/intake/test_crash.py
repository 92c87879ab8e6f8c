"""Kills for real: whatever was acknowledged is in PostgreSQL afterwards, exactly once (laws L1, L2)."""

import asyncio
import os
import random
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from chaos.faults.shim import SYNC, build_shim
from election.domain.checkin import Message
from election.domain.roster import load_roster
from election.log.check_in_log import read_messages
from election.postgres.database import connect
from election.postgres.election_store import roster as stored_roster
from election.postgres.migrate import migrate
from intake.reading.reader import check_ins_of, readings_of
from tests.intake.running import (
    IntakeProcess,
    a_text,
    an_election,
    import_election,
    phone,
    until_drained,
)

Make = Callable[..., IntakeProcess]
SENDERS = 16
LONGER = 10 if os.environ.get("BELUGA_REHEARSE") == "1" else 1
KILLS = 20 if LONGER > 1 else 3  # for each of two seeds

# Runs intake, and dies as by kill -9 when a batch is in PostgreSQL and about to be marked.
DIE_BETWEEN_COMMIT_AND_MARK = """
import os, signal, sys
from intake.drain.drain import Drain
from intake.__main__ import main
async def die(self, undrained):
    os.kill(os.getpid(), signal.SIGKILL)
Drain._mark = die
sys.exit(main())
"""


class Load:
    """Sends texts as a provider does: the same one again until it is acknowledged."""

    def __init__(self, intake: IntakeProcess, seed: int) -> None:
        self._intake = intake
        self._random = random.Random(seed)
        self.acknowledged: list[str] = []
        self.sent: set[str] = set()
        self.refused: list[int] = []
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Load":
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
        self._tasks = [asyncio.create_task(self._send(n)) for n in range(SENDERS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping = True
        await asyncio.gather(*self._tasks)
        await self._session.close()

    async def more(self, count: int, seconds: float = 90.0) -> None:
        """Waits until so many more are acknowledged."""
        goal = len(self.acknowledged) + count
        async with asyncio.timeout(seconds):
            while len(self.acknowledged) < goal:
                await asyncio.sleep(0.005)

    async def _send(self, n: int) -> None:
        i = 0
        while not self._stopping:
            key = f"{n}-{i}"
            self.sent.add(key)
            text = self._random.choice([f"{i}", f"V {i} {i + 1}", "LINE 20", "! machine\0 down", "?", "zzz"])
            body, headers = a_text(key, text, phone(n % 4))
            for _ in range(self._random.choice([1, 1, 1, 2])):
                try:
                    url = f"{self._intake.url}/sms/generic"
                    async with self._session.post(url, data=body, headers=headers) as response:
                        await response.read()
                        if response.status != 200:
                            self.refused.append(response.status)
                            continue
                except (aiohttp.ClientError, TimeoutError):
                    await asyncio.sleep(0.02)
                    continue
                self.acknowledged.append(key)
            i += 1


async def check(database_url: str, load: Load) -> None:
    """Everything acknowledged is stored once, nothing else was made up, and readings follow from messages."""
    connection = await connect(database_url)
    messages: list[Message] = [m async for m in read_messages(connection)]
    rosters = {}
    for version in {m.roster_version for m in messages}:
        content = await stored_roster(connection, version)
        assert content is not None
        rosters[version] = load_roster(content)
    stored = await connection.fetch("select check_in_id from check_ins")
    await connection.close()
    keys = [m.provider_message_id for m in messages]
    assert len(keys) == len(set(keys))
    assert set(load.acknowledged) <= set(keys)
    # Nothing else was made up: a second question in a row is handed to the desk, and HELP in answer to "do
    # you need help?" raises an alarm, each once, by a message that names what it is about.
    about = [m.message_id for m in messages if m.provider_message_id in load.sent]
    assert set(keys) <= load.sent | {f"{what}:{each}" for each in about for what in ("handed", "alarm")}
    expected = [
        c.check_in_id
        for m in messages
        for c in check_ins_of(m, readings_of(m, rosters[m.roster_version]), rosters[m.roster_version])
    ]
    assert sorted(row[0] for row in stored) == sorted(expected)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(2))
async def test_killed_at_random_moments(intake_at: Make, database_url: str, seed: int) -> None:
    await import_election(database_url, an_election())
    chance = random.Random(seed)
    intake = await intake_at(database_url).running()
    async with Load(intake, seed) as load:
        for _ in range(KILLS):
            await load.more(chance.randrange(1, 150))
            intake.end(signal.SIGKILL)
            await intake.running()
        await load.more(20)
    assert "journal_torn" not in intake.log, "a kill loses nothing, and is not said to"
    await until_drained(intake.url)
    await check(database_url, load)


async def test_killed_between_commit_and_mark(intake_at: Make, database_url: str) -> None:
    await import_election(database_url, an_election())
    intake = intake_at(database_url, script=DIE_BETWEEN_COMMIT_AND_MARK)
    async with Load(intake, 7) as load:
        for _ in range(3):
            intake.start()
            assert intake.process
            assert await asyncio.to_thread(intake.process.wait, 90) == -signal.SIGKILL
        intake.script = ""
        await intake.running()
        await load.more(20)
    await until_drained(intake.url)
    await check(database_url, load)


class OwnShim:
    """Every tenth sync of a journal's files fails, by the shim that rehearsals use."""

    def __init__(self, folder: Path) -> None:
        shim = build_shim(folder)
        if shim is None:
            pytest.skip("there is no C compiler")
        self._control = folder / "sync-fault"
        self.environment = {"LD_PRELOAD": str(shim), SYNC.variable: str(self._control)}

    def begin(self, pid: int) -> None:
        self._control.write_text("eio 10\n")

    def end(self, pid: int) -> None:
        self._control.unlink()


class Libfiu:
    """One in ten of all syncs of the process fails, by libfiu (Debian's fiu-utils)."""

    def __init__(self, folder: Path) -> None:
        if not shutil.which("fiu-ctrl"):
            pytest.skip("libfiu is missing; on Debian, as root: apt-get install fiu-utils")
        self._pipe = folder / "fiu"
        libraries = (f"/usr/lib/fiu/fiu_{name}_preload.so" for name in ("run", "posix"))
        self.environment = {"LD_PRELOAD": " ".join(libraries), "FIU_CTRL_FIFO": str(self._pipe)}

    def _control(self, pid: int, command: str) -> None:
        subprocess.run(["fiu-ctrl", "-f", self._pipe, "-c", command, str(pid)], check=True, timeout=20)

    def begin(self, pid: int) -> None:
        self._control(pid, "enable_random name=posix/io/sync/*,failinfo=5,probability=0.1")

    def end(self, pid: int) -> None:
        self._control(pid, "disable name=posix/io/sync/*")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", [OwnShim, Libfiu])
async def test_one_sync_in_ten_fails(
    intake_at: Make, database_url: str, tmp_path: Path, fault: type[OwnShim | Libfiu]
) -> None:
    """EIO from fsync, in the process itself: whoever was told 200 is kept, whoever was not sends again."""
    breaking = fault(tmp_path)
    await import_election(database_url, an_election())
    intake = await intake_at(database_url, more=breaking.environment).running()
    assert intake.process
    async with Load(intake, 11) as load:
        await load.more(100)
        breaking.begin(intake.process.pid)
        for _ in range(3 * LONGER):
            before = len(load.refused)
            async with asyncio.timeout(60):
                while len(load.refused) == before:
                    await asyncio.sleep(0.01)
            await load.more(50)
        breaking.end(intake.process.pid)
        await load.more(100)
    assert set(load.refused) == {503}
    assert "journal_failed" in intake.log
    await until_drained(intake.url)
    await check(database_url, load)


async def test_postgresql_killed_in_the_middle(intake_at: Make, tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", free_port(), secrets.token_hex(8))
    server.start()
    try:
        admin = await connect(server.url_of("postgres"))
        await admin.execute("create database beluga")
        await admin.close()
        connection = await connect(server.url)
        await migrate(connection)
        await connection.close()
        await import_election(server.url, an_election())
        intake = await intake_at(server.url).running()
        await intake.until_roster()
        async with Load(intake, 3) as load:
            await load.more(100)
            server.stop(signal.SIGKILL)
            await load.more(300)
            server.start()
            await load.more(100)
        assert not load.refused
        await until_drained(intake.url)
        await check(server.url, load)
    finally:
        server.stop()


async def test_duplicates_in_any_order_are_one(intake_at: Make, database_url: str) -> None:
    await import_election(database_url, an_election())
    intake = await intake_at(database_url).running()
    await intake.until_roster()
    texts = [a_text(f"{i}", f"{400 + i}", phone(1 + i % 2)) for i in range(60)]
    deliveries = texts * 3
    random.Random(5).shuffle(deliveries)
    async with aiohttp.ClientSession() as session:
        replies: dict[bytes, set[str]] = {}

        async def deliver(body: bytes, headers: dict[str, str]) -> None:
            async with session.post(f"{intake.url}/sms/generic", data=body, headers=headers) as response:
                assert response.status == 200
                replies.setdefault(body, set()).add((await response.json())["reply"])

        await asyncio.gather(*(deliver(*d) for d in deliveries))
    assert all(len(words) == 1 for words in replies.values())
    await until_drained(intake.url)
    connection = await connect(database_url)
    assert await connection.fetchval("select count(*) from messages") == 60
    assert await connection.fetchval("select count(distinct votes) from check_ins") == 60
    await connection.close()
