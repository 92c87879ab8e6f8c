"""The drain: idempotent, unhindered by messages that PostgreSQL will not take, quick."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from election.domain.checkin import Channel, CheckIn, Message
from election.domain.roster import Roster, dump_roster_content
from election.log import check_in_log as election_log
from election.postgres.database import connect
from intake.drain import drain as drain_module
from intake.drain.drain import Drain
from intake.journal.draft import MessageDraft
from intake.journal.writer import Journal
from intake.metrics.intake import Telemetry
from intake.reading.reader import check_ins_of, readings_of
from intake.roster.snapshot import Rosters
from tests.intake.running import an_election, import_election, phone, stored_keys

AT = datetime(2026, 11, 3, 17, 0, tzinfo=UTC)


async def rosters_at(folder: Path) -> Rosters:
    election = an_election()
    rosters = Rosters(folder)
    await rosters.adopt(dump_roster_content(election.day, election.precincts, election.watchers))
    return rosters


def a_draft(key: str, body: str, version: str) -> MessageDraft:
    return MessageDraft("generic", key, Channel.SMS, phone(1), body, b"{}", AT, AT, version)


async def emptied(drain: Drain) -> None:
    while await drain.step():
        pass
    await drain.finish(5)


async def test_poison_is_set_aside_and_the_rest_goes_on(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the reading of two messages cannot be stored: a count beyond the column, words with a NUL."""
    await import_election(database_url, an_election())
    rosters, telemetry = await rosters_at(tmp_path), Telemetry()
    journal = await Journal.open(tmp_path / "journal")

    def poisoned(message: Message, readings: list, roster: Roster) -> list[CheckIn]:
        made = check_ins_of(message, readings, roster)
        if message.provider_message_id == "5":
            return [replace(c, votes=2**40) for c in made]
        if message.provider_message_id == "17":
            return [replace(c, detail={"text": "a\0b"}) for c in made]
        return made

    monkeypatch.setattr(drain_module, "check_ins_of", poisoned)
    for i in range(40):
        draft = a_draft(f"{i}", f"{400 + i}", rosters.version)
        await journal.append(draft._replace(rehearsal=i % 2 == 1))
    drain = Drain(journal, rosters, database_url, telemetry, batch=25, linger=0)
    await emptied(drain)
    assert journal.depth == 0
    await journal.close()
    connection = await connect(database_url)
    rows = await connection.fetch(
        "select provider_message_id as key, kind, detail, check_ins.rehearsal from check_ins "
        "join messages using (message_id)"
    )
    await connection.close()
    assert {r["key"] for r in rows} == {f"{i}" for i in range(40)}
    assert {r["key"]: r["kind"] for r in rows if r["kind"] != "count"} == {"5": "unread", "17": "unread"}
    assert all("quarantined" in r["detail"] for r in rows if r["kind"] == "unread")
    assert all(r["rehearsal"] == (int(r["key"]) % 2 == 1) for r in rows)
    assert telemetry.registry.get_sample_value("beluga_intake_quarantined_total") == 2
    assert telemetry.registry.get_sample_value("beluga_intake_drained_total") == 40


async def test_a_batch_repeated_changes_nothing(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await import_election(database_url, an_election())
    rosters = await rosters_at(tmp_path)
    journal = await Journal.open(tmp_path / "journal")
    for i in range(30):
        await journal.append(a_draft(f"{i}", f"{400 + i}", rosters.version))
    drain = Drain(journal, rosters, database_url, Telemetry(), batch=100, linger=0)
    mark = drain._mark

    async def forget(_: object) -> None:
        return None

    monkeypatch.setattr(drain, "_mark", forget)
    await drain.step()
    await drain.step()
    monkeypatch.setattr(drain, "_mark", mark)
    await emptied(drain)
    await journal.close()
    connection = await connect(database_url)
    messages = [m async for m in election_log.read_messages(connection)]
    stored = await connection.fetchval("select count(*) from check_ins")
    await connection.close()
    assert len(messages) == 30
    assert stored == sum(
        len(check_ins_of(m, readings_of(m, rosters.current), rosters.current))
        for m in messages
        if rosters.current
    )


async def test_an_old_message_is_read_against_its_own_roster(tmp_path: Path, database_url: str) -> None:
    """The sender's precinct changed between receipt and draining."""
    await import_election(database_url, an_election(1))
    before = await rosters_at(tmp_path)
    await before.adopt(await _current(database_url))
    journal = await Journal.open(tmp_path / "journal")
    await journal.append(a_draft("1", "412", before.version))
    await import_election(database_url, an_election(3))
    after = Rosters(tmp_path / "elsewhere")  # so that the old one must come from the database
    await after.adopt(await _current(database_url))
    assert after.version != before.version
    drain = Drain(journal, after, database_url, Telemetry(), batch=10, linger=0)
    await emptied(drain)
    await journal.close()
    connection = await connect(database_url)
    assert await connection.fetchval("select roster_version from messages") == before.version
    await connection.close()


async def _current(database_url: str) -> bytes:
    connection: asyncpg.Connection = await connect(database_url)
    content = await connection.fetchval(
        "select content from rosters join election on version = roster_version"
    )
    await connection.close()
    return str(content).encode()


async def test_a_torn_snapshot_is_no_reason_to_stop(tmp_path: Path) -> None:
    rosters = await rosters_at(tmp_path)
    (path,) = tmp_path.glob("roster-*.json")
    path.write_bytes(path.read_bytes()[:100])
    again = Rosters(tmp_path)
    again.load()
    assert again.current is None
    (tmp_path / "current").write_text("../../etc/passwd")
    again.load()
    assert again.current is None
    election = an_election()
    await again.adopt(dump_roster_content(election.day, election.precincts, election.watchers))
    third = Rosters(tmp_path)
    third.load()
    assert third.version == rosters.version


async def test_a_drain_told_to_stop_in_the_middle_of_a_statement_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """asyncpg may turn the cancellation into an error of its own, which is no reason to try again."""
    journal = await Journal.open(tmp_path / "journal")
    drain = Drain(journal, Rosters(tmp_path), "", Telemetry(), batch=100, linger=0)
    under_way = asyncio.Event()

    async def step() -> bool:
        under_way.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise asyncpg.InterfaceError("cannot perform operation") from None
        return True

    monkeypatch.setattr(drain, "step", step)
    running = asyncio.create_task(drain.run())
    await under_way.wait()
    running.cancel()
    await asyncio.wait({running}, timeout=10)
    assert running.cancelled()
    await journal.close()


@pytest.mark.parametrize("statement", range(1, 6))
async def test_a_drain_stopped_after_any_statement_loses_nothing(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, statement: int
) -> None:
    """PostgreSQL did what it said (`begin`, two inserts, `notify`, `commit`), and then we were stopped."""
    await import_election(database_url, an_election())
    rosters = await rosters_at(tmp_path)
    journal = await Journal.open(tmp_path / "journal")
    for i in range(10):
        await journal.append(a_draft(f"{i}", f"{400 + i}", rosters.version))
    drain = Drain(journal, rosters, database_url, Telemetry(), batch=100, linger=0)
    stopped, executed = asyncio.Event(), 0
    execute = asyncpg.Connection.execute

    async def cut_short(self: asyncpg.Connection, *arguments: Any, **more: Any) -> Any:
        nonlocal executed
        result = await execute(self, *arguments, **more)
        executed += 1
        if executed == statement:
            stopped.set()
            await asyncio.sleep(60)
        return result

    await drain._connected()  # its own statements are none of ours
    monkeypatch.setattr(asyncpg.Connection, "execute", cut_short)
    running = asyncio.create_task(drain.run())
    await asyncio.wait_for(stopped.wait(), 20)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await drain.finish(5)
    assert journal.depth == 0
    await journal.close()
    monkeypatch.undo()
    assert sorted(await stored_keys(database_url)) == [f"{i}" for i in range(10)]
