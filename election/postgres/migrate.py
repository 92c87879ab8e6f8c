"""Numbered SQL migrations, `NNNN_{pre|post}_what.sql`: `pre` suits the code still running, `post` the next.

A deploy applies `pre`, rolls the services, and applies `post` once no service runs the old code. Each
migration is one transaction under an advisory lock, so that services may start side by side. A migration that
cannot get its table's lock gives way after `LOCK_SECONDS` (everybody else queues behind whoever waits for
such a lock) and tries again later.

A function that changes again and again stands once, as it is now, in `migrations/functions/NAME.sql`;
migrations name it no more. Its text is applied after the migrations, whenever another is in force: whoever
migrates last decides, so that code that is rolled back has its own. It must suit the code still running, as
`pre` does. Other arguments or another answer make another function, with a name of its own: `create or
replace` cannot change them.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import asyncpg

from election.errors import ElectionError

Phase = Literal["pre", "post"]

LOCK_SECONDS = 3  # intake's drain and the callers stand still no longer than this
TRIES = 20  # with pauses between: about a minute and a half of trying
PAUSE_SECONDS = 1.5
STATEMENT_MINUTES = 30  # an index on the largest table we can think of

_LOCK = 0x62656C756761  # "beluga"

_CREATE = """
create table if not exists migrations (
    name text primary key,
    applied_at timestamptz not null default now()
);
create table if not exists function_texts (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default now()
)
"""
_NOTE_FUNCTION = """
insert into function_texts (name, sha256) values ($1, $2)
on conflict (name) do update set sha256 = excluded.sha256, applied_at = now()
"""


class LockedOutError(ElectionError):
    """A migration never got its lock: some transaction stays open. The message names the migration."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}: its table stayed locked for {TRIES} tries; "
            "look for an old transaction (xact_start) in pg_stat_activity and end it"
        )
        self.name = name


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration, or the text of one function (`repeatable`). `purpose`: what the top of its file says."""

    name: str
    phase: Phase
    purpose: str
    sql: str
    repeatable: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def steps() -> list[Migration]:
    """Every migration in order. Raises `ValueError` for a file whose name says neither pre nor post."""
    folder = resources.files("election.postgres") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [_step(f.name.removesuffix(".sql"), f.read_text(encoding="utf-8")) for f in files]


def functions() -> list[Migration]:
    """The functions of the database that have a file of their own, by name."""
    folder = resources.files("election.postgres") / "migrations" / "functions"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    texts = [(f"functions/{f.name.removesuffix('.sql')}", f.read_text(encoding="utf-8")) for f in files]
    return [Migration(name, "pre", _purpose(sql), sql, repeatable=True) for name, sql in texts]


def _step(name: str, sql: str) -> Migration:
    phase = name.split("_")[1]
    if phase not in ("pre", "post"):
        raise ValueError(f"{name}: name it NNNN_pre_what.sql or NNNN_post_what.sql")
    return Migration(name, "pre" if phase == "pre" else "post", _purpose(sql), sql)


def _purpose(sql: str) -> str:
    words = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        words.append(line.removeprefix("--").strip())
    return " ".join(words)


async def planned(connection: asyncpg.Connection, only: Phase | None = None) -> list[Migration]:
    """The steps that `migrate` would take now, in order."""
    exists = await connection.fetchval("select to_regclass('migrations') is not null")
    done = {r["name"] for r in await connection.fetch("select name from migrations")} if exists else set()
    noted = await connection.fetchval("select to_regclass('function_texts') is not null")
    texts = await connection.fetch("select name, sha256 from function_texts") if noted else []
    in_force = {row["name"]: row["sha256"] for row in texts}
    missing = [step for step in steps() if step.name not in done]
    changed = [step for step in functions() if in_force.get(step.name) != step.sha256]
    return [step for step in missing + changed if only in (None, step.phase)]


async def pending(connection: asyncpg.Connection) -> list[str]:
    """Names of migrations, and of functions' texts, that this database has not had yet, in order."""
    return [step.name for step in await planned(connection)]


async def migrate(
    connection: asyncpg.Connection,
    only: Phase | None = None,
    on_wait: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Applies what is pending and returns the names applied. Safe to call from several processes at once.

    `on_wait` is called with the name of a migration that gave way to a lock. Raises `LockedOutError`.
    """
    await _one_at_a_time(connection)
    try:
        await connection.execute(_CREATE)
        todo = await planned(connection, only)
        for step in todo:
            await _apply_patiently(connection, step, on_wait)
        return [step.name for step in todo]
    finally:
        if not connection.is_closed():
            await connection.execute("select pg_advisory_unlock($1)", _LOCK)


async def _one_at_a_time(connection: asyncpg.Connection) -> None:
    """Waits for another that migrates now, however long it takes."""
    while not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110
        await asyncio.sleep(0.1)


async def _apply_patiently(
    connection: asyncpg.Connection, step: Migration, on_wait: Callable[[str], None]
) -> None:
    for _ in range(TRIES):
        try:
            async with connection.transaction():
                await connection.execute(f"set local lock_timeout = '{LOCK_SECONDS}s'")
                await connection.execute(f"set local statement_timeout = '{STATEMENT_MINUTES}min'")
                await connection.execute(step.sql, timeout=STATEMENT_MINUTES * 60)
                if step.repeatable:
                    await connection.execute(_NOTE_FUNCTION, step.name, step.sha256)
                else:
                    await connection.execute("insert into migrations (name) values ($1)", step.name)
            return
        except asyncpg.LockNotAvailableError:
            on_wait(step.name)
            await asyncio.sleep(PAUSE_SECONDS)
    raise LockedOutError(step.name)
