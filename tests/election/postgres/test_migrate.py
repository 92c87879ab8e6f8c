"""Migrations come in phases, give way to the services that run, and say what they would do."""

import asyncio
import re
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from beluga.commands import app
from beluga.stack.postgres import EmbeddedPostgres
from election.postgres import migrate as migrations
from election.postgres.database import connect
from election.postgres.migrate import LockedOutError, Migration, functions, migrate, pending, planned, steps


@pytest_asyncio.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    found = await connect(database_url)
    yield found
    await found.close()


KNOWN = tuple(steps())


def more(*added: Migration) -> list[Migration]:
    return [*KNOWN, *added]


NEXT = Migration("9001_pre_next", "pre", "Adds a column.", "alter table audit add column next text")
LAST = Migration("9002_post_last", "post", "Drops it again.", "alter table audit drop column next")


def test_every_migration_says_its_phase_and_its_purpose() -> None:
    for step in (*steps(), *functions()):
        assert step.purpose, f"{step.name}: begin the file with a sentence that says what it is for"


async def test_only_one_phase_is_applied_when_asked(
    connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "steps", lambda: more(NEXT, LAST))
    assert await planned(connection) == [NEXT, LAST]
    assert await migrate(connection, "pre") == [NEXT.name]
    assert await planned(connection, "pre") == []
    assert await migrate(connection) == [LAST.name]
    assert await pending(connection) == []


async def test_a_migration_gives_way_to_a_long_transaction_and_then_succeeds(
    connection: asyncpg.Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "steps", lambda: more(NEXT))
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 1)
    monkeypatch.setattr(migrations, "PAUSE_SECONDS", 0.05)
    other = await connect(database_url)
    reading = other.transaction()
    await reading.start()
    await other.fetch("select 1 from audit")
    waited: list[str] = []
    migrating = asyncio.create_task(migrate(connection, on_wait=waited.append))
    async with asyncio.timeout(30):
        while not waited:
            await asyncio.sleep(0.05)
    await reading.commit()
    assert await migrating == [NEXT.name]
    await other.close()


async def test_a_lock_that_is_never_free_ends_with_a_remedy(
    connection: asyncpg.Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "steps", lambda: more(NEXT))
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 1)
    monkeypatch.setattr(migrations, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(migrations, "TRIES", 2)
    other = await connect(database_url)
    async with other.transaction():
        await other.execute("lock table audit in access exclusive mode")
        with pytest.raises(LockedOutError, match="pg_stat_activity"):
            await migrate(connection)
    assert await pending(connection) == [NEXT.name]
    await other.close()


async def test_several_at_once_apply_each_step_once(postgres: EmbeddedPostgres) -> None:
    admin = await asyncpg.connect(postgres.url_of("postgres"))
    await admin.execute("create database migrate_race")
    url = postgres.url_of("migrate_race")
    connections = [await connect(url) for _ in range(4)]
    applied = await asyncio.gather(*(migrate(c) for c in connections))
    assert sorted(name for names in applied for name in names) == [
        step.name for step in (*steps(), *functions())
    ]
    for connection in connections:
        await connection.close()
    await admin.execute("drop database migrate_race with (force)")
    await admin.close()


def test_the_plan_is_printed_and_nothing_is_done(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELUGA_DATABASE_URL", database_url)
    runner = CliRunner()
    assert "nothing to do" in runner.invoke(app, ["migrate", "--plan"]).output
    monkeypatch.setattr(migrations, "steps", lambda: more(NEXT))
    for _ in range(2):
        result = runner.invoke(app, ["migrate", "--plan"])
        assert (
            result.exit_code == 3 and "9001_pre_next" in result.output and "Adds a column." in result.output
        )


async def text_in_force(connection: asyncpg.Connection) -> str:
    return str(await connection.fetchval("select prosrc from pg_proc where proname = 'give_lease'"))


async def test_a_database_made_before_functions_had_files_migrates(
    connection: asyncpg.Connection, database_url: str
) -> None:
    ours = await text_in_force(connection)
    await connection.execute("drop table function_texts")  # as it was made by the code before
    replaced = next(step for step in KNOWN if step.name == "0013_pre_calling").sql
    await connection.execute(
        replaced[replaced.index("create function give_lease") :].replace("create", "create or replace", 1)
    )
    assert await text_in_force(connection) != ours
    assert await pending(connection) == [step.name for step in functions()]
    assert await migrate(connection, "post") == []
    assert await migrate(connection) == [step.name for step in functions()]
    assert await text_in_force(connection) == ours
    assert await migrate(connection) == []


async def test_a_function_is_applied_whenever_its_text_changes_and_back_again(
    connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ours,) = (step for step in functions() if step.name == "functions/give_lease")
    other = Migration(
        ours.name, "pre", ours.purpose, ours.sql.replace("'granted'", "'given'"), repeatable=True
    )
    monkeypatch.setattr(migrations, "functions", lambda: [other])
    assert await migrate(connection) == [ours.name]
    assert "'given'" in await text_in_force(connection)
    monkeypatch.setattr(migrations, "functions", lambda: [ours])
    assert await migrate(connection) == [ours.name]
    assert await text_in_force(connection) in ours.sql


def test_a_function_that_stands_in_two_migrations_has_a_file_and_no_third() -> None:
    last = {"door_voters": "0174_pre_doors", "give_lease": "0016_pre_unanswered_calls"}  # held its text last
    written: dict[str, list[str]] = {}
    for step in steps():
        for name in re.findall(r"create (?:or replace )?function (\w+)", step.sql):
            written.setdefault(name, []).append(step.name)
    assert {name for name, where in written.items() if len(where) > 1} <= set(last)
    assert [f"functions/{name}" for name in sorted(last)] == [step.name for step in functions()]
    for name, step in last.items():
        assert written[name][-1] == step, f"{name}: change migrations/functions/{name}.sql, not a migration"
