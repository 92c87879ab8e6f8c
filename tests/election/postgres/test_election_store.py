"""The database gives back the election that was saved, and keeps every roster."""

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beluga.stack.postgres import EmbeddedPostgres
from election.domain.day import Election, ElectionDay, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId
from election.domain.roster import load_roster, roster_of
from election.postgres.database import connect
from election.postgres.election_store import (
    CHANGED_CHANNEL,
    change_precincts,
    current_roster,
    load_election,
    move_watchers,
    roster,
    save_election,
)
from tests.election.elections import elections


async def save(connection: asyncpg.Connection, election: Election) -> str:
    async with connection.transaction():
        return await save_election(connection, election)


DAY = ElectionDay("A day", date(2026, 11, 3), "America/New_York", time(7), time(20))
PLACES = tuple(Precinct(PrecinctId(f"12-0{n}"), f"School {n}", 1000) for n in (1, 2, 3))
TWO = (
    Watcher(WatcherId("a"), "A", "+12155550101", "en", (PrecinctId("12-01"),)),
    Watcher(WatcherId("b"), "B", "+12155550102", "en", (PrecinctId("12-02"),)),
)
SMALL = Election(DAY, PLACES, watchers=TWO)


@pytest.fixture(scope="module")
def shared_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """One database for all examples of a property: each must replace what the last one left."""
    name = f"store_{secrets.token_hex(6)}"

    async def say(statement: str) -> None:
        admin = await asyncpg.connect(postgres.url_of("postgres"))
        await admin.execute(statement)
        await admin.close()

    asyncio.run(say(f"create database {name} template template_beluga strategy file_copy"))
    yield postgres.url_of(name)
    asyncio.run(say(f"drop database {name} with (force)"))


@settings(max_examples=12, deadline=None)
@given(st.lists(elections(), min_size=1, max_size=3))
def test_what_is_saved_last_is_loaded(shared_database: str, saved: list[Election]) -> None:
    async def run() -> None:
        connection = await connect(shared_database)
        for election in saved:
            version = await save(connection, election)
            assert version == roster_of(election).version
            assert await load_election(connection) == election
            assert await load_election(connection, shapes=False) == replace(election, geometry={})
        for election in saved:
            expected = roster_of(election)
            content = await roster(connection, expected.version)
            assert content is not None
            assert load_roster(content) == expected
        assert await current_roster(connection) == await roster(connection, roster_of(saved[-1]).version)
        await connection.close()

    asyncio.run(run())


async def test_an_empty_database_has_no_election(database_url: str) -> None:
    connection = await connect(database_url)
    assert await load_election(connection) is None
    assert await current_roster(connection) is None
    assert await roster(connection, "0" * 16) is None
    await connection.close()


async def test_precincts_come_and_go_and_phones_change_hands(database_url: str) -> None:
    connection = await connect(database_url)
    await save(connection, SMALL)
    swapped = (replace(TWO[0], phone=TWO[1].phone), replace(TWO[1], phone=TWO[0].phone))
    later = replace(SMALL, precincts=(PLACES[2], replace(PLACES[0], registered=7)), watchers=swapped)
    await save(connection, later)
    assert await load_election(connection) == later
    await connection.close()


async def test_a_changed_precinct_is_in_the_table_and_the_roster_and_what_refers_to_it_stays(
    database_url: str,
) -> None:
    """As if the whole had been imported so: shapes, order and moved watchers stay, a new one comes last."""
    connection = await connect(database_url)
    shape = {"type": "Point", "coordinates": [-75.0, 40.0]}
    await save(connection, replace(SMALL, geometry={PLACES[0].precinct_id: shape}))
    await move_watchers(connection, {"b": ["12-03"]})
    changed, new = replace(PLACES[0], name="Old Mill", opens=time(6)), replace(PLACES[0], precinct_id="7")
    before = await connection.fetchval("select imported_at from election")
    async with connection.transaction():
        version = await change_precincts(connection, [changed, new], ["12-02"])
    kept = await load_election(connection)
    assert kept is not None and kept.precincts == (changed, PLACES[2], new)
    assert kept.geometry == {PLACES[0].precinct_id: shape} and kept.watchers == SMALL.watchers
    content = await current_roster(connection)
    assert content is not None
    in_force = load_roster(content)
    assert in_force.version == version and set(in_force.precincts.values()) == set(kept.precincts)
    assert in_force.watchers["b"].precinct_ids == ("12-03",)
    assert await connection.fetchval("select imported_at from election") > before, "boards look anew"
    await connection.close()


async def test_listeners_hear_of_it_when_it_is_committed(database_url: str) -> None:
    connection, listener = await connect(database_url), await connect(database_url)
    heard: asyncio.Queue[str] = asyncio.Queue()
    await listener.add_listener(CHANGED_CHANNEL, lambda *said: heard.put_nowait(said[3]))
    transaction = connection.transaction()
    await transaction.start()
    version = await save_election(connection, SMALL)
    assert await load_election(listener) is None
    assert heard.empty()
    await transaction.commit()
    assert await asyncio.wait_for(heard.get(), 10) == version
    await asyncio.gather(connection.close(), listener.close())


async def test_two_imports_at_once_leave_one_whole_election(database_url: str) -> None:
    other = replace(SMALL, day=replace(DAY, name="Another"), precincts=PLACES[:1], watchers=TWO[:1])
    one, two = await connect(database_url), await connect(database_url)
    for _ in range(5):
        await asyncio.gather(save(one, SMALL), save(two, other))
        assert await load_election(one) in (SMALL, other)
    await asyncio.gather(one.close(), two.close())
