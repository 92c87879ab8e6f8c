"""What happens between a database that answers and the services' start, in a process of its own.

The tables are made or brought up to date, an election is imported where one was named. All that this needs
(the database's client, types of every row) would else stay in the supervisor for as long as the stack is up.

`python -m beluga.stack.preparation N`: reads a `DatabaseRequest` as JSON from standard input, writes a
`PreparedDatabase`, or why there is none, into the pipe N. What fails in a way only a programmer can mend is
shown whole, on stderr.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from beluga.errors import BelugaError
from beluga.stack.postgres import die_with_parent

UPGRADING = "upgrading"  # a file in the state folder: the version before may yet return (install/upgrade.py)


class StackError(BelugaError):
    """The stack could not start. The message says what to do."""


@dataclass(frozen=True, slots=True)
class DatabaseRequest:
    """A database and what is to be in it. `admin_url`: where the database itself may have to be made."""

    url: str
    admin_url: str = ""
    election: str = ""  # a folder
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class PreparedDatabase:
    """What is there now. `first_account_token` is empty where there is an account."""

    has_election: bool
    timezone: str
    first_account_token: str = ""


async def prepare(wanted: DatabaseRequest, env: Mapping[str, str]) -> PreparedDatabase:
    """Has it done by a process of its own. Raises `StackError`."""
    reader, writer = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "beluga.stack.preparation", str(writer), env=env,
            stdin=asyncio.subprocess.PIPE, pass_fds=(writer,), preexec_fn=die_with_parent(),
        )  # fmt: skip
        await process.communicate(orjson.dumps(asdict(wanted)))
    finally:
        os.close(writer)
    with os.fdopen(reader, "rb") as said:  # a line, which the pipe held until now
        answer = said.read()
    found = orjson.loads(answer or b'{"refused": "the database was not made ready; see what it says above"}')
    if "refused" in found:
        raise StackError(found["refused"])
    return PreparedDatabase(**found)


async def _prepared(wanted: DatabaseRequest) -> PreparedDatabase:
    import asyncpg

    from election.access.accounts import none_yet
    from election.access.tokens import FIRST_ACCOUNT, Tokens
    from election.postgres.database import connect

    if wanted.admin_url:
        admin = await asyncpg.connect(wanted.admin_url, timeout=10)
        try:
            with contextlib.suppress(asyncpg.DuplicateDatabaseError):
                await admin.execute("create database beluga")
        finally:
            await admin.close()
    await _migrate(wanted.url)
    if wanted.election:
        await _import(wanted.election, wanted.confirm)
    connection = await connect(wanted.url)
    try:
        timezone = await connection.fetchval("select timezone from election")
        first = await none_yet(connection)
    finally:
        await connection.close()
    token = Tokens(os.environ["BELUGA_SECRET"]).sign(FIRST_ACCOUNT, {}) if first else ""
    return PreparedDatabase(timezone is not None, timezone or "UTC", token)


async def _migrate(url: str) -> None:
    import asyncpg

    from election.postgres.database import connect
    from election.postgres.migrate import migrate

    try:
        connection = await connect(url)
    except (OSError, asyncpg.PostgresError) as error:
        raise StackError(f"cannot reach the database: {error}; check BELUGA_DATABASE_URL") from error
    try:
        await migrate(connection, "pre" if (Path(os.environ["BELUGA_STATE"]) / UPGRADING).exists() else None)
    finally:
        await connection.close()


async def _import(folder: str, confirm: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "beluga", "import", folder, "--confirm", confirm,
        stdin=asyncio.subprocess.DEVNULL, preexec_fn=die_with_parent(),
    )  # fmt: skip
    if await process.wait():
        raise StackError(
            f"{folder} was not imported, and the stack is not up: see what it says above. Look with: beluga "
            f"check {folder}; start without --election to keep the election that is there"
        )


def main() -> int:
    """Does what is asked, and says what came of it."""
    from beluga.stack.failures import said_of

    wanted = DatabaseRequest(**orjson.loads(sys.stdin.buffer.read()))
    try:
        answer = asdict(asyncio.run(_prepared(wanted)))
    except Exception as error:
        words = str(error) if isinstance(error, StackError) else said_of(error, {})
        if words is None:
            raise
        answer = {"refused": words}
    os.write(int(sys.argv[1]), orjson.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
