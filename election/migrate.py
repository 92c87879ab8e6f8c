"""Numbered SQL migrations, `NNNN_{pre|post}_what.sql`: `pre` suits the code still running, `post` the next.

Each runs in a transaction of its own under an advisory lock, so that services may start side by side.
"""

from importlib import resources

import asyncpg

_LOCK = 0x62656C756761  # "beluga"

_CREATE = """
create table if not exists migrations (
    name text primary key,
    applied_at timestamptz not null default now()
)
"""


def available() -> list[tuple[str, str]]:
    """(name, SQL) of every migration in order."""
    folder = resources.files("election") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [(f.name.removesuffix(".sql"), f.read_text(encoding="utf-8")) for f in files]


async def pending(connection: asyncpg.Connection) -> list[str]:
    """Names of migrations that this database has not had yet, in order."""
    exists = await connection.fetchval("select to_regclass('migrations') is not null")
    done = {r["name"] for r in await connection.fetch("select name from migrations")} if exists else set()
    return [name for name, _ in available() if name not in done]


async def migrate(connection: asyncpg.Connection) -> list[str]:
    """Applies what is pending and returns the names applied. Safe to call from several processes at once."""
    await connection.execute("select pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute(_CREATE)
        todo = set(await pending(connection))
        for name, sql in available():
            if name in todo:
                async with connection.transaction():
                    await connection.execute("set local lock_timeout = '5s'")
                    await connection.execute(sql)
                    await connection.execute("insert into migrations (name) values ($1)", name)
        return sorted(todo)
    finally:
        await connection.execute("select pg_advisory_unlock($1)", _LOCK)
