"""A state folder and database made by commit 191bfef open with the code of today, and nothing is lost.

`state-191bfef.tar.xz` holds what that code left: the dump of a database of three made-up precincts with
twelve texts, and intake's folder with four more that were acknowledged while the database was away, when
intake was killed.
"""

import asyncio
import signal
import subprocess
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from beluga.proof.recount import recounted
from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres, installation
from election.postgres.database import connect
from election.postgres.election_store import load_election
from election.postgres.migrate import migrate, pending
from election.runtime.clock import FixedClock
from tally.app import Service
from tally.settings import TallySettings
from tests.intake.running import SECRET, IntakeProcess, stored_keys, until_drained

LEFT = Path(__file__).parent / "state-191bfef.tar.xz"
STORED, JOURNALLED = [f"a{n}" for n in range(1, 13)], ["b1", "b2", "b3", "b4"]
LAST = {"12-01": 140, "12-02": 96}  # as its watchers last said: the former before, the latter after a FIX
_LAST_SAID = """
select distinct on (precinct_id) precinct_id, votes from check_ins
where watcher_id = $1 and votes is not null and kind in ('count', 'fix') order by precinct_id, sent_at desc
"""


async def restored(postgres: EmbeddedPostgres, name: str, dump: Path) -> str:
    """A database of this name from a dump, as a restored backup has it: no row is of its future."""
    admin = await connect(postgres.url_of("postgres"))
    await admin.execute(f"create database {name}")
    await admin.close()
    url = postgres.url_of(name)
    psql = [str(installation() / "bin" / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", str(dump)]
    done = await asyncio.to_thread(subprocess.run, psql, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    connection = await connect(url)
    newest = await connection.fetchval("select max(xid::text::bigint) from check_ins")
    while await connection.fetchval("select pg_current_xact_id()::text::bigint") <= newest:
        pass
    await connection.close()
    return url


async def test_what_191bfef_left_opens_and_is_recounted(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with tarfile.open(LEFT) as packed:
        packed.extractall(tmp_path, filter="data")
    url = await restored(postgres, "of_191bfef", tmp_path / "database.sql")
    assert sorted(await stored_keys(url)) == sorted(STORED)
    connection = await connect(url)
    assert len(await migrate(connection)) > 10
    assert await pending(connection) == []
    election = await load_election(connection)
    assert election is not None
    assert [p.precinct_id for p in election.precincts] == ["12-01", "12-02", "12-03"]
    intake = IntakeProcess(tmp_path, url)
    try:
        await intake.running()
        await until_drained(intake.url)
    finally:
        intake.end(signal.SIGKILL)
    assert "journal_torn" not in intake.log
    assert sorted(await stored_keys(url)) == sorted(STORED + JOURNALLED)
    for watcher, precinct in (("w1", "12-01"), ("w2", "12-02")):
        last = {row["precinct_id"]: row["votes"] for row in await connection.fetch(_LAST_SAID, watcher)}
        assert last[precinct] == LAST[precinct]
    await connection.close()
    settings = TallySettings(
        database_url=url, secret=SecretStr(SECRET), tally_port=free_port(), feed_port=free_port(),
        state=tmp_path,
    )  # fmt: skip
    async with Service(settings, FixedClock(datetime(2026, 11, 29, 23, tzinfo=UTC))).running() as service:
        async with asyncio.timeout(60):
            while service.engine.publisher.edition is None:
                await asyncio.sleep(0.02)
        found = await recounted(url, f"http://127.0.0.1:{settings.tally_port}", SECRET)
    assert found.messages == len(STORED + JOURNALLED)
    assert found.older >= len(STORED), "their readings are as that code read them"
    assert found.proven, str(found)
