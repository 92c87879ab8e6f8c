"""The audit log: who did what in the war room and at the callers' desk. Append-only; no phone numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

_RECORD = "insert into audit (at, account, action, subject, detail) values ($1, $2, $3, $4, $5)"
_LATEST = """
select at, account, action, subject, detail from audit
where ($2::text is null or account = $2) order by seq desc limit $1
"""

_OF_ACTIONS = """
select at, account, action, subject, detail from audit
where action = any($1::text[]) order by seq desc limit $2
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the audit log. `subject` names what was acted on, e.g. `precinct:12-03`."""

    at: datetime
    account: str
    action: str
    subject: str
    detail: dict[str, Any]


async def record(  # noqa: PLR0917
    connection: asyncpg.Connection,
    at: datetime,
    account: str,
    action: str,
    subject: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Appends one line. `at` is the stack clock's time, UTC."""
    await connection.execute(_RECORD, at, account, action, subject, dict(detail or {}))


async def latest(connection: asyncpg.Connection, limit: int = 200, account: str | None = None) -> list[Deed]:
    """The newest lines, newest first; of one account where named."""
    rows = await connection.fetch(_LATEST, limit, account)
    return [Deed(r["at"], r["account"], r["action"], r["subject"], r["detail"]) for r in rows]


async def of_actions(connection: asyncpg.Connection, actions: Sequence[str], limit: int) -> list[Deed]:
    """The newest lines of these actions, newest first."""
    rows = await connection.fetch(_OF_ACTIONS, actions, limit)
    return [Deed(r["at"], r["account"], r["action"], r["subject"], r["detail"]) for r in rows]
