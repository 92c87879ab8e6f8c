"""Links that are no account's: their numbers, and ending them. Watchers' are intake's
(`intake/roster/links.py`).

A link carries a number (0 where it names none: links made before there were numbers); it is good while that
is above what has been ended for its kind and subject.
"""

from collections.abc import Sequence
from typing import Literal

import asyncpg

Role = Literal["caller", "driver", "canvasser"]  # of volunteers: each has a page of its own
Kind = Literal["captain", Role]

_NUMBERS = """
select s as subject, coalesce(e.ended_through + 1, 0) as number
from unnest($2::text[]) as s left join ended_links e on e.kind = $1 and e.subject = s
"""
_END = """
insert into ended_links as e (kind, subject, ended_through)
select $1, s, 0 from (select distinct unnest($2::text[]) as s) as them
on conflict (kind, subject) do update set ended_through = e.ended_through + 1, changed_at = now()
"""


async def numbers(
    connection: asyncpg.Connection | asyncpg.Pool, kind: Kind, subjects: Sequence[str]
) -> dict[str, int]:
    """The number that a good link of each subject carries now."""
    return {row["subject"]: row["number"] for row in await connection.fetch(_NUMBERS, kind, list(subjects))}


async def end(connection: asyncpg.Connection | asyncpg.Pool, kind: Kind, subjects: Sequence[str]) -> None:
    """Ends every link of these subjects; one made from now on is good."""
    await connection.execute(_END, kind, list(subjects))


def numbered(number: int) -> dict[str, int]:
    """The part of a token that carries the number; links that were never ended look as they always have."""
    return {"n": number} if number else {}
