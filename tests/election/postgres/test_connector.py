"""The connector finds the writable host, whatever the others do."""

import asyncio
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from election.postgres.connection_watch import ANSWER_SECONDS, PULSE_SECONDS
from election.postgres.connector import NotReplicatedError, NoWritableHostError, ReplicationWatch, hosts_of
from election.postgres.database import UNREACHABLE, connect, open_pool, pauses, until_reachable


@pytest.fixture
def second(tmp_path: Path, postgres: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """Another server with the same password as the first."""
    password = postgres.url.split(":")[2].split("@")[0]
    server = EmbeddedPostgres(tmp_path / "second", free_port(), password)
    server.start()
    yield server
    if server.pid:
        os.kill(server.pid, signal.SIGCONT)
    server.stop()


def both(first: EmbeddedPostgres, then: EmbeddedPostgres) -> str:
    login = first.url_of("postgres").split("@")[0]
    return f"{login}@127.0.0.1:{first.port},127.0.0.1:{then.port}/postgres"


def test_a_url_of_several_hosts_is_one_url_each() -> None:
    assert hosts_of("postgresql://u:p%40@a:1,b:2/db?x=y") == [
        "postgresql://u:p%40@a:1/db?x=y",
        "postgresql://u:p%40@b:2/db?x=y",
    ]


async def test_a_frozen_host_listed_first_costs_one_probe(
    postgres: EmbeddedPostgres, second: EmbeddedPostgres
) -> None:
    assert second.pid
    os.kill(second.pid, signal.SIGSTOP)
    async with asyncio.timeout(30):  # by itself it would wait for ever
        connection = await connect(both(second, postgres))
    assert await connection.fetchval("select inet_server_port()") == postgres.port
    await connection.close()


async def test_a_name_that_does_not_resolve_takes_no_thread_from_the_living(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead machine's name may take long to fail; many ask for it, in few threads."""
    real, at_once, most = socket.getaddrinfo, 0, 0

    def slow(host: Any, *rest: Any, **more: Any) -> Any:
        nonlocal at_once, most
        if host not in ("dead.invalid", b"dead.invalid"):
            return real(host, *rest, **more)
        at_once += 1
        most = max(most, at_once)
        time.sleep(2)
        at_once -= 1
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    login = postgres.url_of("postgres").split("@")[0]
    url = f"{login}@dead.invalid:5432,localhost:{postgres.port}/postgres"
    for connection in await asyncio.gather(*(connect(url) for _ in range(20))):
        connection.terminate()
    assert most == 1


async def test_a_read_only_host_is_passed_over(postgres: EmbeddedPostgres, second: EmbeddedPostgres) -> None:
    admin = await asyncpg.connect(second.url_of("postgres"))
    await admin.execute("alter system set default_transaction_read_only = on")
    await admin.execute("select pg_reload_conf()")
    await admin.close()
    connection = await connect(both(second, postgres))
    assert await connection.fetchval("select inet_server_port()") == postgres.port
    await connection.close()


async def test_no_writable_host_says_what_each_answered(second: EmbeddedPostgres) -> None:
    nobody = free_port()
    login = second.url_of("postgres").split("@")[0]
    second.stop()
    with pytest.raises(NoWritableHostError, match=rf"127.0.0.1:{nobody} refused"):
        await connect(f"{login}@127.0.0.1:{second.port},127.0.0.1:{nobody}/postgres")


async def test_a_pool_survives_its_server(database_url: str) -> None:
    pool = await open_pool(database_url)
    assert await pool.fetchval("select 1") == 1
    killer = await connect(database_url)
    for _ in range(5):
        await killer.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        assert await until_reachable(lambda: pool.fetchval("select 2"), lambda error: None) == 2
    await killer.close()
    await pool.close()


def tell(server: EmbeddedPostgres, what: signal.Signals) -> None:
    """Every process of it. SIGSTOP: as when a machine freezes, connections stay open, and nobody answers."""
    assert server.pid
    for pid in (*Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split(), server.pid):
        os.kill(int(pid), what)


@pytest.fixture
def thawed(second: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """A second server that is thawed at the end."""
    yield second
    tell(second, signal.SIGCONT)


async def test_whoever_waits_for_a_frozen_host_is_let_go_once_another_takes_writes(
    postgres: EmbeddedPostgres, thawed: EmbeddedPostgres
) -> None:
    url = both(thawed, postgres)
    pool = await open_pool(url, size=2)
    alone = await connect(url)
    assert await pool.fetchval("select inet_server_port()") == thawed.port
    tell(thawed, signal.SIGSTOP)

    async def ask() -> None:
        with pytest.raises(UNREACHABLE):
            await alone.fetchval("select 1")

    waiting = asyncio.create_task(ask())
    port = await until_reachable(lambda: pool.fetchval("select inet_server_port()"), lambda error: None)
    await waiting
    assert port == postgres.port
    assert alone.is_closed()
    pool.terminate()


@pytest.fixture
def deposed(
    tmp_path: Path, postgres: EmbeddedPostgres
) -> Iterator[tuple[EmbeddedPostgres, EmbeddedPostgres]]:
    """A primary, which goes on serving on its timeline, and a copy of it to be promoted to the next."""
    password = postgres.url.split(":")[2].split("@")[0]
    old = EmbeddedPostgres(tmp_path / "old", free_port(), password)
    old.start()
    old.stop()
    new = EmbeddedPostgres(tmp_path / "new", free_port(), password)
    shutil.copytree(old.home, new.home)
    (new.data / "standby.signal").touch()
    if os.geteuid() == 0:
        new.own_all()
    for server in (old, new):
        server.start()
    yield old, new
    for server in (old, new):
        server.stop()


async def test_whoever_reads_at_a_deposed_primary_is_sent_to_the_new_one(
    deposed: tuple[EmbeddedPostgres, EmbeddedPostgres],
) -> None:
    """Its keeper alone has died: it still answers, and would never tell a reader what happens elsewhere."""
    old, new = deposed
    url = both(old, new)
    connection = await connect(url)
    assert await connection.fetchval("select inet_server_port()") == old.port
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    admin = await asyncpg.connect(new.url_of("postgres"))
    await admin.fetchval("select pg_promote()")
    await admin.close()
    async with asyncio.timeout(PULSE_SECONDS + 2 * ANSWER_SECONDS + 2):
        await ended.wait()
    again = await connect(url)
    assert await again.fetchval("select inet_server_port()") == new.port
    again.terminate()


async def test_a_frozen_host_keeps_its_connections_while_nobody_else_takes_writes(
    thawed: EmbeddedPostgres,
) -> None:
    login = thawed.url_of("postgres").split("@")[0]
    connection = await connect(f"{login}@127.0.0.1:{thawed.port},127.0.0.1:{free_port()}/postgres")
    tell(thawed, signal.SIGSTOP)
    waiting = asyncio.create_task(connection.fetchval("select 7"))
    await asyncio.sleep(PULSE_SECONDS + ANSWER_SECONDS + 2)  # it has been found silent, and nobody else
    assert not waiting.done()
    tell(thawed, signal.SIGCONT)
    assert await waiting == 7
    connection.terminate()


async def test_a_commit_whose_synchronous_wait_was_cancelled_is_not_taken_for_done(
    postgres: EmbeddedPostgres, database_url: str
) -> None:
    writer, killer = await connect(database_url), await connect(database_url)
    await writer.execute("create table t (n int)")
    await killer.execute("alter system set synchronous_standby_names = 'nobody'")
    await killer.execute("select pg_reload_conf()")
    try:
        pid = await writer.fetchval("select pg_backend_pid()")

        async def cancel_when_waiting() -> None:
            while not await killer.fetchval(
                "select wait_event = 'SyncRep' from pg_stat_activity where pid = $1", pid
            ):
                pass
            await killer.execute("select pg_cancel_backend($1)", pid)

        cancelling = asyncio.create_task(cancel_when_waiting())
        with pytest.raises(NotReplicatedError):
            async with asyncio.timeout(30):
                while True:  # the setting reaches the server's processes one by one
                    async with ReplicationWatch(writer):
                        await writer.execute("insert into t values (1)")
        await cancelling
    finally:
        await killer.execute("alter system reset synchronous_standby_names")
        await killer.execute("select pg_reload_conf()")
        await writer.close()
        await killer.close()


async def test_a_stop_that_a_broken_connection_hid_ends_the_loop_all_the_same() -> None:
    """A transaction that is cancelled on a dead connection raises the connection's error instead."""
    begun = asyncio.Event()

    async def loop() -> None:
        rest = pauses()
        while True:
            try:
                begun.set()
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await rest.wait()

    task = asyncio.create_task(loop())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
