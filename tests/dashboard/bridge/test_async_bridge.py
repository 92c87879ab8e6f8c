"""The loop beside the pages: what takes too long is cut short, and leaves nothing half begun behind."""

import asyncio

import pytest

from dashboard.bridge.async_bridge import AsyncBridge


def test_a_connection_cut_short_is_never_used_again(database_url: str) -> None:
    background = AsyncBridge(database_url)
    background.start()

    async def who(and_then: str = "select 1") -> int:
        async with background.connection() as connection:
            pid = int(await connection.fetchval("select pg_backend_pid()"))
            await connection.execute(and_then)
            return pid

    async def half_a_deed() -> None:
        async with background.connection() as connection, connection.transaction():
            await connection.execute("create table half (n int)")
            await connection.execute("select pg_sleep(30)")

    async def left() -> list[str]:
        async with background.connection() as connection, connection.transaction():
            found = await connection.fetch(
                "select relname::text from pg_class where relname in ('half', 'whole')"
            )
            await connection.execute("create table if not exists whole (n int)")
            return [row["relname"] for row in found]

    try:
        first = background.run(who())
        with pytest.raises(TimeoutError):
            background.run(half_a_deed(), timeout=0.5)
        assert background.run(left()) == []
        assert background.run(left()) == ["whole"]  # what came after it was committed

        async def everybody() -> list[int]:
            return await asyncio.gather(*(who("select pg_sleep(0.2)") for _ in range(4)))

        assert first not in background.run(everybody())
    finally:
        background.stop()
