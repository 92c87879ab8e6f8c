"""A small made-up precinct with voters, open for calling, in a real database."""

import zlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

import asyncpg
import pytest_asyncio

from election.domain.day import Election, ElectionDay, Precinct
from election.domain.ids import PrecinctId
from election.postgres.database import connect, open_pool
from election.postgres.election_store import save_election

ZONE = "America/New_York"
NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)  # 12:00 in New York
CLOSES = datetime(2026, 11, 4, 1, tzinfo=UTC)
DAY = ElectionDay("Sample", date(2026, 11, 3), ZONE, time(7), time(20))


async def add_election(connection: asyncpg.Connection, precincts: Sequence[str]) -> None:
    election = Election(DAY, tuple(Precinct(PrecinctId(p), f"Hall {p}", 1000) for p in precincts))
    async with connection.transaction():
        await save_election(connection, election)


async def add_voters(
    connection: asyncpg.Connection, precinct: str, number: int, household: int = 1, **columns: object
) -> list[str]:
    """`number` voters, `household` of them on each phone; returns their ids in roll order."""
    rows = []
    for n in range(number):
        row = {
            "voter_id": f"{precinct}/{n}", "precinct_id": precinct, "roll_number": str(n),
            "name": f"Voter {n}",
            "phone": f"+1215{zlib.crc32(precinct.encode()) % 1000:03}{n // household:04}",
            "support": 50 + n % 50,
        } | columns  # fmt: skip
        rows.append(row)
    names = list(rows[0])
    await connection.copy_records_to_table("voters", records=[tuple(r.values()) for r in rows], columns=names)
    return [str(r["voter_id"]) for r in rows]


async def add_callers(
    connection: asyncpg.Connection, number: int, languages: Sequence[str] = ("en",)
) -> None:
    await connection.executemany(
        "insert into callers (caller_id, name, languages) values ($1, $2, $3)",
        [(f"c{n}", f"Caller {n}", list(languages)) for n in range(number)],
    )


async def open_precinct(connection: asyncpg.Connection, precinct: str, closes_at: datetime = CLOSES) -> None:
    await connection.execute(
        "insert into dispatches (dispatch_id, precinct_id, automatic, started_at, started_by, reason,"
        " closes_at, missing_at_start) values ($1, $2, true, $3, 'callers', 'behind', $4, 84)",
        uuid4(), precinct, NOON - timedelta(hours=1), closes_at,
    )  # fmt: skip


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database_url, 8, stateless=True)
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(database_url)
    yield connection
    await connection.close()
