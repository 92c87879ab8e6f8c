"""One leader at a time, on a real PostgreSQL, and a deposed one is fenced."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest
import pytest_asyncio

from election.postgres.database import connect, pauses
from election.postgres.leadership import LOST, Candidate, DeposedError, Term


@pytest_asyncio.fixture
async def admin(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(database_url)
    yield connection
    await connection.close()


async def end_session(admin: asyncpg.Connection) -> None:
    """What a dead process or network does to the leader's session."""
    ended = await admin.fetchval(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted "
        "and database = (select oid from pg_database where datname = current_database()) limit 1"
    )
    assert ended


async def leads(candidate: Candidate, seconds: float = 10.0) -> Term:
    async with asyncio.timeout(seconds):
        while not await candidate.step():
            await asyncio.sleep(0.02)
    assert candidate.term
    return candidate.term


async def act(url: str, term: Term) -> None:
    connection = await connect(url)
    try:
        async with connection.transaction():
            await term.fence(connection)
    finally:
        await connection.close()


async def test_one_of_two_leads_and_the_other_takes_over_when_it_resigns(database_url: str) -> None:
    first, second = Candidate(database_url, "dispatch"), Candidate(database_url, "dispatch")
    term = await leads(first)
    assert await second.step() is None
    assert await first.step() == term
    await first.resign()
    assert (await leads(second)).epoch == term.epoch + 1
    await second.resign()


async def test_leaderships_of_different_names_are_apart(database_url: str) -> None:
    first, second = Candidate(database_url, "dispatch"), Candidate(database_url, "reminders")
    assert await leads(first) and await leads(second)
    await first.resign()
    await second.resign()


async def test_a_leader_that_lost_its_session_is_fenced(database_url: str, admin: asyncpg.Connection) -> None:
    first, second = Candidate(database_url, "dispatch"), Candidate(database_url, "dispatch")
    old = await leads(first)
    await act(database_url, old)
    await end_session(admin)
    new = await leads(second)
    await act(database_url, new)
    with pytest.raises(DeposedError, match=f"term {old.epoch} is over"):
        await act(database_url, old)
    assert await first.step() is None, "it must notice, and stand again as a mere candidate"
    await first.resign()
    await second.resign()


async def test_a_frozen_leader_is_deposed_when_its_lease_ends(database_url: str) -> None:
    frozen = Candidate(database_url, "dispatch")  # nobody calls its step() again: it renews nothing
    second = Candidate(database_url, "dispatch", lease_seconds=0.4)
    old = await leads(frozen)
    assert await second.step() is None
    assert (await leads(second)).epoch == old.epoch + 1
    await frozen.resign()
    await second.resign()


async def test_a_successor_waits_for_a_transaction_that_is_past_its_fence(
    database_url: str, admin: asyncpg.Connection
) -> None:
    first, second = Candidate(database_url, "dispatch"), Candidate(database_url, "dispatch")
    old = await leads(first)
    worker = await connect(database_url)
    acting = worker.transaction()
    await acting.start()
    await old.fence(worker)
    assert await first.step() == old, "renewing must not wait for the work"
    await end_session(admin)
    succession = asyncio.create_task(leads(second))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(succession), 0.5)
    await acting.commit()
    assert (await succession).epoch == old.epoch + 1
    await worker.close()
    await first.resign()
    await second.resign()


async def test_a_fence_outside_a_transaction_is_refused(admin: asyncpg.Connection) -> None:
    with pytest.raises(ValueError, match="transaction"):
        await Term("dispatch", 1).fence(admin)


@pytest.mark.parametrize("seed", range(3))
async def test_terms_never_overlap_whatever_dies(
    database_url: str, admin: asyncpg.Connection, seed: int
) -> None:
    """Three candidates act while sessions are killed; their deeds are in the order of their terms."""
    chance = random.Random(seed)
    await admin.execute("create table deeds (n bigint generated always as identity, epoch bigint not null)")
    candidates = [Candidate(database_url, "dispatch", lease_seconds=0.5) for _ in range(3)]

    async def campaign(candidate: Candidate) -> None:
        rest = pauses()
        while True:
            try:
                await candidate.step()
                await asyncio.sleep(0.02)
            except LOST:
                await candidate.resign()
                rest.reset()
                await rest.wait()

    async def work(candidate: Candidate) -> None:
        connection = await connect(database_url)
        stale: Term | None = None  # a slow worker goes on with the term it once saw
        while True:
            term = stale or candidate.term
            stale = term if chance.random() < 0.7 else None
            if term:
                with suppress(DeposedError):
                    async with connection.transaction():
                        await term.fence(connection)
                        await asyncio.sleep(chance.random() * 0.01)
                        await connection.execute("insert into deeds (epoch) values ($1)", term.epoch)
                    continue
                stale = None
            await asyncio.sleep(0.005)

    tasks = [asyncio.create_task(job(c)) for c in candidates for job in (campaign, work)]
    async with asyncio.timeout(60):
        for terms in range(1, 7):  # each has acted before its session is killed
            while await admin.fetchval("select count(distinct epoch) from deeds") < terms:
                await asyncio.sleep(0.02 + chance.random() * 0.1)
            with suppress(AssertionError):  # between two leaders there is nothing to kill
                await end_session(admin)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    epochs = [row["epoch"] for row in await admin.fetch("select epoch from deeds order by n")]
    assert epochs == sorted(epochs)
    assert len(set(epochs)) >= 6
    for candidate in candidates:
        await candidate.resign()
