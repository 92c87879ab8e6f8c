"""Requests that share a transaction share nothing else: not a mistake, not a caller who has gone."""

import asyncio

import asyncpg
import pytest

from callers.queue.shared_transactions import SharedTransactions


async def test_what_waits_together_commits_together(pool: asyncpg.Pool) -> None:
    numbers = SharedTransactions(pool, "select $1::int as n, pg_current_xact_id()::text as xid", lanes=1)
    rows = await asyncio.gather(*(numbers.row(n, n) for n in range(20)))
    assert [row["n"] for row in rows] == list(range(20))
    assert len({row["xid"] for row in rows}) <= 3, "the first goes at once, the others wait for it together"


async def test_one_bad_request_fails_alone(pool: asyncpg.Pool) -> None:
    inverse = SharedTransactions(pool, "select 12 / $1::int as n", lanes=1)
    found = await asyncio.gather(*(inverse.row(n, n) for n in (1, 2, 0, 3)), return_exceptions=True)
    assert [row["n"] for row in found if not isinstance(row, BaseException)] == [12, 6, 4]
    assert isinstance(found[2], asyncpg.DivisionByZeroError)


async def test_one_who_gives_up_waiting_takes_nobody_along(pool: asyncpg.Pool) -> None:
    slow = SharedTransactions(pool, "select $1::int as n from pg_sleep(0.05)", lanes=1)
    first = asyncio.create_task(slow.row(0, 0))
    second, third = (asyncio.create_task(slow.row(n, n)) for n in (1, 2))
    await asyncio.sleep(0.01)
    second.cancel()
    assert (await first)["n"] == 0
    assert (await third)["n"] == 2
    with pytest.raises(asyncio.CancelledError):
        await second


async def test_who_asks_again_the_moment_they_are_answered_is_not_forgotten(pool: asyncpg.Pool) -> None:
    """The lane has nothing left to do just then; whoever comes before it has ended must start another."""
    batches = SharedTransactions(pool, "select $1::integer as n", lanes=1)
    row: asyncpg.Record | None = None

    async def again_and_again() -> None:
        nonlocal row
        for n in range(5):
            row = await batches.row("k", n)

    await asyncio.wait_for(again_and_again(), 20)
    assert row is not None
    assert row["n"] == 4
