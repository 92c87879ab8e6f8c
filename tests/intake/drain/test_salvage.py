"""Journals by themselves: listed, verified, and carried over from a dead host; replication; workers."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from beluga.commands import app
from election.domain.checkin import Channel
from election.postgres.database import connect
from election.runtime.clock import FixedClock
from intake.drain.drain import Drain
from intake.journal.writer import Journal
from intake.metrics.intake import Telemetry
from intake.receive.pipeline import IngestPipeline, PipelineOptions
from intake.receive.replicated_ack import Replication
from tests.intake.drain.test_drain import AT, a_draft, rosters_at
from tests.intake.running import (
    IntakeProcess,
    a_text,
    an_election,
    import_election,
    metric,
    phone,
    stored_keys,
)

Make = Callable[..., IntakeProcess]


def beluga(*words: str, **environment: str):
    return CliRunner().invoke(app, ["journal", *words], env=environment)


async def a_dead_hosts_journal(folder: Path, count: int = 50) -> Path:
    """A journal copied while its intake still ran: the newest messages are in the -wal only."""
    rosters = await rosters_at(folder / "rosters")
    journal = await Journal.open(folder / "live")
    for i in range(count):
        await journal.append(a_draft(f"{i}", f"{400 + i}", rosters.version))
    await journal.mark((await journal.undrained(20)).label, 20)  # type: ignore[union-attr]
    await asyncio.sleep(0.6)  # marks reach the disk a little later
    shutil.copytree(folder / "live", folder / "carried")
    await journal.close()
    (path,) = (folder / "carried").glob("*.journal")
    return path


async def test_a_carried_journal_is_listed_verified_and_drained(tmp_path: Path, database_url: str) -> None:
    await import_election(database_url, an_election())
    path = await a_dead_hosts_journal(tmp_path)
    before = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    listed = await asyncio.to_thread(beluga, "ls", str(path.parent))
    assert listed.exit_code == 0, listed.output
    assert "50 messages, 30 not carried over, 2026-11-03 17:00:00" in listed.output
    assert "whole, 50 messages" in (await asyncio.to_thread(beluga, "verify", str(path))).output
    for new in (50, 0):
        drained = await asyncio.to_thread(beluga, "drain", str(path), BELUGA_DATABASE_URL=database_url)
        assert drained.exit_code == 0, drained.output
        assert f"50 messages, {new} of them new" in drained.output
    assert sorted(await stored_keys(database_url)) == sorted(map(str, range(50)))
    assert (path.read_bytes(), Path(f"{path}-wal").read_bytes()) == before


async def test_damage_is_said_and_nothing_is_drained_in_silence(tmp_path: Path, database_url: str) -> None:
    path = await a_dead_hosts_journal(tmp_path)
    Path(f"{path}-wal").unlink()
    torn = path.with_name("20260101T000000-torn.journal")
    torn.write_bytes(b"not a database" * 100)
    listed = await asyncio.to_thread(beluga, "ls", str(path.parent))
    assert listed.exit_code == 1
    assert "TORN" in listed.output
    assert (await asyncio.to_thread(beluga, "verify", str(torn))).exit_code == 1
    assert (
        await asyncio.to_thread(beluga, "drain", str(torn), BELUGA_DATABASE_URL=database_url)
    ).exit_code == 1
    nowhere = await asyncio.to_thread(
        beluga, "drain", str(path), BELUGA_DATABASE_URL="postgresql://127.0.0.1:1/x"
    )
    assert nowhere.exit_code == 1
    assert "run it again" in nowhere.output


async def test_replicated_waits_for_the_database_and_not_for_long(tmp_path: Path, database_url: str) -> None:
    await import_election(database_url, an_election())
    rosters, telemetry = await rosters_at(tmp_path), Telemetry()
    journal, replication = await Journal.open(tmp_path / "journal"), Replication(longest_wait=60)
    pipeline = IngestPipeline(
        journal, rosters, FixedClock(AT), telemetry, PipelineOptions("US", replication=replication)
    )

    async def text(key: str) -> None:
        await pipeline.submit_and_wait("t", key, Channel.SMS, phone(1), body="412", raw=b"")
        if telemetry.registry.get_sample_value("beluga_intake_acknowledged_local_only_total") == 0:
            assert key in await stored_keys(database_url)

    def local_only() -> float | None:
        return telemetry.registry.get_sample_value("beluga_intake_acknowledged_local_only_total")

    drain = Drain(
        journal, rosters, database_url, telemetry, batch=100, linger=0.005, stored=replication.stored
    )
    draining = asyncio.create_task(drain.run())
    await asyncio.gather(*(text(f"{i}") for i in range(40)))
    assert local_only() == 0
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    pipeline.replication = Replication(longest_wait=0.2)  # and nobody drains
    async with asyncio.timeout(30):
        await asyncio.gather(*(text(f"late-{i}") for i in range(5)))
    assert local_only() == 5
    await drain.finish(10)
    assert len(await stored_keys(database_url)) == 45
    await journal.close()


async def test_workers_share_the_port_and_keep_apart(intake_at: Make, database_url: str) -> None:
    """Killed and started again, every worker drains its own journal; incident numbers never meet."""
    await import_election(database_url, an_election())
    intake = await intake_at(database_url, more={"BELUGA_INTAKE_WORKERS": "2"}).running()
    acknowledged: list[str] = []

    async def send(start: int) -> None:
        for i in range(start, start + 30):
            body, headers = a_text(f"{i}", "! machine down")
            while True:
                try:
                    # a connection each, so that the kernel deals them out
                    async with (
                        aiohttp.ClientSession() as one,
                        one.post(f"{intake.url}/sms/generic", data=body, headers=headers) as response,
                    ):
                        assert response.status == 200
                        await response.read()
                    break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
            acknowledged.append(f"{i}")

    async with asyncio.timeout(60), aiohttp.ClientSession() as one:
        while await metric(one, intake.url, "beluga_intake_workers_counted") < 2:
            await asyncio.sleep(0.05)
    await send(0)
    async with asyncio.timeout(60):
        agreed = 0
        while agreed < 6:  # a connection each: whichever worker answers, it counts for both
            async with aiohttp.ClientSession() as one:
                counted = await metric(one, intake.url, "beluga_intake_workers_counted")
                acknowledged_by_all = await metric(one, intake.url, "beluga_intake_acknowledged_total")
                agreed = agreed + 1 if (counted, acknowledged_by_all) == (2, 30) else 0
    assert intake.process
    children = Path(f"/proc/{intake.process.pid}/task/{intake.process.pid}/children").read_text().split()
    assert len(children) == 2
    os.kill(int(children[0]), signal.SIGKILL)
    await send(100)
    async with asyncio.timeout(60):
        while len(await stored_keys(database_url)) < 60:
            await asyncio.sleep(0.1)
    connection = await connect(database_url)
    journals = await connection.fetchval("select count(distinct journal) from messages")
    incidents = await connection.fetchval("select count(distinct detail ->> 'incident') from check_ins")
    await connection.close()
    assert sorted(await stored_keys(database_url)) == sorted(acknowledged)
    assert (journals, incidents) == (2, 60)
    assert intake.end() == 0
    for child in children[1:]:
        with pytest.raises(ProcessLookupError):
            os.kill(int(child), 0)
