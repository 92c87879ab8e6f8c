"""A backup is worth what its restore is: bytes verified, every message counted anew."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from beluga.backup.backup import BackupError, back_up, backups, put_back, verify
from beluga.proof.recount import recounted
from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from election.log.check_in_log import append
from election.postgres.database import connect
from election.postgres.migrate import migrate
from tests.beluga.proof.test_recount import a_database, an_exchange


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    found = EmbeddedPostgres(tmp_path / "live", free_port(), secrets.token_hex(8))
    found.start()
    asyncio.run(fill(found))
    yield found
    found.stop()


async def fill(server: EmbeddedPostgres) -> None:
    admin = await connect(server.url_of("postgres"))
    await admin.execute("create database beluga")
    await admin.close()
    connection = await connect(server.url)
    await migrate(connection)
    await connection.close()
    await (await a_database(server.url, an_exchange()[:-1])).close()


async def one_more(server: EmbeddedPostgres) -> None:
    connection = await connect(server.url)
    message, entries = an_exchange()[-1]
    await append(connection, [message], entries)
    await connection.close()


def password_of(server: EmbeddedPostgres) -> str:
    return server.url.split(":")[2].split("@")[0]


def test_a_backup_restores_and_recounts(server: EmbeddedPostgres, tmp_path: Path) -> None:
    made = back_up(server.url, tmp_path / "backups")
    asyncio.run(one_more(server))  # what comes later is not in it
    found = verify(made, tmp_path / "scratch", password_of(server))
    assert found.recount.proven and found.recount.messages == len(an_exchange()) - 1
    assert found.newest == an_exchange()[-2][0].received_at
    assert not (tmp_path / "scratch").exists()


def test_a_damaged_backup_is_not_restored(server: EmbeddedPostgres, tmp_path: Path) -> None:
    made = back_up(server.url, tmp_path / "backups")
    victim = max((made.folder / "base").rglob("*"), key=lambda f: f.stat().st_size if f.is_file() else 0)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 0xFF
    victim.write_bytes(content)
    with pytest.raises(BackupError, match=f"{victim.name} has changed"):
        verify(made, tmp_path / "scratch", password_of(server))


def test_old_backups_are_removed_and_a_failed_one_leaves_the_rest(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    for name in ("20240101T000000Z", "20240102T000000Z", "20240103T000000Z", "other"):
        (folder / name).mkdir(parents=True)
    made = back_up(server.url, folder, keep=2)
    assert [b.folder.name for b in backups(folder)] == [made.folder.name, "20240103T000000Z"]
    assert (folder / "other").exists()
    url = server.url
    server.stop()
    with pytest.raises(BackupError, match="pg_basebackup"):
        back_up(url, folder, keep=2)
    assert len(backups(folder)) == 2


def test_a_cluster_is_told_where_its_backups_are(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="pgBackRest"):
        back_up("postgresql://u:p@a:1,b:2/beluga", tmp_path)


def test_a_backup_takes_the_place_of_a_lost_database_and_of_no_other(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    made = back_up(server.url, tmp_path / "backups")
    with pytest.raises(BackupError, match="there is a database"):
        put_back(made, server)
    server.stop()
    server.data.rename(tmp_path / "lost")
    put_back(made, server)
    server.start()
    assert asyncio.run(recounted(server.url)).messages == len(an_exchange()) - 1
