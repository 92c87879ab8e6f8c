"""A purge removes everything and proves it, or removes nothing: whatever fails, and whenever it is killed."""

import asyncio
import json
import os
import resource
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from election.postgres.database import connect
from intake.photos.shelf import PhotoShelf
from tests.beluga.running import in_process, run_beluga, start_beluga, waiting_for_a_lock
from tests.callers.conftest import add_callers, add_election, add_voters
from tests.intake.photos.provider import jpeg

SECRET = "a secret of at least thirty-two characters"
VOTERS = 7


@pytest_asyncio.fixture
async def held(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """An election with voters and callers, and a connection to it."""
    connection = await connect(database_url)
    await add_election(connection, ["a"])
    await add_voters(connection, "a", VOTERS)
    await add_callers(connection, 2)
    yield connection
    await connection.close()


def words(paper: Path) -> tuple[str, ...]:
    return ("purge", "--confirm", "Sample", "--certificate", str(paper))


async def voters(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("select count(*) from voters"))


def proven(paper: Path) -> bool:
    return in_process("purge", "--check", paper, BELUGA_SECRET=SECRET)[0] == 0


async def beluga(*words: str | Path, url: str = "") -> tuple[int, str]:
    return await asyncio.to_thread(in_process, *words, url=url, BELUGA_SECRET=SECRET)


async def test_a_place_where_no_certificate_can_stay_leaves_everything(
    held: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    there = tmp_path / "there.json"
    there.write_text("an older one")
    (tmp_path / "folder").mkdir()
    for paper in (
        there, tmp_path / "folder", there / "below-a-file", Path("/proc/nope/purge.json"),
        tmp_path / "missing" / "purge.json", Path("/dev/full"),
    ):  # fmt: skip
        status, said = await beluga(*words(paper), url=database_url)
        assert status == 1
        assert "--certificate" in said, said
        assert await voters(held) == VOTERS
    assert there.read_text() == "an older one"
    assert Path("/dev/full").is_char_device()
    assert await held.fetchval("select count(*) from audit") == 0


@pytest.mark.parametrize("limit", [0, 100, 2_000])
async def test_a_disk_without_room_for_it_leaves_everything(
    held: asyncpg.Connection, database_url: str, tmp_path: Path, limit: int
) -> None:
    paper = tmp_path / "purge.json"

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = await asyncio.to_thread(
        run_beluga, *words(paper), url=database_url, before=small, BELUGA_SECRET=SECRET,
        PYTHONDONTWRITEBYTECODE="1",
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "no room" in done.stderr and "--certificate" in done.stderr
    assert await voters(held) == VOTERS
    assert list(tmp_path.iterdir()) == []


async def test_the_room_is_taken_before_anything_is_deleted(
    held: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    """The disk fills up in the middle of the purge; the certificate is signed all the same."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        paper = disk / "purge.json"
        async with held.transaction():
            await held.execute("lock table voters in access share mode")
            purge = await start_beluga(*words(paper), url=database_url, BELUGA_SECRET=SECRET)
            other = await connect(database_url)
            await waiting_for_a_lock(other, "lock table%")
            await other.close()
            with (
                (disk / "filler").open("wb", buffering=0) as filler,
                pytest.raises(OSError, match="No space"),
            ):
                while True:
                    filler.write(b"x" * 512)
        said, _ = await purge.communicate()
        assert purge.returncode == 0, said
        assert proven(paper)
        assert [path.name for path in sorted(disk.iterdir())] == ["filler", "purge.json"]
    finally:
        subprocess.run(["umount", disk], check=True)


async def test_a_database_lost_in_the_middle_leaves_everything(
    held: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    paper = tmp_path / "purge.json"
    async with held.transaction():
        await held.execute("lock table voters in access share mode")
        purge = await start_beluga(*words(paper), url=database_url, BELUGA_SECRET=SECRET)
        other = await connect(database_url)
        await other.execute("select pg_terminate_backend($1)", await waiting_for_a_lock(other, "lock table%"))
        await other.close()
        said = (await purge.communicate())[0].decode()
    assert purge.returncode == 1
    assert "Traceback" not in said
    assert "Run the same again" in said
    assert await voters(held) == VOTERS
    assert not proven(paper)
    status, said = await beluga(*words(paper), url=database_url)
    assert status == 0, said
    assert await voters(held) == 0
    assert proven(paper)


async def test_killed_before_it_deletes_it_leaves_everything_and_runs_again(
    held: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    paper = tmp_path / "purge.json"
    async with held.transaction():
        await held.execute("lock table voters in access share mode")
        purge = await start_beluga(*words(paper), url=database_url, BELUGA_SECRET=SECRET)
        other = await connect(database_url)
        backend = await waiting_for_a_lock(other, "lock table%")
        os.kill(purge.pid, signal.SIGKILL)
        await purge.wait()
        await other.execute(
            "select pg_terminate_backend($1)", backend
        )  # it waits on for a client that is gone
        await other.close()
    assert await voters(held) == VOTERS
    status, said = await beluga("purge", "--check", paper)
    assert (status, "proves nothing" in said) == (1, True)
    status, said = await beluga(*words(paper), url=database_url)
    assert status == 0, said
    assert json.loads(paper.read_text())["removed"]["public.voters"] == VOTERS
    assert proven(paper)
    assert [path.name for path in tmp_path.iterdir()] == ["purge.json"]


async def test_killed_after_it_deleted_the_same_command_signs_what_was_removed(
    held: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    paper = tmp_path / "purge.json"
    reader, blocker, eye = [await connect(database_url) for _ in range(3)]
    reading = reader.transaction()
    await reading.start()
    await reader.execute("lock table voters in access share mode")
    purge = await start_beluga(*words(paper), url=database_url, BELUGA_SECRET=SECRET)
    await waiting_for_a_lock(eye, "lock table public.%")
    # next in the queue: gets the table the moment the purge has committed, so that its second look waits
    blocking = blocker.transaction()
    await blocking.start()
    queued = asyncio.create_task(blocker.execute("lock table voters in access exclusive mode"))
    await waiting_for_a_lock(eye, "lock table voters%")
    await reading.rollback()
    await queued
    backend = await waiting_for_a_lock(eye, "select count(*) from public.voters%")
    os.kill(purge.pid, signal.SIGKILL)
    await purge.wait()
    await eye.execute("select pg_terminate_backend($1)", backend)
    await blocking.rollback()
    for each in (reader, blocker, eye):
        await each.close()
    assert await voters(held) == 0
    assert not proven(paper)
    status, said = await beluga(*words(paper), url=database_url)
    assert status == 0, said
    assert json.loads(paper.read_text())["removed"]["public.voters"] == VOTERS, (
        "not what is left to remove now"
    )
    assert proven(paper)
    assert await held.fetchval("select count(*) from audit where action = 'voters purged'") == 1


async def test_a_draft_of_another_election_is_not_gone_on_with(
    held: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    paper = tmp_path / "purge.json"
    paper.write_text(json.dumps({"unfinished": "x", "election": "Sample", "database": "1", "purge": "2"}))
    status, said = await beluga(*words(paper), url=database_url)
    assert status == 1
    assert "another election or database" in said
    assert await voters(held) == VOTERS


async def test_where_there_is_no_election_nothing_is_removed_unasked(
    database_url: str, tmp_path: Path
) -> None:
    paper = tmp_path / "purge.json"
    status, said = await beluga("purge", "--certificate", paper, url=database_url)
    assert (status, "no election" in said) == (1, True)
    assert not paper.exists()


async def test_photos_of_this_host_go_with_it(
    held: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    shelf, paper = PhotoShelf(tmp_path / "state" / "intake" / "photos"), tmp_path / "purge.json"
    for name in ("m1", "m2"):
        shelf.keep(name, 0, jpeg())
    status, said = await beluga(*words(paper), "--state", tmp_path / "state", url=database_url)
    assert (status, "2 photos" in said) == (0, True), said
    assert json.loads(paper.read_text())["photos"] == 2
    assert proven(paper)
    assert [p for p in shelf.folder.rglob("*") if p.is_file() and b"JFIF" in p.read_bytes()] == []
