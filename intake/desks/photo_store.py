"""Which entries came with photos, and whose they are."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from election.domain.checkin import CheckIn
from intake.door.log_entries import entry_of

_COLUMNS = """
check_in_id, message_id, part, kind, channel, precinct_id, watcher_id, sender, observed_at, sent_at,
received_at, votes, detail, rehearsal
"""
_RECENT = f"""
select {_COLUMNS} from check_ins where detail ? 'photos' and received_at > $1 and rehearsal = $2
order by received_at desc, check_in_id limit $3
"""  # noqa: S608 (constants only)
_OF_PLACE = f"""
select {_COLUMNS} from check_ins where detail ? 'photos' and precinct_id = $1 and rehearsal = $2
order by received_at desc, check_in_id limit $3
"""  # noqa: S608 (constants only)
_WHOSE = """
select precinct_id, watcher_id from check_ins where message_id = $1 and rehearsal = $2
"""


async def with_photos(
    connection: asyncpg.Connection, after: datetime, rehearsal: bool, limit: int
) -> list[CheckIn]:
    """The newest entries with photos."""
    return [entry_of(row) for row in await connection.fetch(_RECENT, after, rehearsal, limit)]


async def of_precinct(
    connection: asyncpg.Connection, precinct_id: str, rehearsal: bool, limit: int
) -> list[CheckIn]:
    """A precinct's newest entries with photos."""
    return [entry_of(row) for row in await connection.fetch(_OF_PLACE, precinct_id, rehearsal, limit)]


async def whose(
    connection: asyncpg.Connection, message_id: UUID, rehearsal: bool
) -> Sequence[tuple[str | None, str | None]]:
    """(precinct, watcher) of each entry of a message."""
    rows = await connection.fetch(_WHOSE, message_id, rehearsal)
    return [(row["precinct_id"], row["watcher_id"]) for row in rows]
