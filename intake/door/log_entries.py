"""Entries of the log by id, by incident and by phone: what a write may act on."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import asyncpg

from election.domain.checkin import Channel, CheckIn, Kind

_COLUMNS = """
check_in_id, message_id, part, kind, channel, precinct_id, watcher_id, sender, observed_at, sent_at,
received_at, votes, detail, rehearsal
"""
_ENTRIES = f"""
select {_COLUMNS} from check_ins where check_in_id = any($1::uuid[])
union
select {_COLUMNS} from check_ins where kind = 'incident' and detail->>'incident' = any($2::text[])
"""  # noqa: S608 (constants only)
_TIES = f"select {_COLUMNS} from check_ins where kind = 'tie' and detail->>'phone' = any($1::text[])"  # noqa: S608
# One of each precinct is enough: what is asked is where a phone has been heard.
_OF_PHONES = f"""
select distinct on (precinct_id) {_COLUMNS} from check_ins
where detail ? 'unknown_sender' and sender = any($1::text[]) order by precinct_id, check_in_id
"""  # noqa: S608 (constants only)


async def entries(
    connection: asyncpg.Connection, ids: Collection[UUID], incidents: Collection[int]
) -> list[CheckIn]:
    """The log's entries of these ids, and the incidents of these numbers."""
    rows = await connection.fetch(_ENTRIES, list(ids), [str(n) for n in incidents])
    return [entry_of(row) for row in rows]


async def entries_of_phones(
    connection: asyncpg.Connection, phones: Collection[str], *, ties_only: bool = False
) -> list[CheckIn]:
    """What ties these phones to watchers, and one entry of each precinct they named as unknown senders."""
    rows = await connection.fetch(_TIES, list(phones))
    if not ties_only:
        rows += await connection.fetch(_OF_PHONES, list(phones))
    return [entry_of(row) for row in rows]


def entry_of(row: asyncpg.Record) -> CheckIn:
    """A row of `check_ins` as an entry."""
    fields: dict[str, Any] = dict(row)
    fields |= {"kind": Kind(row["kind"]), "channel": Channel(row["channel"])}
    return CheckIn(**fields)
