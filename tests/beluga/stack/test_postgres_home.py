"""A database stays where it was made, whatever becomes of the modes of the folders above it."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from beluga.stack.ports import free_port
from beluga.stack.postgres import SHARED, EmbeddedPostgres, PostgresError
from beluga.stack.stack import lock

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only as root PostgreSQL runs under another account"
)


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder that another account may reach, if the folder itself lets it (unlike pytest's own)."""
    base = Path(tempfile.mkdtemp(prefix="beluga-test-"))
    base.chmod(0o711)
    made = base / "state"
    made.mkdir()
    yield made
    shutil.rmtree(base)


def server_of(state: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(state / "postgres", free_port(), "a password of this test")


async def with_a_table(state: Path) -> Path:
    """Where the database of a stack lies that has been used once."""
    server = server_of(state)
    server.start()
    try:
        connection = await asyncpg.connect(server.url_of("postgres"))
        await connection.execute("create table texts as select 7 as kept")
        await connection.close()
    finally:
        server.stop()
    return server.home


async def kept(state: Path) -> int:
    server = server_of(state)
    server.start()
    try:
        connection = await asyncpg.connect(server.url_of("postgres"))
        found: int = await connection.fetchval("select kept from texts")
        await connection.close()
        return found
    finally:
        server.stop()


async def test_a_database_made_elsewhere_is_found_when_the_folder_lets_it_pass(state: Path) -> None:
    """A stack whose umask was 077 has its database below /var/lib/beluga, and it stays there."""
    state.chmod(0o700)
    home = await with_a_table(state)
    try:
        assert home.parent == SHARED
        lock(state).close()
        assert state.stat().st_mode & 0o777 == 0o711
        assert server_of(state).home == home
        assert await kept(state) == 7
    finally:
        shutil.rmtree(home)


async def test_a_database_that_is_shut_off_is_not_replaced_by_an_empty_one(state: Path) -> None:
    state.chmod(0o755)
    home = await with_a_table(state)
    assert home == state / "postgres"
    state.chmod(0o700)
    with pytest.raises(PostgresError, match=f"chmod o\\+x {state}"):
        server_of(state).start()
    lock(state).close()
    assert await kept(state) == 7


async def test_of_two_databases_the_one_that_ran_last_counts(state: Path) -> None:
    state.chmod(0o755)
    older = await with_a_table(state)
    (state / "postgres").rename(state / "away")
    state.chmod(0o700)
    newer = await with_a_table(state)
    try:
        (state / "away").rename(older)
        state.chmod(0o711)
        assert server_of(state).home == newer
        os.utime(older / "data" / "global" / "pg_control")
        assert server_of(state).home == older
    finally:
        shutil.rmtree(newer)


def test_what_is_made_for_the_database_lets_it_pass_whatever_the_umask(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = state.parent / "var" / "lib" / f"beluga-{secrets.token_hex(3)}"
    monkeypatch.setattr("beluga.stack.postgres.SHARED", shared)
    state.chmod(0o700)
    before = os.umask(0o077)
    try:
        server = server_of(state)
        assert server.home.parent == shared
        server.start()
        server.stop()
    finally:
        os.umask(before)
    assert server.home.stat().st_mode & 0o777 == 0o700
