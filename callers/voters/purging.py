"""After the election: removes everything that names a voter or a caller, and says what it removed."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from election.access.audit import record

# Whatever names a voter or a caller, or ties one to the other. A test compares this with the schema, so that
# no new table is forgotten in silence.
PERSONAL = (
    "voters", "callers", "leases", "calls", "strike_offs", "opt_outs", "call_lists", "phone_banks",
    "voters_shown", "voters_listed", "control_turns", "drivers", "rides", "ride_acts", "agreed_texts",
    "webhook_events", "withdrawn_strikes", "rolls_shown", "door_leases",
)  # fmt: skip
OF_REHEARSALS = (
    "leases", "calls", "strike_offs", "call_lists", "phone_banks", "voters_shown", "voters_listed",
    "control_turns", "rides", "ride_acts", "withdrawn_strikes", "rolls_shown", "door_leases",
)  # fmt: skip
# What stays, and why that names nobody.
KEPT = (
    "dispatches",
    "dispatch_proposals",
    "dispatch_limits",
    "script_trials",
    "script_lines",
    "control_group",
    "webhooks",
)
_TEXTS = "delete from outbox where purpose = 'agreed'"  # to voters and drivers; watchers' stay
_TABLES = (*(f"public.{t}" for t in PERSONAL), *(f"rehearsal.{t}" for t in OF_REHEARSALS))


@dataclass(frozen=True, slots=True)
class Purged:
    """Rows removed by table, and when; `left` counts what a second look found (must all be 0)."""

    removed: dict[str, int]
    left: dict[str, int]
    at: datetime


async def purge(connection: asyncpg.Connection, account: str, now: datetime, number: str = "") -> Purged:
    """Empties the tables in one transaction and looks again. Truncated files leave the disk at the commit.

    `number` names this purge in the audit, by which `purged` finds it.
    """
    async with connection.transaction():
        await connection.execute(f"lock table {', '.join(_TABLES)} in access exclusive mode")
        removed = await _counts(connection)
        await connection.execute(f"truncate {', '.join(_TABLES)}")
        removed["public.outbox"] = int((await connection.execute(_TEXTS)).rsplit(maxsplit=1)[-1])
        await record(connection, now, account, "voters purged", "", {"rows": removed, "purge": number})
    with suppress(asyncpg.InsufficientPrivilegeError):  # then the server does so itself, within minutes
        await connection.execute("checkpoint")
    return Purged(removed, await _counts(connection), now)


async def purged(connection: asyncpg.Connection, number: str) -> Purged | None:
    """What the purge of this number removed; None where it never came to that."""
    row = await connection.fetchrow(
        "select at, detail from audit where action = 'voters purged' and detail->>'purge' = $1", number
    )
    if row is None:
        return None
    return Purged(row["detail"]["rows"], await _counts(connection), row["at"])


async def _counts(connection: asyncpg.Connection) -> dict[str, int]:
    return {
        table: int(await connection.fetchval(f"select count(*) from {table}", timeout=600))  # noqa: S608
        for table in _TABLES
    }
