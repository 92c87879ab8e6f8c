"""Counts that came from places of late, for whoever would change what the places are."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

_VOTES = """
select c.precinct_id, array_agg(distinct c.votes) as votes
from check_ins c
where c.precinct_id = any($1::text[]) and c.kind in ('count', 'fix', 'final') and c.votes is not null
    and c.received_at > $2 and c.rehearsal = $3
    and not exists (
        select from check_ins d where d.kind = 'reject' and d.detail->>'target' = c.check_in_id::text
    )
group by c.precinct_id
"""
_REFERRED = """
select exists (select from check_ins where precinct_id = $1)
    or exists (select from past_votes where precinct_id = $1)
    or exists (select from watchers where $1 = any(precinct_ids))
"""


async def votes_there(
    connection: asyncpg.Connection, places: Sequence[str], since: datetime, *, rehearsal: bool
) -> dict[str, tuple[int, ...]]:
    """The votes of each count received after `since`, by precinct or polling place; not of those rejected."""
    rows = await connection.fetch(_VOTES, list(places), since, rehearsal)
    return {row["precinct_id"]: tuple(row["votes"]) for row in rows}


async def referred_to(connection: asyncpg.Connection, precinct_id: str) -> bool:
    """Whether a check-in, a past result or a watcher goes by this precinct."""
    return bool(await connection.fetchval(_REFERRED, precinct_id))
