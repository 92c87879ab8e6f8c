"""A rehearsal in the same database and folder leaves election day as it was; the roll call by command."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from beluga.cli.rollcall import app
from beluga.stack.ports import free_port
from election.domain.checkin import Kind
from election.log.check_in_log import Position, read_after
from election.postgres.database import connect
from intake.app import Intake
from intake.settings import IntakeSettings
from tests.intake.running import GENERIC_SECRET, SECRET, a_text, an_election, import_election, phone


def an_intake(folder: Path, database_url: str, port: int, *, rehearsal: bool) -> Intake:
    return Intake(
        IntakeSettings(
            database_url=database_url, state=folder, intake_port=port, secret=SECRET, rehearsal=rehearsal,
            generic_secret=GENERIC_SECRET, journal_ballast_mib=0, feed_url=f"ws://127.0.0.1:{free_port()}",
        )
    )  # fmt: skip


async def send(port: int, key: str, words: str) -> None:
    body, headers = a_text(key, words, phone(1))
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{port}/sms/generic", data=body, headers=headers) as answer,
    ):
        assert answer.status == 200


async def test_what_was_rehearsed_stays_a_rehearsals_through_a_restart_in_the_other_mode(
    tmp_path: Path, database_url: str
) -> None:
    port = free_port()
    # Taken in a rehearsal while the database is away, drained by election day's intake.
    drill = an_intake(tmp_path, "postgresql://nobody@127.0.0.1:9/none", port, rehearsal=True)
    await drill.start()
    await send(port, "drill", "READY")
    await drill.stop()
    await import_election(database_url, an_election())
    day = an_intake(tmp_path, database_url, port, rehearsal=False)
    await day.start()
    await day.rosters.known.wait()
    await send(port, "day", "412")
    async with asyncio.timeout(30):
        while day.journal.depth:
            await asyncio.sleep(0.02)
    await day.stop()
    connection = await connect(database_url)
    entries, _ = await read_after(connection, Position())
    await connection.close()
    assert {(e.kind, e.rehearsal) for e in entries} == {(Kind.READY, True), (Kind.COUNT, False)}


def test_the_commands_count_invite_once_and_keep_the_modes_apart(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELUGA_DATABASE_URL", database_url)
    monkeypatch.setenv("BELUGA_STATE", str(tmp_path))
    run = CliRunner().invoke
    assert run(app, ["status"]).exit_code == 2, "no election yet"
    asyncio.run(_prepare(tmp_path, database_url))
    found = run(app, ["status"])
    assert (found.exit_code, "proven 1 of 3" in found.output) == (1, True), found.output
    drill = run(app, ["status", "--rehearsal"])
    assert "REHEARSAL" in drill.output
    assert "proven 0 of 3" in drill.output
    assert "2 invitations" in run(app, ["invite"]).output
    assert run(app, ["invite"]).output.startswith("0 invitations")
    assert run(app, ["invite", "--rehearsal"]).output.startswith("REHEARSAL: 3 invitations")
    assert run(app, ["remind"]).output.startswith("2 invitations")
    assert run(app, ["remind"]).output.startswith("0 invitations"), "once a day"
    assert run(app, ["remind", "--county", "elsewhere"]).output.startswith("0 invitations")


async def _prepare(folder: Path, database_url: str) -> None:
    await import_election(database_url, an_election())
    port = free_port()
    intake = an_intake(folder, database_url, port, rehearsal=False)
    await intake.start()
    await intake.rosters.known.wait()
    await send(port, "ready", "READY")
    async with asyncio.timeout(30):
        while intake.journal.depth:
            await asyncio.sleep(0.02)
    await intake.stop()
